"""What apt made of a question beside what aptlet made of it, and the table of differences that are accepted."""

import fnmatch
import re
import subprocess
from dataclasses import dataclass

from trees import files, versions

HEADING = "## Where aptlet differs from apt"
OUTCOMES = ("same", "both refuse", "only apt", "only aptlet", "other versions", "other content", "unreadable database")
ALIKE = OUTCOMES[:2]


def compare(apt, ours):
    """One of OUTCOMES, and lines that show what is behind it."""
    if not (apt.good or ours.good):
        return "both refuse", []
    if not ours.good:
        return "only apt", [f"aptlet: {ours.said.strip()}"] + ["apt: " + line for line in warnings(apt.said)]
    unread = unreadable(ours.tree)
    if unread:
        return "unreadable database", [unread, f"aptlet: {ours.said.strip()}"]
    if not apt.good:
        return "only aptlet", ["apt: " + line for line in warnings(apt.said)] + [f"aptlet: {ours.said.strip()}"]
    for number, (outcome, of) in enumerate((("other versions", versions), ("other content", files))):
        theirs, mine = apt.found[number] if apt.found else of(apt.tree), of(ours.tree)
        if theirs != mine:
            keys = sorted(key for key in theirs.keys() | mine.keys() if theirs.get(key) != mine.get(key))
            return outcome, [f"{key}: apt {theirs.get(key)}, aptlet {mine.get(key)}" for key in keys] + [f"aptlet: {ours.said.strip()}"]
    return "same", []


def unreadable(tree):
    """What dpkg-query says of the database of a tree that it cannot read."""
    done = subprocess.run(["dpkg-query", "--admindir", tree / "var/lib/dpkg", "--show"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    # 1 is that nothing is installed
    return done.stderr.decode(errors="replace").strip() if done.returncode > 1 else ""


def warnings(said):
    kept = [line.strip() for line in said.splitlines() if re.match(r"\s*(E|W|N|Err|dpkg|dpkg-deb):|.* : (Depends|PreDepends)", line)]
    return kept or said.strip().splitlines()[-3:]


@dataclass(frozen=True)
class Accepted:
    """A row of the table: cases by pattern, how they differ, and why."""

    pattern: str
    outcome: str
    why: str


def accepted(page):
    """The rows below HEADING: cases in backticks, how, why."""
    if HEADING not in page:
        return []
    rows = []
    for line in page.partition(HEADING)[2].partition("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if len(cells) == 3 and cells[1] in OUTCOMES:
            rows += [Accepted(pattern, cells[1], cells[2]) for pattern in re.findall(r"`([^`]+)`", cells[0])]
    return rows


def is_listed(name, outcome, rows):
    return any(fnmatch.fnmatchcase(name, row.pattern) and row.outcome == outcome for row in rows)


def shortened(lines):
    """What fits a log."""
    lines = list(dict.fromkeys("\n".join(lines).splitlines()))
    return [line[:300] for line in lines[:8]] + ["…"] * (len(lines) > 8)


def judge(outcomes, rows, complete):
    """Sentences for what the table does not say, and, where all cases were run, for what it says in vain."""
    faults, used = [], set()
    for name, outcome in outcomes.items():
        if outcome in ALIKE:
            continue
        found = [row for row in rows if fnmatch.fnmatchcase(name, row.pattern) and row.outcome == outcome]
        used.update(found)
        if not found:
            faults.append(f"{name}: {outcome}, which docs/reference/repositories.md does not list")
    for row in rows:
        if complete and row not in used:
            faults.append(f"docs/reference/repositories.md lists `{row.pattern}` as '{row.outcome}', and no case is")
        if not row.why:
            faults.append(f"docs/reference/repositories.md gives no reason for `{row.pattern}`")
    return faults
