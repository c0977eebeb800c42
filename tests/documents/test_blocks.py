"""Every code block of every document is the subject of a test."""

import unittest

import markdown
import parts
import test_shell
import test_yaml
from markdown import Block

# programs whose commands are to be in blocks with a fence, which are run
COMMANDS = {"aptlet", "apt-get", "cargo", "curl", "docker", "helm", "kind", "kubectl", "podman", "rustup", "sudo"}
WORDS = {
    "sh": {"before", "fails"},
    "text": {"before"},
    "yaml": {"before", "elsewhere"},
    "dockerfile": {"before"},
    "gotmpl": set(),
}


def untaken(block, after):
    """Why no test is for a block, which comes after another one, or None."""
    if block.language not in WORDS:
        return f"no rule is for the language '{block.language}'"
    if unknown := set(block.words[1:]) - WORDS[block.language]:
        return f"no rule is for {unknown}"
    if block.before:
        return None
    if block.language == "text" and not (after and after.language == "sh" and not after.before and not test_shell.literal(after)):
        return "it is not behind a block whose output it could be"
    if block.language == "gotmpl" and not parts.literally(block.text):
        return "it is in no chart that is rendered"
    if block.language == "yaml" and test_yaml.kind(block) == "objects" and parts.whole(block.text) is None:
        return "it is no object, nor a part of one, nor in a file that is tested"
    return None


def commands(block):
    """The lines of a block without a fence that are commands; those that follow a prompt are run."""
    for line in [] if block.text.startswith("$ ") else block.text.splitlines():
        if not line.startswith(" ") and line.split()[:1] and line.split()[0] in COMMANDS:
            yield line


class Blocks(unittest.TestCase):
    def test_each_is_taken(self):
        count = 0
        for path in markdown.files():
            after = None
            for block in markdown.blocks(path):
                count += 1
                with self.subTest(str(block)):
                    self.assertIsNone(untaken(block, after))
                after = block
        self.assertGreater(count, 40)

    def test_commands_have_a_fence(self):
        for path in markdown.files():
            for block in markdown.indented(path):
                with self.subTest(str(block)):
                    self.assertEqual(list(commands(block)), [])

    def test_a_dockerfile_is_built(self):
        for path in markdown.files():
            blocks = list(markdown.blocks(path))
            for block, after in zip(blocks, [*blocks, None][1:], strict=True):
                if block.language == "dockerfile" and not block.before:
                    with self.subTest(str(block)):
                        self.assertTrue(after and after.language == "sh" and " build " in after.text)


class Controls(unittest.TestCase):
    def test_blocks_that_no_rule_takes(self):
        path = markdown.ROOT / "README.md"
        shell = Block(path, 1, ("sh",), "echo said\n")
        for words, text, after in (
            ((), "plain\n", None),
            (("json",), "{}\n", None),
            (("sh", "later"), "true\n", None),
            (("text",), "said\n", None),
            (("text",), "said\n", Block(path, 1, ("sh", "before"), "true\n")),
            (("gotmpl",), "{{ .Values.none }}\n", None),
            (("yaml",), "- one\n- two\n", None),
        ):
            with self.subTest(words=words, text=text):
                self.assertIsNotNone(untaken(Block(path, 2, words, text), after))
        self.assertIsNone(untaken(Block(path, 2, ("text",), "said\n"), shell))
        self.assertIsNone(untaken(shell, None))

    def test_commands_without_a_fence(self):
        block = Block(markdown.ROOT / "README.md", 1, (), "a diagram\nkubectl get pods\n")
        self.assertEqual(list(commands(block)), ["kubectl get pods"])


if __name__ == "__main__":
    unittest.main()
