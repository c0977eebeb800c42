#!/usr/bin/python3
"""The comparison itself: that it sees each kind of difference, and that the table is held to what the cases show."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from apt import Result  # noqa: E402
from cases import load  # noqa: E402
from compare import HEADING, Accepted, accepted, compare, judge  # noqa: E402
from trees import versions  # noqa: E402

STATUS = "Package: tool\nMaintainer: x\nDescription: x\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\n\n" \
    "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n"
PAGE = f"""# Repositories

| `not/here` | only apt | another table |

{HEADING}

| cases | outcome | why |
| --- | --- | --- |
| `stanza/*/beside`, `base/x` | only aptlet | it is passed over |
| `trust/key-*` | only apt | too weak |
| words without a case | only apt | nothing |

## Next

| `other/case` | only apt | another table |
"""


class Comparing(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def tree(self, name, version="1.0", content="x", mode=0o644, link="target"):
        root = Path(self.folder.name) / name
        (root / "var/lib/dpkg").mkdir(parents=True)
        (root / "usr/share").mkdir(parents=True)
        (root / "bin").symlink_to("usr/bin")
        (root / "var/lib/dpkg/status").write_text(STATUS.format(version))
        (root / "usr/share/file").write_text(content)
        (root / "usr/share/file").chmod(mode)
        (root / "usr/share/link").symlink_to(link)
        return Result(True, "", root)

    def outcome(self, **other):
        return compare(self.tree("apt"), self.tree("aptlet", **other))

    def test_the_same(self):
        self.assertEqual(self.outcome(), ("same", []))

    def test_other_version(self):
        outcome, lines = self.outcome(version="1.1")
        self.assertEqual((outcome, lines[0]), ("other versions", "tool:amd64: apt 1.0, aptlet 1.1"))

    def test_other_content(self):
        for number, other in enumerate(({"content": "y"}, {"mode": 0o755}, {"link": "elsewhere"})):
            with self.subTest(other=other):
                outcome = compare(self.tree(f"apt{number}"), self.tree(f"aptlet{number}", **other))[0]
                self.assertEqual(outcome, "other content")

    def test_a_file_that_only_one_has(self):
        ours, theirs = self.tree("aptlet"), self.tree("apt")
        (ours.tree / "usr/share/more").write_text("")
        self.assertEqual(compare(theirs, ours)[0], "other content")

    def test_a_database_that_dpkg_cannot_read(self):
        ours = self.tree("aptlet")
        with (ours.tree / "var/lib/dpkg/status").open("a") as status:
            status.write("\nPackage: odd\nVersion: :1\n")
        self.assertEqual(compare(self.tree("apt"), ours)[0], "unreadable database")

    def test_success(self):
        good, bad = self.tree("good"), Result(False, "E: no")
        self.assertEqual([compare(*pair)[0] for pair in ((good, bad), (bad, good), (bad, bad))], ["only apt", "only aptlet", "both refuse"])

    def test_only_what_is_installed_counts(self):
        self.assertEqual(versions(self.tree("one").tree), {"tool:amd64": "1.0"})


class Table(unittest.TestCase):
    def test_rows(self):
        self.assertEqual(accepted(PAGE), [Accepted("stanza/*/beside", "only aptlet", "it is passed over"),
                                          Accepted("base/x", "only aptlet", "it is passed over"), Accepted("trust/key-*", "only apt", "too weak")])
        self.assertEqual(accepted("# Repositories"), [])

    def test_what_is_not_listed(self):
        outcomes = {"stanza/a/beside": "only aptlet", "base/x": "only aptlet", "trust/key-dsa": "only apt", "date/x": "both refuse", "date/y": "same"}
        self.assertEqual(judge(outcomes, accepted(PAGE), True), [])
        self.assertEqual(len(judge({**outcomes, "date/z": "only apt"}, accepted(PAGE), True)), 1)

    def test_another_outcome_is_not_listed(self):
        self.assertEqual(len(judge({"base/x": "only apt"}, accepted(PAGE), False)), 1)

    def test_a_row_that_is_true_of_no_case(self):
        self.assertEqual(len(judge({"base/x": "only aptlet", "trust/key-dsa": "same"}, accepted(PAGE), True)), 2)
        self.assertEqual(judge({"base/x": "only aptlet", "trust/key-dsa": "same"}, accepted(PAGE), False), [])

    def test_a_reason_is_needed(self):
        self.assertEqual(len(judge({"x": "only apt"}, [Accepted("x", "only apt", "")], True)), 1)

    def test_all_cases_load(self):
        names = list(load())
        self.assertGreaterEqual(len(names), 300)


if __name__ == "__main__":
    unittest.main()
