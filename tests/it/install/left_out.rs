//! Sources that cannot be used: told where they are not needed, and an error where they are.

use super::{command, repository};
use crate::support::server::{Down, Fault, Server};
use crate::support::signing::SigningKey;
use crate::support::stage::{Run, Stage};

/// A stage with a good source `main.list`, and this line in `other.list`.
fn stage(names: &[&str], line: &str) -> Stage {
    let mut stage = Stage::new();
    stage.publish(&repository(names));
    stage.sandbox.configure("key.asc", stage.key.public_armored());
    let good = format!("deb [signed-by=key.asc] {} stable main\n", stage.mirror());
    stage.sandbox.configure("a-main.list", good);
    stage.sandbox.configure("b-other.list", line);
    stage
}

/// A second repository, signed by somebody else.
fn second(names: &[&str]) -> (Server, SigningKey) {
    let (server, key) = (Server::start(), SigningKey::generate("second"));
    server.put_all("", &repository(names).build(&key));
    (server, key)
}

#[test]
fn what_is_not_needed_is_a_warning() {
    let down = Down::new();
    let (other, _) = second(&["vendor"]);
    for (line, why) in [
        (format!("deb {} stable main\n", down.url()), "connection refused"),
        ("deb [signed-by=key.asc] MIRROR nosuch main\n".to_owned(), "there is no InRelease"),
        (
            "deb [signed-by=key.asc] MIRROR stable contrib\n".to_owned(),
            "no Packages index for component 'contrib'",
        ),
        ("deb [signed-by=key.asc arch=i386] MIRROR stable main\n".to_owned(), ""),
        (format!("deb {} stable main\n", other.url()), "signed only by unknown keys"),
        (format!("deb [signed-by=nosuch.asc] {} stable main\n", other.url()), "cannot read keyring"),
        (
            "deb cdrom:[Debian 12.1.0 _Bookworm_ - Official]/ bookworm main\n".to_owned(),
            "'cdrom' is not supported",
        ),
        ("deb ftp://mirror.example/debian bookworm main\n".to_owned(), "'ftp' is not supported"),
        ("deb s3://bucket/debian bookworm main\n".to_owned(), "'s3' is not supported"),
        ("deb mirror+file:/nosuch/mirrors.txt stable main\n".to_owned(), "/nosuch/mirrors.txt: "),
    ] {
        let mut stage = stage(&["tool"], "");
        stage.sandbox.configure("b-other.list", line.replace("MIRROR", &stage.mirror()));
        let outcome = stage.bare("install").arg("tool").run().succeeded();
        assert_eq!(stage.installed(), ["tool 1.0"], "{line}");
        let told = outcome.stderr.contains("warning: a source is left out: ")
            && outcome.stderr.contains("b-other.list:1");
        assert_eq!(told, !why.is_empty(), "{line}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(why), "{line}: {}", outcome.stderr);
        if !why.is_empty() {
            let mut strict = stage.bare("install");
            strict.args(["tool", "--strict-sources"]).arg("--dest").arg(stage.sandbox.path("strict"));
            let outcome = strict.run();
            assert!(outcome.code != Some(0) && outcome.stderr.contains(why), "{line}: {}", outcome.stderr);
            let mut lock = stage.bare("lock");
            let locked = lock.args(["tool", "-o", "-"]).run();
            assert!(locked.code != Some(0) && locked.stderr.contains(why), "{line}: {}", locked.stderr);
            let mut lock = stage.bare("lock");
            lock.args(["tool", "-o", "-", "--strict-sources=false"]).run().succeeded();
        }
    }
}

#[test]
fn what_is_needed_names_the_source_that_was_left_out() {
    let down = Down::new();
    let refused = stage(&["tool"], &format!("deb {} stable main\n", down.url()));
    for request in ["vendor", "tool=2.0"] {
        let words = ["b-other.list:1", "connection refused", "hint: "];
        refused.bare("install").arg(request).run().failed(4, &words);
    }
    let (other, _) = second(&["vendor"]);
    let untrusted = stage(&["tool"], &format!("deb {} stable main\n", other.url()));
    untrusted
        .bare("install")
        .arg("vendor")
        .run()
        .failed(5, &["unknown keys", "no package 'vendor'", "Signed-By"]);
    let cdrom = stage(&["tool"], "deb cdrom:[Debian 12]/ bookworm main\n");
    cdrom.bare("install").arg("vendor").run().failed(3, &["no package 'vendor'", "'cdrom' is not supported"]);
    // a dependency
    let depends = stage(&[], &format!("deb {} stable main\n", down.url()));
    depends.publish(&repository(&[]).add("main", &command("tool", "1.0").field("Depends", "vendor")));
    depends.bare("install").arg("tool").run().failed(4, &["vendor", "connection refused"]);
}

#[test]
fn an_index_that_fails_costs_its_component() {
    let stage = stage(&["tool"], "");
    stage.publish(&repository(&["tool"]).add("contrib", &command("more", "1.0")).by_hash(false));
    let index = "debian/dists/stable/contrib/binary-amd64/Packages.xz";
    stage.server.fail(index, Fault::Bytes(b"other".to_vec()));
    stage.server.fail(&index.replace(".xz", ""), Fault::Status(404));
    let mut stage = stage;
    let both = format!("deb [signed-by=key.asc] {} stable main contrib\n", stage.mirror());
    stage.sandbox.configure("a-main.list", both);
    let outcome = stage.bare("install").arg("tool").run().succeeded();
    assert!(outcome.stderr.contains("contrib amd64"), "{}", outcome.stderr);
    stage.bare("install").arg("more").run().failed(5, &["contrib"]);
    // and is looked at again
    stage.server.heal(index);
    stage.bare("install").arg("tool").run().succeeded();
    stage.bare("install").arg("more").run().succeeded();
}

#[test]
fn a_source_that_comes_back_is_used_and_one_that_was_used_is_not_dropped() {
    let mut stage = stage(&["tool"], "");
    let (other, key) = second(&[]);
    other.put_all("", &repository(&[]).add("main", &command("tool", "2.0")).build(&key));
    stage.sandbox.configure("second.asc", key.public_armored());
    stage
        .sandbox
        .configure("b-other.list", format!("deb [signed-by=second.asc] {} stable main\n", other.url()));
    let releases = ["dists/stable/InRelease", "dists/stable/Release"];
    for release in releases {
        other.fail(release, Fault::Status(403));
    }
    stage.bare("install").arg("tool").run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    let again = stage.bare("install").arg("tool").run().succeeded();
    assert!(again.stderr.contains("left out") && again.stderr.contains("up to date"), "{}", again.stderr);
    for release in releases {
        other.heal(release);
    }
    stage.bare("install").arg("tool").run().succeeded();
    assert_eq!(stage.installed(), ["tool 2.0"]);
    // without it, the next plan would take the tool back to 1.0
    for release in releases {
        other.fail(release, Fault::Status(403));
    }
    stage.publish(&repository(&["tool", "more"]).date("2024-06-02T00:00:00Z".parse().unwrap()));
    stage.bare("install").args(["tool", "more"]).run().failed(4, &["403"]);
    assert_eq!(stage.installed(), ["tool 2.0"]);
}

#[test]
fn a_package_in_two_sources_is_fetched_from_either() {
    let mut stage = stage(&["tool"], "");
    let (other, key) = second(&["tool"]);
    stage.sandbox.configure("second.asc", key.public_armored());
    stage
        .sandbox
        .configure("b-other.list", format!("deb [signed-by=second.asc] {} stable main\n", other.url()));
    let lock = stage.bare("lock").args(["tool", "-o", "-"]).run().succeeded().stdout;
    assert!(lock.contains("[[package.also]]"), "{lock}");
    stage.server.fail("debian/pool/main/t/tool/tool_1.0_amd64.deb", Fault::Status(404));
    stage.bare("install").arg("tool").run().succeeded();
    assert_eq!(stage.installed(), ["tool 1.0"]);
    let file = stage.sandbox.path("aptlet.lock");
    std::fs::write(&file, lock).unwrap();
    let mut locked = stage.bare("install");
    locked.arg("--lock").arg(file).arg("--dest").arg(stage.sandbox.path("locked")).run().succeeded();
}

#[test]
fn mirrors_of_one_source_that_differ_are_told() {
    let stage = Stage::new();
    stage.publish(&repository(&["tool"]));
    let other = Server::start();
    other.put_all("", &repository(&["tool", "more"]).release_field("Origin", "Other").build(&stage.key));
    let mut install = stage.install(&["tool"]);
    let outcome = install.args(["--mirror", &other.url()]).run().succeeded();
    for word in ["do not have the same Release", "(Other, ", "(aptlet, "] {
        assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
    }
    let same = Server::start();
    same.put_all("", &repository(&["tool"]).build(&stage.key));
    let mut install = stage.install(&["tool"]);
    install.args(["--mirror", &same.url()]).arg("--dest").arg(stage.sandbox.path("same"));
    assert!(!install.run().succeeded().stderr.contains("warning"));
}
