"""Trees for programs of the main image itself: jobs/libraries.toml.

Its `[image]` says what the main images have besides Debian's minbase: `packages`; `unpacked`, by release, packages that
are laid out without what they depend on, as software is that people copy into an image; `wheels` for the image's Python (below /wheels),
`modules` for its node (below /modules). Its jobs run by the image's own shell, with the image's own PATH and
LD_LIBRARY_PATH=@P@/lib; `env` of a job names variables that it gets as `aptlet status --env` prints them.

Each job runs in the PAIRS of tree and image, but where `pairs` names some. A `[[refused]]` is a crossing that cannot work:
`release` of the packages, the C library that aptlet is told of (`libc`; else the dpkg status of the image of bookworm), and what it must
say to that, with exit code 3 (`match`).
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

# the tree's release, the image's, and whether aptlet is given the image's dpkg status
PAIRS = {
    "bookworm": ("bookworm", "bookworm", False),
    "trixie": ("trixie", "trixie", False),
    "bookworm-on-base": ("bookworm", "bookworm", True),
    "trixie-on-base": ("trixie", "trixie", True),
    "older-on-base": ("bookworm", "trixie", True),
}
LIBC = {"bookworm": "2.36", "trixie": "2.41"}
PYTHON = {"bookworm": "3.11", "trixie": "3.13"}
REFUSED_KEYS = ("name", "tool", "packages", "release", "libc", "match")
JOB_KEYS = ("name", "tool", "packages", "run", "out", "match", "env", "pairs")


def trees_of(stem, content, wanted_jobs, wanted_pairs):
    """The trees of a file with an `[image]`: one for each pair."""
    trees = {}
    for pair, (release, image, on_base) in PAIRS.items():
        if wanted_pairs and pair not in wanted_pairs:
            continue
        jobs = [job for job in content["job"] if pair in job.get("pairs", PAIRS)]
        packages = {*content["base"], *(name for job in jobs for name in job.get("packages", []))}
        jobs = [job for job in jobs if not wanted_jobs or job["name"] in wanted_jobs]
        if wanted_jobs:
            packages = {*content["base"], *(name for job in jobs for name in job.get("packages", []))}
        if jobs:
            trees[f"{stem}.{pair}"] = {
                "packages": sorted(packages), "jobs": jobs, "mount": {}, "before": content.get("before", ""),
                "own": {"release": release, "image": image, "on_base": on_base, **content["image"]},
            }  # fmt: skip
    return trees


def refused_of(stem, content, wanted_jobs):
    """The crossings that cannot work, as a tree that is never made."""
    jobs = [job for job in content.get("refused", []) if not wanted_jobs or job["name"] in wanted_jobs]
    own = {"image": "bookworm", **content["image"]}
    return {f"{stem}.refused": {"packages": [], "jobs": jobs, "refused": True, "own": own}} if jobs else {}


def refuse(binary, job, sources, status, folder):
    """What is wrong with what aptlet says to such a crossing, or nothing."""
    folder.mkdir()
    (folder / "debian.sources").write_text(sources)
    told = [f"--image-libc={job['libc']}"] if "libc" in job else ["--base", status]
    proxies = {key: value for key, value in os.environ.items() if key.endswith("_proxy")}
    done = subprocess.run(
        [binary, "install", "--config", folder, "--dest", folder / "dest", "--prefix", "/p", "--libraries", *told, *job["packages"]],
        env={"PATH": "/usr/bin:/bin", **proxies}, capture_output=True, text=True,
    )  # fmt: skip
    is_left = (folder / "dest/.aptlet/current").exists()
    shutil.rmtree(folder, ignore_errors=True)
    if done.returncode != 3 or is_left or not re.search(job["match"], done.stderr):
        return f"exit code {done.returncode}{', and a tree' if is_left else ''}\n{done.stderr[-1200:]}"
    return None


def image_name(own):
    return f"own-{own['image']}"


def sources_of(release, machine_sources, machine_release):
    """This machine's sources, for another release of Debian."""
    return [(uri, suite.replace(machine_release, release, 1), component) for uri, suite, component in machine_sources]


def make_image(run, cache, own, machine_sources, architecture):
    """The root file system of a main image with programs of its own, as a tar file that is kept."""
    release = own["image"]
    packages, unpacked = sorted(own["packages"]), own["unpacked"][release]
    digest = hashlib.sha256(json.dumps([packages, unpacked]).encode()).hexdigest()[:12]
    tar = cache / f"own-{release}-{architecture}-{digest}.tar"
    if not tar.exists():
        cache.mkdir(parents=True, exist_ok=True)
        uri = next(uri for uri, suite, _ in machine_sources if "-" not in suite)
        part = tar.with_suffix(".part.tar")
        lay_out = (
            f'cd "$1/tmp" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get download -qq {" ".join(unpacked)} && '
            'chroot "$1" sh -euc "for deb in /tmp/*.deb; do dpkg-deb -x \\$deb /; done; rm /tmp/*.deb"'
        )
        run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}",
            f"--customize-hook={lay_out}", release, part, f"deb {uri} {release} main")  # fmt: skip
        part.rename(tar)
    return tar


def status_of(tar, folder, run):
    """The dpkg status of an image, and what tells its release, as people copy them out of one."""
    folder.mkdir(parents=True, exist_ok=True)
    run("tar", "--extract", "--file", tar, "--directory", folder, "--strip-components=4", "./var/lib/dpkg/status")
    return folder / "status"


def additions(run, cache, own):
    """Wheels and modules from their registries, by this machine's own settings of pip and npm: what is mounted where."""
    python = PYTHON[own["image"]]
    digest = hashlib.sha256(json.dumps([own["wheels"], own["modules"]]).encode()).hexdigest()[:12]
    wheels, modules = cache / f"wheels-{python}-{digest}", cache / f"modules-{digest}"
    if not wheels.exists():
        part = wheels.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        platforms = [f"--platform=manylinux{name}_x86_64" for name in ("2014", "_2_17", "_2_24", "_2_28")]
        run("python3", "-m", "pip", "install", "--quiet", "--target", part, "--only-binary=:all:", "--implementation=cp",
            f"--python-version={python}", *platforms, *own["wheels"])  # fmt: skip
        part.rename(wheels)
    if not modules.exists():
        part = modules.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        run("npm", "install", "--silent", "--prefix", part, *own["modules"])
        part.rename(modules)
    return {"/wheels": wheels, "/modules": modules / "node_modules"}


def arguments(own, status):
    """What aptlet is told of the image."""
    known = ["--base", status] if own["on_base"] else [f"--image-libc={LIBC[own['image']]}"]
    return ["--libraries", *known]


def exports(binary, place, job):
    """Lines of a script that set the variables which a job names, as `aptlet status --env` has them."""
    if not job.get("env"):
        return ""
    # without a Python of this machine that would be taken for the image's
    said = subprocess.run([binary, "status", "--env", "--dest", place], env={"PATH": "/nowhere"}, text=True,
                          capture_output=True, check=True).stdout  # fmt: skip
    lines = dict(re.match(r"(?:# )?(\w+)=(.*)", line).groups() for line in reversed(said.splitlines()))
    missing = [name for name in job["env"] if name not in lines]
    if missing:
        return f"echo 'aptlet status --env has no {' '.join(missing)}' >&2; exit 99\n"
    return "".join(f"export {name}='{lines[name]}'\n" for name in job["env"])
