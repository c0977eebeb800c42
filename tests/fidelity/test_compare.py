#!/usr/bin/python3
"""The comparison must find what is wrong with a tree, and may let nothing pass but what has a class."""

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

from archive import ar
from compare import ALIASES, CLASSES, KEPT, Archive, Comparison

NEWEST = 1_600_000_000
DAEMON = 1
POSTINST = "#!/bin/sh\nupdate-alternatives --install /usr/bin/editor editor /usr/bin/tool 10\n"
# name, type, mode, time, owner, content or target
MEMBERS = (
    ("./", tarfile.DIRTYPE, 0o755, 1_500_000_000, 0, ""),
    ("./bin/", tarfile.DIRTYPE, 0o755, 1_500_000_001, 0, ""),
    ("./bin/tool", tarfile.REGTYPE, 0o755, 1_500_000_002, 0, "program"),
    ("./etc/", tarfile.DIRTYPE, 0o750, 1_500_000_003, 0, ""),
    ("./etc/conf", tarfile.REGTYPE, 0o640, 1_500_000_004, DAEMON, "setting"),
    ("./usr/bin/root", tarfile.REGTYPE, 0o4755, 1_500_000_005, 0, "set-id"),
    ("./usr/share/", tarfile.DIRTYPE, 0o755, 1_500_000_006, 0, ""),
    ("./usr/share/one", tarfile.REGTYPE, 0o644, 1_500_000_007, 0, "linked"),
    ("./usr/share/two", tarfile.LNKTYPE, 0o644, 1_500_000_007, 0, "./usr/share/one"),
    ("./usr/share/three", tarfile.REGTYPE, 0o644, 1_500_000_007, 0, "linked"),
    ("./usr/share/target", tarfile.SYMTYPE, 0o777, NEWEST, 0, "one"),
)


def tarball(members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, type_, mode, time, owner, text in members:
            member = tarfile.TarInfo(name)
            member.type, member.mode, member.mtime = type_, mode, time
            member.uid = member.gid = owner
            if type_ == tarfile.REGTYPE:
                member.size = len(text)
            else:
                member.linkname = text
            archive.addfile(member, io.BytesIO(text.encode()))
    return file.getvalue()


def timed(path, seconds):
    os.utime(path, (seconds, seconds), follow_symlinks=False)


@unittest.skipUnless(shutil.which("dpkg-deb"), "skipped: no dpkg-deb")
class Comparisons(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.tree, self.extracted = self.folder / "tree", self.folder / "extracted"
        self.runner = (os.geteuid(), os.getegid())
        self.make(POSTINST)

    def make(self, postinst):
        """A package, what dpkg-deb extracts of it, and the tree that is right."""
        control = "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: m <m@example.org>\nDescription: d\n"
        files = [("./control", tarfile.REGTYPE, 0o644, 0, 0, control),
                 ("./postinst", tarfile.REGTYPE, 0o755, 0, 0, postinst)]  # fmt: skip
        deb = self.folder / "p.deb"
        deb.write_bytes(ar({"control.tar": tarball(files), "data.tar": tarball(MEMBERS)}))
        self.archive = Archive(deb)
        for root in (self.extracted, self.tree):
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
            subprocess.run(["dpkg-deb", "-x", deb, root], check=True, umask=0o022)
        # as aptlet makes it
        (self.tree / "bin/tool").rename(self.tree / "usr/bin/tool")
        (self.tree / "bin").rmdir()
        self.add("bin", lambda path: path.symlink_to("usr/bin"))
        (self.tree / "usr/bin/root").chmod(0o755)
        os.chown(self.tree / "etc/conf", *self.runner)
        self.settle()

    def settle(self):
        """Gives the tree's folders the times that they must have."""
        times = {"usr": NEWEST, "usr/bin": NEWEST}
        times |= {name.strip("./"): time for name, type_, _, time, _, _ in MEMBERS if type_ == tarfile.DIRTYPE}
        for place, time in times.items():
            if place not in ALIASES:
                timed(self.tree / place, time)

    def add(self, place, make, time=NEWEST):
        path = self.tree / place
        for parent in reversed(path.relative_to(self.tree).parents[:-1]):
            if not (self.tree / parent).exists():
                self.add(parent, Path.mkdir)
        make(path)
        timed(path, time)
        for parent in path.relative_to(self.tree).parents[:-1]:
            timed(self.tree / parent, NEWEST)
        self.settle()

    def compared(self, allowed=CLASSES.keys()):
        return Comparison(self.tree, self.extracted, self.archive, self.runner, allowed)

    def assertFaults(self, *texts, allowed=CLASSES.keys()):
        found = [str(fault) for fault in self.compared(allowed).faults]
        self.assertEqual(len(found), len(texts), found)
        for fault, text in zip(sorted(found), sorted(texts)):
            self.assertTrue(fault.startswith(text), f"{fault!r} should begin with {text!r}")

    def test_the_right_tree_has_no_fault(self):
        self.assertFaults()
        counts = self.compared().counts
        self.assertEqual((counts["merged-usr"], counts["set-id"]), (3, 1))
        self.assertEqual(counts["owner"], 1 if self.runner == (0, 0) else 0)

    def test_what_the_archive_says_is_read(self):
        self.assertEqual(self.archive.set_id, {"usr/bin/root": 0o4755})
        self.assertEqual((self.archive.hard_links, self.archive.foreign), (1, 1))
        self.assertEqual(self.archive.parts, ["control.tar", "data.tar"])
        self.assertEqual(self.archive.newest, NEWEST * 10**9)

    def test_content(self):
        for text in ("PROGRAM", "programme", "", "prog"):
            path = self.tree / "usr/bin/tool"
            path.write_text(text)
            timed(path, 1_500_000_002)
            self.assertFaults("usr/bin/tool: content")

    def test_mode_of_a_file_and_of_a_folder(self):
        (self.tree / "usr/share/three").chmod(0o664)
        (self.tree / "etc").chmod(0o755)
        self.assertFaults("usr/share/three: mode 0664", "etc: mode 0755")

    def test_bits_that_a_package_does_not_have(self):
        (self.tree / "usr/bin/tool").chmod(0o4755)
        self.assertFaults("usr/bin/tool: mode 4755")

    def test_more_than_set_id_bits_lost(self):
        (self.tree / "usr/bin/root").chmod(0o744)
        self.assertFaults("usr/bin/root: mode 0744")

    def test_target(self):
        path = self.tree / "usr/share/target"
        path.unlink()
        self.add("usr/share/target", lambda path: path.symlink_to("two"))
        self.assertFaults("usr/share/target: target 'two'")

    def test_a_link_that_is_no_alias(self):
        (self.tree / "bin").unlink()
        self.add("bin", lambda path: path.symlink_to("etc"))
        self.assertFaults("bin: link only in the tree")

    def test_missing(self):
        (self.tree / "usr/share/three").unlink()
        self.settle()
        self.assertFaults("usr/share/three: missing")

    def test_extra(self):
        self.add("etc/extra", Path.touch)
        self.add("opt", Path.mkdir)
        self.assertFaults("etc/extra: file only in the tree", "opt: directory only in the tree")

    def test_another_type(self):
        path = self.tree / "usr/share/three"
        path.unlink()
        self.add("usr/share/three", Path.mkdir)
        self.assertFaults("usr/share/three: directory, dpkg-deb file")

    def test_a_broken_hard_link(self):
        path = self.tree / "usr/share/two"
        path.unlink()
        self.add("usr/share/two", lambda path: path.write_text("linked"), 1_500_000_007)
        self.assertFaults("usr/share/one: hard links", "usr/share/two: hard links")

    def test_a_hard_link_too_many(self):
        path = self.tree / "usr/share/three"
        path.unlink()
        self.add("usr/share/three", lambda path: path.hardlink_to(self.tree / "usr/share/one"), 1_500_000_007)
        self.assertFaults(*(f"usr/share/{name}: hard links" for name in ("one", "three", "two")))

    def test_times(self):
        for place in ("usr/bin/tool", "usr/share/target", "usr/share", "usr", ".", "bin"):
            timed(self.tree / place, 1)
        self.assertFaults(
            "usr/bin/tool: file has time", "usr/share/target: link has time", "usr/share: directory has time",
            "usr: directory has time", ".: directory has time", "bin: added with time",
        )  # fmt: skip

    def test_a_fraction_of_a_second(self):
        os.utime(self.tree / "usr/bin/tool", ns=(0, 1_500_000_002 * 10**9 + 1))
        self.assertFaults("usr/bin/tool: file has time")

    @unittest.skipIf(os.geteuid(), "skipped: needs root to give files away")
    def test_owners(self):
        os.chown(self.tree / "usr/bin/tool", 0, 7)
        os.chown(self.tree / "etc/conf", 7, 0)
        os.chown(self.tree / "bin", 7, 0, follow_symlinks=False)
        self.assertFaults("usr/bin/tool: owner", "etc/conf: owner", "bin: added with owner")

    @unittest.skipIf(os.geteuid(), "skipped: needs root to have other owners")
    def test_nothing_is_mapped_where_all_is_kept(self):
        self.assertFaults("usr/bin/root: mode 0755", "etc/conf: owner", allowed=KEPT)
        (self.tree / "usr/bin/root").chmod(0o4755)
        os.chown(self.tree / "etc/conf", DAEMON, DAEMON)
        self.assertFaults(allowed=KEPT)

    def test_additions_need_a_reason(self):
        self.add("var/lib/dpkg/status", Path.touch)
        self.add("etc/alternatives/editor", lambda path: path.symlink_to("/usr/bin/tool"))
        self.add("usr/bin/editor", lambda path: path.symlink_to("/etc/alternatives/editor"))
        self.assertFaults()
        self.assertEqual(self.compared().counts["alternatives"], 3)
        self.add("etc/passwd", Path.touch)
        self.add("etc/ssl/certs/ca-certificates.crt", Path.touch)
        self.assertFaults("etc/passwd: file only in the tree, but", "etc/ssl/certs/ca-certificates.crt: file only in",
                          "etc/ssl/certs: directory only in", "etc/ssl: directory only in")  # fmt: skip
        self.make("#!/bin/sh\n")
        self.add("usr/bin/editor", lambda path: path.symlink_to("/etc/alternatives/editor"))
        self.assertFaults("usr/bin/editor: link only in the tree, but nothing")

    def test_a_file_that_is_no_file_of_the_package_may_not_be_replaced_by_an_addition(self):
        path = self.tree / "usr/bin/tool"
        path.unlink()
        self.add("usr/bin/tool", lambda path: path.symlink_to("/etc/alternatives/tool"))
        self.assertFaults("usr/bin/tool: link, dpkg-deb file")


if __name__ == "__main__":
    unittest.main()
