//! The test support held against the real tools: dpkg-deb, gpgv and apt-get. Where one of them is missing,
//! what needs it is skipped and says so: `skipped: no gpgv`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::deb::{Compression, DebBuilder, MTIME, TarEntry};
use crate::support::repository::{Repository, Signed};
use crate::support::server::Server;
use crate::support::signing::{SigningKey, clearsign_by};
use crate::support::{Kind, Sandbox, have, snapshot};
use tar::EntryType;

#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn hello() -> DebBuilder {
    DebBuilder::new("hello", "1:2.0-1")
        .field("Depends", "world (>= 1)")
        .field("Description", "greets\n a long\n .\n description")
        .file("usr/bin/hello", 0o755, "#!/bin/sh\n")
        .symlink("/usr/bin/hi", "hello")
        .hardlink("./usr/bin/hej", "usr/bin/hello")
        .dir("var/lib/hello", 0o1777)
        .file(&format!("usr/share/{}/x", "long/".repeat(30)), 0o600, vec![7; 5000])
        .conffile("etc/hello.conf", "greeting = hello\n")
        .script("postinst", "#!/bin/sh\nexit 0\n")
}

#[test]
fn dpkg_deb_reads_what_deb_builder_writes_in_every_compression() {
    if !have("dpkg-deb") {
        return;
    }
    for compression in Compression::ALL {
        let sandbox = Sandbox::new();
        let path = sandbox.path("hello.deb");
        let bytes = hello().compression(compression).build();
        assert_eq!(bytes, hello().compression(compression).build(), "{compression:?} is not deterministic");
        fs::write(&path, bytes).unwrap();
        let dpkg_deb = |option: &str| {
            let mut command = Command::new("dpkg-deb");
            command.arg(option).arg(&path);
            command
        };

        assert_eq!(run(dpkg_deb("-f").arg("Depends")), "world (>= 1)\n", "{compression:?}");
        assert!(
            hello()
                .control()
                .contains(&format!("Installed-Size: {}", run(dpkg_deb("-f").arg("Installed-Size"))))
        );
        assert!(run(&mut dpkg_deb("-c")).contains("./usr/bin/hej link to ./usr/bin/hello"));
        run(dpkg_deb("-x").arg(&sandbox.dest));
        run(dpkg_deb("-e").arg(sandbox.path("control")));

        let tree = snapshot(&sandbox.dest);
        let entry = |path: &str| tree.iter().find(|entry| entry.path == Path::new(path)).unwrap();
        assert_eq!(entry("usr/bin/hello").mode, 0o755);
        assert_eq!(entry("usr/bin/hej").sha256, entry("usr/bin/hello").sha256);
        assert_eq!(entry("usr/bin/hi").link.as_deref(), Some(Path::new("hello")));
        assert_eq!((entry("var/lib/hello").kind, entry("var/lib/hello").mode), (Kind::Directory, 0o1777));
        assert_eq!(entry(&format!("usr/share/{}x", "long/".repeat(30))).size, 5000);
        assert_eq!(entry("etc/hello.conf").mtime, (i64::try_from(MTIME).unwrap(), 0));

        let control = |name: &str| fs::read_to_string(sandbox.path("control").join(name)).unwrap();
        assert_eq!(control("conffiles"), "/etc/hello.conf\n");
        assert!(control("postinst").starts_with("#!/bin/sh"));
        let sums = Command::new("md5sum")
            .arg("-c")
            .arg(sandbox.path("control/md5sums"))
            .current_dir(&sandbox.dest)
            .output();
        assert!(sums.unwrap().status.success());
    }
}

#[test]
fn raw_entries_are_written_as_no_honest_tool_would() {
    let device = TarEntry { mode: 0o4755, ..TarEntry::new("/dev/sda", EntryType::Block) };
    let lie =
        TarEntry { data: b"four".to_vec(), size: Some(1 << 40), ..TarEntry::new("x", EntryType::Regular) };
    let deb = DebBuilder::new("evil", "1")
        .compression(Compression::None)
        .raw_tar_entry(TarEntry::new("../../etc/passwd", EntryType::Regular))
        .raw_tar_entry(TarEntry { link: vec![b'y'; 200], ..TarEntry::new([b'x'; 300], EntryType::Symlink) })
        .raw_tar_entry(device)
        .raw_tar_entry(lie);
    let members = deb.members();
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["debian-binary", "control.tar", "data.tar"]);

    let mut data = tar::Archive::new(members[2].1.as_slice());
    let entries: Vec<_> = data
        .entries()
        .unwrap()
        .take(5)
        .map(|entry| {
            let entry = entry.unwrap();
            let link = entry.link_name_bytes().unwrap_or_default().len();
            (entry.path_bytes().to_vec(), entry.header().entry_type(), link, entry.size())
        })
        .collect();
    assert_eq!(entries[1].0, b"../../etc/passwd");
    assert_eq!((entries[2].0.len(), entries[2].2), (300, 200));
    assert_eq!((entries[3].0.as_slice(), entries[3].1), (&b"/dev/sda"[..], EntryType::Block));
    assert_eq!(entries[4].3, 1 << 40);
}

#[test]
fn gpgv_trusts_the_signatures_and_only_with_the_right_key_and_text() {
    if !have("gpgv") {
        return;
    }
    let sandbox = Sandbox::new();
    let gpgv = |key: &SigningKey, files: &[&str]| {
        fs::write(sandbox.path("key.gpg"), key.public_binary()).unwrap();
        let mut command = Command::new("gpgv");
        command
            .args(["--homedir", "tmp", "--keyring", "./key.gpg"])
            .args(files)
            .current_dir(sandbox.path(""));
        command.output().unwrap()
    };
    let stranger = SigningKey::generate("stranger");
    for key in [SigningKey::generate("archive"), SigningKey::with_subkey("archive")] {
        let files = Repository::new("stable").release_field("Description", "- dashed\n - list").build(&key);
        for name in ["InRelease", "Release", "Release.gpg"] {
            fs::write(sandbox.path(name), &files[&format!("dists/stable/{name}")]).unwrap();
        }
        for arguments in [&["InRelease"][..], &["Release.gpg", "Release"]] {
            let output = gpgv(&key, arguments);
            assert!(output.status.success(), "{}", text(&output));
            assert!(!gpgv(&stranger, arguments).status.success());
        }
        for name in ["InRelease", "Release"] {
            let tampered = fs::read_to_string(sandbox.path(name)).unwrap().replace("2024", "2025");
            fs::write(sandbox.path(name), tampered).unwrap();
        }
        assert!(!gpgv(&key, &["InRelease"]).status.success());
        assert!(!gpgv(&key, &["Release.gpg", "Release"]).status.success());

        let twice = clearsign_by(&[&stranger, &key], "Suite: stable\n");
        fs::write(sandbox.path("InRelease"), twice).unwrap();
        let output = text(&gpgv(&key, &["InRelease"]));
        assert!(output.contains("Good signature") && output.contains("No public key"), "{output}");
    }
}

#[test]
fn a_key_is_its_name() {
    let (first, second) = (SigningKey::generate("a"), SigningKey::generate("a"));
    assert_eq!(first.fingerprint(), second.fingerprint());
    assert_eq!(first.fingerprint().len(), 40);
    assert_ne!(first.fingerprint(), SigningKey::generate("b").fingerprint());
    assert!(first.public_armored().starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
}

/// apt-get with everything that it reads and writes in the sandbox, and one source in its list.
struct Apt {
    sandbox: Sandbox,
}

impl Apt {
    fn new(key: &SigningKey, source: &str) -> Self {
        let sandbox = Sandbox::new();
        for folder in ["etc/preferences.d", "etc/apt.conf.d", "state/lists/partial", "cache/archives/partial"]
        {
            fs::create_dir_all(sandbox.path(folder)).unwrap();
        }
        fs::write(sandbox.path("state/status"), "").unwrap();
        fs::write(sandbox.path("key.asc"), key.public_armored()).unwrap();
        let signed_by = format!("deb [signed-by={}] {source}\n", sandbox.path("key.asc").display());
        fs::write(sandbox.path("etc/sources.list"), signed_by).unwrap();
        let root = sandbox.path("");
        let root = root.to_str().unwrap().trim_end_matches('/');
        let conf = format!(
            "Dir::Etc \"{root}/etc\";\nDir::State \"{root}/state\";\nDir::State::status \"{root}/state/status\";\n\
             Dir::Cache \"{root}/cache\";\nAPT::Architecture \"amd64\";\nAPT::Architectures {{ \"amd64\"; }};\n\
             APT::Sandbox::User \"root\";\nAcquire::Languages \"none\";\nAcquire::Retries \"0\";\n\
             APT::Update::Error-Mode \"any\";\n",
        );
        fs::write(sandbox.path("apt.conf"), conf).unwrap();
        Self { sandbox }
    }

    fn get(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("apt-get");
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        command.env("APT_CONFIG", self.sandbox.path("apt.conf")).arg("-q").args(arguments);
        command.output().unwrap()
    }
}

#[test]
fn apt_installs_from_every_kind_of_repository() {
    if !have("apt-get") {
        return;
    }
    let fill = |repository: Repository| {
        repository
            .add("main", &hello())
            .add("main", &DebBuilder::new("world", "3.0+x~1").arch("all").file("usr/share/world", 0o644, "w"))
            .add_stanza("contrib", "Package: ghost\nVersion: 1\nArchitecture: all\nFilename: g\nSize: 1\n")
    };
    let key = SigningKey::with_subkey("archive");
    let stable = || fill(Repository::new("stable"));
    let mut kinds: Vec<(String, Repository, &str)> = vec![
        ("Release.gpg".into(), stable().signed(Signed::Detached), "stable main"),
        ("InRelease alone".into(), stable().signed(Signed::Inline), "stable main contrib"),
        ("an index for all".into(), stable().architectures(&["all", "amd64", "arm64"]), "stable main"),
        ("without by-hash".into(), stable().by_hash(false), "stable main"),
        ("flat".into(), fill(Repository::new("./")), "./"),
        ("flat in a folder".into(), fill(Repository::new("here/")), "here/"),
    ];
    for compression in Compression::ALL {
        kinds.push((format!("{compression:?}"), stable().compressions(&[compression]), "stable main"));
    }
    for (kind, repository, suite) in kinds {
        let server = Server::start();
        server.put_all("debian", &repository.build(&key));
        let apt = Apt::new(&key, &format!("{}/debian {suite}", server.url()));
        let update = apt.get(&["update"]);
        assert!(update.status.success(), "{kind}: {}", text(&update));
        let by_hash = server.count(|request| request.path.contains("/by-hash/SHA256/"));
        assert_eq!(by_hash > 0, kind != "without by-hash", "{kind}: {:#?}", server.requests());

        let uris = text(&apt.get(&["install", "--print-uris", "-y", "-oAcquire::ForceHash=sha256", "hello"]));
        let expected =
            format!("hello_2.0-1_amd64.deb' hello_1%3a2.0-1_amd64.deb {} SHA256:", hello().build().len());
        assert!(uris.contains(&expected) && uris.contains("/world_3.0"), "{kind}: {uris}");
        let download = apt.get(&["install", "--download-only", "-y", "hello"]);
        assert!(download.status.success(), "{kind}: {}", text(&download));
    }
}

#[test]
fn apt_refuses_what_is_not_trustworthy() {
    if !have("apt-get") {
        return;
    }
    let key = SigningKey::generate("archive");
    let stable = Repository::new("stable").add("main", &hello());
    let expired = stable.clone().valid_until("2024-06-08T00:00:00Z".parse().unwrap());
    let future = stable.clone().date("2999-01-01T00:00:00Z".parse().unwrap());
    let mut swapped = stable.clone().by_hash(false).build(&key);
    swapped.get_mut("dists/stable/main/binary-amd64/Packages.xz").unwrap().reverse();
    for (what, files, message) in [
        ("another key", stable.build(&SigningKey::generate("stranger")), "NO_PUBKEY"),
        ("no signature", stable.clone().signed(Signed::Not).build(&key), "is not signed"),
        ("an expired Release", expired.build(&key), "is expired"),
        ("a Release of the future", future.build(&key), "is not valid yet"),
        ("a swapped index", swapped, "Hash Sum mismatch"),
    ] {
        let server = Server::start();
        server.put_all("", &files);
        let apt = Apt::new(&key, &format!("{} stable main", server.url()));
        let update = apt.get(&["update"]);
        assert!(!update.status.success() && text(&update).contains(message), "{what}: {}", text(&update));
    }
}

#[test]
fn a_config_map_is_mounted_as_by_the_kubelet() {
    let mut sandbox = Sandbox::new();
    sandbox.configure("packages", "hello");
    sandbox.configure("aptlet.yaml", "");
    assert_eq!(fs::read_link(sandbox.config.join("packages")).unwrap(), Path::new("..data/packages"));
    let before = fs::read_link(sandbox.config.join("..data")).unwrap();
    sandbox.configure("packages", "world");
    assert_ne!(fs::read_link(sandbox.config.join("..data")).unwrap(), before);
    assert_eq!(fs::read_to_string(sandbox.config.join("packages")).unwrap(), "world");
    sandbox.unconfigure("aptlet.yaml");
    let mut names: Vec<_> =
        fs::read_dir(&sandbox.config).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["..2024_01_01_00_00_00.000000005", "..data", "packages"]);
}

#[test]
fn the_binary_runs_in_a_clean_environment() {
    let sandbox = Sandbox::new();
    let command = sandbox.aptlet();
    assert!(Path::new(command.get_program()).is_file());
    let variables: Vec<_> = command.get_envs().map(|(name, _)| name.to_str().unwrap()).collect();
    assert_eq!(
        variables,
        ["APTLET_CONFIG", "APTLET_DEST", "APTLET_TERMINATION_LOG", "HOME", "PATH", "TMPDIR"]
    );
}

#[test]
fn a_snapshot_misses_no_change() {
    let changes: [fn(&Path); 6] = [
        |root| fs::write(root.join("file"), "other").unwrap(),
        |root| fs::write(root.join("new"), "").unwrap(),
        |root| fs::remove_file(root.join("link")).unwrap(),
        |root| run_quietly("chmod", &["0600"], &root.join("file")),
        |root| run_quietly("touch", &["-d", "@1"], &root.join("file")),
        |root| run_quietly("ln", &["-sfn", "elsewhere"], &root.join("link")),
    ];
    for (index, change) in changes.iter().enumerate() {
        let sandbox = Sandbox::new();
        fs::write(sandbox.dest.join("file"), "bytes").unwrap();
        std::os::unix::fs::symlink("file", sandbox.dest.join("link")).unwrap();
        let before = snapshot(&sandbox.dest);
        assert_eq!(snapshot(&sandbox.dest), before);
        change(&sandbox.dest);
        assert_ne!(snapshot(&sandbox.dest), before, "change {index} went unnoticed");
    }
    assert!(snapshot(Path::new("/nonexistent")).is_empty());
}

fn run_quietly(program: &str, arguments: &[&str], path: &Path) {
    run(Command::new(program).args(arguments).arg(path));
}
