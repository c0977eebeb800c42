//! What apt 2.6.1 made of the same files: `apt-cache policy`, with a repository of these packages.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::{Priorities, parse};
use crate::source::index::{Index, Part, Wanted};
use crate::source::provenance::Provenance;

/// Of the first repository; `tool 1.0` is in the second as well.
const FIRST: &str =
    "tool 2.0 amd64\ntool 1.0 amd64\ntool 1.0 i386\nother 1.0 amd64 srcpkg\nother2 1.0 all srcpkg (7.0)\n";
const SECOND: &str = "tool 3.0 amd64\ntool 1.0 amd64\nvendor 5.10.0~bpo11+1 amd64\n";

fn part(lines: &str) -> Part {
    let mut text = String::new();
    for line in lines.lines() {
        let mut words = line.splitn(4, ' ');
        let mut next = || words.next().unwrap_or_default();
        let (name, version, architecture, source) = (next(), next(), next(), next());
        text.push_str(&format!(
            "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nSource: {source}\n\n"
        ));
    }
    Part::read_wanted(text.as_bytes(), 0, &Wanted { sources: true, ..Wanted::default() }).unwrap()
}

fn from(origin: &str, label: &str) -> Provenance {
    Provenance {
        site: "mirror.example".into(),
        origin: origin.into(),
        label: label.into(),
        suite: "stable".into(),
        codename: "bookworm".into(),
        version: "12.5".into(),
        component: "main".into(),
        architecture: "amd64".into(),
        ..Provenance::default()
    }
}

/// The priorities of all packages, in the order of the lists.
fn priorities(preferences: &str) -> Vec<i32> {
    let index = Index::new(vec![part(FIRST), part(SECOND)]);
    let provenance = [from("OA", "LA"), from("OB", "LB")];
    let pins = parse(Path::new("x.pref"), preferences).unwrap();
    let priorities = Priorities::new(&index, &provenance, &pins, "amd64");
    index.packages().map(|package| priorities.of(package)).collect()
}

/// The same, as what differs from 500: `NAME VERSION PRIORITY`.
fn pinned(preferences: &str) -> String {
    let names = FIRST.lines().chain(SECOND.lines()).map(|line| line.split(' ').collect::<Vec<_>>());
    let mut pinned: Vec<String> = names
        .zip(priorities(preferences))
        .filter(|(_, priority)| *priority != 500)
        .map(|(words, priority)| {
            let foreign = if words[2] == "i386" { ":i386" } else { "" };
            format!("{}{foreign} {} {priority}", words[0], words[1])
        })
        .collect();
    // the twin
    pinned.dedup();
    let mut once = Vec::new();
    pinned.retain(|line| {
        !once.contains(line) && {
            once.push(line.clone());
            true
        }
    });
    pinned.join(", ")
}

#[test]
fn which_packages_a_pin_is_about() {
    for (names, expected) in [
        ("tool", "tool 1.0 900"),
        ("tool:amd64", "tool 1.0 900"),
        ("tool:i386", "tool:i386 1.0 900"),
        ("tool:any", "tool 1.0 900, tool:i386 1.0 900"),
        ("tool:any-amd64", "tool 1.0 900"),
        ("tool:linux-any", "tool 1.0 900, tool:i386 1.0 900"),
        ("tool:all", ""),
        ("tool:native", ""),
        ("TOOL", ""),
        ("T*", "tool 1.0 900"),
        ("t*:any", "tool 1.0 900, tool:i386 1.0 900"),
        ("/^TO/", "tool 1.0 900"),
        ("tool other", "tool 1.0 900, other 1.0 900"),
        ("vendor, tool", "tool 1.0 900"),
        ("vendor\n tool", "tool 1.0 900"),
        ("src:srcpkg", "other 1.0 900, other2 1.0 900"),
        ("src:src*", "other 1.0 900, other2 1.0 900"),
        ("src:srcpkg:any", "other 1.0 900, other2 1.0 900"),
        ("src:tool", "tool 1.0 900"),
        ("src:other", ""),
        ("* tool", "tool 1.0 900, other 1.0 900, other2 1.0 900"),
        ("to[ol tool", "tool 1.0 900"),
        ("/[/ tool", "tool 1.0 900"),
    ] {
        let text = format!("Package: {names}\nPin: version 1.0\nPin-Priority: 900\n");
        assert_eq!(pinned(&text), expected, "{names}");
    }
}

#[test]
fn which_versions_a_pin_is_about() {
    let (one, two, three) = ("tool 1.0 900", "tool 2.0 900", "tool 3.0 900");
    for (pin, expected) in [
        ("version 1*", vec![one]),
        ("version *.0", vec![two, one, three]),
        ("version *.0*", vec![two, one, three]),
        ("version 1?0", vec![one]),
        ("version /^1/", vec![one]),
        ("Version 1.0", vec![one]),
        ("version 1.0 ", vec![one]),
        ("version 10", vec![]),
        ("source-version 2.0", vec![two]),
        ("release o=OA", vec![two, one]),
        ("release o=oa", vec![two, one]),
        ("release o=OA, l=LA", vec![two, one]),
        ("release o=OA,l=LB", vec![]),
        ("release o=\"OA\"", vec![]),
        ("release z=OA", vec![]),
        ("release z=OA,o=OA", vec![two, one]),
        ("release stable,o=OA", vec![two, one]),
        ("release o=", vec![]),
        ("release a=stable,o=", vec![two, one, three]),
        ("release a = stable", vec![]),
        ("release", vec![]),
        ("release stable", vec![two, one, three]),
        ("release bookworm", vec![two, one, three]),
        ("release 12*", vec![two, one, three]),
        ("release 12", vec![]),
        ("release v=12.5", vec![two, one, three]),
        ("release v=12*", vec![two, one, three]),
        ("release c=main", vec![two, one, three]),
        ("release b=amd64,o=OA", vec![two, one]),
        ("release b=i386", vec![]),
        ("release a=/^sta/,n=book*", vec![two, one, three]),
        ("release *", vec![two, one, three]),
        ("origin mirror.example", vec![two, one, three]),
        ("origin \"mirror.example\"", vec![two, one, three]),
        ("origin mirror.*", vec![two, one, three]),
        ("origin \"\"", vec![]),
        ("archive stable", vec![]),
    ] {
        let text = format!("Package: tool\nPin: {pin}\nPin-Priority: 900\n");
        assert_eq!(pinned(&text), expected.join(", "), "{pin}");
    }
    let bpo = |pin: &str| pinned(&format!("Package: vendor\nPin: version {pin}\nPin-Priority: 900\n"));
    for pin in ["5.10*~bpo*+1", "*bpo**", "5.10.0~BPO*"] {
        assert_eq!(bpo(pin), "vendor 5.10.0~bpo11+1 900", "{pin}");
    }
    for pin in ["5.10*~bpo*", "5.10*~bpo11*"] {
        assert_eq!(bpo(pin), "", "{pin}");
    }
}

#[test]
fn a_version_in_two_sources_is_one() {
    let text = "Package: tool\nPin: release o=OB\nPin-Priority: -1\n";
    assert_eq!(pinned(text), "tool 1.0 -1, tool 3.0 -1");
    // what is general is about what a source has
    let text = "Package: *\nPin: release o=OB\nPin-Priority: -1\n";
    assert_eq!(priorities(text), [500, 500, 500, 500, 500, -1, -1, -1]);
}

#[test]
fn the_first_specific_pin_counts_then_the_first_general_one() {
    let general = "Package: *\nPin: release *\nPin-Priority: 50\n\n";
    let specific = "# why\nExplanation: x\nPackage: tool\nPin: version 2.0\nPin-Priority: 900\n\n";
    let later =
        "Package: tool\nPin: release *\nPin-Priority: 800\n\nPackage: *\nPin: release *\nPin-Priority: 60\n";
    assert_eq!(priorities(&format!("{general}{specific}{later}")), [900, 800, 50, 50, 50, 800, 800, 50]);
}

#[test]
fn never_is_for_sources_and_beats_all() {
    let never = "Package: *\nPin: release o=OB\nPin-Priority: never\n\n";
    let before = "Package: *\nPin: release *\nPin-Priority: 600\n\n";
    let specific = "Package: tool\nPin: version *\nPin-Priority: 900\n\n";
    let low = -32768;
    assert_eq!(priorities(never), [500, 500, 500, 500, 500, low, low, low]);
    assert_eq!(priorities(&format!("{before}{never}")), [600, 600, 600, 600, 600, low, low, low]);
    // the version that another source has as well is not all theirs
    assert_eq!(priorities(&format!("{never}{specific}")), [900, 900, 500, 500, 500, low, 900, low]);
}

#[test]
fn priorities_are_read_as_numbers_of_c() {
    for (text, priority) in [
        ("900", 900),
        ("+900", 900),
        ("1001abc", 1001),
        ("900.5", 900),
        ("32767", 32767),
        ("-32768", -32767),
        ("-1", -1),
    ] {
        let text = format!("Package: tool\nPin: version 2.0\nPin-Priority: {text}\n");
        assert_eq!(priorities(&text)[0], priority, "{text}");
    }
}

#[test]
fn what_is_odd_costs_its_stanza() {
    let good = "Package: tool\nPin: version 1.0\nPin-Priority: 900\n";
    for odd in [
        "Package: tool\nPin-Priority: 800\n\n",
        "Package: *\nPin: version 1.0\nPin-Priority: 800\n\n",
        "Package: tool\nPin: archive x\nPin-Priority: 800\n\n",
        "Package: tool\nnonsense\nPin: version 1.0\nPin-Priority: 800\n\n",
        "Package: to[ol\nPin: version 1.0\nPin-Priority: 800\n\n",
        "Explanation: x\n\n",
        "# only a comment\n\n",
        " continued\n",
        "Package: vendor\n",
        "Package: vendor\nPin: version 5*\nPin-Priority: 800\n \n",
    ] {
        for text in [format!("{odd}{good}"), format!("{odd}{good}").replace('\n', "\r\n")] {
            assert_eq!(pinned(&text), "tool 1.0 900", "{text}");
        }
    }
}

#[test]
fn what_apt_refuses_names_the_line() {
    for (text, line, word) in [
        ("Package: a\nPin: release a=x\nPin-Priority: high", 3, "high"),
        ("Package: a\nPin: release a=x\nPin-Priority: 0", 3, "'0'"),
        ("Package: a\nPin: release a=x\nPin-Priority: 0x10", 3, "0x10"),
        ("Package: a\nPin: release a=x\nPin-Priority: 32768", 3, "32768"),
        ("Package: a\nPin: release a=x\nPin-Priority: -32769", 3, "-32769"),
        ("Package: a\nPin: release a=x\nPin-Priority: 99999999999", 3, "99999999999"),
        ("Package: a\nPin: release a=x\nPin-Priority: never", 3, "Package: *"),
        ("Package: *\nPin: release a=x\nPin-Priority: NEVER", 3, "NEVER"),
        ("Package: a\nPin: release a=x\n", 1, "Pin-Priority"),
        ("\n\nPin: release a=x\nPin-Priority: 1", 3, "Package"),
        ("Package:\nPin: release a=x\nPin-Priority: 1", 1, "Package"),
    ] {
        let error = parse(Path::new("x.pref"), text).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.reason.contains(word), "{error}");
    }
}
