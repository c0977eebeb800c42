//! `--libraries`: what the image's own programs get of a tree, and what is refused because they could not load it.

mod image;
mod shared;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use self::shared::Shared;
use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::stage::{Run as _, Stage};

const MULTIARCH: &str = "usr/lib/x86_64-linux-gnu";

/// A package with one library, in a file that has a longer name.
fn package(name: &str, version: &str, soname: &str, library: &[u8]) -> DebBuilder {
    DebBuilder::new(name, version)
        .file(&format!("{MULTIARCH}/{soname}.0.1"), 0o644, library)
        .symlink(&format!("{MULTIARCH}/{soname}"), &format!("{soname}.0.1"))
}

fn publish(stage: &Stage, debs: &[DebBuilder]) {
    let repository = Repository::new("stable");
    stage.publish(&debs.iter().fold(repository, |repository, deb| repository.add("main", deb)));
}

fn install(stage: &Stage, arguments: &[&str]) -> Command {
    let mut install = stage.install(arguments);
    install.arg("--libraries");
    install
}

/// What is in `lib`, all of which leads to files.
fn linked(stage: &Stage) -> BTreeSet<String> {
    linked_at(&stage.sandbox.dest.join("lib"))
}

fn linked_at(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            assert!(fs::metadata(entry.path()).unwrap().is_file(), "{entry:?}");
            entry.file_name().into_string().unwrap()
        })
        .collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// A library that needs `GLIBC_2.38`, one that needs that one, and glibc itself.
fn debs(shared: &Shared) -> [DebBuilder; 3] {
    let libc = shared.libc("2.38");
    let one = shared.library("libone.so.1", &["one"], &["fresh"], &["libc.so.6"]);
    let two = shared.library("libtwo.so.2", &["two"], &["one", "old"], &["libone.so.1", "libc.so.6"]);
    [
        package("libone1", "1.0", "libone.so.1", &one),
        package("libtwo2", "1.0", "libtwo.so.2", &two).field("Depends", "libone1, libc6"),
        package("libc6", "2.41-12", "libc.so.6", &libc)
            .field("Source", "glibc (2.41)")
            .symlink(&format!("{MULTIARCH}/ld-linux-x86-64.so.2"), "libc.so.6.0.1"),
    ]
}

#[test]
fn libraries_are_linked_by_what_they_are_loaded_by() {
    let shared = Shared::new();
    let stage = Stage::new();
    let private = shared.library("libprivate.so.3", &["private"], &[], &[]);
    let configured = shared.library("libconfigured.so.4", &["configured"], &[], &[]);
    let mut debs = debs(&shared).to_vec();
    debs.push(
        DebBuilder::new("others", "1.0")
            .field("Depends", "libtwo2")
            // in no folder that the linker looks into
            .file(&format!("{MULTIARCH}/others/libprivate.so.3"), 0o644, &private)
            .file(&format!("{MULTIARCH}/folder/libconfigured.so.4"), 0o644, &configured)
            .file("etc/ld.so.conf.d/others.conf", 0o644, format!("/{MULTIARCH}/folder\n"))
            // what programs of other machines load, what is no library, and what is damaged
            .file("usr/lib/i386-linux-gnu/libone.so.1", 0o644, b"\x7fELF\x01\x01\x01")
            .file(&format!("{MULTIARCH}/libtext.so.1"), 0o644, "text")
            .file(&format!("{MULTIARCH}/libdamaged.so.1"), 0o644, &private[..200])
            // of a -dev package: a link, and a script of ld(1)
            .symlink(&format!("{MULTIARCH}/libone.so"), "libone.so.1")
            .file(&format!("{MULTIARCH}/libtwo.so"), 0o644, "INPUT(libtwo.so.2 -lone)")
            .file(&format!("{MULTIARCH}/libc.so"), 0o644, "GROUP(libc.so.6)"),
    );
    publish(&stage, &debs);
    install(&stage, &["others", "--prefix=/p"]).run().succeeded();
    let expected = ["libone.so.1", "libtwo.so.2", "libconfigured.so.4", "libone.so", "libtwo.so"];
    assert_eq!(linked(&stage), names(&expected));
    let lib = stage.sandbox.dest.join("lib");
    let real = fs::canonicalize(stage.current(&format!("{MULTIARCH}/libone.so.1.0.1"))).unwrap();
    assert_eq!(fs::canonicalize(lib.join("libone.so.1")).unwrap(), real);
    stage.sandbox.aptlet().arg("verify").run().succeeded();
    let variables = stage.sandbox.aptlet().args(["status", "--env"]).run().succeeded().stdout;
    assert_eq!(variables, "LD_LIBRARY_PATH=/p/lib\n");
    let object =
        stage.sandbox.aptlet().args(["status", "--env", "--log-format=json"]).run().succeeded().stdout;
    assert_eq!(object, "{\"LD_LIBRARY_PATH\":\"/p/lib\"}\n");

    // a tree whose own linker finds them, and one that only launchers tell
    install(&stage, &["others", "--prefix=/opt/tools"]).run().succeeded();
    assert_eq!(linked(&stage), names(&expected));
}

#[test]
fn the_folder_changes_with_the_tree() {
    let shared = Shared::new();
    let stage = Stage::new();
    let library = |soname: &str| shared.library(soname, &["one"], &[], &[]);
    publish(&stage, &[package("one", "1.0", "libone.so.1", &library("libone.so.1"))]);
    stage.install(&["one"]).run().succeeded();
    let lib = stage.sandbox.dest.join("lib");
    assert!(lib.symlink_metadata().is_err(), "nobody asked for it");
    let outcome = install(&stage, &["one"]).run().succeeded();
    assert!(!outcome.stderr.contains("up to date"), "it is another request: {}", outcome.stderr);
    assert_eq!(linked(&stage), names(&["libone.so.1"]));
    assert!(install(&stage, &["one"]).run().succeeded().stderr.contains("up to date"));
    let way = fs::read_link(&lib).unwrap();

    publish(&stage, &[package("one", "2.0", "libone.so.2", &library("libone.so.2"))]);
    install(&stage, &["one"]).run().succeeded();
    assert_eq!(linked(&stage), names(&["libone.so.2"]));
    assert_eq!(fs::read_link(&lib).unwrap(), way, "it leads through the one link that moves");
    assert!(way.starts_with(".aptlet/current"), "{}", way.display());

    stage.install(&["one"]).run().succeeded();
    assert!(lib.symlink_metadata().is_err(), "it would lead nowhere");
    install(&stage, &["one"]).run().succeeded();

    // as after a kill
    fs::remove_file(&lib).unwrap();
    install(&stage, &["one"]).run().succeeded();
    assert_eq!(linked(&stage), names(&["libone.so.2"]));
    fs::remove_file(&lib).unwrap();
    fs::create_dir(&lib).unwrap();
    install(&stage, &["one"]).run().failed(6, &["lib is in the way"]);
}

#[test]
fn a_program_of_the_image_loads_them() {
    let shared = Shared::new();
    let stage = Stage::new();
    let two = shared.library("libtwo.so.2", &["two@TWO_2"], &[], &[]);
    let one = shared.library("libone.so.1", &["one"], &["two"], &["libtwo.so.2"]);
    publish(
        &stage,
        &[
            package("libone1", "1.0", "libone.so.1", &one).field("Depends", "libtwo2"),
            package("libtwo2", "1.0", "libtwo.so.2", &two),
        ],
    );
    install(&stage, &["libone1"]).run().succeeded();
    let source = shared.path("program.c");
    fs::write(&source, "int one(void);\nint main(void) { return one() + 40; }\n").unwrap();
    let program = shared.path("program");
    Command::new("cc")
        .arg("-o")
        .args([&program, &source, &shared.path("libone.so.1")])
        .arg(format!("-Wl,-rpath-link,{}", shared.path("").display()))
        .run()
        .succeeded();
    let lib = stage.sandbox.dest.join("lib");
    assert_eq!(Command::new(&program).run().code, Some(127), "it has none of its own");
    assert_eq!(Command::new(&program).env("LD_LIBRARY_PATH", &lib).run().code, Some(42));
}

#[test]
fn libraries_of_libraries_are_found_where_they_look_for_them() {
    let shared = Shared::new();
    let stage = Stage::new();
    let deep = shared.library("libdeep.so.1", &["deep"], &["fresh"], &[]);
    let near = shared.library("libnear.so.1", &["near"], &[], &[]);
    let by_path =
        shared.looking_into(&format!("/{MULTIARCH}/private"), "libone.so.1", "deep", "libdeep.so.1");
    let by_origin = shared.looking_into("$ORIGIN/beside", "libtwo.so.1", "near", "libnear.so.1");
    publish(
        &stage,
        &[
            package("libone1", "1.0", "libone.so.1", &by_path).field("Depends", "libtwo1").file(
                &format!("{MULTIARCH}/private/libdeep.so.1"),
                0o644,
                &deep,
            ),
            package("libtwo1", "1.0", "libtwo.so.1", &by_origin).file(
                &format!("{MULTIARCH}/beside/libnear.so.1"),
                0o644,
                &near,
            ),
        ],
    );
    let outcome = install(&stage, &["libone1", "--prefix=/p"]).run().succeeded();
    // the folder of links is where it begins to look
    assert_eq!(linked(&stage), names(&["libnear.so.1", "libone.so.1", "libtwo.so.1"]));
    assert!(!outcome.stderr.contains("as far as is known"), "{}", outcome.stderr);
}

#[test]
fn a_command_that_is_run_is_told_where_they_are() {
    let shared = Shared::new();
    let stage = Stage::new();
    publish(
        &stage,
        &[package("one", "1.0", "libone.so.1", &shared.library("libone.so.1", &["one"], &[], &[]))],
    );
    let run = |flags: &[&str], before: Option<&str>| {
        let mut run = stage.at_mirror("run");
        run.args(flags).args(["--base=none", "one", "--", "sh", "-c", "echo $LD_LIBRARY_PATH"]);
        run.env_remove("LD_LIBRARY_PATH").envs(before.map(|value| ("LD_LIBRARY_PATH", value)));
        run.run().succeeded().stdout
    };
    let lib = stage.sandbox.dest.join("lib");
    assert_eq!(run(&[], Some("/own")), "/own\n");
    assert_eq!(run(&["--libraries"], None), format!("{}\n", lib.display()));
    assert_eq!(run(&["--libraries"], Some("/own")), format!("/own:{}\n", lib.display()));
    assert_eq!(linked_at(&lib), names(&["libone.so.1"]));
}

#[test]
fn a_root_file_system_has_its_own_programs_only() {
    let stage = Stage::new();
    install(&stage, &["one", "--prefix=/"]).run().failed(2, &["libraries", "the prefix is /", "such as /p"]);
}
