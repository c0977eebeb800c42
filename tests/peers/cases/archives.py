"""Point 13: archives that dpkg unpacks, out of a repository and by their path."""

import bz2
import gzip
import io
import lzma
import subprocess
import tarfile

from cases import case
from debs import ar, gzipped, plain_members, tar

CONTROL = (b"Package: tool\nVersion: 1.0\nArchitecture: amd64\nMaintainer: Peers <peers@mirror.example>\n"
           b"Description: tool\n")
FILE = ("./usr/share/peers/tool", b"tool\n")
BINARY = ("debian-binary", b"2.0\n")


def control(content=CONTROL, more=(), name="./control"):
    return ("control.tar.gz", gzipped(tar([(name, content), *more])))


def data(*files, form=tarfile.GNU_FORMAT):
    return ("data.tar.gz", gzipped(tar(files or [FILE], form)))


def entry(name, kind=tarfile.REGTYPE, link="", mode=0o644, **more):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.mtime = kind, link, mode, 1_700_000_000
    for key, value in more.items():
        setattr(info, key, value)
    return info


def zst(content):
    return subprocess.run(["zstd", "-q", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout


def altered(content, old, new, count=1):
    """A tar with bytes changed, and its checksums as they were."""
    return content.replace(old, new, count)


def longlink():
    name = "./usr/share/peers/" + "d" * 90 + "/" + "f" * 120
    return data(FILE, (name, b"long\n"))


ARCHIVES = {
    "plain": [BINARY, control(), data()],
    # the ar archive
    "member-slash-names": [("debian-binary/", b"2.0\n"), ("control.tar.gz/", control()[1]), ("data.tar.gz/", data()[1])],
    "member-unknown-last": [BINARY, control(), data(), ("extra", b"x")],
    "member-underscore-first": [BINARY, ("_gpgorigin", b"x"), control(), data()],
    "member-underscore-between": [BINARY, control(), ("_x", b"x"), data()],
    "member-underscore-last": [BINARY, control(), data(), ("_gpgbuilder", b"x")],
    "member-unknown-between": [BINARY, control(), ("odd", b"x"), data()],
    "member-unknown-first": [("odd", b"x"), BINARY, control(), data()],
    "member-named-list": [BINARY, control(more=[("./list", b"/x\n")]), data()],
    "data-before-control": [BINARY, data(), control()],
    "data-missing": [BINARY, control()],
    "control-missing": [BINARY, data()],
    "two-data": [BINARY, control(), data(), data(("./usr/share/peers/other", b"other\n"))],
    "version-2.1": [("debian-binary", b"2.1\n"), control(), data()],
    "version-3.0": [("debian-binary", b"3.0\n"), control(), data()],
    "version-no-line-end": [("debian-binary", b"2.0"), control(), data()],
    "version-more-lines": [("debian-binary", b"2.0\nmore\n"), control(), data()],
    # compressions
    "control-plain": [BINARY, ("control.tar", tar([("./control", CONTROL)])), data()],
    "control-xz": [BINARY, ("control.tar.xz", lzma.compress(tar([("./control", CONTROL)]))), data()],
    "control-zst": [BINARY, ("control.tar.zst", zst(tar([("./control", CONTROL)]))), data()],
    "control-bz2": [BINARY, ("control.tar.bz2", bz2.compress(tar([("./control", CONTROL)]))), data()],
    "data-plain": [BINARY, control(), ("data.tar", tar([FILE]))],
    "data-xz": [BINARY, control(), ("data.tar.xz", lzma.compress(tar([FILE])))],
    "data-zst": [BINARY, control(), ("data.tar.zst", zst(tar([FILE])))],
    "data-bz2": [BINARY, control(), ("data.tar.bz2", bz2.compress(tar([FILE])))],
    "data-lzma": [BINARY, control(), ("data.tar.lzma", lzma.compress(tar([FILE]), format=lzma.FORMAT_ALONE))],
    "data-lz4": [BINARY, control(), ("data.tar.lz4", b"x")],
    "data-gz-zeros-after": [BINARY, control(), ("data.tar.gz", gzipped(tar([FILE])) + b"\0" * 512)],
    "data-gz-garbage-after": [BINARY, control(), ("data.tar.gz", gzipped(tar([FILE])) + b"garbage")],
    "control-gz-zeros-after": [BINARY, ("control.tar.gz", gzipped(tar([("./control", CONTROL)])) + b"\0" * 100), data()],
    "data-gz-two-members": [BINARY, control(), ("data.tar.gz", gzipped(tar([FILE])[:512]) + gzipped(tar([FILE])[512:]))],
    "data-gz-truncated": [BINARY, control(), ("data.tar.gz", gzipped(tar([FILE]))[:-4])],
    "data-gz-wrong-checksum": [BINARY, control(), ("data.tar.gz", gzipped(tar([FILE]))[:-8] + b"\0" * 8)],
    "data-xz-padding": [BINARY, control(), ("data.tar.xz", lzma.compress(tar([FILE])) + b"\0" * 8)],
    "data-xz-two-streams": [BINARY, control(), ("data.tar.xz", lzma.compress(tar([FILE])[:512]) + lzma.compress(tar([FILE])[512:]))],
    "data-xz-crc32": [BINARY, control(), ("data.tar.xz", lzma.compress(tar([FILE]), check=lzma.CHECK_CRC32))],
    "data-xz-sha256": [BINARY, control(), ("data.tar.xz", lzma.compress(tar([FILE]), check=lzma.CHECK_SHA256))],
    "data-zst-two-frames": [BINARY, control(), ("data.tar.zst", zst(tar([FILE])[:512]) + zst(tar([FILE])[512:]))],
    "data-zst-zeros-after": [BINARY, control(), ("data.tar.zst", zst(tar([FILE])) + b"\0" * 16)],
    # the control archive
    "control-no-dot": [BINARY, control(name="control"), data()],
    "control-apple-double": [BINARY, control(more=[("./._control", b"\0\5\x16\7")]), data()],
    "control-apple-double-first": [BINARY, ("control.tar.gz", gzipped(tar([("./._control", b"\0\5\x16\7"), ("./control", CONTROL)]))), data()],
    "control-twice": [BINARY, control(more=[("./control", CONTROL.replace(b"tool\n", b"other\n", 1))]), data()],
    "control-in-folder": [BINARY, control(more=[("./folder", None), ("./folder/file", b"x")]), data()],
    "control-unknown-member": [BINARY, control(more=[("./whatever", b"x")]), data()],
    "control-upper-member": [BINARY, control(more=[("./README", b"x")]), data()],
    "control-symlink-member": [BINARY, control(more=[(entry("./link", tarfile.SYMTYPE, "/etc/passwd"), None)]), data()],
    "control-md5sums-wrong": [BINARY, control(more=[("./md5sums", b"0" * 32 + b"  usr/share/peers/tool\n")]), data()],
    "control-conffiles": [BINARY, control(more=[("./conffiles", b"/etc/tool.conf\n")]), data(("./etc", None), ("./etc/tool.conf", b"conf\n"))],
    "control-conffiles-missing-file": [BINARY, control(more=[("./conffiles", b"/etc/absent.conf\n")]), data()],
    "control-conffiles-twice": [BINARY, control(more=[("./conffiles", b"/etc/tool.conf\n/etc/tool.conf\n")]), data(("./etc", None), ("./etc/tool.conf", b"c\n"))],
    "control-conffiles-relative": [BINARY, control(more=[("./conffiles", b"etc/tool.conf\n")]), data(("./etc", None), ("./etc/tool.conf", b"c\n"))],
    "control-conffiles-no-line-end": [BINARY, control(more=[("./conffiles", b"/etc/tool.conf")]), data(("./etc", None), ("./etc/tool.conf", b"c\n"))],
    "control-conffiles-blank": [BINARY, control(more=[("./conffiles", b"\n/etc/tool.conf\n\n")]), data(("./etc", None), ("./etc/tool.conf", b"c\n"))],
    "control-triggers-odd": [BINARY, control(more=[("./triggers", b"# x\ninterest-noawait /usr/share/peers\n")]), data()],
    # the control file
    "field-conffiles": [BINARY, control(CONTROL + b"Conffiles:\n /etc/x 0123456789abcdef0123456789abcdef\n"), data()],
    "field-status": [BINARY, control(CONTROL + b"Status: install ok installed\n"), data()],
    "field-latin1": [BINARY, control(CONTROL.replace(b"Peers <", b"J\xf6rg <")), data()],
    "field-blank-line-first": [BINARY, control(b"\n" + CONTROL), data()],
    "field-blank-lines-last": [BINARY, control(CONTROL + b"\n\n"), data()],
    "field-crlf": [BINARY, control(CONTROL.replace(b"\n", b"\r\n")), data()],
    "field-no-line-end": [BINARY, control(CONTROL.rstrip()), data()],
    "field-comment": [BINARY, control(b"# comment\n" + CONTROL), data()],
    "field-doubled": [BINARY, control(CONTROL + b"Version: 2.0\n"), data()],
    "field-second-stanza": [BINARY, control(CONTROL + b"\nPackage: other\n"), data()],
    "field-maintainer-absent": [BINARY, control(CONTROL.replace(b"Maintainer: Peers <peers@mirror.example>\n", b"")), data()],
    "field-description-absent": [BINARY, control(CONTROL.replace(b"Description: tool\n", b"")), data()],
    "field-description-empty": [BINARY, control(CONTROL.replace(b"Description: tool\n", b"Description:\n")), data()],
    "field-architecture-absent": [BINARY, control(CONTROL.replace(b"Architecture: amd64\n", b"")), data()],
    "field-version-absent": [BINARY, control(CONTROL.replace(b"Version: 1.0\n", b"")), data()],
    "field-installed-size-unit": [BINARY, control(CONTROL + b"Installed-Size: 356K\n"), data()],
    "field-installed-size-negative": [BINARY, control(CONTROL + b"Installed-Size: -1\n"), data()],
    "field-depends-substvar": [BINARY, control(CONTROL + b"Suggests: ${misc:Suggests}\n"), data()],
    "field-essential": [BINARY, control(CONTROL + b"Essential: yes\n"), data()],
    "field-user-defined": [BINARY, control(CONTROL + b"License: MIT\nVendor: none\nHomepage: x\n"), data()],
    "field-priority-odd": [BINARY, control(CONTROL + b"Priority: whatever\nSection: \n"), data()],
    "field-byte-order-mark": [BINARY, control(b"\xef\xbb\xbf" + CONTROL), data()],
    "field-lower-case": [BINARY, control(CONTROL.replace(b"Version", b"version")), data()],
    "field-trailing-spaces": [BINARY, control(CONTROL.replace(b"\n", b"  \n")), data()],
    # the data archive
    "path-twice": [BINARY, control(), data(FILE, ("./usr/share/peers/tool", b"second\n"))],
    "path-twice-other-kind": [BINARY, control(), data(FILE, (entry("./usr/share/peers/tool", tarfile.SYMTYPE, "x"), None))],
    "path-folder-twice": [BINARY, control(), data(("./usr", None), ("./usr/share", None), ("./usr", None), FILE)],
    "path-no-dot": [BINARY, control(), data(("usr", None), ("usr/share", None), ("usr/share/peers", None), ("usr/share/peers/tool", b"tool\n"))],
    "path-absolute": [BINARY, control(), data(("/usr/share/peers/tool", b"tool\n"))],
    "path-dotdot-inside": [BINARY, control(), data(FILE, ("./usr/share/../share/peers/other", b"x\n"))],
    "path-dotdot-outside": [BINARY, control(), data(FILE, ("./../outside", b"x\n"))],
    "path-dot-inside": [BINARY, control(), data(FILE, ("./usr/share/./peers/other", b"x\n"))],
    "path-double-slash": [BINARY, control(), data(FILE, ("./usr/share//peers/other", b"x\n"))],
    "path-no-folders": [BINARY, control(), ("data.tar.gz", gzipped(tar([(entry("./opt/x/y/z"), b"x\n")])))],
    "path-root-entry": [BINARY, control(), data(("./", None), FILE)],
    "path-dot-entry": [BINARY, control(), data((".", None), FILE)],
    "path-latin1": [BINARY, control(), data(FILE, ("./usr/share/peers/gr\xfc\xdfe", b"x\n"))],
    "path-newline": [BINARY, control(), data(FILE, ("./usr/share/peers/a\nb", b"x\n"))],
    "path-space": [BINARY, control(), data(FILE, ("./usr/share/peers/a b ", b"x\n"))],
    "path-backslash": [BINARY, control(), data(FILE, ("./usr/share/peers/a\\b", b"x\n"))],
    "path-long": [BINARY, control(), longlink()],
    "path-255": [BINARY, control(), data(FILE, ("./usr/share/peers/" + "n" * 255, b"x\n"))],
    "path-256": [BINARY, control(), data(FILE, ("./usr/share/peers/" + "n" * 256, b"x\n"))],
    "path-lib64": [BINARY, control(), data(("./lib64", None), ("./lib64/tool.so", b"x\n"))],
    "path-bin": [BINARY, control(), data(("./bin", None), ("./bin/tool", b"x\n"), ("./usr/bin", None))],
    "tar-pax": [BINARY, control(), data(FILE, ("./usr/share/peers/" + "p" * 150, b"x\n"), form=tarfile.PAX_FORMAT)],
    "tar-ustar": [BINARY, control(), data(FILE, ("./usr/share/" + "u" * 80 + "/" + "v" * 80, b"x\n"), form=tarfile.USTAR_FORMAT)],
    "tar-empty": [BINARY, control(), ("data.tar.gz", gzipped(tar([])))],
    "tar-no-end": [BINARY, control(), ("data.tar.gz", gzipped(tar([FILE])[:4 * 512 + 512]))],
    "tar-one-end-block": [BINARY, control(), ("data.tar.gz", gzipped(tar([FILE]).rstrip(b"\0")[:0] + tar([FILE])[:5 * 512 + 512]))],
    "tar-garbage-after-end": [BINARY, control(), ("data.tar.gz", gzipped(tar([FILE]) + b"garbage" * 100))],
    "tar-wrong-checksum": [BINARY, control(), ("data.tar.gz", gzipped(altered(tar([FILE]), b"0000644", b"0000755")))],
    "tar-contiguous": [BINARY, control(), data((entry("./usr/share/peers/tool", tarfile.CONTTYPE), b"x\n"))],
    "tar-old-kind": [BINARY, control(), data((entry("./usr/share/peers/tool", tarfile.AREGTYPE), b"x\n"))],
    "tar-unknown-kind": [BINARY, control(), data(FILE, (entry("./usr/share/peers/odd", b"Z"), None))],
    "tar-sparse": [BINARY, control(), data(FILE, (entry("./usr/share/peers/sparse", tarfile.GNUTYPE_SPARSE), b""))],
    "tar-volume-label": [BINARY, control(), data((entry("label", b"V"), None), FILE)],
    "link-hard": [BINARY, control(), data(FILE, (entry("./usr/share/peers/hard", tarfile.LNKTYPE, "./usr/share/peers/tool"), None))],
    "link-hard-no-dot": [BINARY, control(), data(FILE, (entry("./usr/share/peers/hard", tarfile.LNKTYPE, "usr/share/peers/tool"), None))],
    "link-hard-absolute": [BINARY, control(), data(FILE, (entry("./usr/share/peers/hard", tarfile.LNKTYPE, "/usr/share/peers/tool"), None))],
    "link-hard-before": [BINARY, control(), data((entry("./usr/share/peers/hard", tarfile.LNKTYPE, "./usr/share/peers/tool"), None), FILE)],
    "link-hard-missing": [BINARY, control(), data(FILE, (entry("./usr/share/peers/hard", tarfile.LNKTYPE, "./usr/share/peers/absent"), None))],
    "link-hard-to-itself": [BINARY, control(), data(FILE, (entry("./usr/share/peers/tool", tarfile.LNKTYPE, "./usr/share/peers/tool"), None))],
    "link-hard-dotdot": [BINARY, control(), data(FILE, (entry("./usr/share/peers/hard", tarfile.LNKTYPE, "./usr/share/../share/peers/tool"), None))],
    "link-symbolic": [BINARY, control(), data(FILE, (entry("./usr/share/peers/link", tarfile.SYMTYPE, "tool"), None))],
    "link-symbolic-outside": [BINARY, control(), data(FILE, (entry("./usr/share/peers/link", tarfile.SYMTYPE, "../../../../../etc/passwd"), None))],
    "link-symbolic-absolute": [BINARY, control(), data(FILE, (entry("./usr/share/peers/link", tarfile.SYMTYPE, "/etc/passwd"), None))],
    "link-symbolic-loop": [BINARY, control(), data(FILE, (entry("./usr/share/peers/link", tarfile.SYMTYPE, "link"), None))],
    "link-symbolic-empty": [BINARY, control(), data(FILE, (entry("./usr/share/peers/link", tarfile.SYMTYPE, ""), None))],
    "link-through": [BINARY, control(), data(FILE, (entry("./usr/share/way", tarfile.SYMTYPE, "peers"), None), ("./usr/share/way/other", b"x\n"))],
    "mode-set-id": [BINARY, control(), data((entry("./usr/share/peers/tool", mode=0o4755), b"x\n"))],
    "mode-none": [BINARY, control(), data(FILE, (entry("./usr/share/peers/secret", mode=0), b"x\n"))],
    "mode-type-bits": [BINARY, control(), data((entry("./usr/share/peers/tool", mode=0o100644), b"x\n"))],
    "owner-name": [BINARY, control(), data((entry("./usr/share/peers/tool", uid=1234, gid=5678, uname="nobodyknows", gname="x"), b"x\n"))],
    "owner-large": [BINARY, control(), data((entry("./usr/share/peers/tool", uid=4_000_000_000, gid=1), b"x\n"))],
    "time-negative": [BINARY, control(), data((entry("./usr/share/peers/tool", mtime=-1), b"x\n"))],
    "time-zero": [BINARY, control(), data((entry("./usr/share/peers/tool", mtime=0), b"x\n"))],
    "time-2100": [BINARY, control(), data((entry("./usr/share/peers/tool", mtime=4_102_444_800), b"x\n"))],
    "device": [BINARY, control(), data(FILE, (entry("./usr/share/peers/null", tarfile.CHRTYPE, devmajor=1, devminor=3), None))],
    "fifo": [BINARY, control(), data(FILE, (entry("./usr/share/peers/fifo", tarfile.FIFOTYPE), None))],
    "file-over-folder": [BINARY, control(), data(("./usr/share/peers/x", None), ("./usr/share/peers/x", b"x\n"))],
    "folder-over-file": [BINARY, control(), data(FILE, ("./usr/share/peers/x", b"x\n"), ("./usr/share/peers/x", None))],
}


def pax_names():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8") as archive:
        for name, content in tar_parents("./usr/share/peers/größe"):
            info = tarfile.TarInfo(name)
            info.type, info.mode = (tarfile.DIRTYPE, 0o755) if content is None else (tarfile.REGTYPE, 0o644)
            info.size = len(content or b"")
            archive.addfile(info, io.BytesIO(content or b""))
    return out.getvalue()


def tar_parents(path):
    parts = path.split("/")
    for count in range(2, len(parts)):
        yield "/".join(parts[:count]), None
    yield path, b"x\n"


ARCHIVES["tar-pax-utf8"] = [BINARY, control(), ("data.tar.gz", gzipped(pax_names()))]


def served(site, content):
    """A repository of a package of these bytes, whatever they are."""
    deb = site.raw_deb(CONTROL, content)
    site.repository().add(deb).write()
    return site.ask()


def by_path(site, content):
    """The same, asked for by its path; the repository has nothing of it."""
    site.repository().add(site.deb("other")).write()
    path = site.folder / "tool.deb"
    path.write_bytes(ar(content))
    return site.ask(str(path))


for label, members in ARCHIVES.items():
    case(f"archive/{label}")(lambda site, members=members: served(site, members))
    if label.startswith(("field", "control", "member", "version", "plain")):
        case(f"deb/{label}")(lambda site, members=members: by_path(site, members))

BYTES = {
    "trailing-bytes": lambda deb: deb + b"trailing",
    "trailing-zeros": lambda deb: deb + b"\0" * 64,
    "trailing-line-end": lambda deb: deb + b"\n",
    "truncated": lambda deb: deb[:-30],
    "no-magic": lambda deb: b"x" + deb[1:],
    "empty": lambda deb: b"",
    "html": lambda deb: b"<html></html>",
    "gzipped": gzip.compress,
}
for label, change in BYTES.items():
    @case(f"deb/bytes-{label}")
    def whole(site, change=change):
        site.repository().add(site.deb("other")).write()
        path = site.folder / "tool.deb"
        path.write_bytes(change(ar(plain_members(CONTROL))))
        return site.ask(str(path))
