"""The commands of the documents do what the documents say."""

import re
import shutil
import subprocess
import unittest
from pathlib import Path

import markdown
import podman
import terminal
import world
from markdown import Block

CONTAINERS = re.compile(r"(?m)\b(podman|docker) ")


def session(path):
    """The blocks of a document that are run, and what it shows of their output: pairs, in order."""
    pairs, last = [], None
    for block in markdown.blocks(path):
        if block.language in ("sh", "dockerfile") and not block.before and not literal(block):
            pairs.append((block, None))
            last = block if block.language == "sh" else None
        elif block.language == "text" and last is not None:
            pairs[-1] = (last, block)
            last = None
        else:
            last = None
    return [*pairs, *(pair for block in markdown.indented(path) for pair in prompted(block))]


def prompted(block):
    """The commands of a block without a fence that follow a prompt, whatever their exit codes, and how what they print begins."""
    for part in re.split(r"(?m)^\$ ", block.text)[1:] if block.text.startswith("$ ") else []:
        command, _, said = part.partition("\n")
        texts = {"sh": f"{command} || true\n", "text": f"{said.rstrip()}\n…\n"}
        yield tuple(Block(block.path, block.line, (language,), text) for language, text in texts.items())


def literal(block):
    """Whether it is a script whose lines are those of a job, which tests/anywhere/run puts to use."""
    jobs = (markdown.ROOT / "tests/anywhere/jobs").glob("*.toml")
    lines = [line.split("  #")[0].strip().replace("/p/", "@P@/") for line in block.text.splitlines()]
    return len(lines) > 2 and any(all(line in text for line in lines) for text in (job.read_text() for job in jobs))


def found(pairs):
    """What is wrong with the blocks of a session, as sentences."""
    blocks = [block for block, _ in pairs]
    containers = any(CONTAINERS.search(block.text) for block in blocks)
    made = world.new_terminal(containers)
    if made.podman:
        made.podman.prepare(any(f"--tag {podman.IMAGE} " in block.text for block in blocks))
    skipped = containers and made.podman is None
    results = list(made.run(blocks))
    shutil.rmtree(made.base, ignore_errors=True)
    for result, (block, shown) in zip(results, pairs, strict=True):
        if not result.ran:
            yield f"{block}: failed:\n{result.output}"
            return
        if shown is not None and not skipped and not terminal.matches(shown.text, result.output):
            yield f"{shown}: it shows\n{shown.text}but this was said:\n{result.output}"


def unreadable(block):
    """What a shell says of a script that is not run, or of the commands of a Dockerfile that is not built."""
    text = block.text.replace("\\\n", "")
    scripts = {"sh": [block.text], "dockerfile": re.findall(r"(?m)^RUN (?!\[)(.*)$", text)}.get(block.language, [])
    for script in scripts:
        done = subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True)
        if done.returncode:
            yield done.stderr


class Shell(unittest.TestCase):
    maxDiff = None

    def test_sessions(self):
        count = 0
        for path in markdown.files():
            pairs = session(path)
            if pairs:
                count += len(pairs)
                with self.subTest(path.relative_to(markdown.ROOT)):
                    self.assertEqual(list(found(pairs)), [])
        self.assertGreater(count, 10)

    def test_podman_is_real(self):
        reason = terminal.no_podman()
        if reason:
            self.skipTest(reason)

    def test_scripts_that_people_use_without_aptlet_can_be_read_by_a_shell(self):
        for path in markdown.files():
            for block in markdown.blocks(path):
                if block.before:
                    with self.subTest(str(block)):
                        self.assertEqual(list(unreadable(block)), [])


class Controls(unittest.TestCase):
    """A block that is not so makes a test fail."""

    def wrong(self, text, shown=None, words=("sh",)):
        path = markdown.ROOT / "README.md"
        block = Block(path, 1, words, text)
        return list(found([(block, shown and Block(path, 2, ("text",), shown))]))

    def test_commands(self):
        self.assertEqual(self.wrong("aptlet lock --quiet jq -o - | head -n 1 | cut -c 1-9\n", "# Written\n"), [])
        for text in (
            "aptlet lock jqq -o -\n",
            "aptlet lock --no-such-flag jq\n",
            "false\necho later\n",
            "kubectl apply -f manifests/none.yaml\n",
            "kubectl apply -f tests/manifests/bad.yaml\n",
            "kubectl fly\n",
            "kind load docker-image-of aptlet\n",
            "cargo build --fast\n",
            "apt-get remove jq\n",
        ):
            with self.subTest(text):
                self.assertEqual(len(self.wrong(text)), 1)

    def test_flags_of_kubectl(self):
        if not shutil.which("kubectl"):
            self.skipTest("skipped: no kubectl")
        self.assertEqual(self.wrong("kubectl logs jq -c aptlet\n"), [])
        self.assertEqual(len(self.wrong("kubectl logs jq --no-such-flag\n")), 1)

    def test_output(self):
        self.assertEqual(len(self.wrong("echo a\n", "b\n")), 1)
        self.assertEqual(len(self.wrong("echo 2\n", "3\n")), 1)
        self.assertEqual(self.wrong("false\n", words=("sh", "fails")), [])
        self.assertEqual(len(self.wrong("true\n", words=("sh", "fails"))), 1)

    def test_old_forms(self):
        for language, text in (("sh", "if true\n"), ("dockerfile", "FROM debian\nRUN apt-get install 'jq\n")):
            block = Block(markdown.ROOT / "README.md", 1, (language, "before"), text)
            self.assertEqual(len(list(unreadable(block))), 1)

    def test_what_is_shown(self):
        for shown, said in (
            ("6 packages (3.3 MiB)", "12 packages (12 MiB)"),
            ("jq 1.7.1-6+deb13u1 a", "jq 1.8~rc1-1 a"),
            ("a … z", "a b c z"),
            ("…\nz", "a\nb\nz"),
            ("…\nz", "z"),
            ("generation 6c3ea1c582a115d6", "generation abcdefabcdefabcd"),
            ("  sources    0.66 s", "  sources   10.66 s"),
        ):
            self.assertTrue(terminal.matches(f"{shown}\n", f"{said}\n"), shown)
        for shown, said in (
            ("6 packages", "six packages"),
            ("2", "3"),
            ("a", "a\nb"),
            ("a\nb", "a"),
            ("a … z", "a b"),
            ("6 packages", "6 package"),
        ):
            self.assertFalse(terminal.matches(f"{shown}\n", f"{said}\n"), shown)

    def test_the_terminal_is_its_own(self):
        shown = "…\nURIs: http://ftp.debian.org/debian\n…\n0\n"
        self.assertEqual(self.wrong("cat /etc/apt/sources.list.d/*\nls /tmp | wc -l\n", shown), [])
        self.assertFalse(Path("/tmp/documents-control").exists())
        self.assertEqual(self.wrong("touch /tmp/documents-control\n"), [])
        self.assertFalse(Path("/tmp/documents-control").exists())


if __name__ == "__main__":
    unittest.main()
