"""The Markdown files of the repository: their code blocks, the anchors of their headings, their links."""

import dataclasses
import functools
import re
import subprocess
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Block:
    """A code block: `words` are those after its fence, `line` is that of its fence."""

    path: Path
    line: int
    words: tuple[str, ...]
    text: str

    @property
    def language(self):
        return self.words[0] if self.words else ""

    @property
    def before(self):
        """Whether it shows what people do without aptlet."""
        return "before" in self.words

    def __str__(self):
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def files():
    """Those under version control, and those that may come to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists())


@functools.cache
def _tokens(path):
    return MarkdownIt("commonmark").enable("table").parse(path.read_text())


def blocks(path):
    """The fenced ones, in order."""
    for token in _tokens(path):
        if token.type == "fence":
            yield Block(path, token.map[0] + 1, tuple(token.info.split()), token.content)


def indented(path):
    """The other ones, without a fence."""
    for token in _tokens(path):
        if token.type == "code_block":
            yield Block(path, token.map[0] + 1, (), token.content)


def anchors(path):
    """What a link may name behind `#`, as GitHub makes it from headings."""
    seen, tokens = {}, _tokens(path)
    for heading, inline in zip(tokens, tokens[1:], strict=False):
        if heading.type != "heading_open":
            continue
        text = "".join(child.content for child in inline.children if child.type in ("text", "code_inline"))
        name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = seen[name] = seen.get(name, -1) + 1
        yield f"{name}-{count}" if count else name


def links(path):
    """Where the links and images of a document lead to, as written."""
    for token in _tokens(path):
        for child in token.children or []:
            target = child.attrGet("href") or child.attrGet("src")
            if target:
                yield str(target)
