"""Real apt and dpkg with roots of their own: nothing of the machine's configuration, nothing installed."""

import os
import re
import shutil
import subprocess
import urllib.parse

LIMIT = 120
FOLDERS = ("etc/sources.list.d", "etc/preferences.d", "etc/trusted.gpg.d", "etc/auth.conf.d", "lists/partial",
           "archives/partial", "root/var/lib/dpkg/info", "root/var/lib/dpkg/updates", "root/var/lib/dpkg/triggers",
           "root/usr/bin", "root/usr/sbin", "root/usr/lib", "root/usr/lib64")
CONFIGURATION = """
Dir::Etc "{root}/etc";
Dir::Etc::parts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::trusted "/dev/null";
Dir::State "{root}";
Dir::State::status "{root}/status";
Dir::Cache "{root}";
Dir::Log "{root}";
APT::Architecture "{arch}";
APT::Architectures {{ "{arch}"; }};
APT::Sandbox::User "root";
APT::Install-Recommends "{recommends}";
Acquire::Languages "none";
Acquire::Retries "0";
Acquire::AllowReleaseInfoChange "false";
Debug::NoLocking "true";
"""


class Result:
    """What came of a run: the trees are compared, `said` is shown."""

    def __init__(self, good, said, tree=None, updated=True, found=None):
        self.good, self.said, self.tree, self.updated, self.found = good, said, tree, updated, found


def run(command, environment, timeout=LIMIT):
    """Exit code and everything that was said."""
    try:
        done = subprocess.run(command, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **environment},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as ended:
        return 124, f"{(ended.stdout or b'').decode(errors='replace')}\nnot ended in {timeout} s"
    return done.returncode, done.stdout.decode(errors="replace")


class Apt:
    """The files of one case's apt."""

    def __init__(self, folder, question):
        self.folder, self.question = folder, question
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            os.symlink(f"usr/{name}", folder / f"root/{name}")
        (folder / "root/var/lib/dpkg/status").write_text("")
        (folder / "status").write_bytes(question.base)
        for name, text in question.sources.items():
            (folder / "etc/sources.list.d" / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        for name, content in question.keyrings.items():
            (folder / "etc/trusted.gpg.d" / name).write_bytes(content)
        if question.preferences:
            (folder / "etc/preferences.d/peers.pref").write_text(question.preferences)
        if question.auth:
            (folder / "etc/auth.conf.d/peers.conf").write_text(question.auth)
        text = CONFIGURATION.format(root=folder, arch=question.arch, recommends=str(question.recommends).lower())
        if question.proxy:
            text += f'Acquire::http::Proxy "{question.proxy}";\n'
        if question.authority:
            text += f'Acquire::https::CaInfo "{question.authority}";\n'
        if question.client:
            text += 'Acquire::https::SslCert "{}";\nAcquire::https::SslKey "{}";\n'.format(*question.client)
        (folder / "apt.conf").write_text(text)

    def get(self, *arguments):
        return run(["apt-get", "-y", *self.question.apt_options, *arguments], {"APT_CONFIG": str(self.folder / "apt.conf")})

    def begin_anew(self):
        """Its lists stay, and nothing else."""
        root = self.folder / "root"
        for path in [*(self.folder / "archives").glob("*.deb"), *(root / "var/lib/dpkg/info").iterdir()]:
            path.unlink()
        shutil.rmtree(root / "usr/share", ignore_errors=True)
        (root / "var/lib/dpkg/status").write_text("")

    def in_place(self):
        """What apt would use where it is, since nothing has to fetch it: packages of `file:` sources, and by their paths."""
        paths = [request for request in self.question.requests if request.startswith(("/", "./"))]
        if any(b"file:" in (text if isinstance(text, bytes) else text.encode()) for text in self.question.sources.values()):
            _, said = self.get("install", "--print-uris", *self.question.requests)
            paths += [urllib.parse.unquote(path) for path in re.findall(r"^'file:(?://)?(/[^']*)'", said, re.MULTILINE)]
        return [path for path in paths if os.path.exists(path)]

    def install(self):
        """`apt-get update`, then `apt-get install --download-only`; what that got is unpacked by dpkg."""
        code, updated = self.get("update")
        in_place = self.in_place()
        again, said = self.get("install", "--download-only", *self.question.requests)
        said = f"{updated}\n{said}"
        if again:
            return Result(False, said, updated=not code)
        debs = [*(self.folder / "archives").glob("*.deb"), *in_place]
        if not debs:
            return Result(True, said, self.folder / "root", not code)
        root = self.folder / "root"
        failed, unpacked = run(["dpkg", f"--root={root}", "--log=/dev/null", "--force-depends", "--force-unsafe-io", "--force-confnew",
                                "--force-architecture", "--force-overwrite", "--force-conflicts", "--force-breaks", "--install", *debs], {})
        return Result(not failed, said + unpacked, root, not code)
