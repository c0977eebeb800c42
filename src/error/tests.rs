//! Classes and hints.

use super::*;

#[test]
fn what_relocation_cannot_do_is_the_destinations_fault() {
    let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
    let path = || "/p/x".into();
    let write = relocate::Error::Write { path: path(), source: full() };
    let tree = relocate::Error::Tree(OnDisk::write("/p/x", full()).into());
    for error in [write, tree] {
        let error = Error::from(error);
        assert_eq!((error.class(), error.full()), (Class::Destination, Some(Full::Volume)));
        assert_eq!(error.hint().as_deref(), Some("Give the volume more space or inodes."));
    }
    let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let relocate = Error::from(relocate::Error::Read { path: path(), source: denied() });
    let tree = Error::from(tree::Error::from(OnDisk::read("/p/x", denied())));
    for error in [relocate, tree] {
        assert_eq!((error.class(), error.full()), (Class::Destination, None));
        assert!(error.to_string().starts_with("cannot read /p/x: "), "{error}");
        assert_eq!(error.hint().as_deref(), Some("Run it as a user who can read the destination."));
    }
}

#[test]
fn what_the_container_lacks_is_nobody_elses_fault() {
    let lack = |number| std::io::Error::from_raw_os_error(number);
    let damaged = deb::Error::Read { part: "control.tar", source: lack(12) };
    let read = |source| fetch::Error::Read { url: "file:///x".to_owned(), source };
    let mirrors = source::Error::AllMirrors { suite: "x".to_owned(), attempts: vec![read(lack(24)).into()] };
    let config = config::Error::Read { path: "/x".into(), source: lack(24) };
    let deb = tree::Error::Deb { package: "x".to_owned(), source: damaged };
    for error in [Error::from(deb), mirrors.into(), config.into(), read(lack(23)).into()] {
        assert_eq!(
            (error.class(), error.hint().as_deref()),
            (Class::Internal, Some(RAISE_LIMITS)),
            "{error}"
        );
    }
    assert_eq!(Error::from(read(lack(5))).class(), Class::Mirror);
}

#[test]
fn a_full_destination_is_seen_through_what_finishing_says() {
    let full = || std::io::Error::from_raw_os_error(28);
    let written = finish::Error::Write { path: "/p".into(), source: full() };
    let in_tree = finish::Error::Tree(OnDisk::write("/p", full()).into());
    for error in [Error::from(written), Error::from(in_tree)] {
        assert!(error.full().is_some() && error.hint().is_some(), "{error}");
        assert_eq!(error.class(), Class::Destination);
    }
    let read = Error::from(finish::Error::Read { path: "/p".into(), source: full() });
    assert!(read.full().is_none());
    assert_eq!(read.class(), Class::Destination);
    let locale = Error::from(finish::Error::Locale { name: "xx_XX".into() });
    assert_eq!(locale.class(), Class::NoSolution);
}
