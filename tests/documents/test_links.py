"""Links between the documents lead somewhere."""

import unittest

import markdown

ELSEWHERE = ("http://", "https://", "mailto:")


def broken(path, target):
    """What is wrong with a link in a document, or None."""
    if target.startswith(ELSEWHERE):
        return None
    name, _, anchor = target.partition("#")
    there = (path.parent / name).resolve() if name else path
    if not there.exists():
        return f"there is no {name}"
    if not there.is_relative_to(markdown.ROOT):
        return f"{name} is outside of the repository"
    if anchor and (there.suffix != ".md" or anchor not in set(markdown.anchors(there))):
        return f"there is no heading for #{anchor}"
    return None


class Links(unittest.TestCase):
    def test_they_lead_somewhere(self):
        count = 0
        for path in markdown.files():
            for target in markdown.links(path):
                count += 1
                with self.subTest(path.relative_to(markdown.ROOT), target=target):
                    self.assertIsNone(broken(path, target))
        self.assertGreater(count, 50)

    def test_a_broken_one_is_found(self):
        path = markdown.ROOT / "README.md"
        for target in ("docs/none.md", "#nothing", "docs/tasks/quickstart.md#nothing", "LICENSE-MIT#mit", "../outside.md"):
            self.assertIsNotNone(broken(path, target), target)
        self.assertIsNone(broken(path, "docs/tasks/quickstart.md#in-a-cluster"))

    def test_every_document_of_docs_can_be_found(self):
        linked = set()
        for path in markdown.files():
            targets = (target.partition("#")[0] for target in markdown.links(path))
            linked |= {(path.parent / name).resolve() for name in targets if name}
        for path in markdown.files():
            if markdown.ROOT / "docs" in path.parents and path.name != "README.md":
                self.assertIn(path, linked)


if __name__ == "__main__":
    unittest.main()
