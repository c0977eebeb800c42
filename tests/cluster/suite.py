"""How a test is written and run.

    from suite import test

    @test(seconds=20)
    def jq_in_busybox(ns):
        ns.apply(ns.manifest("pod.yaml"))
        ns.succeeds("pod/jq")
        ns.equal("its output", ns.logs("jq"), "2\\n")
        return "jq -n 1+1 says 2"

A test is a function of a module in cases/, and gets a namespace of its own, which enforces `restricted`. What it returns is the
last column of the table. Tests run side by side, the longest first; one that disturbs others (`alone=True`) runs after them.
`node=True` needs the node itself, `long=True` is run with --long or by its name only, `standard="privileged"` enforces another Pod
Security Standard, and `each={"debian": images.DEBIAN}` makes a test of each entry, whose value the function gets as well.
"""

import contextlib
import functools
import importlib
import pathlib
import re
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from cluster import Refused, Skipped
from namespace import Namespace, seconds_between  # noqa: F401  # tests take it from here

TESTS = []


class Test:
    def __init__(self, function, name, seconds, alone, node, long, standard):
        self.function, self.seconds, self.alone = function, seconds, alone
        self.node, self.long, self.standard = node, long, standard
        self.module = function.__module__.rsplit(".", 1)[-1]
        self.name = f"{self.module}.{name}"
        self.of = f"{self.module}.{function.__name__}"

    def __call__(self, ns):
        return self.function(ns)


def test(seconds=20, alone=False, node=False, long=False, standard="restricted", each=None):
    """Makes a function a test. seconds: about how long it takes, which only orders them."""

    def register(function):
        for name, value in (each or {"": None}).items():
            one = functools.partial(function, **{"each": value}) if each else function
            functools.update_wrapper(one, function)
            full = f"{function.__name__}_{name}" if each else function.__name__
            TESTS.append(Test(one, full, seconds, alone, node, long, standard))
        return function

    return register


def load(folder=pathlib.Path(__file__).parent / "cases"):
    for path in sorted(folder.glob("*.py")):
        importlib.import_module(f"cases.{path.stem}")
    return TESTS


class World:
    """What all tests share: cluster, mirror, and the name of aptlet's image there."""

    def __init__(self, cluster, mirror, image, binary):
        self.cluster, self.mirror, self.image, self.binary = cluster, mirror, image, binary


class Row:
    """Of the table."""

    def __init__(self, test, result, seconds, seen):
        self.test, self.result, self.seconds, self.seen = test, result, seconds, seen


class Runner:
    def __init__(self, world, keep_failed=False):
        self.world, self.keep_failed = world, keep_failed
        self.rows, self.left, self.lock = [], [], threading.Lock()

    def say(self, text):
        with self.lock:
            print(text, flush=True)

    def one(self, test):
        begin, result, seen, said = time.monotonic(), "ok", "", []
        ns = Namespace(self.world, "t-" + re.sub(r"[^a-z0-9]+", "-", test.name.lower())[:50].strip("-"), test.standard)
        try:
            if test.node and not self.world.cluster.own:
                raise Skipped("needs the node itself")
            ns.open()
            seen = test(ns) or ""
        except Skipped as why:
            result, seen = "skip", str(why)
        except Exception as error:  # of whatever kind: the other tests go on
            result = "FAIL"
            known = isinstance(error, (AssertionError, Refused))
            seen = str(error) or type(error).__name__
            said = ([] if known else [traceback.format_exc()]) + list(ns.explain())
        seconds = time.monotonic() - begin
        row = Row(test, result, seconds, seen)
        if ns.opened and not (result == "FAIL" and self.keep_failed):
            with contextlib.suppress(Refused):
                ns.leave()
            self.left.append((ns, row))
        self.rows.append(row)
        self.say("".join(f"{part}\n" for part in said) + f"{result:4}  {test.name}  {seconds:.1f} s  {seen}")

    def clean(self):
        """Waits until every namespace is gone that was left: deleting one takes longer than many a test."""
        for ns, row in self.left:
            try:
                ns.close()
            except (Refused, OSError) as error:
                row.result, row.seen = "FAIL", f"{row.seen}; its namespace is not clean: {error}"
                self.say(f"FAIL  {row.test.name}: its namespace is not clean: {error}")
        self.left = []

    def run(self, tests, at_once, again=False):
        together = sorted((one for one in tests if not one.alone), key=lambda one: -one.seconds)
        pool = ThreadPoolExecutor(at_once)
        try:
            for future in [pool.submit(self.one, one) for one in together]:
                future.result()
        finally:
            # when it is interrupted, tests that run are not waited for
            pool.shutdown(wait=False, cancel_futures=True)
        self.clean()
        for one in tests:
            if one.alone:
                self.one(one)
        self.clean()
        for first in [row for row in self.rows if row.result == "FAIL"] if again else []:
            self.rows.remove(first)
            self.one(next(one for one in tests if one.name == first.test.name))
            self.rows[-1].seen = f"{self.rows[-1].seen}; the first time: {first.seen}"
        self.clean()

    def table(self):
        print("\n| test | seconds | seen |\n| --- | --- | --- |")
        for row in sorted(self.rows, key=lambda row: row.test.name):
            mark = {"ok": "", "FAIL": "**failed**: ", "skip": "skipped: "}[row.result]
            first = row.seen.splitlines()[0] if row.seen else ""
            print(f"| {row.test.name} | {row.seconds:.1f} | {mark}{first} |")

    def count(self, result):
        return sum(1 for row in self.rows if row.result == result)


def chosen(tests, names, long):
    """The tests of these modules or names; all but the long ones without any."""
    if not names:
        return [one for one in tests if long or not one.long]
    unknown = [name for name in names if not any(name in (one.module, one.name, one.of) for one in tests)]
    if unknown:
        sys.exit(f"cluster: no such case: {', '.join(unknown)}; there are {', '.join(sorted({one.module for one in tests}))}")
    return [one for one in tests if {one.module, one.name, one.of} & set(names)]
