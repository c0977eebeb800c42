"""Point 1: an odd stanza beside the one that is needed, and the odd one itself asked for."""

from cases import case
from debs import fields

# By name: what is done to the fields of the stanza of `odd`; a value of bytes replaces the whole stanza.
SIZES = ["356K", "2400MB", "706.0", "65M", "-1", "99999999999999999999", "1,234", "0x10", "", "12 KiB", "1e3", "+5", "٣", "~100"]
FIELDS = {
    **{f"installed-size-{size or 'empty'}": {"Installed-Size": size} for size in SIZES},
    "version-empty": {"Version": ""},
    "version-absent": {"Version": None},
    "version-with-space": {"Version": "1.0 beta"},
    "version-underscore": {"Version": "1.0_2"},
    "version-letter-first": {"Version": "v1.0"},
    "version-git-hash": {"Version": "master-3f2a"},
    "version-two-colons": {"Version": "1:2:3"},
    "version-epoch-empty": {"Version": ":1.0"},
    "version-epoch-letter": {"Version": "a:1.0"},
    "version-dash-last": {"Version": "1.0-"},
    "version-slash": {"Version": "1.0/2"},
    "version-at": {"Version": "1.0@2"},
    "architecture-absent": {"Architecture": None},
    "architecture-empty": {"Architecture": ""},
    "architecture-list": {"Architecture": "amd64 arm64"},
    "architecture-any": {"Architecture": "any"},
    "architecture-x86_64": {"Architecture": "x86_64"},
    "architecture-upper": {"Architecture": "AMD64"},
    "size-hex": {"Size": "x570"},
    "size-absent": {"Size": None},
    "size-empty": {"Size": ""},
    "size-negative": {"Size": "-1"},
    "size-wrong": {"Size": "7"},
    "size-with-unit": {"Size": "1024 bytes"},
    "filename-absent": {"Filename": None},
    "filename-empty": {"Filename": ""},
    "sha256-short": {"SHA256": "abcdef0123"},
    "sha256-empty": {"SHA256": ""},
    "sha256-not-hex": {"SHA256": "z" * 64},
    "sha256-long": {"SHA256": "a" * 65},
    "sha256-of-another": {"SHA256": "a" * 64},
    "sha256-absent": {"SHA256": None},
    "all-digests-absent": {"SHA256": None, "MD5sum": None},
    "sha512-bad": {"SHA512": "1234"},
    "md5sum-bad": {"MD5sum": "1234"},
    "name-with-space": {"Package": "odd one"},
    "name-empty": {"Package": ""},
    "name-absent": {"Package": None},
    "name-slash": {"Package": "odd/one"},
    "name-dotdot": {"Package": "../odd"},
    "depends-substvar": {"Depends": "${shlibs:Depends}"},
    "depends-substvars": {"Depends": "${shlibs:Depends}, ${misc:Depends}, lib"},
    "depends-version-alone": {"Depends": "lib (1.0)"},
    "depends-equal-first": {"Depends": "lib (=> 1)"},
    "depends-two-bounds": {"Depends": "lib (>= 1, << 2)"},
    "depends-at": {"Depends": "@"},
    "depends-tilde": {"Depends": "~"},
    "depends-unclosed": {"Depends": "lib (>= 1"},
    "depends-empty": {"Depends": ""},
    "depends-comma-last": {"Depends": "lib,"},
    "depends-comma-first": {"Depends": ", lib"},
    "depends-two-commas": {"Depends": "lib,, lib"},
    "depends-bars": {"Depends": "lib || lib"},
    "depends-bar-last": {"Depends": "lib |"},
    "depends-no-space": {"Depends": "lib(>=1)"},
    "depends-single-less": {"Depends": "lib (< 2)"},
    "depends-single-greater": {"Depends": "lib (> 0.5)"},
    "depends-double-equals": {"Depends": "lib (== 1.0)"},
    "depends-no-version": {"Depends": "lib (>=)"},
    "depends-unequal": {"Depends": "lib (!= 2)"},
    "depends-arch-list": {"Depends": "lib [amd64]"},
    "depends-arch-list-other": {"Depends": "lib, nothing [arm64]"},
    "depends-profile": {"Depends": "lib <!nocheck>"},
    "depends-upper-case": {"Depends": "Lib"},
    "depends-quoted": {"Depends": "'lib'"},
    "depends-semicolon": {"Depends": "lib; lib"},
    "depends-spaces": {"Depends": "lib lib"},
    "depends-any": {"Depends": "lib:any"},
    "depends-native": {"Depends": "lib:native"},
    "depends-version-substvar": {"Depends": "lib (= ${binary:Version})"},
    "depends-latin1-name": {"Depends": "lib\xff"},
    "conflicts-glob": {"Conflicts": "other-*"},
    "conflicts-substvar": {"Conflicts": "${unknown}"},
    "breaks-self": {"Breaks": "odd (<< 0.5)"},
    "provides-relation": {"Provides": "thing (>= 1)"},
    "provides-alternatives": {"Provides": "thing | other"},
    "provides-bad": {"Provides": "thing ("},
    "recommends-bad": {"Recommends": "thing (=> 1)"},
    "suggests-bad": {"Suggests": "thing (=> 1), @"},
    "enhances-bad": {"Enhances": "(("},
    "replaces-bad": {"Replaces": "thing (<> 1)"},
    "pre-depends-bad": {"Pre-Depends": "@"},
    "multi-arch-unknown": {"Multi-Arch": "maybe"},
    "multi-arch-upper": {"Multi-Arch": "Foreign"},
    "essential-unknown": {"Essential": "maybe"},
    "priority-unknown": {"Priority": "urgent"},
    "priority-empty": {"Priority": ""},
    "section-empty": {"Section": ""},
    "source-odd": {"Source": "odd (1.0) extra"},
    "phased-odd": {"Phased-Update-Percentage": "lots"},
    "maintainer-latin1": {"Maintainer": "J\xf6rg <j@mirror.example>"},
    "description-latin1": {"Description": "gr\xfc\xdfe"},
    "field-of-its-own": {"Vendor-Field": "x", "X-Odd": ""},
    "digest-upper-case": {"SHA256": str.upper},
    "filename-doubled-slash": {"Filename": lambda name: name.replace("pool/", "pool//")},
    "filename-dot": {"Filename": lambda name: f"./{name}"},
    "filename-dot-inside": {"Filename": lambda name: name.replace("pool/", "pool/./")},
    "filename-dotdot-inside": {"Filename": lambda name: f"pool/../{name}"},
    "filename-dotdot-outside": {"Filename": lambda name: f"../{name}"},
    "filename-absolute": {"Filename": lambda name: f"/{name}"},
    "filename-space-first": {"Filename": lambda name: f"  {name}"},
}
# What is done to the bytes of the stanza.
BYTES = {
    "field-doubled": lambda stanza: stanza + b"Version: 2.0\n",
    "name-doubled": lambda stanza: stanza + b"Package: other\n",
    "no-colon": lambda stanza: stanza + b"this is no field\n",
    "comment": lambda stanza: b"# a comment\n" + stanza,
    "comment-inside": lambda stanza: stanza.replace(b"\nVersion", b"\n# a comment\nVersion"),
    "tab-after-colon": lambda stanza: stanza.replace(b": ", b":\t"),
    "no-space-after-colon": lambda stanza: stanza.replace(b": ", b":"),
    "space-before-colon": lambda stanza: stanza.replace(b"Version:", b"Version :"),
    "lower-case-fields": lambda stanza: b"".join(key.lower() + b":" + value for key, value in (
        line.split(b":", 1) for line in stanza.splitlines(True))),
    "upper-case-fields": lambda stanza: b"".join(key.upper() + b":" + value for key, value in (
        line.split(b":", 1) for line in stanza.splitlines(True))),
    "trailing-spaces": lambda stanza: stanza.replace(b"\n", b"  \n"),
    "nul": lambda stanza: stanza + b"X: a\0b\n",
    "escape": lambda stanza: stanza + b"X: \x1b[31m\n",
    "long-line": lambda stanza: stanza + b"X: " + b"x" * 100_000 + b"\n",
    "long-depends": lambda stanza: stanza + b"Depends: " + b", ".join(b"lib (>= 0.%d)" % n for n in range(3000)) + b"\n",
    "continuation-of-depends": lambda stanza: stanza + b"Depends: lib,\n lib (>= 0.1)\n",
    "continuation-tab": lambda stanza: stanza + b"Depends: lib,\n\tlib (>= 0.1)\n",
    "continuation-first": lambda stanza: b" continued\n" + stanza,
    "white-line-inside": lambda stanza: stanza.replace(b"\nVersion", b"\n \nVersion"),
    "blank-line-inside": lambda stanza: stanza.replace(b"\nVersion", b"\n\nVersion"),
    "carriage-returns": lambda stanza: stanza.replace(b"\n", b"\r\n"),
    "byte-order-mark": lambda stanza: b"\xef\xbb\xbf" + stanza,
    "package-last": lambda stanza: stanza.split(b"\n", 1)[1] + stanza.split(b"\n", 1)[0] + b"\n",
}


def build(site, change, chosen):
    """A repository of `odd`, `tool` and `lib`."""
    lib, tool, odd = site.deb("lib"), site.deb("tool", Depends="lib"), site.deb("odd")
    place = f"pool/main/o/odd/{odd.filename}"
    repository = site.repository()
    if callable(change):
        repository.add(odd, raw=change)
    else:
        repository.add(odd, raw=lambda stanza: changed(stanza, change), place=place)
    repository.add(tool).add(lib).write()
    return site.ask("odd" if chosen else "tool")


def changed(stanza, change):
    lines = dict(line.split(b": ", 1) for line in stanza.rstrip(b"\n").split(b"\n"))
    text = {key.decode(): value.decode("latin-1") for key, value in lines.items()}
    for key, value in change.items():
        text[key] = value(text[key]) if callable(value) else value
    return fields(text).encode("utf-8" if "installed-size" in str(change).lower() else "latin-1", "replace")


for label, what in {**FIELDS, **BYTES}.items():
    case(f"stanza/{label}/beside")(lambda site, what=what: build(site, what, False))
    case(f"stanza/{label}/chosen")(lambda site, what=what: build(site, what, True))
