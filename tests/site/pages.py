"""The pages of the site: docs/ as it is, and what it links to elsewhere in the repository.

A link that leaves docs/ leads to a file or folder of the repository, which a site does not have. So these become pages below
`repository/`: Markdown as it is, any other file as one code block, a folder as its files one after the other.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(\s*)(```+)\s*(\S*)(.*)$")
LANGUAGES = {".yaml": "yaml", ".tpl": "text", ".json": "json", ".md": "markdown", ".rs": "rust"}


def listed():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(name for name in names if name and (ROOT / name).is_file())


def page_of(target):
    """The page that stands for a file or folder of the repository, as a path below the folder of pages."""
    if target.is_relative_to(DOCS):
        return target.relative_to(DOCS)
    name = target.relative_to(ROOT)
    return Path("repository") / (name if target.suffix == ".md" else f"{name}.md")


def code(path):
    """A file as a code block."""
    text = path.read_text()
    fence = max(["```", *(f"{ticks}`" for ticks in re.findall(r"`{3,}", text))], key=len)
    return f"{fence} {LANGUAGES.get(path.suffix, 'text')}\n{text.rstrip()}\n{fence}\n"


def whole(target, names):
    """The text of the page for a file that is no Markdown, or for a folder."""
    name = target.relative_to(ROOT)
    if target.is_file():
        return f"# {name}\n\n{code(target)}"
    inside = [one for one in names if one.startswith(f"{name}/")]
    return f"# {name}/\n\n" + "\n".join(f"## {Path(one).relative_to(name)}\n\n{code(ROOT / one)}" for one in inside)


def linked(path, text):
    """The text of a Markdown file with its links as the site has them, and the files and folders that it leads to."""
    here, targets = page_of(path), []

    def rewritten(match):
        name, mark, anchor = match[1].partition("#")
        if not name or re.match(r"[a-z]+:", name):
            return match[0]
        target = Path(os.path.normpath(path.parent / name))
        targets.append(target)
        return f"]({os.path.relpath(page_of(target), here.parent)}{mark}{anchor})"

    lines, fence = [], None
    for line in text.splitlines():
        found = FENCE.match(line)
        if fence is None and found:
            fence = found[2]
            # words behind the language are for the tests
            title = ' title="without aptlet"' if "before" in found[4].split() else ""
            line = f"{found[1]}{found[2]} {found[3] or 'text'}{title}"
        elif fence is not None:
            fence = None if line.strip() == fence else fence
        else:
            line = LINK.sub(rewritten, line)
        lines.append(line)
    return "\n".join(lines) + "\n", targets


def write(folder):
    """Makes all pages anew. Returns them, each with the file that it is made from."""
    shutil.rmtree(folder, ignore_errors=True)
    names = listed()
    open_ones = [path for path in map(ROOT.joinpath, names) if path.is_relative_to(DOCS)]
    made = {}
    while open_ones:
        path = open_ones.pop()
        page = page_of(path)
        if page in made:
            continue
        made[page] = path
        text = path.read_text() if path.suffix == ".md" else whole(path, names)
        if path.suffix == ".md":
            text, targets = linked(path, text)
            open_ones += targets
        (folder / page).parent.mkdir(parents=True, exist_ok=True)
        (folder / page).write_text(text)
    return made
