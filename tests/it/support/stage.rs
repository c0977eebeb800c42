//! The stage that most tests play on: a signed repository on a server, and a sandbox to install from it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use rustix::process::Pid;

use super::repository::Repository;
use super::server::Server;
use super::signing::SigningKey;
use super::{Entry, Sandbox, have, skip, snapshot};

pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) server: Server,
    pub(crate) key: SigningKey,
}

/// What came of a run of aptlet.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `None` where it died of a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let stage =
            Self { sandbox: Sandbox::new(), server: Server::start(), key: SigningKey::generate("archive") };
        fs::write(stage.keyring(), stage.key.public_armored()).unwrap();
        // as the kubelet does: aptlet writes to it only where it is
        fs::write(stage.termination_log(), "").unwrap();
        stage
    }

    /// Serves a repository below [`mirror`](Self::mirror), over what is there.
    pub(crate) fn publish(&self, repository: &Repository) {
        self.server.put_all("debian", &repository.build(&self.key));
    }

    /// Where [`publish`](Self::publish) publishes.
    pub(crate) fn mirror(&self) -> String {
        self.server.url() + "/debian"
    }

    /// The public key of the repositories.
    pub(crate) fn keyring(&self) -> PathBuf {
        self.sandbox.path("archive.asc")
    }

    pub(crate) fn termination_log(&self) -> PathBuf {
        self.sandbox.path("termination-log")
    }

    /// A deb822 stanza for the repository of this stage.
    pub(crate) fn source(&self, suite: &str, signed_by: &str) -> String {
        let components = if suite.ends_with('/') { "" } else { "Components: main\n" };
        format!("Types: deb\nURIs: {}\nSuites: {suite}\n{components}Signed-By: {signed_by}\n", self.mirror())
    }

    /// `aptlet install` of what is published as suite `stable`, without patience for a server that fails.
    pub(crate) fn install(&self, requests: &[&str]) -> Command {
        let mut command = self.at_mirror("install");
        command.args(requests);
        command
    }

    /// A command with the flags for this stage's suite `stable`.
    pub(crate) fn at_mirror(&self, name: &str) -> Command {
        let mut command = self.bare(name);
        command.args(["--suite", "stable", "--mirror", &self.mirror()]).arg("--keyring").arg(self.keyring());
        command
    }

    /// A command that has to find its sources elsewhere.
    pub(crate) fn bare(&self, name: &str) -> Command {
        let mut command = self.sandbox.aptlet();
        command.args([name, "--arch=amd64"]);
        // in the environment, for flags of a test to win
        command.env("APTLET_RETRIES", "0").env("APTLET_TIMEOUT", "20");
        command
    }

    /// The same command as user 65532, who has nothing but what all have. Where the tests' own user is not root
    /// it is that command, as it is; `None`, loudly, where there is no way to change the user.
    pub(crate) fn as_nobody(&self, command: &Command) -> Option<Command> {
        if !rustix::process::geteuid().is_root() {
            return Some(continued(Command::new(command.get_program()), command));
        }
        if !have("setpriv") {
            return None;
        }
        // the sandbox is closed to others, and so may be the folder of the binary
        fs::set_permissions(self.sandbox.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        let binary = self.sandbox.path("aptlet");
        if !binary.exists() {
            // not by this process: what another thread starts at that moment would hold the copy open for writing, and until it
            // lets go nobody can execute it
            assert!(Command::new("cp").arg(command.get_program()).arg(&binary).status().unwrap().success());
        }
        let mut wrapped = Command::new("setpriv");
        wrapped.args(["--reuid=65532", "--regid=65532", "--clear-groups", "--"]).arg(binary);
        Some(continued(wrapped, command))
    }

    /// What `aptlet lock` writes to standard output.
    #[track_caller]
    pub(crate) fn lock(&self, requests: &[&str]) -> String {
        self.at_mirror("lock").args(["-o", "-"]).args(requests).run().succeeded().stdout
    }

    /// Which requests the server got, as `METHOD PATH`, in any order but always the same one.
    pub(crate) fn requested(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .server
            .requests()
            .iter()
            .map(|request| format!("{} {}", request.method, request.path))
            .collect();
        lines.sort();
        lines
    }

    /// A path in the current generation of the sandbox's destination.
    pub(crate) fn current(&self, path: &str) -> PathBuf {
        self.sandbox.dest.join(".aptlet/current").join(path)
    }

    /// `NAME VERSION` of what is installed in the sandbox's destination.
    pub(crate) fn installed(&self) -> Vec<String> {
        installed(&self.sandbox.dest)
    }
}

/// `start`, with the arguments, environment and folder of `command`.
pub(crate) fn continued(mut start: Command, command: &Command) -> Command {
    let set = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    start.args(command.get_args()).env_clear().envs(set);
    if let Some(folder) = command.get_current_dir() {
        start.current_dir(folder);
    }
    start
}

/// The same command as process 1 of a PID namespace, which is what the entrypoint of a container is; `None`, loudly, where
/// this user may not make namespaces.
pub(crate) fn as_first(command: &Command) -> Option<Command> {
    let flags = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    if !Command::new("unshare").args(flags).arg("true").output().is_ok_and(|output| output.status.success()) {
        skip("being process 1 takes unshare, and root");
        return None;
    }
    let mut wrapped = Command::new("unshare");
    wrapped.args(flags).arg("--").arg(command.get_program());
    Some(continued(wrapped, command))
}

/// Process 1 of that namespace, as seen from here. What it was started for it has become once it has been heard of.
pub(crate) fn first_of(unshare: &Child) -> Pid {
    let path = format!("/proc/{0}/task/{0}/children", unshare.id());
    loop {
        let children = fs::read_to_string(&path).unwrap();
        if let Some(id) = children.split_whitespace().next() {
            return Pid::from_raw(id.parse().unwrap()).unwrap();
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// `NAME VERSION` of what is installed in a destination, as its dpkg database has it.
pub(crate) fn installed(dest: &Path) -> Vec<String> {
    let status = fs::read_to_string(dest.join(".aptlet/current/var/lib/dpkg/status")).unwrap();
    let field = |stanza: &str, name: &str| {
        let line = stanza.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    let stanzas = status.split("\n\n").filter(|stanza| !stanza.trim().is_empty());
    stanzas.map(|stanza| format!("{} {}", field(stanza, "Package:"), field(stanza, "Version:"))).collect()
}

/// The names of a destination's generations, sorted, with whatever else may lie beside them.
pub(crate) fn generations(dest: &Path) -> Vec<String> {
    let folder = dest.join(".aptlet/generations");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The destination as its users see it. Runs that fail make and remove a folder among the generations, which
/// its time of modification tells; that is not compared.
pub(crate) fn visible(dest: &Path) -> Vec<Entry> {
    let mut entries = snapshot(dest);
    for entry in &mut entries {
        if entry.path == Path::new(".aptlet/generations") {
            entry.mtime = (0, 0);
        }
    }
    entries
}

pub(crate) trait Run {
    fn run(&mut self) -> Outcome;
}

impl Run for Command {
    fn run(&mut self) -> Outcome {
        let output = self.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }

    /// Fails unless aptlet ended with `code`, nothing on standard output, and all of `words` in its last word.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        let last = self.last_word();
        for word in words {
            assert!(last.contains(word), "'{word}' is missing in:\n{}", self.stderr);
        }
        self
    }

    /// Standard error from the line of the error on.
    pub(crate) fn last_word(&self) -> &str {
        let start = if self.stderr.starts_with("error: ") { Some(0) } else { None };
        let start = start.or_else(|| self.stderr.find("\nerror: ").map(|end| end + 1));
        &self.stderr[start.unwrap_or(self.stderr.len())..]
    }
}
