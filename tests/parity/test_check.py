#!/usr/bin/python3
"""The check must find what is wrong with an answer."""

import io
import itertools
import shutil
import subprocess
import unittest
from pathlib import Path

import check
from sample import CLASSES, sample

INDEX = """\
Package: app
Version: 1:2.0-1
Architecture: amd64
Pre-Depends: libc (>= 2)
Depends: service | other, tool:any,
 interp (>= 3.1~)

Package: libc
Version: 2.36-9
Architecture: amd64

Package: libc
Version: 2.41-1
Architecture: amd64

Package: server
Version: 1
Architecture: all
Provides: service (= 3), unversioned
Conflicts: service (<< 5)
Depends: libc (= 2.36-9)

Package: server2
Version: 1
Architecture: all
Provides: service
Breaks: server (<= 1)

Package: tool
Version: 1
Architecture: amd64
Multi-Arch: allowed

Package: interp
Version: 3.1
Architecture: amd64

Package: foreign
Version: 1
Architecture: arm64

Package: needs-versioned
Version: 1
Architecture: all
Depends: service (>= 2)

Package: needs-unversioned
Version: 1
Architecture: all
Depends: unversioned (>= 2)

Package: needs-any
Version: 1
Architecture: all
Depends: interp:any

Package: excludes-any
Version: 1
Architecture: all
Conflicts: interp:any
"""
BASE = """\
Package: libc
Status: install ok installed
Version: 2.36-9
Architecture: amd64

Package: gone
Status: deinstall ok config-files
Version: 1
Architecture: amd64

Package: enemy
Status: hold ok installed
Version: 1
Architecture: amd64
Conflicts: interp
"""
GOOD = ["app=1:2.0-1", "libc=2.36-9", "server=1", "tool=1", "interp=3.1"]


def packages(text):
    return [check.Package(fields) for fields in check.stanzas(io.StringIO(text))]


class Answers(unittest.TestCase):
    def setUp(self):
        self.universe = check.Universe(packages(INDEX))

    def assertFault(self, request, answer, fault):
        self.assertIn(fault, self.universe.faults(request, answer))

    def test_a_good_answer_has_no_fault(self):
        self.assertEqual(self.universe.faults("app", GOOD), [])
        for request in ("app=1:2.0-1", "app/suite", "app:amd64", "app server2-", "unversioned"):
            self.assertEqual(self.universe.faults(request, GOOD), [], request)

    def test_each_package_that_is_removed_is_missed(self):
        for removed in GOOD:
            answer = [text for text in GOOD if text != removed]
            self.assertNotEqual(self.universe.faults("app", answer), [], removed)

    def test_what_breaks_another_is_found(self):
        self.assertFault("app", [*GOOD, "server2=1"], "server2 1 excludes server (<= 1): server 1")

    def test_a_conflict_is_not_with_oneself_and_only_with_versioned_provides_where_it_has_a_version(self):
        faults = self.universe.faults("app", [*GOOD, "server2=1"])
        self.assertEqual([fault for fault in faults if fault.startswith("server 1")], [])

    def test_another_version_is_found(self):
        answer = [text.replace("2.36-9", "2.41-1") for text in GOOD]
        self.assertFault("app", answer, "server 1 needs libc (= 2.36-9)")

    def test_versions_that_do_not_exist_are_found(self):
        self.assertFault("tool", ["tool=2"], "tool 2 is not in the index")
        self.assertFault("foreign", ["foreign=1"], "foreign 1 is not in the index")

    def test_two_versions_of_one_package_are_found(self):
        self.assertFault("app", [*GOOD, "libc=2.41-1"], "libc is chosen more than once")

    def test_requests_must_be_met(self):
        self.assertFault("app tool", ["libc=2.36-9"], "tool was asked for")
        self.assertFault("libc=2.41-1", ["libc=2.36-9"], "libc=2.41-1 was asked for")
        self.assertFault("app server-", GOOD, "server was refused")
        self.assertFault("service", ["tool=1"], "service was asked for, and nothing provides it")
        self.assertFault("unheard-of", ["tool=1"], "unheard-of was asked for, and nothing provides it")

    def test_a_relation_with_a_version_needs_a_provides_with_a_version(self):
        there = ["server=1", "libc=2.36-9"]
        self.assertEqual(self.universe.faults("needs-versioned", ["needs-versioned=1", *there]), [])
        self.assertFault("needs-unversioned", ["needs-unversioned=1", *there],
                         "needs-unversioned 1 needs unversioned (>= 2)")

    def test_any_asks_for_multi_arch_allowed_in_dependencies_only(self):
        self.assertFault("needs-any", ["needs-any=1", "interp=3.1"], "needs-any 1 needs interp:any")
        self.assertFault("excludes-any", ["excludes-any=1", "interp=3.1"],
                         "excludes-any 1 excludes interp:any: interp 3.1")

    def test_a_base_satisfies_and_conflicts(self):
        installed = [package for package in packages(BASE) if package.fields["Status"].endswith(" installed")]
        self.universe = check.Universe(packages(INDEX), installed)
        self.assertEqual(self.universe.faults("server", ["server=1"]), [])
        self.assertEqual(self.universe.faults("libc", []), [])
        self.assertFault("interp", ["interp=3.1"], "enemy 1 excludes interp: interp 3.1")
        self.assertFault("libc", ["libc=2.41-1"], "libc is in the base already, in version 2.36-9")
        self.assertFault("gone", [], "gone was asked for, and nothing provides it")

    def test_a_bad_relation_is_an_error(self):
        with self.assertRaises(ValueError):
            check.relations("a (>= 1")


class Versions(unittest.TestCase):
    SAMPLE = ("0", "1.0", "1.0~", "1.0~~", "1.0~~a", "1.0a", "1.0+", "1.0-1", "1.0-1~x", "1.0-1+b1", "1:0", "00", "1.",
              "1.0.", "1.00", "1.0-0", "2:1-2-3", "1.2.3-4", "1.10", "1.9", "1.0ab", "1.0a+", "1.0a1", "10")

    @unittest.skipUnless(shutil.which("dpkg"), "skipped: no dpkg")
    def test_the_order_is_that_of_dpkg(self):
        for left, right in itertools.product(self.SAMPLE, repeat=2):
            for operator in ("<<", "="):
                code = subprocess.run(["dpkg", "--compare-versions", left, operator, right], check=False).returncode
                self.assertEqual(check.compares(left, operator, right), code == 0, (left, operator, right))

    def test_old_operators_include_equality(self):
        self.assertTrue(check.compares("1", "<", "1") and check.compares("1", ">", "1"))
        self.assertFalse(check.compares("1", "<<", "1") or check.compares("1", ">>", "1"))


class Samples(unittest.TestCase):
    def test_a_seed_gives_the_same_requests_and_pairs_exclude_each_other(self):
        universe = check.Universe(packages(INDEX))
        counts = dict.fromkeys(CLASSES, 3) | {"many": 0}
        first = sample(universe, "seed", counts)
        self.assertEqual(first, sample(universe, "seed", counts))
        self.assertEqual([kind for kind, _ in first], [kind for kind in CLASSES if kind != "many" for _ in range(3)])
        pairs = {frozenset(request.split()) for kind, request in first if kind == "pairs"}
        self.assertLessEqual(pairs, {frozenset(pair) for pair in
                                     (("server", "server2"), ("excludes-any", "interp"))})


if __name__ == "__main__":
    unittest.main()
