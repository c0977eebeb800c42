//! Several processes that install and remove at random, of which some are killed at random.

use std::fs;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{Live, command};
use crate::support::deb::DebBuilder;
use crate::support::stage::Run as _;

const PROCESSES: u64 = 4;
/// How many commands there are in all, unless `APTLET_TEST_KILLS` says otherwise.
const COMMANDS: u64 = 40;
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// In KiB: what each of them may have, also of a build for debugging.
const MOST_MEMORY: u64 = 64 << 10;

/// The most that a process has had so far, in KiB; nothing of one that has ended.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

/// Numbers that look random, the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn one_of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        let number = self.below(all.len() as u64);
        all[usize::try_from(number).unwrap()]
    }
}

#[test]
fn kills_at_any_time_leave_a_whole_tree_and_nothing_else() {
    let commands = std::env::var("APTLET_TEST_KILLS").ok().and_then(|text| text.parse().ok());
    let debs: Vec<DebBuilder> = NAMES
        .iter()
        .map(|name| {
            command(name, "1.0").field("Depends", "lib").file(&format!("usr/share/{name}"), 0o644, *name)
        })
        .collect();
    let live = Live::with(&debs);
    let all: Vec<DebBuilder> =
        debs.into_iter().chain([DebBuilder::new("lib", "1.0").file("usr/share/lib", 0o644, "lib")]).collect();
    live.publish(&all);
    live.type_in("apt-get update").succeeded();
    let (killed, largest) = (Mutex::new(0_u32), AtomicU64::new(0));
    thread::scope(|scope| {
        for process in 1..=PROCESSES {
            let (live, killed, largest) = (&live, &killed, &largest);
            scope.spawn(move || {
                let mut numbers = Numbers(process * 0x9E37_79B9);
                for _ in 0..commands.unwrap_or(COMMANDS) / PROCESSES {
                    let verb = numbers.one_of(&["install", "remove", "install", "purge"]);
                    let name = numbers.one_of(&NAMES);
                    let mut child = live
                        .start("apt-get")
                        .args(["-qq", "-y", verb, name])
                        .stdin(Stdio::null())
                        .stdout(Stdio::null())
                        .stderr(Stdio::null())
                        .spawn()
                        .unwrap();
                    let lives = (numbers.below(2) == 0).then(|| Duration::from_millis(numbers.below(400)));
                    let began = Instant::now();
                    let status = loop {
                        largest.fetch_max(peak(child.id()), Ordering::Relaxed);
                        if lives.is_some_and(|lives| began.elapsed() >= lives) {
                            // it may be done by then
                            let _ = child.kill();
                        }
                        match child.try_wait().unwrap() {
                            Some(status) => break status,
                            None => thread::sleep(Duration::from_millis(5)),
                        }
                    };
                    if status.code().is_none() {
                        *killed.lock().unwrap() += 1;
                    }
                }
            });
        }
    });
    assert!(*killed.lock().unwrap() > 0, "nobody was killed");
    let largest = largest.into_inner();
    println!("the largest of them had {largest} KiB at its peak");
    assert!((1..MOST_MEMORY).contains(&largest), "{largest} KiB");
    // what a killed one left is tidied by the next
    live.type_in("apt-get install -y a").succeeded();
    live.type_in("apt-get check").succeeded();
    live.type_in("a").succeeded();
    for installed in live.stage.installed() {
        let name = installed.split(' ').next().unwrap().to_owned();
        assert_eq!(fs::read_to_string(live.at(&format!("usr/share/{name}"))).unwrap(), name);
    }
    let mut verify = live.stage.sandbox.aptlet();
    verify.arg("verify").arg("--dest").arg(&live.stage.sandbox.dest).run().succeeded();
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(live.at(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let generations = names(".aptlet/generations");
    assert!(generations.len() <= 2, "{generations:?}");
    let left = names(".aptlet/live/packages");
    assert!(left.len() <= all.len() && !left.iter().any(|name| name.starts_with(".new-")), "{left:?}");
    let own = names(".aptlet");
    assert!(!own.iter().any(|name| name.contains("staging") || name.contains("fresh")), "{own:?}");
    assert!(!live.at(".aptlet/live/holder.json").exists());
}
