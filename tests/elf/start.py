"""Runs commands where nothing but a tree is: `start.py ROOT PREFIX EMPTY` in namespaces of its own, as root.

ROOT is seen at PREFIX, read-only, in a file system that has besides a few devices, /proc and a small /tmp, made at the
folder EMPTY. For a prefix of more than two characters, which `/bin/sh` in a program has no room for, there is also that, as
in most main images: the tree's, if it has one. Each line of the standard input is a command as JSON (`command`, `seconds`), and each line of the output
how it ended. Commands run as another user than root, without a network, with PATH and HOME and nothing else. Started by
`run`, as the first process of its namespace, so that it can end all that a command leaves behind.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys

USER = 65532
PR_SET_NO_NEW_PRIVS = 38
DEVICES = ("null", "zero", "full", "random", "urandom")
SAID = 1 << 16
LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 16 << 20,
    resource.RLIMIT_DATA: 2 << 30,
    resource.RLIMIT_NPROC: 2000,
    resource.RLIMIT_NOFILE: 256,
}


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def bind(source, target):
    mount("--bind", source, target)
    mount("-o", "remount,bind,ro,nosuid,nodev", target)


def furnish(root, prefix, empty):
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", empty)
    for name in ("proc", "dev", "tmp"):
        os.mkdir(f"{empty}/{name}")
    if prefix:
        os.makedirs(empty + prefix)
        bind(root, empty + prefix)
        if len(prefix) > 2:
            os.mkdir(f"{empty}/bin")
            os.symlink(f"{prefix}/usr/bin/sh", f"{empty}/bin/sh")
    else:
        for entry in os.scandir(root):
            place = f"{empty}/{entry.name}"
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), place)
            elif entry.is_dir() and not os.path.exists(place):
                os.mkdir(place)
                bind(entry.path, place)
    for name in DEVICES:
        open(f"{empty}/dev/{name}", "x").close()
        mount("--bind", f"/dev/{name}", f"{empty}/dev/{name}")
    mount("-t", "proc", "proc", f"{empty}/proc")
    mount("-t", "tmpfs", "-o", "mode=1777,size=64m,nosuid,nodev", "tmpfs", f"{empty}/tmp")
    mount("-o", "remount,ro", empty)


def confine(empty):
    os.chroot(empty)
    os.chdir("/tmp")
    for limit, value in LIMITS.items():
        resource.setrlimit(limit, (value, value))
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    if ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError("prctl")


def end_all():
    """Of this namespace, which has nothing but what commands have started, and this process, which is spared."""
    if os.getpid() != 1:
        raise SystemExit("this is not the first process of its namespace")
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def attempt(command, seconds, environment):
    files = [os.memfd_create("said") for _ in range(2)]
    late, code = False, None
    try:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=files[0], stderr=files[1],
                                   start_new_session=True)  # fmt: skip
    except OSError as problem:
        answer = {"code": None, "late": False, "out": "", "err": problem.strerror}
    else:
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            late = True
            process.kill()
            process.wait()
        out, err = (os.pread(file, SAID, 0).decode("utf-8", "replace") for file in files)
        answer = {"code": code, "late": late, "out": out, "err": err}
    end_all()
    for file in files:
        os.close(file)
    return answer


def main():
    root, prefix, empty = sys.argv[1:]
    if os.getpid() != 1:
        sys.exit("this must be the first process of its namespace: see `run`")
    furnish(root, prefix, empty)
    confine(empty)
    # what a command sends to the first process
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    environment = {"PATH": f"{prefix}/bin:/usr/bin:/bin", "HOME": "/tmp"}
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(attempt(asked["command"], asked["seconds"], environment)), flush=True)


if __name__ == "__main__":
    main()
