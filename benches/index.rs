//! From a compressed `Packages` file to the index. `benches/run` runs it.
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark that cannot run may break")]

use std::hint::black_box;
use std::io::Read as _;
use std::time::Duration;

use aptlet::compression::{Ahead, Compression};
use aptlet::source::index::{Index, Part};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

mod packages;

fn index(criterion: &mut Criterion) {
    let Some(xz) = packages::compressed() else { return };
    let xz: &'static [u8] = xz.leak();
    let decoder = || Compression::Xz.decoder(xz).expect("a decoder can be made");
    let mut text = Vec::new();
    decoder().read_to_end(&mut text).expect("it can be unpacked");
    let length = text.len() as u64;
    let part = || Part::read_sized(text.as_slice(), length).expect("it can be read");

    let mut group = criterion.benchmark_group("index");
    group.sample_size(20).measurement_time(Duration::from_secs(12));
    // both read through a buffer of one size, so that the difference is the parser's
    group.bench_function("decompress", |bencher| {
        let mut buffer = vec![0; 64 << 10];
        bencher.iter(|| {
            let mut decoder = decoder();
            while decoder.read(black_box(&mut buffer)).expect("it can be unpacked") > 0 {}
        });
    });
    // as a run does it: the one a few chunks ahead of the other
    group.bench_function("decompress and parse", |bencher| {
        bencher.iter_with_large_drop(|| {
            let open = move || Compression::Xz.decoder(xz);
            Part::read_sized(Ahead::start(open).expect("a thread starts"), length).expect("it can be read")
        });
    });
    group.bench_function("decompress and parse in one thread", |bencher| {
        bencher.iter_with_large_drop(|| Part::read_sized(decoder(), length).expect("it can be read"));
    });
    group.bench_function("parse", |bencher| bencher.iter_with_large_drop(part));
    group.bench_function("join", |bencher| {
        bencher.iter_batched(|| vec![part()], Index::new, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, index);
criterion_main!(benches);
