"""All cases, by name: which kind of the world's repositories it is, and what builds one."""

import importlib
from dataclasses import dataclass

MODULES = ("stanzas", "odd", "base", "releases", "dates", "paths", "unneeded", "several", "lists", "pins", "trust", "archives", "writers", "between", "vendors", "aptsown", "reports")
CASES = {}


@dataclass(frozen=True)
class Case:
    """`build` gets a Site and gives back a Question. `first` puts it into the tenth, whatever its name."""

    name: str
    build: object
    first: bool = False


def case(name, first=False):
    def add(build):
        assert name not in CASES, f"two cases are called {name}"
        CASES[name] = Case(name, build, first)
        return build
    return add


def load():
    for module in MODULES:
        importlib.import_module(f"cases.{module}")
    return CASES
