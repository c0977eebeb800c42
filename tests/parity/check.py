#!/usr/bin/python3
"""Whether answers of a resolver are valid. It shares nothing with aptlet's resolver.

usage: check.py [--base STATUS] [--arch ARCH] PACKAGES… <ANSWERS

ANSWERS are the lines of JSON that the example `resolve` prints. An answer is valid if it satisfies its request; if
each of its packages exists in the index; if it has one version of a name; if the Pre-Depends and Depends of each of
its packages hold within it and the base; and if nothing in it conflicts with or breaks another package of it or of
the base (Debian Policy 7.2 to 7.5). Each fault is printed; the exit code is 1 if there is one.
"""

import argparse
import functools
import json
import re
import sys
from collections import defaultdict

FIELDS = {"Package", "Version", "Architecture", "Multi-Arch", "Status", "Priority", "Pre-Depends", "Depends",
          "Recommends", "Conflicts", "Breaks", "Provides"}
RELATION = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9+.\-]*)(?::(?P<arch>[a-z0-9-]+))?"
    r"(?:\s*\(\s*(?P<operator><<|<=|=|>=|>>|<|>)\s*(?P<version>[^\s()]+)\s*\))?\s*")


def stanzas(lines):
    """The fields that matter of each stanza of a control file (Debian Policy 5.1)."""
    fields, last = {}, None
    for line in lines:
        if line.isspace():
            if fields:
                yield fields
            fields, last = {}, None
        elif line[0] in " \t":
            if last in FIELDS:
                fields[last] += line
        else:
            last, _, value = line.partition(":")
            if last in FIELDS:
                fields[last] = value.strip()
    if fields:
        yield fields


def weight(character):
    """deb-version(7): '~' before the end of a part, that before letters, those before everything else."""
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256


def part_key(part):
    """Makes upstream versions, or revisions, comparable: text and numbers in turns, as deb-version(7) says."""
    key = []
    for text, digits in re.findall(r"([^0-9]*)([0-9]*)", part):
        # the 0 is the end of the text, after '~' and before everything else
        key.append(tuple(weight(character) for character in text) + (0,))
        key.append(int(digits or 0))
    # what is missing in the shorter of two counts as empty text and 0, which the last match, always empty, is
    return key


@functools.cache
def version_key(version):
    """A key that sorts versions as dpkg does (Debian Policy 5.6.12)."""
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, hyphen, revision = rest.rpartition("-")
    if not hyphen:
        upstream, revision = rest, "0"
    return int(epoch), part_key(upstream), part_key(revision)


def compares(left, operator, right):
    """Whether `left operator right` holds for two versions; '<' and '>' mean what they meant to old dpkgs."""
    left, right = version_key(left), version_key(right)
    return {"<<": left < right, "<=": left <= right, "<": left <= right, "=": left == right,
            ">=": left >= right, ">": left >= right, ">>": left > right}[operator]


class Relation:
    """One alternative: a name, perhaps an architecture, perhaps an operator and a version."""

    def __init__(self, text):
        match = RELATION.fullmatch(text)
        if not match:
            raise ValueError(f"not a relation: {text!r}")
        self.name, self.arch = match["name"], match["arch"]
        self.operator, self.version = match["operator"], match["version"]

    def __str__(self):
        arch = f":{self.arch}" if self.arch else ""
        return self.name + arch + (f" ({self.operator} {self.version})" if self.operator else "")


def relations(text):
    """The groups of alternatives of a relation field (Debian Policy 7.1)."""
    return [[Relation(alternative) for alternative in group.split("|")]
            for group in text.split(",") if group.strip()]


class Package:
    """One version of a package."""

    def __init__(self, fields):
        self.name, self.version = fields["Package"], fields["Version"]
        self.arch, self.multi_arch = fields.get("Architecture", ""), fields.get("Multi-Arch", "no")
        self.priority = fields.get("Priority", "")
        self.fields = fields
        self.parsed = {}

    def __str__(self):
        return f"{self.name} {self.version}"

    def groups(self, *names):
        for name in names:
            if name not in self.parsed:
                self.parsed[name] = relations(self.fields.get(name, ""))
            yield from self.parsed[name]

    def provides(self):
        return [relation for group in self.groups("Provides") for relation in group]

    def satisfies(self, relation, native, negative=False):
        """Whether this is what a relation speaks of, by its name or by what it provides (Debian Policy 7.5).

        `name:any` is a dependency on what says `Multi-Arch: allowed`, but a conflict with every architecture's.
        """
        if relation.arch == "any":
            if self.multi_arch != "allowed" and not negative:
                return False
        elif relation.arch not in (None, native, "all"):
            return False
        if self.name == relation.name:
            if not relation.operator or compares(self.version, relation.operator, relation.version):
                return True
        return any(
            provided.name == relation.name
            and (not relation.operator
                 or (provided.operator == "=" and compares(provided.version, relation.operator, relation.version)))
            for provided in self.provides())


class Universe:
    """All that there is: the packages of the index, and those of the base, which are there already."""

    def __init__(self, packages, base=(), native="amd64"):
        self.native = native
        self.versions, self.providers = defaultdict(list), defaultdict(list)
        for package in packages:
            if package.arch in (native, "all"):
                self.versions[package.name].append(package)
                for provided in package.provides():
                    self.providers[provided.name].append(package)
        self.base = {package.name: package for package in base}

    @classmethod
    def read(cls, paths, base=None, native="amd64"):
        def packages(path):
            with open(path, encoding="utf-8") as file:
                yield from map(Package, stanzas(file))
        installed = packages(base) if base else ()
        return cls((package for path in paths for package in packages(path)),
                   (package for package in installed if package.fields["Status"].endswith(" installed")), native)

    def faults(self, request, answer):
        """What is wrong with an answer, as sentences. It is a list of `name=version`."""
        chosen, faults = dict(self.base), []
        listed = [text.split("=", 1) for text in answer]
        for name, version in listed:
            known = [package for package in self.versions[name] if package.version == version]
            if not known:
                faults.append(f"{name} {version} is not in the index")
                continue
            if [other for other, _ in listed].count(name) > 1:
                faults.append(f"{name} is chosen more than once")
            if name in self.base:
                faults.append(f"{name} is in the base already, in version {self.base[name].version}")
            chosen[name] = known[0]
        return faults + self.broken(chosen) + self.unanswered(request, chosen)

    def broken(self, chosen):
        """Relations that do not hold among packages that are installed together."""
        faults = []
        whole = defaultdict(list)
        for package in chosen.values():
            for name in {package.name, *(provided.name for provided in package.provides())}:
                whole[name].append(package)
        for package in chosen.values():
            for group in package.groups("Pre-Depends", "Depends"):
                if not any(other.satisfies(relation, self.native)
                           for relation in group for other in whole[relation.name]):
                    faults.append(f"{package} needs {' | '.join(map(str, group))}")
            for relation in (relation for group in package.groups("Conflicts", "Breaks") for relation in group):
                # Debian Policy 7.4: a package does not conflict with itself
                faults += [f"{package} excludes {relation}: {other}" for other in whole[relation.name]
                           if other is not package and other.satisfies(relation, self.native, negative=True)]
        return faults

    def unanswered(self, request, chosen):
        """What the request asks for and the answer does not have, or refuses and the answer has."""
        faults = []
        for word in request.split():
            name, _, version = word.partition("=")
            name, _, suite = name.partition("/")
            refused = name.endswith("-") and name not in self.versions
            name = name.removesuffix("-") if refused else name
            name = name.partition(":")[0]
            there = chosen.get(name)
            if refused:
                if there and name not in self.base:
                    faults.append(f"{name} was refused")
            elif self.versions[name] or version or suite:
                if not there or (version and there.version != version):
                    faults.append(f"{word} was asked for")
            elif not any(provided.name == name for package in chosen.values() for provided in package.provides()):
                faults.append(f"{word} was asked for, and nothing provides it")
        return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="+", metavar="PACKAGES")
    parser.add_argument("--base", metavar="STATUS")
    parser.add_argument("--arch", default="amd64")
    arguments = parser.parse_args()
    universe = Universe.read(arguments.packages, arguments.base, arguments.arch)
    found = 0
    for line in sys.stdin:
        answer = json.loads(line)
        if "packages" in answer:
            faults = universe.faults(answer["request"], answer["packages"])
            found += len(faults)
            for fault in faults:
                print(f"{answer['request']}: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
