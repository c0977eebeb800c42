//! What is answered over HTTP.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::stage;
use super::watched::Watched;

#[test]
fn three_documents_and_no_more() {
    let stage = stage("tool");
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_ready", 1.0);
    for (path, status) in [
        ("/livez", 200),
        ("/readyz", 200),
        ("/readyz?verbose", 200),
        ("/metrics", 200),
        ("/", 404),
        ("/livez/", 404),
    ] {
        let got = watched.get(path);
        assert_eq!(got.status, status, "{path}");
        let head = watched.ask("HEAD", path);
        assert_eq!((head.status, head.body.as_str()), (status, ""), "{path}");
        assert!(
            got.headers.contains("cache-control: no-store")
                && got.headers.contains("content-type: text/plain")
        );
    }
    assert!(watched.get("/metrics").headers.contains("version=0.0.4"));
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let answer = watched.ask(method, "/readyz");
        assert!(answer.status == 405 && answer.headers.contains("allow: get, head"), "{method}: {answer:?}");
    }
}

#[test]
fn what_is_no_request_harms_nobody() {
    let stage = stage("tool");
    let watched = Watched::start(&stage, &[]);
    let long = format!("GET /livez HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET /livez HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1000));
    let endless = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 17));
    for bad in [
        long.as_bytes(),
        many.as_bytes(),
        endless.as_bytes(),
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\r\n\0\0\r\n\r\n",
    ] {
        let said = watched.send(bad);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
    }
    // many more than may be open (64), none of which ever says anything to the end: whoever asks does not wait for them. And not
    // so many that the tests beside this one run out of files.
    let idle: Vec<_> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(watched.address()).unwrap();
            // the first ones have made way for others
            let _ = stream.write_all(b"GET /livez HT");
            stream
        })
        .collect();
    let mut asked = TcpStream::connect(watched.address()).unwrap();
    asked.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    asked.write_all(b"GET /livez HTTP/1.1\r\nHost: pod\r\n\r\n").unwrap();
    let mut said = String::new();
    asked.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    drop(idle);
    watched.until_metric("aptlet_ready", 1.0);
}

#[test]
fn the_metrics_are_as_the_exposition_format_has_them() {
    let stage = stage("tool");
    let watched = Watched::start(&stage, &[]);
    watched.until_metric("aptlet_ready", 1.0);
    let text = watched.get("/metrics").body;
    let mut types = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(types.insert(rest.split(' ').next().unwrap().to_owned()), "twice: {line}");
        } else if !line.starts_with('#') {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let family = name.split('{').next().unwrap();
            assert!(types.contains(family) && value.parse::<f64>().is_ok(), "{line}");
        }
    }
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/watch.md")).unwrap();
    for family in &types {
        assert!(page.contains(&format!("`{family}")), "{family} is not in docs/reference/watch.md");
    }
    let id = stage.current("").canonicalize().unwrap();
    let id = id.file_name().unwrap().to_str().unwrap();
    let metrics = watched.metrics();
    let near = |name: &str, least: f64, most: f64| {
        assert!((least..=most).contains(&metrics[name]), "{name} {}", metrics[name]);
    };
    near(&format!("aptlet_generation_info{{generation=\"{id}\"}}"), 1.0, 1.0);
    near("aptlet_packages", 1.0, 1.0);
    near("aptlet_last_success_timestamp_seconds", 1.6e9, 1e11);
    near("aptlet_package_bytes_total", 100.0, 1e6);
    near("process_resident_memory_bytes", 1e5, 1e9);
    for phase in ["sources", "resolve", "fetch", "merge"] {
        near(&format!("aptlet_phase_seconds{{phase=\"{phase}\"}}"), 0.0, 100.0);
    }
    for class in ["internal", "configuration", "no-solution", "mirror", "not-trusted", "destination"] {
        near(&format!("aptlet_reconcile_failures_total{{class=\"{class}\"}}"), 0.0, 0.0);
    }
}
