//! What scripts write below `/etc/apt` and `/usr/share/keyrings` as root, and where that is kept here: on the volume.

use std::path::{Path, PathBuf};

use super::place::Place;

/// Folders of the system, and those of a live destination that stand for them.
const FOLDERS: [(&str, &str); 5] = [
    ("/etc/apt/sources.list.d", "sources.list.d"),
    ("/etc/apt/keyrings", "keyrings"),
    ("/usr/share/keyrings", "keyrings"),
    ("/etc/apt/trusted.gpg.d", "trusted.gpg.d"),
    ("/etc/apt/preferences.d", "preferences.d"),
];
/// What ends a path in a source list or in a line of a shell.
const ENDS: [char; 11] = ['"', '\'', ',', ']', ')', '>', '<', ';', '&', '|', '`'];

impl Place {
    /// The folders that stand for those of the system.
    pub(crate) fn system_folders(&self) -> impl Iterator<Item = PathBuf> + '_ {
        FOLDERS.iter().map(|(_, own)| self.file(own))
    }

    /// A text with the places on the volume in it, instead of those of the system; with `there`, only of what is kept. What the
    /// image has itself, and the volume has not, stays.
    pub(crate) fn redirected(&self, text: &str, there: bool) -> String {
        let mut redirected = String::new();
        let mut rest = text;
        let first = |text: &str| {
            let found = FOLDERS.iter().filter_map(|(system, own)| Some((text.find(system)?, *system, *own)));
            found.min_by_key(|(at, ..)| *at)
        };
        while let Some((at, system, own)) = first(rest) {
            let path = &rest[at..];
            let length = path.find(|letter: char| letter.is_whitespace() || ENDS.contains(&letter));
            let path = &path[..length.unwrap_or(path.len())];
            let kept = match path[system.len()..].trim_start_matches('/') {
                "" => self.file(own),
                below => self.file(own).join(below),
            };
            let is_below = path.len() == system.len() || path[system.len()..].starts_with('/');
            let is_images = Path::new(path).is_file() && !kept.exists();
            redirected.push_str(&rest[..at]);
            match is_below && !is_images && (!there || kept.exists()) {
                true => redirected.push_str(&kept.display().to_string()),
                false => redirected.push_str(path),
            }
            rest = &rest[at + path.len()..];
        }
        redirected + rest
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn paths_of_the_system_become_those_of_the_volume() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(folder.path());
        let own = place.file("").display().to_string();
        for (text, expected) in [
            ("/etc/apt/keyrings", "@keyrings"),
            ("-o/usr/share/keyrings/a.gpg", "-o@keyrings/a.gpg"),
            ("/etc/apt/keyrings.old /etc/apt /usr/share", "/etc/apt/keyrings.old /etc/apt /usr/share"),
            (
                "echo 'deb [signed-by=/etc/apt/keyrings/a.asc] u s c' >/etc/apt/sources.list.d/a.list; x",
                "echo 'deb [signed-by=@keyrings/a.asc] u s c' >@sources.list.d/a.list; x",
            ),
        ] {
            assert_eq!(place.redirected(text, false), expected.replace('@', &own), "{text}");
            assert_eq!(place.redirected(text, true), text);
        }
        fs::create_dir_all(place.file("keyrings")).unwrap();
        fs::write(place.file("keyrings/a.asc"), "").unwrap();
        let line = "deb [signed-by=/usr/share/keyrings/a.asc,/usr/share/keyrings/b.asc] u s c";
        let expected = format!("deb [signed-by={own}keyrings/a.asc,/usr/share/keyrings/b.asc] u s c");
        assert_eq!(place.redirected(line, true), expected);
    }
}
