//! Which package has a command or a library, as far as that is known without a mirror: the packages of the commands that
//! are asked for most, and the names that Debian gives to the packages of libraries. It is for hints: nothing is
//! installed by it.

use crate::source::elsewhere::is_library;

/// A command a line, and the packages to ask for, the likeliest first; written by `tests/names/generate`.
const COMMANDS: &str = include_str!("commands.txt");

/// The packages that may have the command or the library of that name, the likeliest first. Whether a source has them is
/// for the caller to know.
pub(crate) fn likely_owners(name: &str) -> Vec<String> {
    if is_library(name) {
        return of_library(name);
    }
    let mut lines = COMMANDS.lines().filter_map(|line| line.split_once(' '));
    let found = lines.find(|(command, _)| *command == name);
    found.map(|(_, packages)| packages.split(' ').map(str::to_owned).collect()).unwrap_or_default()
}

/// The names that a package of a library has: the library's own and the number of its interface (Debian Policy 8.1),
/// and what transitions have added to that.
fn of_library(soname: &str) -> Vec<String> {
    let lower = soname.to_ascii_lowercase().replace('_', "-");
    let Some((library, number)) = lower.split_once(".so") else { return Vec::new() };
    let number = number.trim_start_matches('.');
    let names = match library.bytes().last() {
        _ if number.is_empty() => vec![library.to_owned()],
        Some(b'0'..=b'9') => vec![format!("{library}-{number}"), format!("{library}{number}")],
        _ => vec![format!("{library}{number}"), format!("{library}-{number}")],
    };
    ["", "t64", "v5"].iter().flat_map(|end| names.iter().map(move |name| format!("{name}{end}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::{COMMANDS, likely_owners};

    #[test]
    fn commands_have_packages() {
        for (command, package) in [
            ("psql", "postgresql-client"),
            ("dig", "bind9-dnsutils"),
            ("nslookup", "bind9-dnsutils"),
            ("convert", "imagemagick"),
            ("ping", "iputils-ping"),
            ("ps", "procps"),
            ("netstat", "net-tools"),
            ("7z", "7zip"),
            ("pip", "python3-pip"),
            ("java", "default-jre-headless"),
        ] {
            assert_eq!(likely_owners(command).first().map(String::as_str), Some(package), "{command}");
        }
        assert!(likely_owners("no-such-command").is_empty());
        assert!(likely_owners("").is_empty());
    }

    #[test]
    fn the_table_is_one() {
        let lines: Vec<Vec<&str>> = COMMANDS.lines().map(|line| line.split(' ').collect()).collect();
        assert!(lines.len() >= 300, "{}", lines.len());
        assert!(lines.is_sorted_by(|one, other| one[0] < other[0]), "each once, in order");
        for line in lines {
            let sound = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
            assert!((2..=5).contains(&line.len()) && line.iter().all(sound), "{line:?}");
            // a package of that name would be installed, and nobody would look here
            assert!(!line[1..].contains(&line[0]), "{line:?}");
        }
    }

    #[test]
    fn libraries_are_in_packages_named_after_them() {
        for (soname, package) in [
            ("libGL.so.1", "libgl1"),
            ("libpq.so.5", "libpq5"),
            ("libssl.so.3", "libssl3t64"),
            ("libstdc++.so.6", "libstdc++6"),
            ("libgdk_pixbuf-2.0.so.0", "libgdk-pixbuf-2.0-0"),
            ("libnode.so.115", "libnode115"),
            ("libprocps.so", "libprocps"),
        ] {
            assert!(likely_owners(soname).iter().any(|name| name == package), "{soname}");
        }
    }
}
