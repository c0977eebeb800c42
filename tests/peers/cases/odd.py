"""Point 1: a package that is asked for, whose own control file is as odd as its stanza in the index."""

from cases import case
from cases.stanzas import BYTES, FIELDS, changed

# What only an index has.
INDEX_ONLY = ("filename", "size", "sha256", "sha512", "md5sum", "digest", "all-digests", "phased")


def build(site, change):
    """The package is made byte by byte: dpkg-deb would not make it. What dpkg makes of it is another matter."""
    plain = site.deb("odd").control
    control = change(plain) if callable(change) else changed(plain, change)
    odd = site.raw_deb(control, name="odd")
    site.repository().add(odd, filename="pool/odd.deb").add(site.deb("lib")).write()
    return site.ask("odd")


for label, what in {**FIELDS, **BYTES}.items():
    if not label.startswith(INDEX_ONLY):
        case(f"odd/{label}")(lambda site, what=what: build(site, what))
