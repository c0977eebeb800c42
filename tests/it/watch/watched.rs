//! An `aptlet watch` that runs, and how to ask it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::stage::{Outcome, Run as _, Stage};

/// For what takes an instant on a machine that has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Watched {
    process: Child,
    lines: Arc<Mutex<Vec<String>>>,
    address: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Watched {
    /// Runs it with these flags, and waits until it listens.
    pub(crate) fn start(stage: &Stage, flags: &[&str]) -> Self {
        let mut command = stage.bare("watch");
        command.arg("--listen=127.0.0.1:0").args(flags);
        Self::run(&mut command)
    }

    pub(crate) fn run(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let stderr = BufReader::new(process.stderr.take().unwrap());
        std::thread::spawn({
            let lines = Arc::clone(&lines);
            move || stderr.lines().for_each(|line| lines.lock().unwrap().push(line.unwrap()))
        });
        let mut watched = Self { process, lines, address: String::new() };
        let mut address = String::new();
        watched.until("it listens", |watched| {
            let lines = watched.lines.lock().unwrap();
            let found = lines.iter().find_map(|line| line.strip_prefix("listening on "));
            found.is_some_and(|found| {
                found.clone_into(&mut address);
                true
            })
        });
        watched.address = address;
        watched
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What it has said on standard error.
    pub(crate) fn said(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// Waits until something is so.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}\n{}", self.said());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Waits until a metric has a value.
    #[track_caller]
    pub(crate) fn until_metric(&self, name: &str, value: f64) {
        self.until(&format!("{name} {value}"), |watched| watched.metric(name) >= value);
        #[allow(clippy::float_cmp)]
        {
            assert_eq!(self.metric(name), value, "{name}: {}", self.said());
        }
    }

    /// What the server sends until it closes the connection.
    pub(crate) fn send(&self, text: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // it may have heard enough
        let _ = stream.write_all(text);
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        String::from_utf8(said).unwrap()
    }

    pub(crate) fn ask(&self, method: &str, path: &str) -> Answer {
        let said = self.send(format!("{method} {path} HTTP/1.1\r\nHost: pod\r\n\r\n").as_bytes());
        let (headers, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, headers: headers.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path)
    }

    /// All samples, by name and labels as they are written.
    pub(crate) fn metrics(&self) -> BTreeMap<String, f64> {
        let answer = self.get("/metrics");
        assert_eq!(answer.status, 200);
        let samples = answer.body.lines().filter(|line| !line.starts_with('#'));
        samples
            .map(|line| {
                let (name, value) = line.rsplit_once(' ').unwrap();
                (name.to_owned(), value.parse().unwrap())
            })
            .collect()
    }

    pub(crate) fn metric(&self, name: &str) -> f64 {
        self.metrics().get(name).copied().unwrap_or_else(|| panic!("there is no metric {name}"))
    }

    /// The process ids of its children, zombies too.
    pub(crate) fn children(&self) -> Vec<i32> {
        let id = self.process.id();
        let listed = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        listed.split_whitespace().map(|id| id.parse().unwrap()).collect()
    }

    /// Waits until an install is under way, and sends it a signal.
    pub(crate) fn signal_child(&self, signal: Signal) -> i32 {
        self.until("an install is under way", |watched| !watched.children().is_empty());
        let child = self.children()[0];
        kill_process(Pid::from_raw(child).unwrap(), signal).unwrap();
        child
    }

    /// Sends it a signal, and waits for its end.
    pub(crate) fn stop(&mut self, signal: Signal) -> ExitStatus {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
        self.process.wait().unwrap()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = self.stop(Signal::TERM);
        }
    }
}

pub(crate) fn probe(stage: &Stage, arguments: &[&str]) -> Outcome {
    stage.sandbox.aptlet().arg("probe").args(arguments).run()
}
