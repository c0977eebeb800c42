"""Every system call that an install makes to a volume fails in every way that volumes fail in, all of them or one anywhere in the
run: nothing panics, no other class of error is told than those of the destination and of limits, what was current stays current and
whole, and the next run makes it good.

The runs come in an order of the seed's, so that a share of them, or as many as fit into a time, is a sample of all.
"""

import os
import random
import re
import subprocess
import time
from collections import Counter

# what a call says of itself that means that the volume cannot do it, and what means that it is broken or full
BROKEN = ("EIO", "ENOSPC", "EDQUOT", "EROFS", "ESTALE", "EACCES", "ENOMEM", "ENOENT")
CALLS = {
    "flock": ("ENOLCK", "ENOSYS", "EOPNOTSUPP", "EINVAL", "EINTR"),
    "syncfs": ("ENOSYS", "EINVAL", "EIO", "ENOSPC", "EDQUOT", "EINTR"),
    "fchmod": ("EPERM", "ENOSYS", "EOPNOTSUPP", "EINVAL", "EIO", "EROFS"),
    # of folders, when all is done
    "fchmodat": ("EPERM", "ENOSYS", "EOPNOTSUPP", "EIO", "EROFS"),
    "chmod": ("EPERM", "ENOSYS", "EOPNOTSUPP", "EIO", "EROFS"),
    "utimensat": ("EPERM", "ENOSYS", "EOPNOTSUPP", "EINVAL", "EIO", "EROFS"),
    "linkat": ("EPERM", "ENOSYS", "EOPNOTSUPP", "EMLINK", "EXDEV", *BROKEN),
    "symlinkat": ("EPERM", "ENOSYS", "EOPNOTSUPP", *BROKEN),
    "symlink": ("EPERM", *BROKEN),
    "mkdirat": ("ENAMETOOLONG", "EMLINK", *BROKEN),
    "mkdir": ("ENAMETOOLONG", "EMLINK", *BROKEN),
    "renameat": ("EXDEV", "EBUSY", "ENOTEMPTY", *BROKEN),
    "renameat2": ("EXDEV", "EINVAL", "ENOSYS", "EBUSY", *BROKEN),
    "rename": ("EXDEV", "EBUSY", *BROKEN),
    # EINTR no: tokio wakes its threads by writes to an eventfd, where no kernel answers so, and would panic
    "write": ("EIO", "ENOSPC", "EDQUOT", "EFBIG"),
    "pwrite64": ("EIO", "ENOSPC", "EINTR"),
    "copy_file_range": ("ENOSYS", "EXDEV", "EOPNOTSUPP", "EINVAL", "EPERM", "EIO", "ENOSPC"),
    "fsync": ("EIO", "ENOSPC", "EINVAL", "EINTR"),
    "openat": ("EINTR", "EMFILE", "ENFILE", "ETXTBSY", "ELOOP", *BROKEN),
    "unlinkat": ("EBUSY", "EIO", "EROFS", "ENOTEMPTY"),
    "unlink": ("EBUSY", "EIO"),
    "rmdir": ("EBUSY", "ENOTEMPTY", "EIO"),
    "getdents64": ("EIO", "ESTALE", "ENOENT"),
    "statx": ("EIO", "ESTALE", "EACCES", "ENOSYS"),
    "newfstatat": ("EIO", "ESTALE", "EACCES"),
    "fstat": ("EIO", "ESTALE"),
    "statfs": ("ENOSYS", "EIO", "EACCES"),
    "readlink": ("EIO", "EINVAL", "ENOENT"),
    "read": ("EIO", "EINTR"),
    "pread64": ("EIO", "EINTR"),
    "mmap": ("ENOMEM",),
    "clone3": ("EAGAIN",),
    "clone": ("EAGAIN",),
}
# without which an install is as good
DONE_WITHOUT = {"flock", "syncfs", "fchmod", "fchmodat", "chmod", "utimensat", "linkat", "copy_file_range"}
UNABLE = {"ENOLCK", "ENOSYS", "EOPNOTSUPP", "EINVAL", "EPERM", "EMLINK", "EXDEV", "EINTR"}
# not all of them: even the program's own start has these
ONE_AT_MOST = ("mmap", "read", "openat", "statx", "newfstatat", "fstat", "write", "clone3", "clone")
# it may have been the mirror's file, or the settings', that could not be read
READS = ("openat", "read", "statx", "newfstatat", "fstat", "pread64", "getdents64", "readlink")
# what removes what is half-made, and may fail at that
REMOVES = ("unlink", "rmdir", "getdents", "openat", "rename")
# an install, an update and a way back
WAYS = (("A", "/opt/tools"), ("AB", "/p"), ("ABA", "/p"))
LOUD = 30


class Calls:
    """`volumes` has what is installed and how; it is a Crash of tests/crash/run. `run` runs a command."""

    def __init__(self, volumes, run, views):
        self.volumes, self.run, self.views = volumes, run, views
        self.options, self.rng, self.codes = volumes.options, random.Random(volumes.options.seed), Counter()

    def traced(self, letters, prefix):
        """What is current before and after, and how often each call is made."""
        volumes, log = self.volumes, self.volumes.work / "strace"
        whole = volumes.undisturbed(prefix, letters)[1]
        before = volumes.undisturbed(prefix, letters[:-1])[1] if len(letters) > 1 else None
        dest = volumes.prepared(prefix, letters)
        trace = ["strace", "-f", "-qq", "-o", log, "-e", f"trace={','.join('?' + call for call in CALLS)}"]
        self.run([*trace, *volumes.command(dest, letters[-1], prefix)], env=volumes.environment())
        return (before, whole), Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.M))

    def runs(self):
        """All of them, in the seed's order."""
        found, number = [], 0
        ways = [(letters, prefix, *self.traced(letters, prefix)) for letters, prefix in WAYS]
        for call, errors in CALLS.items():
            for error in errors:
                for instance in range(self.options.calls + 1):
                    letters, prefix, generations, made = ways[number % len(ways)]
                    number += 1
                    if not made[call]:
                        continue
                    # all of them; or one, anywhere in the run
                    when = "1+" if instance == 0 else str(self.rng.randint(1, made[call]))
                    if error == "EINTR":
                        when = "1+2"
                    if when != "1+" or call not in ONE_AT_MOST:
                        found.append((letters, prefix, (call, error, when), generations))
                    if error == "EINTR":
                        break
        self.rng.shuffle(found)
        return found

    def all(self):
        share, shares = self.options.share
        chosen = self.runs()[share - 1 :: shares]
        begun = told = time.monotonic()
        for number, one in enumerate(chosen):
            now = time.monotonic()
            if self.options.within and now - begun > self.options.within:
                print(f"calls: {len(chosen) - number} of {len(chosen)} runs are left: {self.options.within} s are over")
                break
            if now - told > LOUD:
                told = now
                print(f"calls: {number} of {len(chosen)} runs, {now - begun:.0f} s", flush=True)
            self.fails(*one)
        print(f"calls: {sum(self.codes.values())} runs in which some failed, by exit code: {dict(sorted(self.codes.items()))}", flush=True)

    def fails(self, letters, prefix, failing, generations):
        volumes, (call, error, when) = self.volumes, failing
        dest = volumes.prepared(prefix, letters)
        inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}"]
        name = f"{letters}, {self.views[prefix]}: {call} fails with {error} ({when})"
        try:
            done = self.run([*inject, *volumes.command(dest, letters[-1], prefix)], env=volumes.environment(), timeout=120)
        except subprocess.TimeoutExpired:
            volumes.check(name, "it does not end")
            return
        self.codes[done.returncode] += 1
        faults = [*self.told(done, failing), *self.kept(dest, done, failing, generations), *self.made_good(dest, letters, prefix)]
        if any(faults):
            faults.append(done.stderr)
        volumes.check(name, *faults)

    def told(self, done, failing):
        """What is wrong with what it says."""
        call, error, when = failing
        allowed = {0, 1, 6} if call in DONE_WITHOUT else {0, 1, 2, 6}
        if call in READS:
            allowed |= {2, 4}
        # a mode that is refused where others are not may be one that somebody needs
        unable = (call in DONE_WITHOUT and error in UNABLE and done.returncode
                  and not (call == "fchmodat" or "chmod" in call and when != "1+"))
        return [
            done.returncode not in allowed and f"exit code {done.returncode}",
            unable and "it is not done without",
            re.search(r"panicked|internal error|makers of aptlet", done.stderr) and "it is told as a bug",
            done.returncode == 1 and error not in ("EMFILE", "ENFILE", "ENOMEM", "EAGAIN") and "it is told as a limit",
            re.search("fsGroup", done.stderr) and error not in ("EACCES", "EPERM") and "permissions are blamed",
        ]

    def kept(self, dest, done, failing, generations):
        """What is wrong with what it leaves."""
        volumes, call = self.volumes, failing[0]
        now = volumes.current(dest) if dest.exists() else None
        faults = [
            now is None and generations[0] and "nothing is current any more",
            now and not now.startswith(tuple(filter(None, generations))) and f"{now} is current",
        ]
        if now:
            verified = volumes.verify(dest)
            faults.append(verified.returncode and f"not verified: {verified.stdout}{verified.stderr}")
        if dest.exists() and done.returncode and not call.startswith(REMOVES):
            names = os.listdir(dest / ".aptlet/generations") if (dest / ".aptlet/generations").exists() else []
            faults.append([name for name in names if name.startswith(".staging")] and f"left: {names}")
        return faults

    def made_good(self, dest, letters, prefix):
        """What is wrong after the next run."""
        again = self.volumes.aptlet(dest, letters[-1], prefix)
        verified = self.volumes.verify(dest)
        return [
            again.returncode and f"the next run fails: {again.stderr}",
            verified.returncode and f"the next run does not make it good: {verified.stdout}{verified.stderr}",
        ]
