//! Resolution alone, from a parsed index to a plan. `benches/run` runs it.
#![allow(clippy::disallowed_methods, reason = "what it measures is no sort of ours")]
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark that cannot run may break")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use aptlet::compression::Compression;
use aptlet::plan::Basis;
use aptlet::request::Request;
use aptlet::resolve::{self, Essential, ResolveOptions};
use aptlet::source::index::{Index, Package, Part};
use aptlet::source::provenance::Provenance;
use criterion::{Criterion, criterion_group};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

mod packages;

/// What is asked for.
const REQUESTS: [(&str, &[&str]); 9] = [
    ("nothing", &[]),
    ("jq", &["jq"]),
    (
        "the nine",
        &[
            "jq",
            "curl",
            "git",
            "python3",
            "ffmpeg",
            "imagemagick",
            "postgresql-client",
            "nodejs",
            "default-jre-headless",
        ],
    ),
    ("build-essential", &["build-essential"]),
    ("default-jre-headless", &["default-jre-headless"]),
    ("libreoffice-core", &["libreoffice-core"]),
    ("kde-full", &["kde-full"]),
    ("texlive-full", &["texlive-full"]),
    ("gnome", &["gnome"]),
];

/// Names of the random sample, and what they are drawn by.
const SAMPLE: usize = 200;
const SEED: u64 = 3;

fn requests(names: &[&str]) -> Vec<Request> {
    names.iter().map(|name| name.parse().expect("it is a request")).collect()
}

fn index() -> Option<Index> {
    let xz = packages::compressed()?;
    let decoder = Compression::Xz.decoder(xz.as_slice()).expect("a decoder can be made");
    Some(Index::new(vec![Part::read(decoder).expect("it can be read")]))
}

/// How many packages are chosen, or why none are.
fn resolve(index: &Index, names: &[&str]) -> Result<usize, resolve::Error> {
    let provenance = [Provenance::default()];
    let options = ResolveOptions {
        architecture: "amd64",
        foreign: &[],
        pins: &[],
        recommends: false,
        base: None,
        upgrade_base: false,
        exclude: &[],
        essential: Essential::None,
    };
    resolve::resolve(index, &provenance, Basis::default(), &requests(names), &options)
        .map(|resolved| resolved.plan.packages.len())
}

fn each(criterion: &mut Criterion) {
    let Some(index) = index() else { return };
    let mut group = criterion.benchmark_group("resolve");
    group.sample_size(20).measurement_time(Duration::from_secs(5));
    for (title, names) in REQUESTS {
        if let Err(error) = resolve(&index, names) {
            eprintln!("{title}: {error}");
            continue;
        }
        group.bench_function(title, |bencher| bencher.iter(|| resolve(black_box(&index), names)));
    }
    group.finish();
    sample(&index);
}

/// The slowest of the sample. Criterion would report a mean, which says nothing about any single request. Each is
/// timed three times and the fastest counts, so that what else the machine does is left out.
fn sample(index: &Index) {
    let mut names: Vec<&str> = index.packages().map(Package::name).collect();
    names.shuffle(&mut StdRng::seed_from_u64(SEED));
    names.truncate(SAMPLE);
    let mut timed: Vec<(Duration, String)> = names
        .iter()
        .map(|name| {
            let mut chosen = Ok(0);
            let fastest = (0..3)
                .map(|_| {
                    let start = Instant::now();
                    chosen = resolve(black_box(index), &[name]);
                    start.elapsed()
                })
                .min();
            let outcome = chosen.map_or_else(|error| error.to_string(), |count| format!("{count} packages"));
            (fastest.unwrap_or_default(), format!("{name}, {outcome}"))
        })
        .collect();
    timed.sort_unstable();
    let at = |part: usize| timed.get((timed.len() * part / 100).min(timed.len() - 1));
    for (title, entry) in [("median", at(50)), ("90 %", at(90)), ("maximum", timed.last())] {
        if let Some((time, what)) = entry {
            println!("sample of {SAMPLE}: {title} {:.2} ms ({what})", time.as_secs_f64() * 1e3);
        }
    }
}

criterion_group!(benches, each);

fn main() {
    // as deep a stack as `aptlet` gives the resolver
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(|| {
            benches();
            Criterion::default().configure_from_args().final_summary();
        })
        .expect("a thread can be started")
        .join()
        .expect("the benchmarks end");
}
