"""The results as tables, and docs/explanation/fidelity.md."""

from collections import Counter
from datetime import date

from compare import CLASSES

PAGE = """# Fidelity to dpkg-deb

A tree that `aptlet` makes for the prefix `/` means to be what `dpkg-deb -x` makes of the same package.
`tests/fidelity` measures how far that is true. This page is written by it.

## What is compared

- {count} packages, none above 60 MiB, from the archive of the machine's own apt sources: those that
  `tests/fidelity/chosen` names because they have hard links, set-id files, conffiles or old compressions, and others by a
  seed. Of two small ones, copies with their parts compressed in each other way that dpkg-deb reads.
- Each package is installed alone, by a lock that has nothing else, and extracted by `dpkg-deb -x` as the same user: as
  root, and as uid 65532 with the umask 077; then as root with `--owners keep`.
- For every path: type, mode, size, content, link target, time of modification, owner, group, and which names are hard
  links of one file. Times of folders are held against the archive, since extracting leaves the clock's time on many.
- Every difference must be of one of the classes below, and what is only in the tree must have a reason in the package.
  What aptlet drops must be in its notes. The database must have the package's conffiles.

`tests/fidelity/test_compare.py` shows that the comparison finds what is wrong.

## How to run it

| command | what it does |
| --- | --- |
| `tests/fidelity/run [BINARY]` | this comparison: seed 1, 300 packages; some minutes |
| `tests/fidelity/run --seed 7 --count 30` | a smaller one |
| `tests/fidelity/run --report` | writes this page as well |

It needs root, and a Debian machine with its mirror. What it fetched is kept in `target/fidelity`. The exit code is 1 for
any difference without a class, and where the sample has less than 20 packages with conffiles, 20 with hard links or 10
with set-id files.

## Results

On {date}: `tests/fidelity/run --seed {seed} --count {count} --report`: {verdict}.{skipped}

{tables}
"""


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head, rows):
    return "\n".join([row(*head), row(*["---"] * len(head)), *rows])


def listed(counter):
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def sample(results):
    """What the packages have."""
    plural = {"directory": "directories"}
    entries = sum((result.entries for result in results), Counter())
    rows = [
        row("packages", len(results)),
        row("paths", listed({plural.get(kind, f"{kind}s"): count for kind, count in entries.items()})),
    ]
    for what in results[0].has:
        having = [result.has[what] for result in results if result.has.get(what)]
        rows.append(row(what, f"{sum(having)} in {len(having)} packages"))
    rows.append(row("compressions", listed(Counter(part for result in results for part in result.parts))))
    return table(("the sample", ""), rows)


def tables(results, repacked, modes):
    both = results + repacked
    rows = []
    for kind, meaning in CLASSES.items():
        cells = []
        for mode in modes:
            counts = [result.classes[mode.title][kind] for result in both]
            packages = sum(count > 0 for count in counts)
            cells.append(f"{sum(counts)} in {packages}" if packages else "0")
        rows.append(row(kind, meaning, *cells))
    rows.append(row("**none**", "a fault", *(sum(len(one.faults[mode.title]) for one in both) for mode in modes)))
    titles = [mode.title for mode in modes]
    parts = listed(Counter(part for result in repacked for part in result.parts))
    return (
        f"{sample(results)}\n\nRepacked besides: {len(repacked)}, with {parts}.\n\n"
        "Differences by their class, as paths in packages:\n\n" + table(("class", "what is there instead", *titles), rows)
    )


def page(results, repacked, modes, skipped, seed, count, faults):
    return PAGE.format(
        count=count,
        seed=seed,
        date=date.today().isoformat(),
        verdict=f"{faults} faults" if faults else "no difference without a class",
        skipped="".join(f" Skipped, since this binary has no such option: {mode.title}." for mode in skipped),
        tables=tables(results, repacked, modes),
    )
