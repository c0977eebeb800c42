"""What a Debian mirror says of its packages and their files: a cache of indexes, without signatures, for the tools here."""

import gzip
import lzma
import pathlib
import re
import urllib.request

COMMANDS = ("usr/bin/", "bin/", "usr/sbin/", "sbin/", "usr/games/")


def mirror():
    """The first mirror of Debian that this machine's apt uses, else Debian's own."""
    lists = [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*")]
    for path in lists:
        found = re.search(r"^[^#\n]*?(https?://\S+/debian)/?(?:\s|$)", path.read_text() if path.is_file() else "", re.M)
        if found:
            return found.group(1)
    return "http://ftp.debian.org/debian"


class Suite:
    """A suite's main component for one architecture."""

    def __init__(self, name, cache, architecture="amd64"):
        self.name, self.cache, self.architecture = name, pathlib.Path(cache), architecture
        self.cache.mkdir(parents=True, exist_ok=True)

    def _get(self, path):
        kept = self.cache / (self.name + "_" + path.replace("/", "_"))
        if not kept.exists():
            with urllib.request.urlopen(f"{mirror()}/dists/{self.name}/{path}", timeout=120) as answer:
                data = answer.read()
            part = kept.with_suffix(".part")
            part.write_bytes(data)
            part.rename(kept)
        return kept

    def files(self):
        """All files: path, and the packages that have it."""
        for architecture in (self.architecture, "all"):
            with gzip.open(self._get(f"main/Contents-{architecture}.gz"), "rt", encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    path, _, locations = line.rstrip("\n").rpartition(" ")
                    if "\t" in locations:
                        more, _, locations = locations.rpartition("\t")
                        path += " " + more
                    yield path.rstrip(), [location.rpartition("/")[2] for location in locations.split(",")]

    def commands(self):
        """The packages that have each command."""
        found = {}
        for path, packages in self.files():
            for folder in COMMANDS:
                if path.startswith(folder) and "/" not in path[len(folder):]:
                    found.setdefault(path[len(folder):], set()).update(packages)
        return found

    def libraries(self):
        """The packages that have each shared library with a number, where the dynamic linker looks for it."""
        found = {}
        place = re.compile(r"(?:usr/)?lib/(?:[^/]+-gnu/)?(lib[^/]+\.so\.[^/]+)$")
        for path, packages in self.files():
            library = place.match(path)
            if library:
                found.setdefault(library.group(1), set()).update(packages)
        return found

    def packages(self):
        """The names of packages, and what each needs: the first alternative of each relation."""
        needs = {}
        with lzma.open(self._get(f"main/binary-{self.architecture}/Packages.xz"), "rt", encoding="utf-8") as text:
            name = None
            for line in text:
                if line.startswith("Package: "):
                    name = line[9:].strip()
                    needs.setdefault(name, set())
                elif line.startswith(("Depends: ", "Pre-Depends: ")) and name:
                    for relation in line.partition(": ")[2].split(","):
                        needs[name].add(re.split(r"[\s(:|]", relation.strip(), maxsplit=1)[0])
        return needs


def closure(needs, name):
    """All that a package brings with it."""
    seen, todo = set(), [name]
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo.extend(needs.get(one, ()))
    return seen


