//! To whom logins are sent.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::support::deb::DebBuilder;
use crate::support::repository::Repository;
use crate::support::server::{Fault, Request, Server};
use crate::support::stage::{Run, Stage};

fn basic(login: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(login))
}

fn login(request: &Request) -> Option<String> {
    request.header("Authorization").map(str::to_owned)
}

/// A repository in each of these folders, with one package in each.
fn folders(stage: &Stage, names: &[&str]) {
    for (number, name) in names.iter().enumerate() {
        let tool = DebBuilder::new(&format!("tool{number}"), "1.0").file(
            &format!("usr/bin/tool{number}"),
            0o755,
            "#!/bin/sh\n",
        );
        stage.server.put_all(name, &Repository::new("stable").add("main", &tool).build(&stage.key));
    }
}

#[test]
fn the_login_of_a_source_is_for_that_source_alone() {
    let mut stage = Stage::new();
    folders(&stage, &["team", "team-public", "team/inner", "other"]);
    let host = stage.server.url().replace("http://", "");
    stage.sandbox.configure("archive.asc", stage.key.public_armored());
    let lines = [
        format!("deb [signed-by=archive.asc] http://alice:s3cr3t@{host}/team stable main"),
        format!("deb [signed-by=archive.asc] http://{host}/team-public stable main"),
        format!("deb [signed-by=archive.asc] http://{host}/team/inner stable main"),
        format!("deb [signed-by=archive.asc] http://{host}/other?token=t0k3n stable main"),
    ];
    stage.sandbox.configure("a.list", lines.join("\n") + "\n");
    let mut install = stage.bare("install");
    install.args(["tool0", "tool1", "tool2", "tool3", "--prefix=/"]).run().succeeded();
    let requests = stage.server.requests();
    assert!(requests.len() >= 12, "{}", requests.len());
    for request in requests {
        let of_team = request.path.starts_with("team/") && !request.path.starts_with("team/inner/");
        let expected = of_team.then(|| basic("alice:s3cr3t"));
        assert_eq!(login(&request), expected, "{}", request.target);
        let of_other = request.path.starts_with("other/");
        assert_eq!(request.target.contains("t0k3n"), of_other, "{}", request.target);
    }

    // a locked run knows where its packages are from, and the sources beside it how to log in
    let mut lock = stage.bare("lock");
    lock.args(["tool0", "tool1", "tool2", "tool3", "-o", "-"]);
    let text = lock.run().succeeded().stdout;
    assert!(!text.contains("s3cr3t") && !text.contains("t0k3n"), "{text}");
    let path = stage.sandbox.path("aptlet.lock");
    fs::write(&path, text).unwrap();
    stage.server.forget();
    let mut install = stage.bare("install");
    install.arg("--lock").arg(path).arg("--dest").arg(stage.sandbox.path("other")).arg("--prefix=/");
    install.run().succeeded();
    for request in stage.server.requests() {
        let of_team = request.path.starts_with("team/pool/");
        assert_eq!(login(&request), of_team.then(|| basic("alice:s3cr3t")), "{}", request.target);
        assert_eq!(
            request.target.contains("t0k3n"),
            request.path.starts_with("other/"),
            "{}",
            request.target
        );
    }
}

#[test]
fn neither_login_nor_query_goes_where_a_redirect_leads() {
    let stage = Stage::new();
    folders(&stage, &["debian"]);
    let elsewhere = Server::start();
    let deb = "pool/main/t/tool0/tool0_1.0_amd64.deb";
    for uri in ["http://alice:s3cr3t@HOST/debian", "http://HOST/debian?token=s3cr3t"] {
        let tool = DebBuilder::new("tool0", "1.0").file("usr/bin/tool0", 0o755, "#!/bin/sh\n");
        elsewhere.put_all("", &Repository::new("stable").add("main", &tool).build(&stage.key));
        stage.server.fail(&format!("debian/{deb}"), Fault::Redirect(format!("{}/{deb}", elsewhere.url())));
        let uri = uri.replace("HOST", &stage.server.url().replace("http://", ""));
        let mut install = stage.bare("install");
        install
            .args(["tool0", "--prefix=/", "--suite=stable", "--mirror", &uri])
            .arg("--keyring")
            .arg(stage.keyring());
        install.arg("--dest").arg(stage.sandbox.path(if uri.contains('?') { "query" } else { "login" }));
        install.run().succeeded();
        assert_eq!(elsewhere.count(|request| request.path == deb), 1);
        assert_eq!(
            elsewhere.count(|request| login(request).is_some() || request.target.contains("s3cr3t")),
            0
        );
        elsewhere.forget();
    }
    let with = |request: &Request| {
        login(request) == Some(basic("alice:s3cr3t")) || request.target.ends_with("?token=s3cr3t")
    };
    assert_eq!(stage.server.count(with), stage.server.requests().len());
}
