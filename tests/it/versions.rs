//! The order of versions held against dpkg's own, on generated pairs and on the index of this machine.
//!
//! A run of `dpkg --compare-versions` answers for one pair and takes a millisecond or more. So most pairs go to dpkg
//! in bulk: `dpkg --merge-avail` reads a `Packages` file and, of two stanzas of one package, keeps the later one
//! unless its version is older. That is the same comparison (`dpkg_version_compare` in dpkg's lib/dpkg), and a part of
//! the pairs goes both ways.
//!
//! `APTLET_TEST_SEED` sets the seed of the generator, `APTLET_TEST_SPAWNS` how many pairs go to
//! `dpkg --compare-versions` (1,000 if it is not set).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::thread;

use crate::support::{have, skip};
use aptlet::control::version::compare;
use aptlet::source::index::{Index, Part};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

const PAIRS: usize = 100_000;

type Pair = (String, String);

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// What the test's own output shows even where it passes.
fn say(text: &str) {
    io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// Versions that dpkg accepts, most of them well-formed (deb-version(7)), made to lie close together.
struct Generator(StdRng);

impl Generator {
    fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of.choose(&mut self.0).unwrap()
    }

    fn piece(&mut self) -> String {
        match self.0.gen_range(0..12) {
            0..=4 => self.0.gen_range(0..13_u32).to_string(),
            5 => format!("{:03}", self.0.gen_range(0..13_u32)),
            6 => "9".repeat(self.0.gen_range(9..30)),
            7 => format!("{}{}", "0".repeat(self.0.gen_range(1..25)), self.0.gen_range(0..3_u32)),
            8 => self.one(&["~", "~~", "+", "++", "~+", "+~"]).to_owned(),
            _ => self
                .one(&["a", "A", "z", "rc", "beta", "~rc", "+dfsg", "+b", "~bpo", "+deb", "git"])
                .to_owned(),
        }
    }

    fn pieces(&mut self, separators: &[&'static str]) -> String {
        let mut text = self.0.gen_range(0..4_u32).to_string();
        for _ in 0..self.0.gen_range(0..5) {
            text.push_str(self.one(separators));
            text.push_str(&self.piece());
        }
        text
    }

    fn version(&mut self) -> String {
        let epoch = self.one(&["", "", "", "", "0:", "00:", "1:", "01:", "2:", "10:", "2147483647:"]);
        let revision = self.0.gen_bool(0.6);
        let separators: &[_] = match (epoch, revision) {
            ("", true) => &["", ".", "-"],
            ("", false) => &["", "."],
            (_, true) => &["", ".", "-", ":"],
            (_, false) => &["", ".", ":"],
        };
        let upstream = self.pieces(separators);
        let revision = if revision { format!("-{}", self.pieces(&["", "."])) } else { String::new() };
        format!("{epoch}{upstream}{revision}")
    }

    /// The version with one thing changed, often into another spelling of the same.
    fn mutate(&mut self, version: &str) -> String {
        let mut text: Vec<char> = version.chars().collect();
        let last = text.len() - 1;
        let at = self.0.gen_range(0..=last);
        let number = |at: &usize| text[*at].is_ascii_digit() && (*at == 0 || !text[at - 1].is_ascii_digit());
        let numbers: Vec<usize> = (0..text.len()).filter(number).collect();
        match self.0.gen_range(0..11) {
            0..=3 => {
                for _ in 0..self.0.gen_range(1..4) {
                    text.insert(*numbers.choose(&mut self.0).unwrap_or(&0), '0');
                }
            }
            4 if !version.contains(':') => return format!("{}{version}", self.one(&["0:", "00:", "1:"])),
            5 if !version.contains('-') => return format!("{version}-{}", self.one(&["0", "00", "0~", "~"])),
            6 => {
                return format!(
                    "{version}{}",
                    self.one(&["~", "~~", "+", "a", "Z", ".", "0", "1", "+b1", ".0"])
                );
            }
            7 => drop(text.remove(at)),
            8 => text.swap(at, last),
            9 => text.insert(at, *['~', '+', '.', '-', 'a', 'Z', '9'].choose(&mut self.0).unwrap()),
            10 => text[at] = *['~', '+', '.', 'a', 'B', '0', '1', '9'].choose(&mut self.0).unwrap(),
            _ => {}
        }
        text.into_iter().collect()
    }

    fn accepted_mutation(&mut self, version: &str) -> String {
        let mutated = self.mutate(version);
        if accepted(&mutated) { mutated } else { version.to_owned() }
    }

    fn pair(&mut self) -> Pair {
        let left = self.version();
        let mut right = if self.0.gen_bool(0.15) { self.version() } else { left.clone() };
        for _ in 0..self.0.gen_range(1..4) {
            right = self.accepted_mutation(&right);
        }
        while left == right {
            right = self.accepted_mutation(&right);
        }
        if self.0.gen_bool(0.5) { (left, right) } else { (right, left) }
    }
}

/// Whether dpkg compares such a version instead of refusing it: it refuses an epoch that is no number or too big,
/// and an empty upstream version or revision. What begins with a hyphen is an option on its command line.
fn accepted(version: &str) -> bool {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
    let number = epoch.bytes().all(|byte| byte.is_ascii_digit()) && epoch.parse::<i32>().is_ok();
    number && !upstream.is_empty() && !revision.is_empty() && !version.starts_with('-')
}

/// Fails if dpkg orders one of the pairs differently; asks about all of them at once.
fn check_in_bulk(pairs: &[Pair], context: &str) {
    let folder = tempfile::Builder::new().prefix("aptlet-versions-").tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut packages = String::new();
    for (number, (left, right)) in pairs.iter().enumerate() {
        for (package, versions) in
            [("a", [("left", left), ("right", right)]), ("b", [("right", right), ("left", left)])]
        {
            for (side, version) in versions {
                write!(
                    packages,
                    "Package: {package}{number}\nVersion: {version}\nArchitecture: all\nMaintainer: x\nDescription: {side}\n\n"
                )
                .unwrap();
            }
        }
    }
    fs::write(path("Packages"), packages).unwrap();
    fs::write(path("status"), "").unwrap();
    fs::write(path("available"), "").unwrap();
    let output = Command::new("dpkg")
        .env("LC_ALL", "C")
        .arg(format!("--admindir={}", folder.path().display()))
        .arg("--merge-avail")
        .arg(path("Packages"))
        .output()
        .unwrap();
    // what is not quite a version only brings warnings
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{context}: {}", messages.lines().last().unwrap_or_default());

    let available = fs::read_to_string(path("available")).unwrap();
    let kept: BTreeMap<&str, &str> = available
        .split("\n\n")
        .filter_map(|stanza| {
            let field = |name| stanza.lines().find_map(|line| line.strip_prefix(name));
            Some((field("Package: ")?, field("Description: ")?))
        })
        .collect();
    let mut wrong = Vec::new();
    for (number, (left, right)) in pairs.iter().enumerate() {
        let right_is_no_older = kept[format!("a{number}").as_str()] == "right";
        let left_is_no_older = kept[format!("b{number}").as_str()] == "left";
        let dpkg = match (right_is_no_older, left_is_no_older) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => {
                panic!("{context}: dpkg takes {left} and {right} each for older than the other")
            }
        };
        for (ours, theirs) in [(compare(left, right), dpkg), (compare(right, left), dpkg.reverse())] {
            if ours != theirs {
                wrong.push(format!("{left} {right}: {ours:?} instead of {theirs:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{context}: {} of {} pairs, first {}", wrong.len(), pairs.len(), wrong[0]);
}

/// Fails if `dpkg --compare-versions` orders one of the pairs differently; a process for each.
fn check_one_by_one(pairs: &[Pair], context: &str) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for part in pairs.chunks(pairs.len().div_ceil(threads).max(1)) {
            scope.spawn(move || {
                for (left, right) in part {
                    let ours = compare(left, right);
                    let operator = match ours {
                        Ordering::Less => "lt",
                        Ordering::Equal => "eq",
                        Ordering::Greater => "gt",
                    };
                    let status = Command::new("dpkg")
                        .args(["--compare-versions", left, operator, right])
                        .stderr(Stdio::null())
                        .status()
                        .unwrap();
                    assert!(
                        status.success(),
                        "{context}: {left} {right}: not {ours:?}, dpkg says ({status})"
                    );
                }
            });
        }
    });
}

#[test]
fn generated_versions_are_ordered_as_by_dpkg() {
    if !have("dpkg") {
        return;
    }
    let seed = setting("APTLET_TEST_SEED", 3);
    let context = format!("APTLET_TEST_SEED={seed}");
    let mut generator = Generator::new(seed);
    let pairs: Vec<Pair> = (0..PAIRS).map(|_| generator.pair()).collect();

    let share =
        |wanted: &dyn Fn(&Pair) -> bool| pairs.iter().filter(|pair| wanted(pair)).count() * 100 / PAIRS;
    let equal = share(&|(left, right)| compare(left, right).is_eq());
    let less = share(&|(left, right)| compare(left, right).is_lt());
    let greater = share(&|(left, right)| compare(left, right).is_gt());
    assert!(equal >= 15 && less >= 20 && greater >= 20, "{context}: {equal} % {less} % {greater} %");
    say(&format!("{context}: {equal} % equal though spelt differently, {less} % less, {greater} % greater"));
    for mark in ["~", "+", "-", ":", "."] {
        assert!(
            share(&|(left, right)| left.contains(mark) || right.contains(mark)) >= 20,
            "{context}: {mark}"
        );
    }

    check_in_bulk(&pairs, &context);
    let spawns = usize::try_from(setting("APTLET_TEST_SPAWNS", 1000)).unwrap().min(PAIRS);
    check_one_by_one(&pairs[..spawns], &context);
}

#[test]
fn versions_of_this_machines_index_are_ordered_as_by_dpkg() {
    const APT_HELPER: &str = "/usr/lib/apt/apt-helper";
    if !have("dpkg") || !have(APT_HELPER) {
        return;
    }
    let lists: Vec<_> = fs::read_dir("/var/lib/apt/lists")
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().ends_with("_Packages"))
        .collect();
    if lists.is_empty() {
        skip("no package lists in /var/lib/apt/lists");
        return;
    }
    let parts = lists.iter().map(|list| {
        let output = Command::new(APT_HELPER).arg("cat-file").arg(list).output().unwrap();
        assert!(output.status.success(), "{}: {}", list.display(), String::from_utf8_lossy(&output.stderr));
        Part::read(output.stdout.as_slice()).unwrap()
    });
    let index = Index::new(parts.collect());
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in index.packages() {
        versions.entry(package.name()).or_default().insert(package.version());
    }

    let mut pairs: BTreeSet<(&str, &str)> = BTreeSet::new();
    for versions in versions.values() {
        let later = |left| versions.range(left..).skip(1).map(move |right| (left, *right));
        pairs.extend(versions.iter().flat_map(|left| later(*left)));
    }
    let of_one_package = pairs.len();
    let distinct: BTreeSet<&str> = versions.into_values().flatten().collect();
    let mut sorted: Vec<&str> = distinct.into_iter().collect();
    sorted.sort_by(|left, right| compare(left, right));
    pairs.extend(sorted.windows(2).map(|pair| (pair[0], pair[1])));

    say(&format!(
        "{} lists, {} versions: {of_one_package} pairs of one package, {} with the neighbours",
        lists.len(),
        sorted.len(),
        pairs.len()
    ));
    let pairs: Vec<Pair> =
        pairs.into_iter().map(|(left, right)| (left.to_owned(), right.to_owned())).collect();
    check_in_bulk(&pairs, "the machine's index");
}
