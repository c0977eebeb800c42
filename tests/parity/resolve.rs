//! Resolves many requests against one index, for the comparison with apt: `docs/explanation/parity.md`.
//!
//! Reads uncompressed `Packages` files once, then requests from standard input, one a line (`jq curl foo-`), and
//! prints a line of JSON for each: the request, the microseconds of CPU time of resolution alone, and what was
//! chosen or why nothing was.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::time::Duration;

use aptlet::plan::{Artifact, Basis, PlanSource};
use aptlet::request;
use aptlet::resolve::{self, Essential, ResolveOptions};
use aptlet::source::base;
use aptlet::source::index::{Index, Part};
use aptlet::source::provenance::Provenance;
use clap::Parser;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// apt's order of marking goes as deep as its chains of dependencies are long; as in `planning/planner.rs`.
const STACK: usize = 64 << 20;

#[derive(Parser)]
struct Arguments {
    /// Uncompressed `Packages` files, in the order of their sources
    #[arg(required = true)]
    packages: Vec<PathBuf>,
    /// The native architecture
    #[arg(long, default_value = "amd64")]
    arch: String,
    /// Install what is recommended, too
    #[arg(long)]
    recommends: bool,
    /// A dpkg status file whose packages are installed already
    #[arg(long)]
    base: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut parts = arguments
        .packages
        .iter()
        .map(|path| Ok(Part::read(File::open(path)?)?))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let mut provenance: Vec<Provenance> = arguments.packages.iter().map(|path| from_file(path)).collect();
    if let Some(path) = &arguments.base {
        let (part, from) = base::parse(path, &base::read(path)?)?;
        parts.push(part);
        provenance.push(from);
    }
    let index = Index::new(parts);
    std::thread::scope(|scope| {
        let answering = || answer_all(&arguments, &index, &provenance);
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, answering)?;
        thread.join().map_err(|_| "the resolver broke")??;
        Ok(())
    })
}

fn from_file(path: &std::path::Path) -> Provenance {
    let name = path.display().to_string();
    let source = PlanSource { id: name.clone(), suite: name, ..PlanSource::default() };
    Provenance { source, ..Provenance::default() }
}

fn answer_all(arguments: &Arguments, index: &Index, provenance: &[Provenance]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let answer = answer(arguments, index, provenance, &line);
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

fn answer(arguments: &Arguments, index: &Index, provenance: &[Provenance], line: &str) -> Value {
    let wanted = match line.split_whitespace().map(str::parse).collect() {
        Ok(wanted) => wanted,
        Err(problem) => return unreadable(line, &problem),
    };
    let wanted: Vec<request::Request> = wanted;
    let basis = Basis {
        packages: wanted.iter().map(|request| request.text.clone()).collect(),
        architecture: arguments.arch.clone(),
        recommends: arguments.recommends,
        ..Basis::default()
    };
    let options = ResolveOptions {
        architecture: &arguments.arch,
        foreign: &[],
        pins: &[],
        recommends: arguments.recommends,
        base: arguments.base.is_some().then_some(arguments.packages.len()),
        upgrade_base: false,
        exclude: &[],
        essential: Essential::None,
    };
    let start = cpu_time();
    let resolved = resolve::resolve(index, provenance, basis, &wanted, &options);
    let microseconds = cpu_time().saturating_sub(start).as_micros();
    match resolved {
        Ok(resolved) => {
            let packages = resolved.plan.packages.iter().map(|chosen| label(chosen, &arguments.arch));
            let packages: Vec<String> = packages.collect();
            let notes = resolved.notes;
            json!({ "request": line, "microseconds": microseconds, "packages": packages, "notes": notes })
        }
        Err(error) => {
            json!({ "request": line, "microseconds": microseconds, "error": error.to_string() })
        }
    }
}

/// Of this thread, which is the only one that resolves: a busy machine does not show in it.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

fn unreadable(line: &str, problem: &request::Problem) -> Value {
    json!({ "request": line, "microseconds": 0, "error": format!("a request {problem}") })
}

fn label(chosen: &Artifact, native: &str) -> String {
    let Artifact { name, version, architecture, .. } = chosen;
    if architecture == native || architecture == "all" {
        format!("{name}={version}")
    } else {
        format!("{name}:{architecture}={version}")
    }
}
