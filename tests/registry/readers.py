"""Others who read what aptlet pushes: each case has a registry of its own, and programs of other projects look at what is there."""

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path


def said(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, check=False, **more)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout[-500:]}{done.stderr[-1500:]}")
    return done.stdout


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def needs(tool):
    """A case that is skipped where a tool is not there."""
    def needing(case):
        @functools.wraps(case)
        def wrapped(world):
            if not shutil.which(tool):
                world.skipped.append(f"{case.__name__}: {tool} is not there")
            else:
                case(world)
        return wrapped
    return needing


def pushed(world, name):
    """A static program as a root file system and as a volume, and a script for two architectures, in a registry of the case's own."""
    registry, folder = world.registry(f"for-{name}"), world.folder / "static"
    if not folder.exists():
        tree = folder / "tree"
        for place in (folder / "debs", tree / "DEBIAN", tree / "usr/bin"):
            place.mkdir(parents=True)
        (folder / "hello.c").write_text('#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n')
        (tree / "DEBIAN/control").write_text(
            "Package: hello\nVersion: 1.0\nArchitecture: amd64\nMaintainer: nobody <nobody@mirror.example>\nDescription: hello\n")
        said("cc", "-static", "-s", "-o", tree / "usr/bin/hello", folder / "hello.c")
        said("dpkg-deb", "--root-owner-group", "-b", tree, folder / "debs")
        world.index(folder)
    images = {}
    for kind, prefix in (("root", "/"), ("volume", "/p")):
        images[kind] = f"{registry.host}/{kind}:1"
        done = world.aptlet("bake", "hello", "--prefix", prefix, "--sources", folder / "a.list", "-o", f"oci://{images[kind]}")
        images[f"{kind} digest"] = done.stdout.strip()
    images["both"] = f"{registry.host}/both:1"
    images["both digest"] = world.aptlet("bake", "other", "--prefix", "/", "--arch", "amd64,arm64", "-o", f"oci://{images['both']}").stdout.strip()
    return images


@needs("umoci")
def umoci(world):
    """Unpacked, and started from there."""
    images, work = pushed(world, "umoci"), world.folder / "umoci"
    work.mkdir()
    said("skopeo", "copy", "--src-tls-verify=false", f"docker://{images['root']}", f"oci:{work}/layout:1")
    said("umoci", "unpack", *(["--rootless"] if os.geteuid() else []), "--image", f"{work}/layout:1", work / "bundle")
    check(said(work / "bundle/rootfs/usr/bin/hello") == "hello\n", "hello")


@needs("crane")
def crane(world):
    """Valid to the last digest of each layer, in the registry and in a file for docker."""
    images, archive = pushed(world, "crane"), world.folder / "crane.tar"
    for kind in ("root", "volume", "both"):
        told = said("crane", "--insecure", "validate", "--remote", images[kind])
        check(told.startswith("PASS"), told)
        check(said("crane", "--insecure", "digest", images[kind]).strip() == images[f"{kind} digest"], f"another digest of {kind}")
    world.aptlet("bake", "hello", "--prefix", "/", "--sources", world.folder / "static/a.list", "-o", f"docker-archive:{archive}:hello:1")
    told = said("crane", "validate", "--tarball", archive)
    check(told.startswith("PASS"), told)
    said("crane", "--insecure", "export", images["root"], world.folder / "exported.tar")
    names = said("tar", "-tf", world.folder / "exported.tar").split()
    check("usr/bin/hello" in names and "var/lib/dpkg/status" in names, names)


@needs("oras")
def oras(world):
    """Copied with all that refers to it, whose bills are those in the tree."""
    images, work = pushed(world, "oras"), world.folder / "oras"
    work.mkdir()
    home = dict(os.environ, HOME=str(work))
    manifest = json.loads(said("oras", "manifest", "fetch", "--plain-http", images["root"], env=home))
    check(manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json", manifest)
    check(len(json.loads(said("oras", "manifest", "fetch", "--plain-http", images["both"], env=home))["manifests"]) == 2, "an index of two")
    found = json.loads(said("oras", "discover", "--plain-http", "--format", "json", images["root"], env=home))
    referrers = {one["artifactType"]: one for one in found.get("referrers") or found["manifests"]}
    check(set(referrers) == {"application/spdx+json", "application/vnd.cyclonedx+json"}, found)
    said("oras", "copy", "--recursive", "--from-plain-http", images["root"], "--to-oci-layout", f"{work}/layout:1", env=home)
    said("umoci" if shutil.which("umoci") else "skopeo", *(["stat", "--image", f"{work}/layout:1"] if shutil.which("umoci") else ["inspect", f"oci:{work}/layout:1"]))
    repository = images["root"].rsplit(":", 1)[0]
    for kind, title in (("application/spdx+json", "sbom.spdx.json"), ("application/vnd.cyclonedx+json", "sbom.cdx.json")):
        said("oras", "pull", "--plain-http", "--output", work / "bills", f"{repository}@{referrers[kind]['digest']}", env=home)
        bill = json.loads((work / "bills" / title).read_text())
        names = {one["name"] for one in bill.get("packages", bill.get("components"))}
        check("hello" in names, names)


@needs("podman")
def podman(world):
    """Run, mounted as a volume, and copied from into an empty image, one of busybox, and a Debian."""
    if os.geteuid():
        world.skipped.append("podman: not root")
        return
    images, work = pushed(world, "podman"), world.folder / "podman"
    work.mkdir()
    # a store of its own, so that nothing stays in that of the machine
    command = ["podman", "--root", work / "store", "--runroot", work / "run", "--storage-driver", "vfs"]
    run = [*command, "run", "--rm", "--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
    for kind in ("root", "volume"):
        said(*command, "pull", "--quiet", "--tls-verify=false", images[kind])
    check(said(*run, images["root"], "/usr/bin/hello") == "hello\n", "run")
    mount = f"type=image,source={images['volume']},destination=/p"
    check(said(*run, "--mount", mount, images["root"], "/p/usr/bin/hello") == "hello\n", "as a volume")
    done = []
    for name, make in (("scratch", None), ("busybox", busybox), ("bookworm", bookworm)):
        base = "scratch"
        if make:
            archive = make(work / f"{name}.tar")
            if not archive:
                world.skipped.append(f"podman: nothing to make {name} of")
                continue
            base = f"localhost/{name}:1"
            said(*command, "import", "--quiet", archive, base)
        context = work / f"context-{name}"
        context.mkdir()
        (context / "Dockerfile").write_text(f"FROM {base}\nCOPY --from={images['volume']} / /p\nENV PATH=$PATH:/p/bin\n")
        said(*command, "build", "--quiet", "--isolation", "chroot", "--tag", f"localhost/with-{name}:1", context)
        check(said(*run, f"localhost/with-{name}:1", "/p/bin/hello") == "hello\n", f"copied into {name}")
        if make:
            check(said(*run, f"localhost/with-{name}:1", "sh", "-c", "hello") == "hello\n", f"by its name in {name}")
        done.append(name)
    print(f"  copied into {', '.join(done)}", end="")


@needs("oras")
def apt(world):
    """The layout of apt-transport-oci, both ways: `oras push` of a repository, as its documents have it, read by apt with that method and by aptlet."""
    method = shutil.which("apt-transport-oci") or "/usr/lib/apt/methods/oci"
    if not Path(method).exists():
        world.skipped.append("apt: apt-transport-oci is not there")
        return
    registry, work, debs = world.registry("for-apt"), world.folder / "apt", world.folder / "debs"
    work.mkdir()
    release = work / "repository/dists/stable/main/binary-amd64"
    pool = work / "repository/pool"
    release.mkdir(parents=True)
    pool.mkdir()
    for deb in debs.glob("*.deb"):
        shutil.copy(deb, pool)
    (release / "Packages").write_bytes((debs / "Packages").read_bytes().replace(b"Filename: ./", b"Filename: pool/"))
    (work / "repository/dists/stable/Release").write_text(said(
        "apt-ftparchive", "-o", "APT::FTPArchive::Release::Codename=stable", "-o", "APT::FTPArchive::Release::Architectures=amd64",
        "-o", "APT::FTPArchive::Release::Components=main", "release", work / "repository/dists/stable"))
    for name, root, line in (("whole", work / "repository", "stable main"), ("flat", debs, "./")):
        image = f"{registry.host}/{name}:1"
        files = [str(file.relative_to(root)) for file in sorted(root.rglob("*")) if file.is_file()]
        said("oras", "push", "--plain-http", "--image-spec=v1.0", image, *(f"{file}:application/octet-stream" for file in files), cwd=root,
             env=dict(os.environ, HOME=str(work)))
        source = work / f"{name}.list"
        source.write_text(f"deb [trusted=yes] oci://{image} {line}\n")
        world.aptlet("install", "tool", "--sources", source, "--dest", work / f"tree-{name}")
        check(said(work / f"tree-{name}/usr/bin/tool") == "tool 1.0\n", f"{name}: aptlet")
        # apt with folders of its own
        own = work / f"apt-{name}"
        for folder in ("state/lists/partial", "cache/archives/partial", "etc", "methods", "download"):
            (own / folder).mkdir(parents=True)
        for other in Path("/usr/lib/apt/methods").iterdir():
            (own / "methods" / other.name).symlink_to(other)
        (own / "methods/oci").unlink(missing_ok=True)
        (own / "methods/oci").symlink_to(method)
        (own / "status").touch()
        apt_get = ["apt-get", "-o", f"Dir::Etc={own}/etc", "-o", f"Dir::Etc::SourceList={source}", "-o", f"Dir::State={own}/state",
                   "-o", f"Dir::State::status={own}/status", "-o", f"Dir::Cache={own}/cache", "-o", f"Dir::Bin::methods={own}/methods",
                   "-o", "APT::Sandbox::User=root", "-o", "APT::Architecture=amd64"]
        said(*apt_get, "update")
        said(*apt_get, "download", "tool", "other", cwd=own / "download")
        for deb in (own / "download").iterdir():
            check(deb.read_bytes() == (debs / deb.name).read_bytes(), f"{name}: {deb.name} of apt is another")
        check(len(list((own / "download").iterdir())) == 2, f"{name}: apt has not got both")


def busybox(archive):
    program = Path("/bin/busybox")
    root = archive.with_suffix("")
    if not program.exists():
        return None
    (root / "bin").mkdir(parents=True)
    shutil.copy(program, root / "bin")
    (root / "bin/sh").symlink_to("busybox")
    said("tar", "-cf", archive, "-C", root, ".")
    return archive


def bookworm(archive):
    if not shutil.which("mmdebstrap"):
        return None
    said("mmdebstrap", "--quiet", "--variant=minbase", "bookworm", archive)
    return archive


ALL = (umoci, crane, oras, podman, apt)
