//! What is a request, and what is none.
#![allow(clippy::unwrap_used)]
use super::*;

fn file(line: usize, column: usize) -> Origin {
    Origin::File { path: "/etc/aptlet/packages".into(), line, column }
}

fn problem(word: &str) -> Problem {
    parse_word(word).unwrap_err()
}

fn parse(text: &str, origin: impl Fn(usize, usize) -> Origin) -> Result<Vec<Request>, Error> {
    super::parse(text, Path::new("/work"), origin)
}

fn parse_word(word: &str) -> Result<Request, Problem> {
    super::parse_word(word, Path::new("/work"))
}

#[test]
fn requests_are_separated_by_white_space_commas_and_line_ends() {
    let requests = parse("curl, jq\r\n\n# none here\n\tvim,#not,this\n  git\u{a0}g++", file).unwrap();
    let found: Vec<_> = requests.into_iter().map(|request| (request.name, request.origin)).collect();
    let expected = [
        ("curl", file(1, 1)),
        ("jq", file(1, 7)),
        ("vim", file(4, 2)),
        ("git", file(5, 3)),
        ("g++", file(5, 7)),
    ];
    assert_eq!(found, expected.map(|(name, origin)| (name.to_owned(), origin)));
}

#[test]
fn a_request_has_five_parts() {
    let parts = |word: &str| {
        let request = parse_word(word).unwrap();
        assert_eq!(request.text, word);
        (request.name, request.arch, request.version, request.suite, request.forbid)
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(parts("curl"), ("curl".into(), None, None, None, false));
    assert_eq!(parts("libc6:i386"), ("libc6".into(), some("i386"), None, None, false));
    assert_eq!(parts("tzdata:all"), ("tzdata".into(), some("all"), None, None, false));
    assert_eq!(parts("vim=2:9.1.1230-2"), ("vim".into(), None, some("2:9.1.1230-2"), None, false));
    assert_eq!(parts("a1:arm64=1~rc1"), ("a1".into(), some("arm64"), some("1~rc1"), None, false));
    assert_eq!(parts("git/trixie-backports"), ("git".into(), None, None, some("trixie-backports"), false));
    assert_eq!(parts("foo-"), ("foo".into(), None, None, None, true));
    assert_eq!(parts("foo:i386-"), ("foo".into(), some("i386"), None, None, true));
    assert_eq!(parts("g++"), ("g++".into(), None, None, None, false));
    assert_eq!(parts("vim=2:9.*"), ("vim".into(), None, some("2:9.*"), None, false));
    assert_eq!(parts("vim=[12].?"), ("vim".into(), None, some("[12].?"), None, false));
    assert_eq!(parts("jq+"), ("jq+".into(), None, None, None, false));
    assert_eq!(parts("jq:amd64+"), ("jq".into(), some("amd64"), None, None, false));
    assert_eq!(parts("jq/sid+"), ("jq".into(), None, None, some("sid"), false));
    assert_eq!(parts("jq=1+"), ("jq".into(), None, some("1+"), None, false));
    assert_eq!(parts("libstdc++6-4.9.dev"), ("libstdc++6-4.9.dev".into(), None, None, None, false));
}

#[test]
fn what_apt_takes_and_aptlet_does_not_is_said() {
    for word in ["g\\+\\+", "gcc|clang", "g$c"] {
        assert_eq!(problem(word), Problem::Anchor, "{word}");
    }
    for word in ["?installed", "~i", "?and(a,b)"] {
        assert_eq!(problem(word), Problem::Pattern, "{word}");
    }
    assert!(matches!(problem("^a(b$"), Problem::Expression(_)));
    assert_eq!(problem("lamp-server^"), Problem::Task);
    assert_eq!(problem("vim>=9"), Problem::Relation);
    assert_eq!(problem("(>=9)"), Problem::Relation);
}

#[test]
fn a_pattern_takes_the_place_of_a_name() {
    for (word, name, arch, version, suite, forbid) in [
        ("libfoo*", "libfoo*", None, None, None, false),
        ("python3-?-", "python3-?", None, None, None, true),
        ("lib[ab]*-dev:arm64", "lib[ab]*-dev", Some("arm64"), None, None, false),
        ("g++-[!0-9]*=1:2-3", "g++-[!0-9]*", None, Some("1:2-3"), None, false),
        ("LIB[^a]?/sid", "LIB[^a]?", None, None, Some("sid"), false),
        ("lib[[:digit:]]:amd64-", "lib[[:digit:]]", Some("amd64"), None, None, true),
        ("lib[[:digit:]]", "lib[[:digit:]]", None, None, None, false),
    ] {
        let request = parse_word(word).unwrap();
        assert_eq!(request.kind, Kind::Names(Names::Glob(Glob::new(name).unwrap())), "{word}");
        let found = (&*request.name, request.arch.as_deref(), request.version.as_deref());
        assert_eq!(found, (name, arch, version), "{word}");
        assert_eq!((request.suite.as_deref(), request.forbid), (suite, forbid), "{word}");
    }
    for word in ["lib[a", "lib@*", "lib[z-a]", "lib[[:word:]]", "lib*é"] {
        assert!(matches!(problem(word), Problem::Glob(_)), "{word}: {:?}", problem(word));
    }
    assert!(matches!(problem("vim=9.[*"), Problem::Version(_)));
    assert!(matches!(problem("vim:*"), Problem::Architecture(_)));
}

#[test]
fn an_expression_takes_the_place_of_a_name() {
    for (word, arch, version, forbid) in [
        ("^gcc-[0-9]+$", None, None, false),
        ("~nfoo:arm64", Some("arm64"), None, false),
        ("?name(foo)=1.2", None, Some("1.2"), false),
        ("?exact-name(foo):native", None, None, false),
        ("^foo-", None, None, true),
    ] {
        let request = parse_word(word).unwrap();
        assert!(matches!(request.kind, Kind::Names(Names::Expression(_))), "{word}");
        let found = (request.arch.as_deref(), request.version.as_deref(), request.forbid);
        assert_eq!(found, (arch, version, forbid), "{word}");
    }
}

#[test]
fn an_archive_has_no_name_yet_and_no_password() {
    let hex = "0".repeat(64);
    let text = format!("./a.deb, https://me:pw@mirror.example/b.deb#sha256={hex} # both\n");
    let requests = parse(&text, file).unwrap();
    let texts: Vec<&str> = requests.iter().map(|request| request.text.as_str()).collect();
    assert_eq!(texts, ["./a.deb", &format!("https://mirror.example/b.deb#sha256={hex}")]);
    let folders = requests.iter().map(|request| request.archive().unwrap().folder.as_str());
    assert_eq!(folders.collect::<Vec<_>>(), ["file:///work/", "https://me:pw@mirror.example/"]);
    assert!(requests.iter().all(|request| request.name.is_empty()));
}

#[test]
fn names_follow_policy() {
    for word in ["+x", ".x", "_x", "foo@1", "ünïcode", "a#b", "=1.0", ":amd64", "--foo", "\u{1b}[1m"] {
        assert!(
            matches!(problem(word), Problem::Name(_) | Problem::ForbiddenVersion | Problem::Glob(_)),
            "{word}: {:?}",
            problem(word)
        );
    }
    assert_eq!(problem("f@o").hint(), "write a request as name, name:arch, name=version or name/suite");
    for word in ["c", "R-base=4", "foo_bar", "X", "9base", "a.b+c-d_e"] {
        assert!(parse_word(word).is_ok(), "{word}: dpkg takes it");
    }
    for word in ["\\", "&&"] {
        assert_eq!(problem(word), Problem::Shell);
    }
    // of a list in YAML, and of pip's requirements
    assert_eq!(problem("-"), Problem::Item);
    assert_eq!(problem("jq==1.6"), Problem::Equals);
}

#[test]
fn versions_follow_deb_version() {
    for version in ["1", "1:2", "1.2.3-4", "2:1:2-3", "1-2-3", "0~git+1.a-1~bpo12+1"] {
        assert!(parse_word(&format!("foo={version}")).is_ok(), "{version}");
    }
    for version in ["", "1:", "a:1", ":1", "1-", "-1", "1_2", "1-2_3", "1!", "é"] {
        assert!(matches!(problem(&format!("foo={version}")), Problem::Version(_)), "{version}");
    }
    assert_eq!(problem("foo=1/trixie"), Problem::VersionAndSuite);
    assert_eq!(problem("foo/trixie=1"), Problem::VersionAndSuite);
    assert_eq!(problem("foo/"), Problem::Suite);
    assert_eq!(problem("foo-=1"), Problem::ForbiddenVersion);
    assert!(matches!(problem("foo:"), Problem::Architecture(_)));
    assert!(matches!(problem("foo:x86_64"), Problem::Architecture(why) if why.contains("amd64")));
}

#[test]
fn an_error_names_the_place_and_the_word() {
    let error = parse("curl\n jq, v@m\n", file).unwrap_err();
    let text = "/etc/aptlet/packages:2:6: 'v@m' is not a package name: '@' cannot be part of one";
    assert_eq!(error.to_string(), text);
    let error = parse("http://u:secret@mirror.example/a.deb", file).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    let error = parse("a\u{7}b", |_, _| Origin::Environment).unwrap_err();
    assert!(error.to_string().starts_with(r"APTLET_PACKAGES: 'a\u{7}b' is not"), "{error}");
}
