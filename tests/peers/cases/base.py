"""Point 1: a dpkg status of the image with an odd stanza, beside the one that is needed."""

from cases import case
from cases.stanzas import BYTES, FIELDS, changed

LEFT_OUT = ("filename", "size", "sha256", "sha512", "md5sum", "digest", "all-digests", "phased", "long")
# What dpkg itself would not have written, but what images hold all the same.
STATUS = {
    "status-half": {"Status": "install ok half-installed"},
    "status-unpacked": {"Status": "install ok unpacked"},
    "status-config-files": {"Status": "deinstall ok config-files"},
    "status-hold": {"Status": "hold ok installed"},
    "status-absent": {"Status": None},
    "status-odd": {"Status": "whatever"},
    "status-reinstreq": {"Status": "install reinstreq installed"},
}


def build(site, change):
    lib, tool, odd = site.deb("lib"), site.deb("tool", Depends="lib"), site.deb("odd")
    site.repository().add(tool).add(lib).write()
    installed = [deb.control.replace(b"\nVersion", b"\nStatus: install ok installed\nVersion") for deb in (odd, lib)]
    installed[0] = change(installed[0]) if callable(change) else changed(installed[0], change)
    return site.ask(base=b"\n".join(installed) + b"\n")


def lib_itself(site, change):
    """The odd stanza is that of the library that is needed."""
    lib, tool = site.deb("lib"), site.deb("tool", Depends="lib")
    site.repository().add(tool).add(lib).write()
    installed = lib.control.replace(b"\nVersion", b"\nStatus: install ok installed\nVersion")
    return site.ask(base=changed(installed, change) + b"\n")


for label, what in {**FIELDS, **BYTES, **STATUS}.items():
    if not label.startswith(LEFT_OUT):
        case(f"base/{label}")(lambda site, what=what: build(site, what))
for label, what in STATUS.items():
    case(f"base/lib-{label}")(lambda site, what=what: lib_itself(site, what))
