"""Requests to compare: random ones by seed, awkward pairs, and what people install."""

import itertools
import random
from collections import defaultdict
from pathlib import Path

CLASSES = ("single", "few", "many", "choices", "pairs", "popular")


def sample(universe, seed, counts):
    """`(class, request)`, as many of each class as `counts` says. A larger count begins with the smaller one's."""
    names = sorted(universe.versions)

    def drawn(kind, draw):
        dice = random.Random(f"{seed}/{kind}")
        while True:
            yield kind, draw(dice)

    enemies = excluding(universe) if counts["choices"] else {}
    draws = {
        "single": drawn("single", lambda dice: dice.choice(names)),
        "few": drawn("few", lambda dice: " ".join(dice.sample(names, dice.randint(2, 4)))),
        "many": drawn("many", lambda dice: " ".join(dice.sample(names, 12))),
        "choices": drawn("choices", lambda dice: choice(universe, enemies, names, dice)),
        "pairs": drawn("pairs", lambda dice: excluding_pair(universe, names, dice)),
        "popular": (("popular", name) for name in popular()),
    }
    return [request for kind in CLASSES for request in itertools.islice(draws[kind], counts[kind])]


def popular():
    text = Path(__file__).with_name("popular").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def named(universe, relation, negative=False):
    """The names of all that satisfies a relation."""
    known = universe.versions.get(relation.name, []) + universe.providers.get(relation.name, [])
    return {other.name for other in known if other.satisfies(relation, universe.native, negative)}


def excluding_pair(universe, names, dice):
    """Two packages of which one conflicts with the other or breaks it, by name or by what that provides."""
    while True:
        package = universe.versions[dice.choice(names)][0]
        relations = (relation for group in package.groups("Conflicts", "Breaks") for relation in group)
        others = set().union(*(named(universe, relation, negative=True) for relation in relations)) - {package.name}
        if others:
            return shuffled([package.name, dice.choice(sorted(others))], dice)


def excluding(universe):
    """By name, what conflicts with a package or breaks it."""
    enemies = defaultdict(set)
    for versions in universe.versions.values():
        for package in versions:
            for group in package.groups("Conflicts", "Breaks"):
                for relation in group:
                    for name in named(universe, relation, negative=True) - {package.name}:
                        enemies[name].add(package.name)
    return enemies


def choice(universe, enemies, names, dice):
    """A package that depends on one thing or another, with what speaks against the first: another, or an enemy."""
    while True:
        package = universe.versions[dice.choice(names)][0]
        groups = [group for group in package.groups("Pre-Depends", "Depends")
                  if sum(len(named(universe, relation)) for relation in group) > 1]
        if not groups:
            continue
        group = dice.choice(groups)
        options = sorted(set().union(*(named(universe, relation) for relation in group)))
        first = sorted(named(universe, group[0]))
        others = options if dice.random() < 0.5 else sorted(enemies.get(dice.choice(first), ()) if first else ())
        if others:
            return shuffled([package.name, dice.choice(others)], dice)


def shuffled(pair, dice):
    dice.shuffle(pair)
    return " ".join(pair)
