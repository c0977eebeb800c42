"""The tables of docs/reference/apt-get.md name what there is, in aptlet and in apt-get."""

import re
import shutil
import subprocess
import unittest

import markdown
import world
from test_documents import rows

TABLES = markdown.ROOT / "docs/reference/apt-get.md"
FLAGS = "## Commands and flags of apt-get"
SETTINGS = "## Settings of apt.conf"
# what is taken for apt's sake is in no help
ACCEPTED = {f"--{name}" for name in re.findall(r'"([a-z-]+)"', "".join((markdown.ROOT / "src" / file).read_text() for file in ("cli/apt.rs", "config/options/output.rs")))}


def table(heading):
    """The cells below a heading, each as its words in code."""
    return [[re.findall(r"`([^`]+)`", cell) for cell in row] for row in rows(TABLES, heading, "\n##")]


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def unknown(words):
    """The flags and commands of aptlet among words that it does not have."""
    helps = {name: said(world.BINARY, name, "--help").stdout for name in ("install", "lock", "watch")}
    for word in words:
        command = re.match(r"aptlet (\w+)", word)
        if command and said(world.BINARY, command[1], "--help").returncode:
            yield word
        for flag in re.findall(r"--[\w-]+", word):
            wanted = [helps[command[1]]] if command and command[1] in helps else helps.values()
            if flag in ACCEPTED and said(world.BINARY, "install", flag).stderr.count("unexpected argument") == 0:
                continue
            if word.startswith(("aptlet ", "--")) and not any(re.search(rf"{flag}\b(?!-)", text) for text in wanted):
                yield word


def apt_get_has(flag):
    """Whether it is a flag of one of the two commands; with --help, nothing is done."""
    calls = (said("apt-get", command, "--help", flag, "word") for command in ("install", "update"))
    return any("not understood" not in done.stderr for done in calls)


class Tables(unittest.TestCase):
    def test_aptlet_has_what_the_second_column_names(self):
        for heading in (FLAGS, SETTINGS):
            found = [word for _, new, *_ in table(heading) for word in new]
            self.assertGreater(len(found), 10)
            self.assertEqual(list(unknown(found)), [])
        self.assertEqual(len(list(unknown(["--no-such-flag", "aptlet fly", "aptlet install --listen"]))), 3)

    def test_flags_of_apt_get_mean_nothing_to_aptlet_where_it_has_others(self):
        for old, new, *_ in table(FLAGS):
            for flag in (word for word in old if re.fullmatch(r"--[\w-]+", word)):
                if flag not in new:
                    with self.subTest(flag):
                        self.assertEqual(said(world.BINARY, "install", flag, "jq").returncode, 2)

    @unittest.skipUnless(shutil.which("apt-get"), "skipped: no apt-get")
    def test_apt_get_has_the_flags_of_the_first_column(self):
        for old, *_ in table(FLAGS):
            for flag in (word for word in old if re.fullmatch(r"--?[\w-]+", word)):
                with self.subTest(flag):
                    self.assertTrue(apt_get_has(flag))
        self.assertFalse(apt_get_has("--no-such-flag"))


if __name__ == "__main__":
    unittest.main()
