"""Real apt in isolated roots: one source, nothing installed or a given base, none of the machine's configuration."""

import hashlib
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Where a suite's roots are, as seen from inside the system that has apt 3.0.
INSIDE = Path("/parity")
ARCHITECTURE = "amd64"
CONFIGURATION = """
Dir::Etc::parts "/dev/null";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "{root}/sources.list";
Dir::State "{root}";
Dir::State::status "{root}/status-{base}";
Dir::Cache "{root}";
Dir::Cache::pkgcache "pkgcache-{version}-{base}.bin";
Dir::Cache::srcpkgcache "";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::GzipIndexes "false";
Debug::NoLocking "true";
"""
URI = re.compile(r"^'[^']*' (?P<name>[^_]+)_(?P<version>[^_]+)_(?P<arch>[^_]+)\.deb ", re.MULTILINE)
REMOVED = re.compile(r"^The following packages will be REMOVED:\n((?:  .*\n)+)", re.MULTILINE)
TWO_AT_A_TIME = 2


class Failure(Exception):
    """The comparison itself cannot go on."""


def output(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          stdin=subprocess.DEVNULL, **options)
    if done.returncode:
        raise Failure(f"{command[0]} failed: {done.stderr.strip()}")
    return done.stdout


class Suite:
    """The index of a suite, fetched and verified by the machine's apt and read by all that are compared."""

    def __init__(self, work, name):
        self.name, self.system = name, work / "system"
        self.root = self.system / INSIDE.relative_to("/") / name
        for folder in ("lists/partial", "archives/partial"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        if not list(self.root.glob("lists/*_Packages")):
            self.fetch()
        self.packages, = self.root.glob("lists/*_Packages")
        self.bases = {}

    def fetch(self):
        (self.root / "sources.list").write_text(f"deb {mirror()} {self.name} main\n")
        (self.root / "status-none").write_text("")
        output(["apt-get", "-qq", "update"], env=environment(configure(self.root, self.root, "update", "none")))

    def base(self, name):
        """The dpkg status of a base: nothing, or a system of this suite that has only what Debian calls essential."""
        status = self.root / f"status-{name}"
        if name == "none":
            status.write_text("")
        elif not status.exists():
            archive = self.root / "minimal.tar"
            source = (self.root / "sources.list").read_text().strip()
            output(["mmdebstrap", "--quiet", "--variant=minbase", self.name, archive, source])
            status.write_text(output(["tar", "-xOf", archive, "./var/lib/dpkg/status"]))
            archive.unlink()
        return status


def mirror():
    """The machine's own mirror of Debian, as its apt understands its sources."""
    codename = output(["sh", "-c", '. /etc/os-release && echo "$VERSION_CODENAME"']).strip()
    targets = output(["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)",
                      "Created-By: Packages"])
    for release, component, uri in map(str.split, targets.splitlines()):
        if (release, component) == (codename, "main"):
            return uri
    raise Failure(f"this machine's apt sources have no {codename} main")


def environment(configuration):
    kept = {key: value for key, value in os.environ.items() if key.lower() in ("http_proxy", "https_proxy", "no_proxy")}
    return {**kept, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "APT_CONFIG": str(configuration)}


def configure(outside, inside, version, base):
    """Writes the configuration of one apt; its path as that apt sees it."""
    name = f"apt-{version}-{base}.conf"
    (outside / name).write_text(CONFIGURATION.format(root=inside, version=version, base=base))
    return inside / name


class Apt:
    """One version of apt-get, for one suite and base. Its answers are kept, since they cannot change."""

    def __init__(self, version, suite, base, recommends):
        self.suite, self.recommends = suite, recommends
        status = suite.base(base)
        machine = version == "2.6"
        if not machine:
            make_system(suite)
        inside = suite.root if machine else INSIDE / suite.name
        self.environment = environment(configure(suite.root, inside, version, base))
        self.command = ["apt-get"] if machine else ["chroot", str(suite.system), "apt-get"]
        found = self.run("--version").stdout.split()[1]
        if not found.startswith(version + "."):
            raise Failure(f"this is apt {found}, not {version}")
        digest = hashlib.sha256(found.encode())
        for path in (suite.packages, status):
            digest.update(path.read_bytes())
        self.kept = suite.root / f"answers-{version}-{digest.hexdigest()[:16]}{'-recommends' * recommends}"
        self.answers = {}
        if self.kept.exists():
            for line in self.kept.read_text().splitlines():
                answer = json.loads(line)
                self.answers[answer["request"]] = answer

    def run(self, *arguments):
        return subprocess.run([*self.command, *arguments], env=self.environment, text=True, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def answer_all(self, requests):
        """The answer to each request: `packages` and `removed`, or `error`."""
        missing = [request for request in dict.fromkeys(requests) if request not in self.answers]
        if missing:
            # the first builds the cache that the others read
            self.keep([self.answer(missing[0])])
            with ThreadPoolExecutor(TWO_AT_A_TIME) as pool:
                self.keep(pool.map(self.answer, missing[1:]))
        return [self.answers[request] for request in requests]

    def keep(self, answers):
        with self.kept.open("a") as file:
            for answer in answers:
                self.answers[answer["request"]] = answer
                file.write(json.dumps(answer) + "\n")
                file.flush()

    def answer(self, request):
        recommends = "--install-recommends" if self.recommends else "--no-install-recommends"
        done = self.run("install", "--print-uris", "-y", recommends, *request.split())
        if done.returncode == 100:
            # what does not fit together is told on standard output
            told = done.stdout.partition("The following information may help to resolve the situation:")[2]
            return {"request": request, "error": (told + done.stderr).strip()}
        if done.returncode:
            raise Failure(f"apt-get install {request} ended with {done.returncode}: {done.stderr}")
        packages = [f"{match['name']}={match['version'].replace('%3a', ':')}" for match in URI.finditer(done.stdout)]
        removed = REMOVED.search(done.stdout)
        return {"request": request, "packages": packages, "removed": removed[1].split() if removed else []}


def make_system(suite):
    """A minimal trixie with its apt, in which the roots of all suites are."""
    if not (suite.system / "usr/bin/apt-get").exists():
        archive = suite.system.with_suffix(".tar")
        source = (suite.root / "sources.list").read_text().split()[1]
        output(["mmdebstrap", "--quiet", "--variant=apt", "trixie", archive, f"deb {source} trixie main"])
        output(["tar", "-xf", archive, "-C", suite.system])
        archive.unlink()
