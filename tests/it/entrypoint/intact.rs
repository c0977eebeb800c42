//! All that a process is born with, as the command sees it: the same with aptlet before it and without.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{after, become_, installed, published, script};
use crate::support::stage::{Run, Stage, continued};
use crate::support::{have, skip};

/// Writes to the file that is its first argument what proc(5) and the shell tell of this process.
const PROBE: &str = r#"
out=$1; shift
{
  echo "arguments:"; printf '[%s]\n' "$@"
  echo "name: $0"
  echo "folder: $(pwd -P)"
  echo "umask: $(umask)"
  read -r children <"/proc/$$/task/$$/children"; echo "children: $children"
  # by the shell itself, which blocks signals while it starts others
  while IFS= read -r line; do
    case $line in
      Name:*|PPid:*|Uid:*|Gid:*|Groups:*|Threads:*|SigBlk:*|SigIgn:*|SigCgt:*|SigPnd:*|ShdPnd:*) echo "$line" ;;
      Cap*|NoNewPrivs:*|Seccomp:*|THP_enabled:*) echo "$line" ;;
    esac
  done <"/proc/$$/status"
  grep -v '^Max pending signals' "/proc/$$/limits"
  cut -d' ' -f 5-8,18-19,41 "/proc/$$/stat"
  cat "/proc/$$/oom_score_adj" "/proc/$$/timerslack_ns" "/proc/$$/personality" 2>/dev/null
  echo "files:"
  for fd in "/proc/$$/fd"/*; do
    [ -e "$fd" ] || [ -L "$fd" ] || continue
    echo "${fd##*/} $(readlink "$fd") $(sed -n 's/^flags://p' "/proc/$$/fdinfo/${fd##*/}" 2>/dev/null)"
  done
  echo "environment:"; tr '\0' '\n' <"/proc/$$/environ" | grep -v '^PATH='
} >"$out" 2>/dev/null
"#;

/// What is special about the start, and what a shell does for it.
const STARTS: [(&str, &str); 16] = [
    ("nothing", ""),
    ("standard input is closed", "exec <&-"),
    ("standard output is closed", "exec >&-"),
    ("standard error is closed", "exec 2>&-"),
    ("all three are closed", "exec <&- >&- 2>&-"),
    ("standard input is a file that is open to write", "exec 0<>/dev/null"),
    ("further files are open", "exec 3</etc/passwd 7>>/dev/null 9<&7"),
    ("the folder", "cd /usr"),
    ("a closed umask", "umask 077"),
    ("an open umask", "umask 0"),
    ("SIGPIPE is ignored", "trap '' PIPE"),
    ("requests to end are ignored", "trap '' TERM INT HUP QUIT"),
    ("others are ignored", "trap '' USR1 CHLD ALRM TSTP"),
    ("limits", "ulimit -n 256; ulimit -c 0; ulimit -s 4096"),
    ("niceness", "exec nice -n 3 \"$@\""),
    ("signals are blocked", "exec env --block-signal=TERM,USR2 \"$@\""),
];

/// A folder for the probe and what it finds, open to all.
fn probe(stage: &Stage) -> (std::path::PathBuf, std::path::PathBuf) {
    let folder = stage.sandbox.path("probe");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(folder.join("probe.sh"), PROBE).unwrap();
    (folder.join("probe.sh"), folder.join("found"))
}

fn found(mut command: Command, out: &Path, what: &str) -> String {
    let _ = fs::remove_file(out);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{what}: {status}");
    let text = fs::read(out).unwrap_or_else(|error| panic!("{what}: {error}"));
    String::from_utf8_lossy(&text).into_owned()
}

/// What the probe finds when it is started at once, and when aptlet becomes it.
fn compare(stage: &Stage, before: &str, what: &str, wrap: impl Fn(&Command) -> Option<Command>) {
    let folder = stage.sandbox.path("probe");
    let (file, out) = (folder.join("probe.sh"), folder.join("found"));
    let arguments =
        [OsStr::new(""), OsStr::new("two words"), OsStr::new("*\n\"$x'"), OsStr::from_bytes(b"\xff")];
    let mut run = become_("/bin/sh", stage);
    run.arg(&file).arg(&out).args(arguments);
    run.env("EMPTY", "").env("LINES", "one\ntwo").env("BYTES", OsStr::from_bytes(b"\xfe=\xff"));
    let mut direct = Command::new("/bin/sh");
    direct.env_clear().envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    direct.current_dir(run.get_current_dir().unwrap()).arg(&file).arg(&out).args(arguments);
    let (Some(direct), Some(run)) = (wrap(&direct), wrap(&run)) else { return };
    let alone = found(after(before, &direct), &out, what);
    let become_ = found(after(before, &run), &out, what);
    assert!(alone.contains("[two words]\n[*\n\"$x']\n") && alone.contains("SigIgn:"), "{alone}");
    assert_eq!(become_, alone, "{what}");
}

#[test]
fn the_command_is_started_as_if_aptlet_had_not_been_there() {
    let stage = installed();
    probe(&stage);
    for (what, before) in STARTS {
        if before.contains("env --block") && !blocks_signals() {
            skip("env of coreutils 8.32 or later blocks signals, and there is none");
            continue;
        }
        compare(&stage, before, what, |command| {
            Some(continued(Command::new(command.get_program()), command))
        });
    }
}

#[test]
fn a_blocked_request_to_end_still_waits() {
    if !blocks_signals() {
        skip("env of coreutils 8.32 or later blocks signals, and there is none");
        return;
    }
    let stage = installed();
    let before = "exec env --block-signal=TERM sh -c 'kill -TERM $$; exec \"$@\"' sh \"$@\"";
    // no shell, which would let it through
    let arguments = ["-E", "^(ShdPnd|SigBlk|SigIgn):", "/proc/self/status"];
    let mut run = become_("grep", &stage);
    let mut direct = Command::new("grep");
    let alone = after(before, direct.args(arguments)).run().succeeded().stdout;
    assert!(alone.contains("ShdPnd:\t0000000000004000\nSigBlk:\t0000000000004000\n"), "{alone}");
    assert_eq!(after(before, run.args(arguments)).run().succeeded().stdout, alone);
}

fn blocks_signals() -> bool {
    let tried = Command::new("env").args(["--block-signal=TERM", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

#[test]
fn as_another_user_too() {
    if !have("setpriv") {
        return;
    }
    let stage = published("1.0");
    let (_, out) = probe(&stage);
    fs::set_permissions(&stage.sandbox.dest, fs::Permissions::from_mode(0o777)).unwrap();
    for path in ["", "tmp", "config"] {
        fs::set_permissions(stage.sandbox.path(path), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let as_nobody = |command: &Command| {
        if command.get_program() == OsStr::new("/bin/sh") && rustix::process::geteuid().is_root() {
            let mut wrapped = Command::new("setpriv");
            wrapped.args(["--reuid=65532", "--regid=65532", "--clear-groups", "--", "/bin/sh"]);
            return Some(continued(wrapped, command));
        }
        stage.as_nobody(command)
    };
    // it installs now, as that user
    compare(&stage, "", "another user", as_nobody);
    let seen = String::from_utf8_lossy(&fs::read(out).unwrap()).into_owned();
    if rustix::process::geteuid().is_root() {
        assert!(seen.contains("Uid:\t65532\t65532\t65532\t65532"), "{seen}");
    }
    assert_eq!(stage.installed(), ["tool 1.0"]);
}

#[test]
fn it_is_the_same_process_and_the_only_one() {
    let stage = installed();
    let child = script("echo $$; cat /proc/$$/task/*/children | wc -w", &stage)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let id = child.id();
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], id.to_string());
    // the two of the pipe itself
    assert!(["1", "2"].contains(&lines[1].trim()), "{said}");
}

#[test]
fn what_is_on_standard_input_is_all_there() {
    let stage = published("1.0");
    let mut child = become_("cat", &stage)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(50_000).collect();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn({
        let bytes = bytes.clone();
        move || input.write_all(&bytes).unwrap()
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success() && output.stdout == bytes);
}

#[test]
fn what_was_written_before_ends_with_a_closed_pipe() {
    let stage = installed();
    // `yes` ends by SIGPIPE, unless that is ignored
    let run = script("yes 2>/dev/null | head -n 1; echo \"$?\"", &stage).run().succeeded();
    assert_eq!(run.stdout, "y\n0\n");
    let mut child = become_("yes", &stage).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(13), "{status}");
}
