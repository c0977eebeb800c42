//! What `aptlet render` needs of the settings: not their values, but how a pod is to be given the same.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::exposure::Exposure;
use super::host::Host;
use super::keys::{Key, classify};
use super::options::{Layer as _, Options};
use super::places::prefix;
use super::settings::Settings;
use super::values::{
    Expose, FileOrText, ImageSource, Listen, Mode, OnFailure, Owners, PathOrder, Quantity, Storage, Word,
};
use super::{configmap, environment, text};
use crate::request::{Kind, Origin, Request};

/// Where the chart and the manifests let a sidecar answer.
const DEFAULT_PORT: u16 = 8081;
/// The image of aptlet where none is said: none before the project publishes one, since a name that nobody owns is one that a
/// stranger may register.
const DEFAULT_IMAGE: Option<&str> = None;

/// Folders of an image in which nothing may be mounted.
const CLOSED: [&str; 10] = ["base", "bin", "boot", "dev", "etc", "lib", "lib64", "proc", "sbin", "sys"];
/// Folders of an image that may have a volume below them.
const OPEN: [&str; 7] = ["home", "opt", "root", "run", "tmp", "usr", "var"];

/// What is to be written down.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Rendering {
    /// How the packages get into the pod.
    pub mode: Mode,
    /// Where they are mounted: absolute, without `.` and `..`.
    pub mount: String,
    /// How the containers get the commands.
    pub exposure: Exposure,
    /// Where the packages are on a PATH.
    pub path_order: PathOrder,
    /// Flags of `aptlet install`, `watch` or `run`.
    pub flags: Vec<String>,
    /// The requests of the command line or the environment.
    pub requests: Vec<String>,
    /// Those, or else those of the folder of settings.
    pub all_requests: Vec<String>,
    /// Files that go into the `ConfigMap`: the key, and where its text is.
    pub files: Vec<(String, FileOrText)>,
    /// The name of the `ConfigMap`.
    pub config_map: Option<String>,
    /// The name of the Secret with `auth.conf`.
    pub auth_secret: Option<String>,
    /// The name of the Secret with `tls.crt` and `tls.key`.
    pub tls_secret: Option<String>,
    /// The image of aptlet, if one is said.
    pub image: Option<String>,
    /// The image that has the packages, in mode image.
    pub baked: Option<String>,
    /// What the volume may hold, as Kubernetes writes it.
    pub size_limit: Option<String>,
    /// What else is said of the room that the packages take, which is `size_limit`.
    pub storage: Option<Storage>,
    /// Where the sidecar answers.
    pub port: u16,
    /// Whether that was said, and is not the default.
    pub port_is_given: bool,
    /// The manifest to add aptlet to; `-` for standard input.
    pub manifest: Option<PathBuf>,
    /// The workload of the manifest: its kind in lower case, and its name.
    pub workload: Option<(String, String)>,
    /// Whether all pod templates are meant, where there are several.
    pub all: bool,
    /// The containers that get the packages; all but init containers, if there are none.
    pub containers: Vec<String>,
    /// Whether values of the Helm chart are wanted.
    pub helm_values: bool,
    /// Whether the image's own programs are to load the tree's libraries.
    pub libraries: bool,
}

impl Rendering {
    /// Decides it from the flags and `host`; `settings` are those that both make with the `ConfigMap`'s folder.
    ///
    /// # Errors
    /// What cannot be given to a pod in this way.
    pub(crate) fn resolve(flags: Options, settings: &Settings, host: &Host) -> Result<Self, Error> {
        let mut options = flags.or(environment::read::<Options>(&host.environment)?.options);
        with_base_image(&mut options, settings)?;
        let mode = options.manifest.mode.unwrap_or_default();
        check(&options, mode)?;
        check_folder(&options, mode, host)?;
        for (setting, image) in [("image", &options.manifest.image), ("baked", &options.manifest.baked)] {
            if image.as_ref().is_some_and(|image| image.is_empty() || image.contains(char::is_whitespace)) {
                let reason = "it is no reference to an image";
                let instead = "write it as registry.example/aptlet:0.1";
                return Err(Error::NotRendered { setting, reason, instead });
            }
        }
        check_storage(&options, settings)?;
        let files = files(&options, settings, host)?;
        let config_map = named("configmap", options.manifest.configmap.clone())?;
        let helm_values = options.manifest.helm_values.unwrap_or(false);
        if let (Some((_, setting)), None, false) = (files.first(), &config_map, helm_values) {
            let reason = "it is a file of this machine";
            let instead = "give --configmap NAME: the file becomes a key of that ConfigMap";
            return Err(Error::NotRendered { setting, reason, instead });
        }
        let text_of = |request: &Request| match &request.kind {
            Kind::Archive(archive) if archive.folder.scheme() == "file" => format!("./{}", archive.file_name),
            _ => request.text.clone(),
        };
        let said = settings.requests.iter().filter(|request| !matches!(request.origin, Origin::File { .. }));
        let flags = options.pod_flags()?;
        if mode == Mode::Image {
            check_baked(settings, &options, &flags)?;
        }
        let mount = mount(options.manifest.mount.as_ref().map(|mount| mount.0.as_path()))?;
        Ok(Self {
            mode,
            exposure: Exposure::of(&options, mode, &mount)?,
            path_order: options.ordering.path_order.unwrap_or_default(),
            mount,
            requests: said.map(text_of).collect(),
            all_requests: settings.requests.iter().map(text_of).collect(),
            files: files.into_iter().map(|(file, _)| file).collect(),
            config_map,
            auth_secret: named("auth-secret", options.manifest.auth_secret.clone())?,
            tls_secret: named("tls-secret", options.manifest.tls_secret.clone())?,
            image: options.manifest.image.clone(),
            baked: options.manifest.baked.clone(),
            storage: options.manifest.storage,
            size_limit: settings.size_limit.map(|bytes| Quantity(bytes).to_string()),
            port: port(options.answering.listen.as_ref())?,
            port_is_given: options.answering.listen.is_some(),
            manifest: options.manifest.filename.clone(),
            workload: workload(options.manifest.workload.as_deref())?,
            all: options.manifest.all.unwrap_or(false),
            containers: containers(&options.manifest.container)?,
            helm_values,
            libraries: settings.libraries,
            flags,
        })
    }

    /// The image of a container that has none yet.
    pub(crate) fn image(&self) -> Option<&str> {
        self.image.as_deref().or(DEFAULT_IMAGE)
    }

    /// Bounds the volume by so many bytes, and tells aptlet as well.
    pub(crate) fn give_room(&mut self, bytes: u64) {
        let limit = Quantity(bytes).to_string();
        self.flags.insert(0, format!("--size-limit={limit}"));
        self.size_limit = Some(limit);
    }
}

/// What of the base image is for the pod: by its digest, where anything is chosen there; and its PATH.
fn with_base_image(options: &mut Options, settings: &Settings) -> Result<(), Error> {
    let Some(known) = &settings.known_image else { return Ok(()) };
    match &mut options.choosing.base_image {
        Some(_) if settings.lock.is_some() => options.choosing.base_image = None,
        Some(ImageSource::Registry(image)) => {
            if let Ok(ImageSource::Registry(pinned)) = known.name.parse() {
                *image = pinned;
            }
        }
        Some(_) => {
            let reason = "it is a file of this machine";
            let instead = "name an image of a registry, or lock with it and give --lock";
            return Err(Error::NotRendered { setting: "base-image", reason, instead });
        }
        None => {}
    }
    let manifest = &mut options.manifest;
    let is_entrypoint = manifest.mode == Some(Mode::Entrypoint);
    if manifest.expose == Some(Expose::Path) && manifest.image_path.is_none() && !is_entrypoint {
        manifest.image_path.clone_from(&known.path);
    }
    Ok(())
}

fn check(options: &Options, mode: Mode) -> Result<(), Error> {
    let refuse = |setting, reason, instead| Err(Error::NotRendered { setting, reason, instead });
    if options.answering.listen.is_some() && mode != Mode::Sidecar {
        return refuse("listen", "only a sidecar answers", "add --mode sidecar, or drop it");
    }
    if options.renewing.interval.is_some() && mode != Mode::Sidecar {
        return refuse("interval", "only a sidecar stays to look again", "add --mode sidecar, or drop it");
    }
    if options.running.on_failure == Some(OnFailure::Continue) && mode != Mode::Entrypoint {
        return refuse("on-failure", "only an entrypoint can go on", "add --mode entrypoint, or drop it");
    }
    if options.manifest.baked.is_some() && mode != Mode::Image {
        return refuse("baked", "the packages come from elsewhere", "add --mode image, or drop it");
    }
    if mode == Mode::Live && options.running.on_failure.is_some() {
        return refuse("on-failure", "what cannot be prepared cannot be gone on with", "drop it");
    }
    if mode == Mode::Live && options.locked.lock.is_some() {
        return refuse("lock", "a live destination changes while it is used", "ask for NAME=VERSION");
    }
    if options.tree.owners == Some(Owners::Keep) {
        return refuse("owners", "'keep' takes root, and no rendered pod needs that", "drop it");
    }
    if options.trust.auth.is_some() {
        return refuse("auth", "a ConfigMap is no place for passwords", SECRET);
    }
    if options.trust.client_certificate.is_some() || options.trust.client_key.is_some() {
        return refuse("client-certificate", "a ConfigMap is no place for keys", TLS_SECRET);
    }
    if options
        .sourcing
        .mirror
        .iter()
        .chain(&options.sourcing.security_mirror)
        .any(|mirror| mirror.0.password().is_some() || mirror.0.query().is_some())
    {
        return refuse("mirror", "the password in its URL would be there for all to read", SECRET);
    }
    if mode == Mode::Sidecar && options.tree.keep_generations.is_some_and(|count| count.0 < 2) {
        return Err(Error::KeepGenerations);
    }
    Ok(())
}

/// That an image is named, and nothing that would have to be known when it is baked.
fn check_baked(settings: &Settings, options: &Options, flags: &[String]) -> Result<(), Error> {
    let refuse = |setting, reason, instead| Err(Error::NotRendered { setting, reason, instead });
    let given = &options.manifest;
    if given.baked.is_none() {
        return refuse(
            "mode",
            "'image' mounts an image that has the packages",
            "push one by 'aptlet bake', and name it by --baked",
        );
    }
    let fixed = "the image has what it was baked with";
    let instead = "give it to 'aptlet bake', and drop it here";
    let said = |setting: &'static str, is_said: bool| is_said.then_some(setting);
    let setting = said("packages", !settings.requests.is_empty())
        .or(said("lock", settings.lock.is_some()))
        .or(said("configmap", given.configmap.is_some()))
        .or(said("auth-secret", given.auth_secret.is_some()))
        .or(said("tls-secret", given.tls_secret.is_some()))
        .or(said("size-limit", settings.size_limit.is_some()));
    if let Some(setting) = setting {
        return refuse(setting, fixed, instead);
    }
    // `--libraries` is for the variables of the containers as well
    match flags.iter().all(|flag| flag == "--libraries") {
        true => Ok(()),
        false => refuse(
            "mode",
            "in mode image no aptlet runs, which flags could be for",
            "give them to 'aptlet bake', and drop them here",
        ),
    }
}

/// That a lock says how much room is to be written down, and nothing else does.
fn check_storage(options: &Options, settings: &Settings) -> Result<(), Error> {
    let refuse = |setting, reason, instead| Err(Error::NotRendered { setting, reason, instead });
    if options.manifest.storage.is_none() {
        return Ok(());
    }
    if settings.lock.is_none() {
        let instead = "run 'aptlet lock -o aptlet.lock' for the same packages, and give --lock aptlet.lock";
        return refuse("storage", "only a lock says how much room the packages take", instead);
    }
    if settings.size_limit.is_some() {
        return refuse("size-limit", "--storage takes it from the lock", "drop one of the two");
    }
    Ok(())
}

/// The settings of `aptlet.yaml`, which go to the pod as they are.
fn check_folder(options: &Options, mode: Mode, host: &Host) -> Result<(), Error> {
    let folder = options.folder.config.as_ref().unwrap_or(&host.etc_aptlet);
    let map = configmap::load(folder, options.folder.config.is_some())?.options;
    let refuse = |setting, reason, instead| Err(Error::NotRendered { setting, reason, instead });
    let has_dest = map.destination.dest.is_some();
    if has_dest || map.relocating.prefix.is_some() {
        let setting = if has_dest { "dest" } else { "prefix" };
        return refuse(
            setting,
            "the volume is where --mount says",
            "take it out of aptlet.yaml, and give --mount",
        );
    }
    // a file may also say what only other modes have a use for
    let relevant = Options { tree: map.tree, sourcing: map.sourcing, ..Options::default() };
    check(&relevant, mode)
}

const SECRET: &str = "put the login into a file auth.conf, run 'kubectl create secret generic NAME --from-file=auth.conf', \
     and give --auth-secret NAME";

const TLS_SECRET: &str =
    "run 'kubectl create secret tls NAME --cert=tls.crt --key=tls.key', and give --tls-secret NAME";

/// A key of the `ConfigMap` with the path of its text, and the setting that it comes from.
type File = ((String, FileOrText), &'static str);

/// The files of the folder of settings, but for those that a flag or variable stands in front of; and what these name.
fn files(options: &Options, settings: &Settings, host: &Host) -> Result<Vec<File>, Error> {
    let refuse = |setting, reason, instead| Err(Error::NotRendered { setting, reason, instead });
    let mut files: Vec<File> = Vec::new();
    let folder = options.folder.config.as_ref().unwrap_or(&host.etc_aptlet);
    let from_folder = settings.requests.iter().any(|request| matches!(request.origin, Origin::File { .. }));
    for (name, path) in configmap::files(folder, options.folder.config.is_some())? {
        let beaten = match classify(&name) {
            Some(Key::Sources) => !options.sourcing.sources.is_empty(),
            Some(Key::Preferences) => !options.sourcing.preferences.is_empty(),
            Some(Key::Keyring) => !options.trust.keyring.is_empty(),
            Some(Key::Certificate) => !options.trust.ca_certificate.is_empty(),
            // without its key it is an authority's
            Some(Key::ClientCertificate) => folder.join("tls.key").exists(),
            Some(Key::Private) if options.manifest.tls_secret.is_none() => {
                return refuse("tls.key", "a ConfigMap is no place for keys", TLS_SECRET);
            }
            Some(Key::Private) => true,
            Some(Key::Packages) => !from_folder && !settings.requests.is_empty(),
            Some(Key::Lock) => settings.lock.is_none() || options.locked.lock.is_some(),
            Some(Key::Auth) if options.manifest.auth_secret.is_none() => {
                return refuse("auth.conf", "a ConfigMap is no place for passwords", SECRET);
            }
            Some(Key::Auth) => true,
            _ => false,
        };
        if !beaten {
            files.push(((name, FileOrText::File(path)), "config"));
        }
    }
    if let Some(lock) = &options.locked.lock {
        files.push((("aptlet.lock".to_owned(), FileOrText::File(lock.clone())), "lock"));
    }
    let given = |paths: &[PathBuf]| paths.iter().cloned().map(FileOrText::File).collect::<Vec<_>>();
    for (setting, kind, all) in [
        ("sources", Key::Sources, options.sourcing.sources.clone()),
        ("preferences", Key::Preferences, given(&options.sourcing.preferences)),
        ("keyring", Key::Keyring, options.trust.keyring.clone()),
        ("ca-certificate", Key::Certificate, given(&options.trust.ca_certificate)),
    ] {
        for (number, one) in all.into_iter().enumerate() {
            let path = one.name(number);
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if classify(name) != Some(kind) {
                let reason = "a key of a ConfigMap has its kind in its name, and this file has not";
                let instead = "name it *.sources or *.list, *.pref, *.asc or *.gpg, *.crt or *.pem";
                return refuse(setting, reason, instead);
            }
            files.push(((name.to_owned(), one), setting));
        }
    }
    let archives = settings.requests.iter().filter_map(|request| Some((request, request.archive()?)));
    for (request, archive) in archives.filter(|(_, archive)| archive.folder.scheme() == "file") {
        let path = archive.folder.join(&archive.file_name).ok().and_then(|url| url.to_file_path().ok());
        // those beside the key `packages` of the folder are files of it
        if let Some(path) = path.filter(|_| !matches!(request.origin, Origin::File { .. })) {
            files.push(((archive.file_name.clone(), FileOrText::File(path)), "packages"));
        }
    }
    let is_key = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    for (index, ((name, _), setting)) in files.iter().enumerate() {
        if !name.chars().all(is_key) || name.len() > 253 {
            let instead = "rename the file: letters, digits, '-', '_' and '.'";
            return refuse(setting, "the name of a file cannot be a key of a ConfigMap", instead);
        }
        if files[..index].iter().any(|((other, _), _)| other == name) {
            return refuse(setting, "two files have the same name", "rename one of them");
        }
    }
    Ok(files)
}

/// The name of an object (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>).
fn named(setting: &'static str, name: Option<String>) -> Result<Option<String>, Error> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    match &name {
        Some(name)
            if name.len() > 253
                || !name.chars().all(fits)
                || !name.starts_with(ends)
                || !name.ends_with(ends) =>
        {
            let reason = "its name is none that Kubernetes takes";
            Err(Error::NotRendered {
                setting,
                reason,
                instead: "use lower-case letters, digits, '-' and '.'",
            })
        }
        _ => Ok(name),
    }
}

/// The containers, each once.
fn containers(names: &[Word]) -> Result<Vec<String>, Error> {
    let mut containers: Vec<String> = Vec::new();
    for name in names {
        let name = named("container", Some(name.0.clone()))?.unwrap_or_default();
        if !containers.contains(&name) {
            containers.push(name);
        }
    }
    Ok(containers)
}

fn mount(path: Option<&Path>) -> Result<String, Error> {
    let path = path.unwrap_or(Path::new("/p"));
    let refuse = |reason| Err(Error::Prefix { path: path.to_owned(), reason });
    let mount = prefix(path)?;
    if mount.contains('$') {
        return refuse("has a '$' in it, which Kubernetes takes for a variable");
    }
    let mut parts = mount.split('/').skip(1);
    let first = parts.next().unwrap_or_default();
    let has_below = parts.next().is_some();
    if first.is_empty() {
        return refuse("is the whole image, where no volume can be mounted");
    }
    if CLOSED.contains(&first) || !has_below && OPEN.contains(&first) {
        return refuse("would hide a folder of the image");
    }
    Ok(mount)
}

fn port(listen: Option<&Listen>) -> Result<u16, Error> {
    match listen.and_then(|listen| listen.0.first()) {
        None => Ok(DEFAULT_PORT),
        Some(address) if address.ip().is_unspecified() && address.port() > 0 => Ok(address.port()),
        Some(_) => Err(Error::NotRendered {
            setting: "listen",
            reason: "the kubelet asks at the address of the pod",
            instead: "give it as :PORT",
        }),
    }
}

fn workload(text: Option<&str>) -> Result<Option<(String, String)>, Error> {
    match text.map(|text| text.split_once('/')) {
        None => Ok(None),
        Some(Some((kind, name))) if !kind.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok(Some((kind.to_ascii_lowercase(), name.to_owned())))
        }
        Some(_) => Err(Error::NotRendered {
            setting: "workload",
            reason: "a workload is named by its kind and its name",
            instead: "write KIND/NAME, such as deployment/web",
        }),
    }
}

/// The bytes of a file that goes into a `ConfigMap`.
///
/// # Errors
/// What is no file or cannot be read.
pub(crate) fn contents(file: &FileOrText) -> Result<Vec<u8>, Error> {
    let path = match file {
        FileOrText::File(path) => path,
        FileOrText::Text(text) => return Ok(text.clone().into_bytes()),
    };
    text::check(path)?;
    fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}
