#![allow(clippy::unwrap_used)]
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::fetch::Answer;
use crate::fetch::cause::Cause;
use crate::fetch::testing::{self, CA, Reply, Server, client, options};

async fn text(client: &Client, url: &Url) -> Result<String, Error> {
    match client.get(url, 1000, None).await? {
        Answer::Document(document) => Ok(String::from_utf8(document.bytes).unwrap()),
        Answer::NotModified => panic!("nothing was asked for on a condition"),
    }
}

#[test]
fn a_redirect_keeps_credentials_at_home() {
    let url = Url::parse("https://me:secret@mirror.example/debian/x").unwrap();
    let to = |location: &str| redirected(&url, Some(location.as_bytes())).map(String::from);
    assert_eq!(to("/y").unwrap(), "https://me:secret@mirror.example/y");
    assert_eq!(to("https://cdn.example/y?sig=1").unwrap(), "https://cdn.example/y?sig=1");
    assert_eq!(to("https://mirror.example:8443/y").unwrap(), "https://mirror.example:8443/y");
    assert_eq!(to("https://evil:evil@cdn.example/y").unwrap(), "https://cdn.example/y");
    assert!(to("http://mirror.example/y").unwrap_err().contains("from https to http"));
    assert!(to("file:///etc/passwd").unwrap_err().contains("'file'"));
    assert!(redirected(&url, None).is_err());
}

#[tokio::test]
async fn gets_a_document_and_then_only_its_changes() {
    let server = Server::new(|_, head| {
        if head.contains("if-none-match: \"one\"") && head.contains("if-modified-since: yesterday") {
            Reply::status("304 Not Modified")
        } else {
            Reply::ok(b"text").header("ETag: \"one\"\r\nLast-Modified: yesterday")
        }
    });
    let (client, url) = (client(), server.url("/InRelease"));
    let Answer::Document(document) = client.get(&url, 4, None).await.unwrap() else { panic!("no document") };
    assert_eq!(document.bytes, b"text");
    let again = client.get(&url, 4, Some(&document.validators)).await.unwrap();
    assert_eq!(again, Answer::NotModified);
    assert!(server.requests()[0].contains(concat!("user-agent: aptlet/", env!("CARGO_PKG_VERSION"))));
}

#[tokio::test]
async fn refuses_a_document_above_the_limit_declared_or_not() {
    let server = Server::new(|_, head| {
        if head.contains("/declared") { Reply::ok(b"text") } else { Reply::status("200 OK").body(b"text") }
    });
    for path in ["/declared", "/undeclared"] {
        let error = client().get(&server.url(path), 3, None).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 3, .. }), "{error}");
    }
}

#[tokio::test]
async fn tries_again_what_may_get_better() {
    let server = Server::new(|number, _| match number {
        0 => Reply::status("503 Service Unavailable").header("Retry-After: 0"),
        1 => Reply::status("429 Too Many Requests"),
        _ => Reply::ok(b"text"),
    });
    assert_eq!(text(&client(), &server.url("/")).await.unwrap(), "text");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn gives_up_in_the_end_and_says_how_often_it_tried() {
    let server = Server::new(|_, _| Reply::status("502 Bad Gateway"));
    let url = server.url("/x");
    let error = text(&client(), &url).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{url}: the server answered 502 Bad Gateway (4 tries)"));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_missing_file_and_a_refusal_are_final() {
    let server = Server::new(|_, head| {
        Reply::status(if head.contains("/missing") { "404 Not Found" } else { "401 Unauthorized" })
    });
    let error = text(&client(), &server.url("/missing")).await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().ends_with("the server answered 404 Not Found"));
    let error = text(&client(), &server.url("/secret")).await.unwrap_err();
    assert!(error.hint().unwrap().contains("auth.conf"), "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn names_a_refused_connection() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = Url::parse(&format!("http://{address}/x")).unwrap();
    let error = text(&client(), &url).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{url}: connection refused (4 tries)"));
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/x", listener.local_addr().unwrap())).unwrap();
    let options = ClientOptions { timeout: Duration::from_millis(50), retries: 0, ..options() };
    let client = Client::with_environment(options, &|_| None).unwrap();
    let error = text(&client, &url).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { cause: Cause::Timeout(_), .. }), "{error}");
}

#[tokio::test]
async fn names_a_name_that_does_not_resolve() {
    let options = ClientOptions { retries: 0, ..options() };
    let client = Client::with_environment(options, &|_| None).unwrap();
    let error = text(&client, &Url::parse("http://mirror.invalid/x").unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { cause: Cause::Unresolved(_), .. }), "{error}");
}

#[tokio::test]
async fn follows_redirects_with_the_credentials_of_each_host() {
    let target = Server::new(|_, _| Reply::ok(b"text"));
    let location = format!("Location: {}", target.url("/there"));
    let server = Server::new(move |_, head| {
        if head.contains("GET /here") {
            Reply::status("302 Found").header("Location: /near")
        } else {
            Reply::status("307 Temporary Redirect").header(&location)
        }
    });
    let mut url = server.url("/here");
    url.set_username("me").unwrap();
    url.set_password(Some("secret")).unwrap();
    assert_eq!(text(&client(), &url).await.unwrap(), "text");
    assert!(server.requests().iter().all(|head| head.contains("authorization: Basic bWU6c2VjcmV0")));
    assert!(!target.requests()[0].contains("authorization"));

    let machine = format!("machine {} login you password secret", target.url("/there"));
    let auth = auth::parse(&machine, "auth.conf".as_ref()).unwrap();
    let client = Client::with_environment(ClientOptions { auth, ..options() }, &|_| None).unwrap();
    text(&client, &url).await.unwrap();
    assert!(target.requests()[1].contains("authorization: Basic eW91OnNlY3JldA=="));
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let server = Server::new(|_, _| Reply::status("301 Moved Permanently").header("Location: /x"));
    // with a single place in the queue, which a hop that keeps its own would wait for in vain
    let options = ClientOptions { connections_per_host: 1, ..options() };
    let client = Client::with_environment(options, &|_| None).unwrap();
    let error = text(&client, &server.url("/x")).await.unwrap_err();
    assert!(matches!(error, Error::Redirect { .. }), "{error}");
    assert_eq!(server.requests().len(), 11);
}

#[tokio::test]
async fn a_failure_after_a_redirect_names_both_urls_without_secrets() {
    let server = Server::new(|_, head| {
        if head.contains("/here") {
            Reply::status("302 Found").header("Location: /there?token=secret")
        } else {
            Reply::status("410 Gone")
        }
    });
    let error = text(&client(), &server.url("/here")).await.unwrap_err().to_string();
    assert!(error.contains("/here (redirected to http://") && error.contains("/there)"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[tokio::test]
async fn sends_a_host_no_more_requests_at_once_than_allowed() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (inside, peak) = (Arc::clone(&now), Arc::clone(&most));
    let server = Server::new(move |_, _| {
        peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(5));
        inside.fetch_sub(1, Ordering::SeqCst);
        Reply::ok(b"text")
    });
    let options = ClientOptions { connections_per_host: 2, ..options() };
    let client = Client::with_environment(options, &|_| None).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (client, url) = (client.clone(), server.url("/"));
        tasks.spawn(async move { text(&client, &url).await });
    }
    for result in tasks.join_all().await {
        assert_eq!(result.unwrap(), "text");
    }
    assert!(most.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn trusts_only_known_cas() {
    let server = Server::tls(|_, _| Reply::ok(b"text"));
    let url = server.url("/x");
    let error = text(&client(), &url).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { cause: Cause::Certificate(_), tries: 1, .. }), "{error}");
    assert!(error.hint().unwrap().contains("--ca-certificate"));

    let ca_bundles = vec![CaBundle::read(CA.as_ref()).unwrap()];
    let options = ClientOptions { ca_bundles, ..options() };
    let flag = Client::with_environment(options, &|_| None).unwrap();
    let folder = std::path::Path::new(CA).parent().unwrap();
    let variable = |variable: &'static str, value: &std::path::Path| {
        let value = value.to_owned();
        Client::with_environment(testing::options(), &move |name| {
            (name == variable).then(|| value.clone().into())
        })
        .unwrap()
    };
    for client in [flag, variable("SSL_CERT_FILE", CA.as_ref()), variable("SSL_CERT_DIR", folder)] {
        assert_eq!(text(&client, &url).await.unwrap(), "text");
    }
}

#[tokio::test]
async fn says_when_the_other_side_speaks_no_tls() {
    let server = Server::new(|_, _| Reply::ok(b"text"));
    let mut url = server.url("/x");
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    url.set_port(Some(plain.local_addr().unwrap().port())).unwrap();
    let url = Url::parse(&url.as_str().replacen("http:", "https:", 1)).unwrap();
    std::thread::spawn(move || {
        use std::io::Write as _;
        for stream in plain.incoming() {
            stream.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        }
    });
    let error = text(&client(), &url).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { cause: Cause::Tls(_), .. }), "{error}");
}

#[test]
fn refuses_a_bundle_without_certificates() {
    for path in ["/nonexistent.pem", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
        let client = |bundle| {
            Client::with_environment(ClientOptions { ca_bundles: vec![bundle], ..options() }, &|_| None)
        };
        let error = CaBundle::read(path.as_ref()).and_then(client).unwrap_err();
        assert!(matches!(error, Error::BadCa { .. }) && error.to_string().contains(path), "{error}");
    }
}

#[tokio::test]
async fn goes_through_the_proxy_that_the_environment_names() {
    let proxy = Server::new(|_, head| {
        if head.starts_with("CONNECT") {
            Reply::status("407 Proxy Authentication Required")
        } else {
            Reply::ok(b"text")
        }
    });
    let direct = Server::new(|_, _| Reply::ok(b"direct"));
    let mut address = proxy.url("");
    address.set_username("me").unwrap();
    address.set_password(Some("secret")).unwrap();
    let options = ClientOptions { retries: 0, ..options() };
    let client = Client::with_environment(options, &move |name| match name {
        "all_proxy" => Some(address.as_str().into()),
        "no_proxy" => Some("127.0.0.0/8".into()),
        _ => None,
    })
    .unwrap();

    assert_eq!(text(&client, &Url::parse("http://mirror.example/x").unwrap()).await.unwrap(), "text");
    let error = text(&client, &Url::parse("https://mirror.example/x").unwrap()).await.unwrap_err();
    assert!(error.hint().unwrap().contains("no_proxy"), "{error}");
    assert_eq!(text(&client, &direct.url("/x")).await.unwrap(), "direct");

    let requests = proxy.requests();
    assert!(requests[0].starts_with("GET http://mirror.example/x HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].contains("proxy-authorization: Basic bWU6c2VjcmV0"), "{}", requests[0]);
    assert!(requests[1].starts_with("CONNECT mirror.example:443 HTTP/1.1\r\n"), "{}", requests[1]);
    assert_eq!(requests.len(), 2);
}

#[tokio::test]
async fn reads_local_mirrors() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("In Release"), "text").unwrap();
    let path = folder.path().to_str().unwrap();
    for form in ["file:", "file://", "file://localhost", "copy:", "copy://"] {
        let url = Url::parse(&format!("{form}{path}/In%20Release")).unwrap();
        assert_eq!(text(&client(), &url).await.unwrap(), "text", "{form}");
    }
    let url = Url::parse(&format!("file:{path}/missing")).unwrap();
    assert!(text(&client(), &url).await.unwrap_err().is_not_found());
    let url = Url::parse(&format!("file:{path}")).unwrap();
    assert!(matches!(text(&client(), &url).await, Err(Error::Read { .. })));
    let url = Url::parse(&format!("file://elsewhere{path}")).unwrap();
    assert!(matches!(text(&client(), &url).await, Err(Error::Read { .. })));
}

#[tokio::test]
async fn says_what_to_use_for_other_schemes() {
    for (url, hint) in [
        ("ftp://mirror.example/x", "http or https"),
        ("cdrom:[Debian]/x", "mount"),
        ("tor+http://mirror.example/x", "socks5h"),
        ("mirror+file:/etc/apt/mirrors", "URIs"),
    ] {
        let error = text(&client(), &Url::parse(url).unwrap()).await.unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        assert!(error.hint().unwrap().contains(hint), "{error}");
    }
}
