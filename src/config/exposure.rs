//! How the containers of a rendered pod get the commands.

use std::path::Path;

use super::error::Error;
use super::options::Options;
use super::places::prefix;
use super::values::{Expose, Mode, PathOrder};

/// On the PATH of nearly every image, and empty in nearly every one.
const DEFAULT_PLACE: &str = "/usr/local/sbin";

/// Folders of an image that nothing may be mounted over, and those below which nothing may be.
const CLOSED: [&str; 24] = [
    "/",
    "/home",
    "/opt",
    "/root",
    "/run",
    "/srv",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/include",
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local",
    "/usr/local/lib",
    "/usr/sbin",
    "/usr/share",
    "/var",
    "/var/lib",
    "/var/tmp",
    "/bin",
    "/lib",
    "/lib64",
    "/sbin",
];
const CLOSED_BELOW: [&str; 5] = ["/boot", "/dev", "/etc", "/proc", "/sys"];

/// How the containers of a pod get the commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exposure {
    /// The commands of what is asked for are mounted at this folder: absolute, without `.` and `..`.
    Mount(String),
    /// All commands of the tree are on PATH, with what the image has there, if that is known.
    Path(Option<String>),
}

impl Default for Exposure {
    fn default() -> Self {
        Self::Mount(DEFAULT_PLACE.to_owned())
    }
}

impl Exposure {
    /// What the flags say, for a volume that is mounted at `mount`.
    ///
    /// # Errors
    /// What cannot be, or means nothing beside the rest.
    pub(super) fn of(options: &Options, mode: Mode, mount: &str) -> Result<Self, Error> {
        let refuse = |setting, reason, instead| Err(Error::NotRendered { setting, reason, instead });
        let given = &options.manifest;
        let is_first = options.ordering.path_order == Some(PathOrder::First);
        match given.expose.unwrap_or_default() {
            Expose::Mount if given.image_path.is_some() => {
                refuse("image-path", NO_PATH, "add --expose path, or drop it")
            }
            Expose::Mount if is_first && mode != Mode::Entrypoint => {
                refuse("path-order", NO_PATH, "add --expose path, or drop it")
            }
            Expose::Mount => {
                let at = given.expose_at.as_ref().map_or(Path::new(DEFAULT_PLACE), |path| path.0.as_path());
                place(at, mount).map(Self::Mount)
            }
            Expose::Path if mode == Mode::Live => {
                refuse("expose", "apt-get itself is found where commands are mounted", "drop it")
            }
            Expose::Path if given.expose_at.is_some() => {
                refuse("expose-at", "with --expose path nothing is mounted there", "drop one of the two")
            }
            Expose::Path if given.image_path.is_some() && mode == Mode::Entrypoint => {
                refuse("image-path", "an entrypoint has the PATH of its image", "drop it")
            }
            Expose::Path => given.image_path.as_deref().map(path_of_image).transpose().map(Self::Path),
        }
    }
}

const NO_PATH: &str = "where commands are mounted, no PATH is written";

fn place(path: &Path, mount: &str) -> Result<String, Error> {
    let refuse = |reason| {
        let instead = "give an empty folder of the image, such as /usr/local/sbin";
        Err(Error::NotRendered { setting: "expose-at", reason, instead })
    };
    let Ok(place) = prefix(path) else { return refuse("it is no absolute path that PATH can have") };
    let is_in = |path: &str, folder: &str| Path::new(path).starts_with(folder);
    if place.contains('$') {
        return refuse("it has a '$' in it, which Kubernetes takes for a variable");
    }
    if CLOSED.contains(&place.as_str()) || CLOSED_BELOW.iter().any(|closed| is_in(&place, closed)) {
        return refuse("it would hide a folder of the image");
    }
    if is_in(&place, mount) || is_in(mount, &place) {
        return refuse("it and the place of the packages, which --mount says, are one in the other");
    }
    Ok(place)
}

fn path_of_image(path: &str) -> Result<String, Error> {
    let refuse = |reason| {
        let instead = "give all of it, as 'podman image inspect IMAGE' shows it";
        Err(Error::NotRendered { setting: "image-path", reason, instead })
    };
    if path.contains('$') {
        return refuse("it has a '$' in it, and in a pod no variable stands for the image's own PATH");
    }
    if !path.starts_with('/') || path.contains(char::is_control) {
        return refuse("it is no PATH");
    }
    Ok(path.to_owned())
}
