//! A command line of apt, read as apt reads it: flags anywhere, letters in one, `-o Name=value`.

use super::outcome::Failure;

/// What a command line says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of apt's own")]
pub(super) struct Words {
    /// The first word: `install`.
    pub(super) command: String,
    /// The other words.
    pub(super) names: Vec<String>,
    pub(super) help: bool,
    pub(super) simulate: bool,
    /// How often it was said.
    pub(super) quiet: u8,
    pub(super) yes: bool,
    pub(super) no: bool,
    pub(super) recommends: Option<bool>,
    pub(super) download_only: bool,
    pub(super) print_uris: bool,
    pub(super) reinstall: bool,
    pub(super) auto_remove: bool,
    /// Whether what is only recommended goes with what nobody needs.
    pub(super) recommends_are_nothing: bool,
    pub(super) only_upgrade: bool,
    pub(super) no_upgrade: bool,
    pub(super) no_remove: bool,
    pub(super) allow_downgrades: bool,
    pub(super) allow_held: bool,
    pub(super) mark_auto: bool,
    pub(super) target_release: Option<String>,
    pub(super) retries: Option<String>,
    pub(super) timeout: Option<String>,
    pub(super) names_only: bool,
    pub(super) installed: bool,
    pub(super) upgradable: bool,
    pub(super) all_versions: bool,
    pub(super) recurse: bool,
    pub(super) simple: bool,
}

const UNTRUSTED: &str = "what nobody vouches for is not installed. If it is your own, sign the repository, or name its key: \
                         add-apt-repository 'deb [signed-by=KEY] URL SUITE COMPONENT'";

/// Flags that say what is so anyway, or what there is nothing of here.
const MEANINGLESS: [&str; 30] = [
    "no-install-suggests",
    "install-suggests",
    "fix-missing",
    "ignore-missing",
    "fix-broken",
    "fix-policy",
    "show-upgraded",
    "no-show-upgraded",
    "verbose-versions",
    "show-progress",
    "no-show-progress",
    "purge",
    "allow-remove-essential",
    "list-cleanup",
    "no-list-cleanup",
    "no-download",
    "ignore-hold",
    "assume-debug",
    "color",
    "no-color",
    "with-new-pkgs",
    "without-new-pkgs",
    "auto-deconfigure",
    "trivial-only",
    "no-auto-remove",
    "allow-change-releaseinfo",
    "allow-releaseinfo-change",
    "no-cdrom",
    "show-user-simulation-note",
    "no-show-user-simulation-note",
];

impl Words {
    /// Reads the arguments of one of apt's commands.
    ///
    /// # Errors
    /// A flag that it does not know, or does not do.
    pub(super) fn read(name: &str, arguments: &[String]) -> Result<Self, Failure> {
        let mut words = Self::default();
        let mut arguments = arguments.iter();
        let mut only_names = false;
        while let Some(argument) = arguments.next() {
            if only_names || argument == "-" || !argument.starts_with('-') {
                words.word(argument);
            } else if argument == "--" {
                only_names = true;
            } else if let Some(long) = argument.strip_prefix("--") {
                let (flag, value) =
                    long.split_once('=').map_or((long, None), |(flag, value)| (flag, Some(value)));
                let mut valued = || match value {
                    Some(value) => Ok(value.to_owned()),
                    None => arguments.next().cloned().ok_or_else(|| missing(argument)),
                };
                match flag {
                    "target-release" | "default-release" => words.target_release = Some(valued()?),
                    "option" => words.option(&valued()?)?,
                    "config-file" => drop(valued()?),
                    "host-architecture" | "build-profiles" | "planner" | "solver" => drop(valued()?),
                    _ => words.long(name, flag, value, argument)?,
                }
            } else {
                let letters = &argument[1..];
                for (at, letter) in letters.char_indices() {
                    let rest = &letters[at + letter.len_utf8()..];
                    let mut valued = || match rest.strip_prefix('=').unwrap_or(rest) {
                        "" => arguments.next().cloned().ok_or_else(|| missing(argument)),
                        value => Ok(value.to_owned()),
                    };
                    match letter {
                        't' => words.target_release = Some(valued()?),
                        'o' => words.option(&valued()?)?,
                        'c' => drop(valued()?),
                        // -q=2
                        'q' if rest.starts_with('=') => words.quiet = rest[1..].parse().unwrap_or(1),
                        letter => {
                            words.short(name, letter, argument)?;
                            continue;
                        }
                    }
                    break;
                }
            }
        }
        Ok(words)
    }

    fn word(&mut self, word: &str) {
        match self.command.is_empty() {
            true => word.clone_into(&mut self.command),
            false => self.names.push(word.to_owned()),
        }
    }

    fn short(&mut self, name: &str, letter: char, argument: &str) -> Result<(), Failure> {
        match letter {
            'y' => self.yes = true,
            'q' => self.quiet += 1,
            's' if name != "apt-cache" => self.simulate = true,
            'd' => self.download_only = true,
            'h' => self.help = true,
            'v' | 'V' | 'f' | 'm' | 'u' | 'b' | 'g' | 'P' | 'A' => {}
            'n' if matches!(name, "apt-cache" | "apt") => self.names_only = true,
            'a' => self.all_versions = true,
            'i' => {}
            _ => return Err(unknown(name, argument)),
        }
        Ok(())
    }

    fn long(&mut self, name: &str, flag: &str, value: Option<&str>, argument: &str) -> Result<(), Failure> {
        let is_on = !matches!(value, Some("no" | "false" | "0" | "off"));
        match flag {
            "yes" | "assume-yes" => self.yes = is_on,
            "assume-no" => self.no = is_on,
            "quiet" => self.quiet += 1,
            "simulate" | "just-print" | "dry-run" | "recon" | "no-act" => self.simulate = is_on,
            "install-recommends" => self.recommends = Some(is_on),
            "no-install-recommends" => self.recommends = Some(false),
            "download-only" => self.download_only = is_on,
            "print-uris" => self.print_uris = is_on,
            "reinstall" => self.reinstall = is_on,
            "auto-remove" | "autoremove" => self.auto_remove = is_on,
            "only-upgrade" => self.only_upgrade = is_on,
            "no-upgrade" => self.no_upgrade = is_on,
            "no-remove" => self.no_remove = is_on,
            "allow-downgrades" => self.allow_downgrades = is_on,
            "allow-change-held-packages" => self.allow_held = is_on,
            "mark-auto" => self.mark_auto = is_on,
            "names-only" => self.names_only = is_on,
            "installed" => self.installed = is_on,
            "upgradable" | "upgradeable" => self.upgradable = is_on,
            "all-versions" => self.all_versions = is_on,
            "recurse" => self.recurse = is_on,
            "full" | "no-all-versions" | "manual-installed" | "important" | "no-suggests"
            | "no-conflicts" | "no-breaks" | "no-replaces" | "no-enhances" | "no-recommends"
            | "no-pre-depends" | "no-depends" | "implicit" | "generate" => {
                self.simple = true;
            }
            "help" => self.help = true,
            "version" => self.help = true,
            "allow-unauthenticated" | "allow-insecure-repositories" | "allow-weak-repositories" => {
                return Err(refused(argument, UNTRUSTED));
            }
            "force-yes" => {
                return Err(refused(
                    argument,
                    "it stands for several at once, one of which is to install what nobody vouches for; say -y",
                ));
            }
            flag if MEANINGLESS.contains(&flag) => {}
            _ => return Err(unknown(name, argument)),
        }
        Ok(())
    }

    /// `-o APT::Install-Recommends=false`
    fn option(&mut self, option: &str) -> Result<(), Failure> {
        let (name, value) = option.split_once('=').unwrap_or((option, "true"));
        let lower = name.trim().to_ascii_lowercase();
        let value = value.trim().trim_matches('"');
        let is_on = !matches!(
            value.to_ascii_lowercase().as_str(),
            "no" | "false" | "0" | "off" | "without" | "disable"
        );
        match lower.as_str() {
            "apt::install-recommends" => self.recommends = Some(is_on),
            "apt::get::assume-yes" => self.yes = is_on,
            "apt::get::simulate" => self.simulate = is_on,
            "apt::get::download-only" => self.download_only = is_on,
            "apt::get::allow-downgrades" => self.allow_downgrades = is_on,
            "apt::autoremove::recommendsimportant" => self.recommends_are_nothing = !is_on,
            "apt::get::automaticremove" => self.auto_remove = is_on,
            "apt::default-release" => self.target_release = Some(value.to_owned()),
            "acquire::retries" => self.retries = Some(value.to_owned()),
            "acquire::http::timeout" | "acquire::https::timeout" => self.timeout = Some(value.to_owned()),
            "quiet" => self.quiet = value.parse().unwrap_or(1),
            "apt::get::allowunauthenticated"
            | "acquire::allowinsecurerepositories"
            | "acquire::allowweakrepositories"
            | "acquire::allowdowngradetoinsecurerepositories"
                if is_on =>
            {
                return Err(refused(&format!("-o {name}"), UNTRUSTED));
            }
            "acquire::https::verify-peer" | "acquire::https::verify-host" if !is_on => {
                return Err(refused(
                    &format!("-o {name}"),
                    "name the certificate authority instead: SSL_CERT_FILE=FILE",
                ));
            }
            "acquire::check-valid-until" if !is_on => {
                return Err(refused(
                    &format!("-o {name}"),
                    "write it into the source that has expired: [check-valid-until=no]",
                ));
            }
            "acquire::http::proxy" | "acquire::https::proxy" => {
                let variable = if lower.contains("https") { "https_proxy" } else { "http_proxy" };
                return Err(refused(&format!("-o {name}"), &format!("use the variable {variable}")));
            }
            lower
                if [
                    "dpkg::",
                    "debug::",
                    "apt::",
                    "acquire::",
                    "dir::",
                    "binary::",
                    "aptitude::",
                    "dselect::",
                    "unattended-upgrade::",
                ]
                .iter()
                .any(|known| lower.starts_with(known)) => {}
            _ => {
                return Err(Failure::apt(
                    format!("Option -o: '{option}' is no setting of apt"),
                    "apt's settings are called APT::…, Acquire::…, DPkg::….",
                ));
            }
        }
        Ok(())
    }
}

fn missing(argument: &str) -> Failure {
    Failure::apt(format!("Option {argument} requires an argument."), "Write it behind the flag.")
}

fn refused(flag: &str, instead: &str) -> Failure {
    Failure::apt(format!("{flag} is refused here"), format!("{instead}."))
}

fn unknown(name: &str, argument: &str) -> Failure {
    Failure::apt(
        format!("Command line option {argument} is not understood"),
        format!("'{name} --help' lists what there is."),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(line: &str) -> Words {
        Words::read("apt-get", &line.split(' ').map(str::to_owned).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn flags_stand_anywhere_and_together() {
        let words = read(
            "-qqy install -o Dpkg::Options::=--force-confold --no-install-recommends gcc -t bookworm-backports g++",
        );
        assert_eq!((words.command.as_str(), words.quiet, words.yes), ("install", 2, true));
        assert_eq!(words.names, ["gcc", "g++"]);
        assert_eq!(
            (words.recommends, words.target_release.as_deref()),
            (Some(false), Some("bookworm-backports"))
        );
        assert_eq!(read("-q=2 update").quiet, 2);
        assert_eq!(read("install -tstable -- -x").names, ["-x"]);
        assert_eq!(read("install -oAPT::Install-Recommends=0 x").recommends, Some(false));
        assert!(read("remove --auto-remove x").auto_remove);
        assert!(read("install --simulate=no x").names == ["x"]);
    }

    #[test]
    fn what_would_trust_anybody_is_refused_and_what_is_unknown_is_said() {
        for line in [
            "--allow-unauthenticated install x",
            "install -o APT::Get::AllowUnauthenticated=true x",
            "install --force-yes x",
            "-o Acquire::AllowInsecureRepositories=1 update",
            "install --no-such x",
            "install -Z x",
            "install x -t",
            "install -o nonsense x",
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert!(Words::read("apt-get", &words).is_err(), "{line}");
        }
        read("install -o APT::Get::AllowUnauthenticated=false x");
    }
}
