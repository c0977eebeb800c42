//! The precedence matrix.
#![allow(clippy::unwrap_used)]

use std::fs;

use clap::{Args as _, FromArgMatches as _};

use super::*;
use crate::config::main_image::MainImage;
use crate::config::sources::{DEFAULT_COMPONENT, OfRelease};
use crate::config::values::{DEFAULT_MIRROR, PathOrder, Release};
use crate::request::Origin;

/// A machine of its own, with a `ConfigMap` of these keys at its default place.
struct Machine {
    folder: tempfile::TempDir,
    host: Host,
}

fn machine(keys: &[(&str, &str)], environment: &[(&str, &str)]) -> Machine {
    let folder = tempfile::tempdir().unwrap();
    let etc_aptlet = folder.path().join("etc/aptlet");
    if !keys.is_empty() {
        fs::create_dir_all(&etc_aptlet).unwrap();
    }
    for (key, text) in keys {
        fs::write(etc_aptlet.join(key), text).unwrap();
    }
    let host = Host {
        environment: environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        working_directory: "/work/here".into(),
        etc_aptlet,
        etc_apt: folder.path().join("etc/apt"),
        dpkg: folder.path().join("var/lib/dpkg"),
    };
    Machine { folder, host }
}

impl Machine {
    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn resolve(&self, command: Command, flags: &[&str], requests: &[&str]) -> Result<Settings, Error> {
        let parser = Options::augment_args(clap::Command::new("test").no_binary_name(true));
        let flags = Options::from_arg_matches(&parser.try_get_matches_from(flags).unwrap()).unwrap();
        let requests: Vec<String> = requests.iter().map(|text| (*text).to_owned()).collect();
        Settings::resolve(command, flags, &requests, &self.host)
    }

    fn install(&self, flags: &[&str], requests: &[&str]) -> Result<Settings, Error> {
        self.resolve(Command::Install, flags, requests)
    }
}

fn names(settings: &Settings) -> Vec<&str> {
    settings.requests.iter().map(|request| request.name.as_str()).collect()
}

#[test]
fn the_defaults() {
    let settings = machine(&[], &[]).install(&[], &["curl"]).unwrap();
    assert_eq!(names(&settings), ["curl"]);
    assert_eq!(
        settings,
        Settings {
            dest: "/p".into(),
            prefix: "/p".into(),
            requests: settings.requests.clone(),
            lock: None,
            sources: SourceChoice::Release(OfRelease {
                release: Release::default(),
                mirrors: vec![DEFAULT_MIRROR.parse().unwrap()],
                security_mirrors: vec!["http://security.debian.org/debian-security".parse().unwrap()],
                components: vec!["main".into()],
                told_by: None,
            }),
            keyrings: vec![],
            preferences: vec![],
            auth: vec![],
            strict_sources: false,
            allow_releaseinfo_change: false,
            client_certificate: None,
            client_key: None,
            ca_certificates: vec![],
            architecture: Architecture::native(),
            recommends: false,
            exclude: Vec::new(),
            with_essential: false,
            base: None,
            upgrade_base: false,
            max_unpacked: None,
            size_limit: None,
            owners: Owners::Map,
            locales: Vec::new(),
            paths: Paths::default(),
            keep_generations: 2,
            require_scripts: RequireScripts::None,
            libraries: false,
            image: MainImage::default(),
            generators: Generators::Known,
            own_binary: false,
            on_failure: None,
            path_order: PathOrder::Last,
            connections: 8,
            retries: 3,
            patience: Duration::from_mins(1),
            min_speed: 1000,
            timeout: Duration::from_secs(30),
            kept_indexes: None,
            allow: Vec::new(),
            deny: Vec::new(),
            more_sources: Vec::new(),
            output: Output::File("aptlet.lock".into()),
            dry_run: false,
            said: Said::default(),
            check: false,
            baking: None,
            other_architectures: Vec::new(),
            others: Vec::new(),
            base_image: None,
            known_image: None,
            // in a folder of its own
            registries: settings.registries.clone(),
            described: None,
            sbom_format: SbomFormat::Spdx,
            explain: None,
            env: false,
            relocation: None,
            log_format: LogFormat::Text,
            verbosity: Verbosity::Normal,
            termination_log: "/dev/termination-log".into(),
            warnings: vec![],
        }
    );
}

/// The default that the help tells.
fn told(long: &str) -> String {
    let options = Options::augment_args(clap::Command::new("test"));
    let flag = options.get_arguments().find(|flag| flag.get_long() == Some(long)).unwrap();
    let help = flag.get_help().unwrap().to_string();
    help.split_once("[default: ").unwrap().1.trim_end_matches(']').to_owned()
}

#[test]
fn the_help_tells_the_defaults() {
    let settings = machine(&[], &[]).install(&[], &["curl"]).unwrap();
    let output = Output::File(told("output").into());
    assert_eq!(settings.output, output);
    assert_eq!(settings.dest.to_str().unwrap(), told("dest"));
    assert_eq!(settings.termination_log.to_str().unwrap(), told("termination-log"));
    assert_eq!(settings.connections.to_string(), told("connections"));
    assert_eq!(settings.retries.to_string(), told("retries"));
    assert_eq!(settings.timeout.as_secs().to_string(), told("timeout"));
    assert_eq!(settings.keep_generations.to_string(), told("keep-generations"));
    assert_eq!(Host::this().unwrap().etc_aptlet.to_str().unwrap(), told("config"));
    assert_eq!(told("suite"), Release::default().suites().join(" and "));
    assert!(told("release").ends_with(&format!("else {}", Release::default())));
    assert_eq!((told("mirror"), told("component")), (DEFAULT_MIRROR.into(), DEFAULT_COMPONENT.into()));
}

#[test]
fn a_flag_beats_the_environment_beats_the_configmap_beats_the_default() {
    let yaml = [("aptlet.yaml", "dest: /yaml\nretries: 1\n")];
    let variable = [("APTLET_DEST", "/variable"), ("APTLET_RETRIES", "2")];
    for flag in [false, true] {
        for environment in [false, true] {
            for configmap in [false, true] {
                let machine = machine(
                    if configmap { &yaml } else { &[] },
                    if environment { &variable } else { &[("APTLET_DEST", "")] },
                );
                let flags: &[&str] = if flag { &["--dest=/flag"] } else { &[] };
                let settings = machine.install(flags, &["curl"]).unwrap();
                let (dest, retries) = match (flag, environment, configmap) {
                    (true, true, _) => ("/flag", 2),
                    (true, false, true) => ("/flag", 1),
                    (true, false, false) => ("/flag", 3),
                    (false, true, _) => ("/variable", 2),
                    (false, false, true) => ("/yaml", 1),
                    (false, false, false) => ("/p", 3),
                };
                let case = format!("flag {flag}, environment {environment}, configmap {configmap}");
                assert_eq!((settings.dest.to_str().unwrap(), settings.retries), (dest, retries), "{case}");
            }
        }
    }
}

#[test]
fn requests_and_locks_of_a_higher_layer_win() {
    let folder = tempfile::tempdir().unwrap();
    let lock_path = |name: &str| {
        let path = folder.path().join(name);
        fs::write(&path, "").unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (flag_lock, variable_lock) = (lock_path("flag.lock"), lock_path("variable.lock"));
    // Each layer has nothing, a request, a lock, or both.
    for case in 0..64 {
        let has = |bit: u32| case & 1 << bit != 0;
        let (mut keys, mut environment, mut flags, mut arguments) =
            (vec![("notes.pref", "")], vec![], vec![], vec![]);
        if has(0) {
            keys.push(("packages", "aa-map"));
        }
        if has(1) {
            keys.push(("aptlet.lock", ""));
        }
        if has(2) {
            environment.push(("APTLET_PACKAGES", "aa-variable"));
        }
        if has(3) {
            environment.push(("APTLET_LOCK", variable_lock.as_str()));
        }
        if has(4) {
            arguments.push("aa-flag");
        }
        if has(5) {
            flags.extend(["--lock", &flag_lock]);
        }
        let machine = machine(&keys, &environment);
        let map_lock = machine.at("etc/aptlet/aptlet.lock").to_str().unwrap().to_owned();
        let found = match machine.install(&flags, &arguments) {
            Ok(settings) => {
                let lock = settings.lock.as_ref().map(|path| path.to_str().unwrap().to_owned());
                (lock, names(&settings).join(" "))
            }
            Err(error) => (None, format!("{error}: {}", error.hint().unwrap())),
        };
        let outcome = (found.0.as_deref(), found.1.as_str());
        match (has(5), has(4), has(3), has(2), has(1), has(0)) {
            (true, true, ..) => {
                assert!(outcome.1.contains("--lock") && outcome.1.contains("drop"), "{outcome:?}");
            }
            (true, ..) => assert_eq!(outcome, (Some(flag_lock.as_str()), ""), "{case:b}"),
            (_, true, ..) => assert_eq!(outcome, (None, "aa-flag"), "{case:b}"),
            (_, _, true, true, ..) => {
                assert!(
                    outcome.1.contains("APTLET_LOCK") && outcome.1.contains("APTLET_PACKAGES"),
                    "{outcome:?}"
                );
            }
            (_, _, true, ..) => assert_eq!(outcome, (Some(variable_lock.as_str()), ""), "{case:b}"),
            (_, _, _, true, ..) => assert_eq!(outcome, (None, "aa-variable"), "{case:b}"),
            (.., true, true) => assert_eq!(outcome, (Some(map_lock.as_str()), "aa-map"), "{case:b}"),
            (.., true, false) => assert_eq!(outcome, (Some(map_lock.as_str()), ""), "{case:b}"),
            (.., true) => assert_eq!(outcome, (None, "aa-map"), "{case:b}"),
            _ => assert!(outcome.1.contains("no packages are requested: name packages"), "{outcome:?}"),
        }
    }
}

#[test]
fn requests_under_a_misspelt_name_are_pointed_at() {
    let machine = machine(&[("package", "curl")], &[("APTLET_PACKAGE", "curl")]);
    let hint = machine.install(&[], &[]).unwrap_err().hint().unwrap();
    assert!(hint.contains("did you mean APTLET_PACKAGES?"), "{hint}");
    assert!(hint.contains("did you mean 'packages'?"), "{hint}");
}

#[test]
fn to_lock_is_to_resolve_anew() {
    let machine = machine(&[("packages", "curl"), ("aptlet.lock", "")], &[("APTLET_LOCK", "/none")]);
    let settings = machine.resolve(Command::Lock, &["-o-"], &[]).unwrap();
    assert_eq!(
        (names(&settings), settings.lock.clone(), settings.output.clone()),
        (vec!["curl"], None, Output::Stdout)
    );
    let only_a_lock = self::machine(&[("aptlet.lock", "")], &[]);
    assert!(matches!(only_a_lock.resolve(Command::Lock, &[], &[]), Err(Error::NoRequests { .. })));
}

#[test]
fn a_status_needs_no_requests_and_minds_no_bad_ones() {
    let machine = machine(&[("packages", "Bad@"), ("aptlet.yaml", "dest: /q\n")], &[]);
    let settings = machine.resolve(Command::Status, &[], &[]).unwrap();
    assert_eq!(settings.dest, Path::new("/q"));
    assert!(machine.install(&[], &[]).is_err());
    assert!(machine.install(&[], &["curl"]).is_ok(), "what is replaced is not read");
}

#[test]
fn requests_name_their_place() {
    let machine = machine(&[("packages", "# tools\n  jq, vim\n")], &[]);
    let origins: Vec<_> = machine.install(&[], &[]).unwrap().requests.into_iter().map(|r| r.origin).collect();
    let path = machine.at("etc/aptlet/packages");
    let file = |column| Origin::File { path: path.clone(), line: 2, column };
    assert_eq!(origins, [file(3), file(7)]);
    let settings = machine.install(&[], &["curl jq", "git"]).unwrap();
    assert_eq!(names(&settings), ["curl", "jq", "git"]);
    assert!(settings.requests.iter().all(|request| request.origin == Origin::Flag));
}

#[test]
fn the_folder_of_settings_can_be_moved() {
    let machine = machine(&[], &[]);
    let other = machine.at("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("packages"), "curl").unwrap();
    let flag = format!("--config={}", other.display());
    assert_eq!(names(&machine.install(&[&flag], &[]).unwrap()), ["curl"]);
    let error = machine.install(&["--config=/none/such"], &["curl"]).unwrap_err();
    assert!(matches!(error, Error::Folder { .. }) && error.hint().is_some(), "{error}");
    let by_variable = self::machine(&[], &[("APTLET_CONFIG", "/none/such")]);
    assert!(matches!(by_variable.install(&[], &["curl"]), Err(Error::Folder { .. })));
}

#[test]
fn lists_of_a_higher_layer_replace_those_of_a_lower() {
    let machine =
        machine(&[("a.asc", ""), ("a.sources", ""), ("a.pref", ""), ("auth.conf", ""), ("ca.crt", "")], &[]);
    let at = |name: &str| machine.at("etc/aptlet").join(name);
    let settings = machine.install(&[], &["curl"]).unwrap();
    assert_eq!(settings.keyrings, [FileOrText::File(at("a.asc"))]);
    assert_eq!(settings.sources, SourceChoice::Files(vec![FileOrText::File(at("a.sources"))]));
    assert_eq!(settings.preferences, [at("a.pref")]);
    assert_eq!(settings.auth, [at("auth.conf")]);
    assert_eq!(settings.ca_certificates, [at("ca.crt")]);

    let own = machine.at("own.gpg");
    fs::write(&own, "").unwrap();
    let flag = format!("--keyring={}", own.display());
    let settings = machine.install(&[&flag, "--suite=sid"], &["curl"]).unwrap();
    assert_eq!(settings.keyrings, [FileOrText::File(own)]);
    assert_eq!(
        settings.sources,
        SourceChoice::Files(vec![FileOrText::File(at("a.sources"))]),
        "the ConfigMap beats --suite"
    );
    assert_eq!(settings.warnings, [Warning::Unused { setting: "suite", sources: at("a.sources") }]);
}

#[test]
fn a_lock_leaves_nothing_to_a_mirror_but_its_login() {
    let machine = machine(&[("a.sources", ""), ("aptlet.lock", "")], &[]);
    let warnings = |flags: &[&str]| machine.install(flags, &[]).unwrap().warnings;
    let lock = machine.at("etc/aptlet").join("aptlet.lock");
    let unused = |setting| Warning::Unused { setting, sources: lock.clone() };
    assert_eq!(
        warnings(&["--mirror=http://mirror.example/", "--suite=sid"]),
        [unused("mirror"), unused("suite")]
    );
    assert_eq!(warnings(&["--mirror=http://user:secret@mirror.example/"]), []);
    assert_eq!(warnings(&[]), [], "the lock of a ConfigMap was made from what is beside it");
}

#[test]
fn files_that_are_named_must_be_there() {
    let machine = machine(&[], &[]);
    for flag in ["--keyring", "--sources", "--preferences", "--auth", "--ca-certificate"] {
        let error = machine.install(&[flag, "/none/such"], &["curl"]).unwrap_err();
        assert!(error.to_string().starts_with("cannot read '/none/such': "), "{error}");
    }
    assert!(matches!(machine.install(&["--lock=/none/such"], &[]), Err(Error::Read { .. })));
}

#[test]
fn the_destination_and_the_prefix_are_normal_paths() {
    let machine = machine(&[], &[]);
    let paths = |flags: &[&str]| {
        machine
            .install(flags, &["curl"])
            .map(|settings| (settings.dest.to_str().unwrap().to_owned(), settings.prefix))
    };
    let pair = |dest: &str, prefix: &str| (dest.to_owned(), prefix.to_owned());
    assert_eq!(paths(&["--dest=out"]).unwrap(), pair("/work/here/out", "/work/here/out"));
    assert_eq!(paths(&["--dest=../out/./"]).unwrap(), pair("/work/out", "/work/out"));
    assert_eq!(paths(&["--dest=out", "--prefix=//p/x/../"]).unwrap(), pair("/work/here/out", "/p"));
    assert_eq!(paths(&["--dest=/a b", "--prefix=/"]).unwrap(), pair("/a b", "/"));
    for flags in [&["--prefix=p"][..], &["--prefix=/a:b"], &["--dest=/a b"], &["--prefix=/a\n"]] {
        assert!(matches!(paths(flags), Err(Error::Prefix { .. })), "{flags:?}");
    }
}

#[test]
fn quiet_and_verbose_from_one_place_are_an_error() {
    let machine = machine(&[], &[("APTLET_QUIET", "1")]);
    assert_eq!(machine.install(&[], &["curl"]).unwrap().verbosity, Verbosity::Quiet);
    assert_eq!(machine.install(&["-v"], &["curl"]).unwrap().verbosity, Verbosity::Verbose);
    assert_eq!(machine.install(&["-q=no"], &["curl"]).unwrap().verbosity, Verbosity::Normal);
    assert!(matches!(machine.install(&["-qv"], &["curl"]), Err(Error::QuietAndVerbose { .. })));
}

#[test]
fn the_base_of_a_command_that_runs_in_the_image_is_the_images() {
    let machine = machine(&[], &[]);
    let base = |command, flags: &[&str]| machine.resolve(command, flags, &["curl"]).unwrap().base;
    let dpkg = machine.at("var/lib/dpkg");
    assert_eq!(base(Command::Run, &[]), None, "it has none");
    for (folder, file) in [("var/lib/dpkg", "status"), ("var/lib/dpkg/status.d", "tzdata")] {
        fs::create_dir_all(machine.at(folder)).unwrap();
        let file = machine.at(folder).join(file);
        fs::write(&file, "").unwrap();
        assert_eq!(base(Command::Run, &[]), Some(dpkg.clone()));
        assert_eq!(base(Command::Install, &[]), None);
        assert_eq!(base(Command::Run, &["--base=none"]), None);
        assert_eq!(base(Command::Run, &["--base=./none"]), Some("./none".into()));
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn no_base_can_be_said_anywhere() {
    for (variable, yaml, base) in [
        ("none", "base: status", None),
        ("", "base: none", None),
        ("", "base: ./none", Some("etc/aptlet/./none")),
        ("/x", "base: none", Some("/x")),
    ] {
        let machine = machine(&[("aptlet.yaml", yaml)], &[("APTLET_BASE", variable)]);
        let settings = machine.install(&[], &["curl"]).unwrap();
        assert_eq!(settings.base, base.map(|base| machine.at(base)), "{variable} {yaml}");
    }
}

#[test]
fn a_command_that_runs_here_has_its_tree_here() {
    let machine = machine(&[], &[("APTLET_PREFIX", "/q")]);
    let error = machine.resolve(Command::Run, &[], &["curl"]).unwrap_err();
    assert!(error.to_string().contains("/q") && error.hint().unwrap().contains("--dest"), "{error}");
    assert_eq!(machine.resolve(Command::Run, &["--dest=/q/."], &["curl"]).unwrap().prefix, "/q");
}

#[test]
fn aptlet_itself_is_something_to_install() {
    let machine = machine(&[], &[("APTLET_SELF", "true")]);
    let settings = machine.install(&[], &[]).unwrap();
    assert!(settings.own_binary && settings.requests.is_empty() && settings.lock.is_none());
    assert!(machine.install(&["--self=no"], &[]).is_err());
    for command in [Command::Run, Command::Lock] {
        assert!(machine.resolve(command, &[], &[]).is_err(), "{command:?}");
    }
}
