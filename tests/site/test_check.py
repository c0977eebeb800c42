"""The check of the site finds what is wrong with a page, and the pages are as they are to be."""

import tempfile
import unittest
from pathlib import Path

import check
import pages

PAGE = '<html><head><link rel="stylesheet" href="a.css"></head><body><article class="md-content__inner">{}</article></body></html>'
GOOD = '<h1 id="a">A</h1><h2 id="b">B</h2><p><a href="#b">b</a> <a href="two.html#a">two</a> <a href="https://mirror.example/">m</a></p>'
TEXT = "# A\n\n## B\n\n[b](#b) [two](two.md#a) [m](https://mirror.example/)\n"


class Check(unittest.TestCase):
    def found(self, html=GOOD, text=TEXT, style="a {}"):
        with tempfile.TemporaryDirectory() as name:
            site, folder = Path(name, "html"), Path(name, "pages")
            site.mkdir()
            folder.mkdir()
            (site / "a.css").write_text(style)
            (site / "one.html").write_text(PAGE.format(html))
            (site / "two.html").write_text(PAGE.format('<h1 id="a">Two</h1>'))
            (folder / "one.md").write_text(text)
            (folder / "two.md").write_text("# Two\n")
            return list(check.problems(site, folder, [Path("one.md"), Path("two.md")]))

    def test_nothing_is_wrong(self):
        self.assertEqual(self.found(), [])

    def test_links(self):
        for old, new in (("two.html#a", "three.html"), ("two.html#a", "two.html#c"), ('href="#b"', 'href="#c"')):
            with self.subTest(new):
                self.assertEqual(len(self.found(GOOD.replace(old, new))), 1)

    def test_what_comes_from_elsewhere(self):
        for more in ('<img src="https://mirror.example/a.png">', '<script src="//mirror.example/a.js"></script>'):
            with self.subTest(more):
                self.assertEqual(len(self.found(GOOD + more)), 1)
        self.assertEqual(len(self.found(style="@import 'https://mirror.example/a.css';")), 1)

    def test_what_github_reads_otherwise(self):
        for more in ("- a\n- b\n", "| a |\n| --- |\n| b |\n", "```sh\ntrue\n```\n", "## C\n"):
            with self.subTest(more):
                self.assertTrue(self.found(text=f"{TEXT}\n{more}"))

    def test_a_page_that_is_not_built(self):
        with tempfile.TemporaryDirectory() as name:
            self.assertEqual(list(check.problems(Path(name), Path(name), [Path("one.md")])), ["one.md is not built"])


class Pages(unittest.TestCase):
    def test_links_out_of_the_documents(self):
        path = pages.DOCS / "tasks/one.md"
        text, targets = pages.linked(path, "[pod](../../manifests/pod.yaml) [two](two.md#a) [m](https://mirror.example/a.md)\n")
        self.assertEqual(text, "[pod](../repository/manifests/pod.yaml.md) [two](two.md#a) [m](https://mirror.example/a.md)\n")
        self.assertEqual(targets, [pages.ROOT / "manifests/pod.yaml", pages.DOCS / "tasks/two.md"])

    def test_blocks_stay_as_they_are(self):
        text = "```sh before\necho '[a](b)'\n```\n"
        self.assertEqual(pages.linked(pages.DOCS / "one.md", text)[0], "``` sh title=\"without aptlet\"\necho '[a](b)'\n```\n")

    def test_weights(self):
        self.assertEqual(pages.weighted(Path("faq.md"), "# Q\n"), "# Q\n")
        self.assertEqual(pages.weighted(Path("tasks/pin.md"), "# P\n"), "---\nsearch:\n  boost: 2\n---\n\n# P\n")
        self.assertEqual(check.expected("---\na: b\n---\n\n## P\n")["h2"], 1)

    def test_a_folder_is_its_files(self):
        text = pages.whole(pages.ROOT / "examples/configmap", pages.listed())
        self.assertIn("## packages\n", text)
        self.assertIn("Suites:", text)


if __name__ == "__main__":
    unittest.main()
