"""What is in a tree, by dpkg's database and by itself."""

import hashlib
import re
import stat

# What belongs to the programs themselves and to no package.
OWN = ("var/lib/dpkg", "var/lib/aptlet")


def versions(tree):
    """What dpkg's status says is installed: `{name:architecture: version}`."""
    found = {}
    for stanza in (tree / "var/lib/dpkg/status").read_bytes().decode("utf-8", "replace").split("\n\n"):
        lines = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
        lines = {key.lower(): value for key, value in lines.items()}
        if lines.get("status", "").endswith(" installed"):
            found[f"{lines['package']}:{lines.get('architecture', '')}"] = lines.get("version", "")
    return found


def files(tree):
    """Each file and link of the packages: what it holds or where it points, and its permission bits."""
    found = {}
    for path in sorted(tree.rglob("*")):
        inside = path.relative_to(tree).as_posix()
        if inside in OWN or inside.startswith(tuple(f"{own}/" for own in OWN)):
            continue
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            if not (len(path.parts) == len(tree.parts) + 1 and path.readlink().as_posix() == f"usr/{path.name}"):
                found[inside] = f"-> {path.readlink()}"
        elif stat.S_ISREG(mode):
            found[inside] = f"{hashlib.sha256(path.read_bytes()).hexdigest()} {mode & 0o777:o}"
    return found
