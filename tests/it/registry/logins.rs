//! Who a registry is told that one is.

use std::fs;
use std::sync::{Arc, Mutex};

use super::server::{Asked, Fault, Registry, Reply};
use super::{logins, push, staged};
use crate::support::stage::Run;

/// `user:secret`.
const AUTH: &str = r#"{"auth": "dXNlcjpzZWNyZXQ="}"#;
const BASIC: &str = "Basic dXNlcjpzZWNyZXQ=";

fn shown(asked: &Asked) -> &str {
    asked.headers.get("authorization").map_or("", String::as_str)
}

/// Asks for a token for all but the token itself, which is good for so many requests; `tells` says what its challenge does.
fn with_tokens(registry: &Registry, good_for: usize, tells: &'static str) -> Arc<Mutex<Vec<String>>> {
    let given = Arc::new(Mutex::new(Vec::new()));
    let (seen, host) = (Arc::clone(&given), registry.host());
    let (mut number, mut left) = (0, 0);
    registry.rule(move |asked, _| {
        if asked.target.starts_with("/token") {
            seen.lock().unwrap().push(format!("{} {}", asked.target, shown(asked)));
            if shown(asked) != BASIC {
                return Some(Fault::Answer(Reply::new(401).body(r#"{"details":"who are you"}"#)));
            }
            (number, left) = (number + 1, good_for);
            let token = format!(r#"{{"token":"t{number}","expires_in":300}}"#);
            return Some(Fault::Answer(Reply::new(200).body(token)));
        }
        if asked.target == "/v2/" {
            return None;
        }
        if left > 0 && shown(asked) == format!("Bearer t{number}") {
            left -= 1;
            return None;
        }
        let challenge = format!(r#"Bearer realm="http://{host}/token",service="here"{tells}"#);
        let reply = Reply::error(401, "UNAUTHORIZED", "authentication required");
        Some(Fault::Answer(reply.header("WWW-Authenticate", challenge)))
    });
    given
}

#[test]
fn a_password_is_sent_to_who_asks_for_it() {
    let (stage, registry) = staged();
    registry.rule(|asked, _| {
        let reply = Reply::error(401, "UNAUTHORIZED", "authentication required");
        let reply = reply.header("WWW-Authenticate", "Basic realm=\"x\"");
        (asked.target != "/v2/" && shown(asked) != BASIC).then_some(Fault::Answer(reply))
    });
    let login = logins(&stage, &registry, AUTH);
    push(&stage, &registry, "tools:1").arg(&login).run().succeeded();
    assert!(registry.asked().iter().filter(|asked| shown(asked).is_empty()).count() <= 2);

    // a wrong one is tried once, and never shown
    let wrong = logins(&stage, &registry, r#"{"username": "user", "password": "hunter2"}"#);
    let outcome = push(&stage, &registry, "tools:2").arg(&wrong).run();
    let outcome = outcome.failed(4, &["authentication required", "auth.json", "has not expired"]);
    assert!(!outcome.stderr.contains("hunter2"));

    // nothing is fetched for a push that cannot be
    stage.server.forget();
    let outcome = push(&stage, &registry, "tools:2").run().failed(4, &["no login for", "--registry-auth"]);
    assert!(outcome.stderr.contains(&registry.host()));
    assert!(stage.server.requests().is_empty());
}

#[test]
fn a_token_is_renewed_in_the_middle() {
    for tells in [r#",scope="repository:tools:pull""#, ""] {
        let (stage, registry) = staged();
        let given = with_tokens(&registry, 3, tells);
        let login = logins(&stage, &registry, AUTH);
        push(&stage, &registry, "tools:1").arg(&login).run().succeeded();
        let given = given.lock().unwrap();
        assert!(given.len() > 3, "{given:?}");
        for asked in &*given {
            let scope = "scope=repository%3Atools%3Apull%2Cpush";
            assert!(asked.contains(scope) && asked.contains("service=here"), "{asked}");
            assert_eq!(asked.matches("scope=").count(), 1, "what it has already is not asked for twice");
        }
    }
}

#[test]
fn a_token_that_is_never_good_ends_it() {
    let (stage, registry) = staged();
    with_tokens(&registry, 0, "");
    let login = logins(&stage, &registry, AUTH);
    push(&stage, &registry, "tools:1").arg(&login).run().failed(4, &["authentication required"]);
    assert!(registry.asked().len() < 10, "{}", registry.asked().len());
}

#[test]
fn an_identity_token_is_exchanged() {
    let (stage, registry) = staged();
    let host = registry.host();
    let forms = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&forms);
    registry.rule(move |asked, _| {
        if asked.target == "/token" {
            *seen.lock().unwrap() += usize::from(asked.method == "POST");
            return Some(Fault::Answer(Reply::new(200).body(r#"{"access_token":"good"}"#)));
        }
        let reply =
            Reply::new(401).header("WWW-Authenticate", format!("Bearer realm=\"http://{host}/token\""));
        (asked.target != "/v2/" && shown(asked) != "Bearer good").then_some(Fault::Answer(reply))
    });
    let login = logins(&stage, &registry, r#"{"identitytoken": "long-lived"}"#);
    push(&stage, &registry, "tools:1").arg(&login).run().succeeded();
    assert_eq!(*forms.lock().unwrap(), 1);
}

#[test]
fn a_helper_is_named_and_not_run() {
    let (stage, registry) = staged();
    registry.rule(|_, _| Some(Fault::Answer(Reply::new(401).header("WWW-Authenticate", "Basic realm=x"))));
    let folder = stage.sandbox.path("docker");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("config.json"), r#"{"credsStore": "desktop"}"#).unwrap();
    let mut push = push(&stage, &registry, "tools:1");
    push.env("DOCKER_CONFIG", &folder);
    push.run().failed(4, &["docker-credential-desktop", "does not run", "--registry-auth"]);
}

#[test]
fn a_login_goes_to_no_one_else() {
    // a token server that others could listen to
    let (stage, registry) = staged();
    registry.rule(|asked, _| {
        let reply = Reply::new(401).header("WWW-Authenticate", "Bearer realm=\"http://tokens.example/x\"");
        (asked.target != "/v2/").then_some(Fault::Answer(reply))
    });
    let login = logins(&stage, &registry, AUTH);
    push(&stage, &registry, "tools:1")
        .arg(&login)
        .run()
        .failed(5, &["tokens.example", "everybody could read it"]);

    // an upload that goes on somewhere else
    let (other, registry) = (Registry::start(), Registry::start());
    let elsewhere = other.host();
    registry.rule(move |asked, _| {
        if shown(asked) != BASIC && asked.target != "/v2/" {
            return Some(Fault::Answer(Reply::new(401).header("WWW-Authenticate", "Basic realm=x")));
        }
        let place = format!("http://{elsewhere}/v2/tools/blobs/uploads/u1");
        let goes = asked.method == "POST" && asked.target.contains("/uploads/");
        goes.then(|| Fault::Answer(Reply::new(202).header("Location", place)))
    });
    let login = logins(&stage, &registry, AUTH);
    let outcome = push(&stage, &registry, "tools:1").arg(&login).run();
    assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);
    assert!(!other.asked().is_empty());
    assert!(other.asked().iter().all(|asked| shown(asked).is_empty()));
}

#[test]
fn a_file_of_logins_that_makes_no_sense_is_an_error_of_configuration() {
    let (stage, registry) = staged();
    let login = logins(&stage, &registry, r#"{"auth": "hunter2!"}"#);
    let outcome = push(&stage, &registry, "tools:1").arg(&login).run();
    let outcome = outcome.failed(2, &["auth.json", "base64", "podman login"]);
    assert!(!outcome.stderr.contains("hunter2"));
    assert!(registry.asked().is_empty());
    push(&stage, &registry, "tools:1").arg("--registry-auth=/no/such").run().failed(2, &["/no/such"]);
}
