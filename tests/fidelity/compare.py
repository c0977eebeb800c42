"""Compares a tree that aptlet made for `/` with what `dpkg-deb -x` extracts of the same packages.

Compared for every path: type, mode, size, content, link target, time of modification, owner, group, and which names
are hard links of one file. Every difference has a class of CLASSES or none; one without a class is a fault.

The time of a directory is not compared with the extracted one but with the archive: tar sets it when it has passed the
directory's members, and what comes later spoils it (dpkg-deb puts symbolic links at an archive's end), so extracting
leaves the clock's time on many of them.
"""

import os
import re
import stat
import subprocess
import tarfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path

CLASSES = {
    "merged-usr": "what is shipped below `/bin`, `/sbin` and `/lib*` is below `/usr`; the links, and where they lead",
    "owner": "the user that ran aptlet; the note in the report counts them",
    "set-id": "bits of files dropped; a note in the report names each",
    "device": "device nodes left out",
    "database": "added: `var/lib/dpkg`",
    "records": "added: `var/lib/aptlet`",
    "alternatives": "added, where the postinst calls `update-alternatives`: `etc/alternatives`, and links to it",
    "accounts": "added, where a script or a sysusers.d file makes accounts: `etc/passwd`, `etc/group`",
    "certificates": "added, where certificates are shipped: `etc/ssl/certs`, `etc/ca-certificates.conf`",
    "tmpfiles": "added, where a tmpfiles.d file asks for it: folders, links",
    "caches": "added, where there is what they are made from: those of the linker, GSettings, gdk-pixbuf, MIME, Graphviz, input methods, hardware, XML, SGML, word lists",
    "scripts": "added, where a script names it: folders, empty files, links, copies of configuration",
}
# Of these, what `--owners keep` as root leaves.
KEPT = CLASSES.keys() - {"owner", "set-id", "device"}
ALIASES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32")
SET_ID = stat.S_ISUID | stat.S_ISGID
TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}
CACHE = re.compile(
    r"etc/ld\.so\.cache|usr/share/mime(/.*)?|usr/share/glib-2\.0/schemas/gschemas\.compiled"
    r"|usr/lib/[^/]+/(gdk-pixbuf-2\.0/2\.10\.0/loaders\.cache|graphviz/config6a)|etc/R/Renviron"
    r"|usr/(local/)?share/applications/mimeinfo\.cache|usr/lib/udev/hwdb\.bin|usr/lib/[^/]+/gtk-3\.0/3\.0\.0/immodules\.cache"
    r"|etc/(xml|sgml|dictionaries-common)(/.*)?|var/lib/(xml-core|sgml-base|dictionaries-common)(/.*)?"
)
CACHED = re.compile(
    r"/gdk-pixbuf-2\.0/2\.10\.0/loaders/|/graphviz/libgvplugin_|\.ucf$|/gtk-3\.0/3\.0\.0/immodules/|/dictionaries-common/|/udev/hwdb\.d/"
    r"|/share/(applications|xml|sgml|xml-core|sgml-base)/"
)
ACCOUNTS = re.compile(r"\b(add(user|group)|(user|group)(add|mod)|gpasswd)\b")


@dataclass
class Entry:
    """What lstat(2) says of a path; `path` is where it is."""

    path: str
    type: str
    mode: int
    size: int
    time: int
    target: str
    owner: tuple
    inode: tuple

    @classmethod
    def of(cls, path):
        seen = os.lstat(path)
        type_ = TYPES.get(stat.S_IFMT(seen.st_mode), "other")
        return cls(
            path=path,
            type=type_,
            mode=stat.S_IMODE(seen.st_mode),
            size=seen.st_size if type_ == "file" else 0,
            time=seen.st_mtime_ns,
            target=os.readlink(path) if type_ == "link" else "",
            owner=(seen.st_uid, seen.st_gid),
            inode=(seen.st_dev, seen.st_ino),
        )


@dataclass(frozen=True)
class Difference:
    """One path that differs; `kind` is one of CLASSES, or None for a fault."""

    place: str
    kind: str | None
    text: str

    def __str__(self):
        return f"{self.place.encode('utf-8', 'backslashreplace').decode()}: {self.text}"


def merged(path):
    """The place in a merged-usr tree of a path as a package has it, both relative."""
    first, _, rest = path.partition("/")
    return f"usr/{path}" if first in ALIASES and rest else path


def read_tree(root):
    """All entries below a folder and itself, by their paths relative to it."""
    found = {".": Entry.of(str(root))}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = Entry.of(path)
    return found


class Archive:
    """What a `.deb` itself says, read by dpkg-deb and Python's tarfile."""

    def __init__(self, deb):
        self.deb = deb
        self.members = []
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as process:
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                self.members = list(archive)
        if process.returncode:
            raise ValueError(f"dpkg-deb --fsys-tarfile failed on {deb}")

    @cached_property
    def control(self):
        """The texts of its control files by their names."""
        done = subprocess.run(["dpkg-deb", "--ctrl-tarfile", self.deb], stdout=subprocess.PIPE, check=True)
        with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
            return {
                os.path.normpath(member.name): archive.extractfile(member).read().decode("utf-8", "surrogateescape")
                for member in archive
                if member.isfile()
            }

    @cached_property
    def parts(self):
        """The names of its parts after `debian-binary`, which tell their compression."""
        names = []
        with open(self.deb, "rb") as file:
            file.seek(8)
            while header := file.read(60):
                names.append(header[:16].decode().rstrip(" /"))
                size = int(header[48:58])
                file.seek(size + size % 2, os.SEEK_CUR)
        return names[1:]

    @cached_property
    def conffiles(self):
        lines = [line.split() for line in self.control.get("conffiles", "").splitlines() if line.strip()]
        return [words[0] for words in lines if words[0].startswith("/")]

    @cached_property
    def set_id(self):
        """The paths of files with set-id bits and their modes."""
        return {
            os.path.normpath(member.name): member.mode
            for member in self.members
            if (member.isreg() or member.islnk()) and member.mode & SET_ID
        }

    @property
    def hard_links(self):
        return sum(member.islnk() for member in self.members)

    @property
    def foreign(self):
        """How many members do not belong to root."""
        return sum((member.uid, member.gid) != (0, 0) for member in self.members)

    @cached_property
    def newest(self):
        """The time of the newest member, in nanoseconds."""
        return max((int(member.mtime) for member in self.members), default=0) * 10**9

    @cached_property
    def directory_times(self):
        """In nanoseconds, by the place."""
        times = [(os.path.normpath(member.name), int(member.mtime)) for member in self.members if member.isdir()]
        return {merged(name): time * 10**9 for name, time in times if name not in ALIASES}

    def names(self, place):
        """Whether its scripts for an installation name a place: as a whole, or a folder and what is in it apart, as loops and functions do."""
        scripts = self.control.get("postinst", "") + self.control.get("preinst", "")
        scripts = re.sub(r"\$DPKG_ROOT|\$\{DPKG_ROOT(:-)?\}", "", scripts)

        def said(path, not_after, end):
            return re.search(rf"(?<!{not_after}){re.escape(path)}{end}", scripts)

        def whole(path, end):
            return said(f"/{path}", r"[\w.-]", end) or said(path, r"[\w./-]", end)

        word, ended = r"(?![\w.-])", r"""/?(?=[\s;"'&|)]|$)"""
        parts = place.split("/")
        cuts = [("/".join(parts[:cut]), "/".join(parts[cut:])) for cut in range(1, len(parts))]
        return bool(whole(place, ended) or any(whole(folder, word) and said(inside, r"[\w.-]", word) for folder, inside in cuts))

    def declares(self, kind, extracted):
        """Whether the package has what a class of additions comes from."""
        postinst = self.control.get("postinst", "")
        if kind == "caches":
            sources = ("etc/ld.so.conf", "usr/share/mime/packages/", "usr/share/glib-2.0/schemas/")
            return any(place.startswith(sources) or CACHED.search(place) for place in extracted)
        if kind == "alternatives":
            return "update-alternatives" in postinst
        if kind == "accounts":
            scripts = postinst + self.control.get("preinst", "")
            return bool(ACCOUNTS.search(scripts)) or any(
                place.startswith(("usr/lib/sysusers.d/", "usr/share/base-passwd/")) for place in extracted
            )
        if kind == "certificates":
            return any(place.startswith("usr/share/ca-certificates/") for place in extracted)
        return True


class Archives:
    """Several archives, in the order in which they were extracted into one folder, as if they were one."""

    def __init__(self, archives):
        self.archives = archives
        self.newest = max(archive.newest for archive in archives)
        self.directory_times = {}
        for archive in archives:
            self.directory_times |= archive.directory_times

    def declares(self, kind, extracted):
        return any(archive.declares(kind, extracted) for archive in self.archives)

    def names(self, place):
        return any(archive.names(place) for archive in self.archives)


def asked_for(extracted):
    """The folders and links of tmpfiles.d(5)."""
    lines = [
        line.split()
        for place, entry in extracted.items()
        if place.startswith("usr/lib/tmpfiles.d/") and place.endswith(".conf") and entry.type == "file"
        for line in Path(entry.path).read_text().splitlines()
    ]
    return {line[1].strip("/") for line in lines if len(line) > 1 and line[0][0] in "dDvqQL"}


def hard_links(found):
    """The sets of names of one file, for each name."""
    by_inode = defaultdict(set)
    for place, entry in found.items():
        if entry.type != "directory":
            by_inode[entry.inode].add(place)
    return {place: names for names in by_inode.values() for place in names}


def same_content(one, other):
    with open(one, "rb") as left, open(other, "rb") as right:
        while chunk := left.read(1 << 20):
            if chunk != right.read(1 << 20):
                return False
        return not right.read(1)


def addition(place, entry, asked):
    """The class that something only in the tree would be of, by its place."""
    for alias in ALIASES:
        if (place, entry.target) == (alias, f"usr/{alias}") or (place == f"usr/{alias}" and entry.type == "directory"):
            return "merged-usr"
    for folder, kind in (
        ("var/lib/dpkg", "database"),
        ("var/lib/aptlet", "records"),
        ("etc/alternatives", "alternatives"),
        ("etc/ssl/certs", "certificates"),
    ):
        if place == folder or place.startswith(f"{folder}/"):
            return kind
    if entry.target.startswith("/etc/alternatives/"):
        return "alternatives"
    if place in ("etc/passwd", "etc/group"):
        return "accounts"
    if place == "etc/ca-certificates.conf":
        return "certificates"
    if CACHE.fullmatch(place):
        return "caches"
    return "tmpfiles" if place in asked else None


class Comparison:
    """A tree beside what was extracted of its packages."""

    def __init__(self, tree, extracted, archive, runner, allowed=CLASSES.keys()):
        """`runner` is the user and group that aptlet ran as, `allowed` the classes that may occur."""
        self.ours, self.archive, self.runner, self.allowed = read_tree(tree), archive, runner, allowed
        self.theirs, self.differences = {}, []
        for path, entry in read_tree(extracted).items():
            place = merged(path)
            if path in ALIASES:
                self.differ(path, "merged-usr", "a folder of the package")
                continue
            if place != path:
                self.differ(place, "merged-usr", f"shipped as {path}")
            if place in self.theirs and not self.theirs[place].type == entry.type == "directory":
                self.differ(place, None, "shipped on both sides of merged-usr")
            self.theirs[place] = entry
        self.compare()

    @property
    def faults(self):
        return [difference for difference in self.differences if difference.kind is None]

    @property
    def counts(self):
        return Counter(difference.kind for difference in self.differences if difference.kind)

    def differ(self, place, kind, text):
        self.differences.append(Difference(place, kind if kind in self.allowed else None, text))

    def compare(self):
        ours, theirs = self.ours, self.theirs
        our_links, their_links = hard_links(ours), hard_links(theirs)
        self.additions()
        for place in sorted(theirs):
            one, other = ours.get(place), theirs[place]
            if one is None:
                kind = "device" if other.type == "device" else None
                self.differ(place, kind, f"missing, dpkg-deb has a {other.type}")
            elif one.type != other.type:
                self.differ(place, None, f"{one.type}, dpkg-deb {other.type}")
            else:
                self.compare_entries(place, one, other)
                if our_links.get(place) != their_links.get(place):
                    names, others = sorted(our_links[place]), sorted(their_links[place])
                    self.differ(place, None, f"hard links {names}, dpkg-deb {others}")

    def compare_entries(self, place, one, other):
        if one.mode != other.mode:
            dropped = one.type == "file" and one.mode == other.mode & ~SET_ID
            self.differ(place, "set-id" if dropped else None, f"mode {one.mode:04o}, dpkg-deb {other.mode:04o}")
        if one.owner != other.owner:
            kind = "owner" if one.owner == self.runner else None
            self.differ(place, kind, f"owner {one.owner}, dpkg-deb {other.owner}")
        if one.target != other.target:
            self.differ(place, None, f"target {one.target!r}, dpkg-deb {other.target!r}")
        # a directory that is no member has no time to go by
        time = other.time
        if one.type == "directory":
            time = self.archive.directory_times.get(place, self.archive.newest)
        if one.time != time:
            self.differ(place, None, f"{one.type} has time {one.time}, the package {time}")
        if one.type == "file" and (one.size != other.size or not same_content(one.path, other.path)):
            self.differ(place, None, f"content, sizes {one.size} and {other.size}")

    def additions(self):
        """Whatever is only in the tree must be what aptlet adds, for a reason, and be as such things are."""
        asked = asked_for(self.theirs)
        more = {place: entry for place, entry in self.ours.items() if place not in self.theirs}
        kinds = {place: addition(place, entry, asked) for place, entry in more.items()}
        kinds |= {place: "scripts" for place, kind in kinds.items() if not kind and self.archive.names(place)}
        above = {}
        for place, kind in kinds.items():
            if kind:
                for parent in list(Path(place).parents)[:-1]:
                    above.setdefault(str(parent), kind)
        for place, entry in sorted(more.items()):
            kind = kinds[place] or (above.get(place) if entry.type == "directory" else None)
            if kind is None:
                self.differ(place, None, f"{entry.type} only in the tree")
            elif not self.archive.declares(kind, self.theirs):
                self.differ(place, None, f"{entry.type} only in the tree, but nothing in the package asks for {kind}")
            else:
                self.differ(place, kind, f"{entry.type} added")
            if entry.owner != self.runner or (entry.type == "file" and entry.mode & SET_ID):
                self.differ(place, None, f"added with owner {entry.owner}, mode {entry.mode:04o}")
            if entry.time != self.archive.newest:
                self.differ(place, None, f"added with time {entry.time}, the newest member has {self.archive.newest}")
