"""A manifest as it ships, and the edits that its own comments tell a user to make: lines with `<--`, and the commented sources."""

import re
import textwrap
from pathlib import Path

import images

ROOT = Path(__file__).resolve().parents[2]


class Manifest:
    """Text all the way: what a user edits is the file."""

    def __init__(self, path, world=None):
        self.name = str(path)
        self.text = (ROOT / "manifests" / path).read_text(encoding="utf-8")
        if world:
            if world.image != images.APTLET:
                self.edit(images.APTLET, world.image)
            if not world.mirror.official:
                self.elsewhere(world.mirror.url)

    def _marked(self, number, lines):
        """A mark is in the line, in that of the block that it is in, or alone in a comment above lines that are indented as far."""
        depth = len(lines[number]) - len(lines[number].lstrip())
        if "<--" in lines[number]:
            return True
        for line in reversed(lines[:number]):
            indent = len(line) - len(line.lstrip())
            comment = line.lstrip().startswith("#")
            if "<--" in line and (indent < depth or (comment and indent == depth)):
                return True
            if indent < depth:
                depth = indent
        return False

    def edit(self, old, new):
        """Replaces a text in every line that is marked for editing; it must be in one."""
        lines = self.text.splitlines()
        found = [number for number, line in enumerate(lines) if old in line and not line.lstrip().startswith("#")]
        wrong = [lines[number] for number in found if not self._marked(number, lines)]
        if not found or wrong:
            raise AssertionError(f"{self.name}: no mark says that {old!r} may be edited: {wrong}")
        for number in found:
            lines[number] = lines[number].replace(old, new)
        self.text = "\n".join(lines) + "\n"
        return self

    def packages(self, text):
        """Another list of packages."""
        found = re.search(r"^( *)packages: \| +# <--.*\n((?:\1  .*\n)+)", self.text, re.M)
        if not found:
            raise AssertionError(f"{self.name}: no packages to edit")
        wanted = textwrap.indent(text.strip() + "\n", found.group(1) + "  ")
        self.text = self.text[: found.start(2)] + wanted + self.text[found.end(2) :]
        return self

    def elsewhere(self, url):
        """The same suites at another server's /debian and /debian-security."""
        if "#mirror.sources" in self.text:
            self.mirror(f"{url}/debian")
        elif "http://ftp.debian.org/debian" in self.text:
            self.edit("http://ftp.debian.org/debian", f"{url}/debian")
            self.edit("http://security.debian.org/debian-security", f"{url}/debian-security")

    def mirror(self, url, suites=None, key=None):
        """Takes the # away from the lines of `mirror.sources`, and writes a mirror there: `Your own mirror`.

        key: the text of a public key, for a repository that Debian did not sign.
        """
        lines, done = [], False
        for line in self.text.splitlines():
            if re.match(r"  #mirror\.sources: \|$", line):
                lines.append("  mirror.sources: |")
                done = True
            elif done and re.match(r"  #  \S", line):
                line = "    " + line[5:]
                line = re.sub(r"(URIs:) .*", rf"\1 {url}", line)
                line = re.sub(r"(Suites:) .*", rf"\1 {suites}", line) if suites else line
                lines.append(line)
            else:
                if done and key and lines[-1].startswith("    "):
                    lines.append("    Signed-By: mirror.asc\n  mirror.asc: |\n" + textwrap.indent(key.strip(), "    "))
                    done = False
                lines.append(line)
        self.text = "\n".join(lines) + "\n"
        return self

    def __str__(self):
        return self.text
