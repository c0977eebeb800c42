"""What is wrong with the built site, as sentences: links, what comes from other hosts, and what the generator reads otherwise than GitHub."""

import re
import sys
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

from markdown_it import MarkdownIt

# what a page loads, as opposed to where it leads
LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href"}
# of a link, what is loaded by a browser
LOADING = {"stylesheet", "icon", "preload", "preconnect", "prefetch", "manifest"}
COUNTED = {"table": "table", "li": "li", "pre": "code block", "tr": "row", "h2": "h2", "h3": "h3", "td": "cell"}


class Page(HTMLParser):
    """Links, anchors, what is loaded, and how many of some elements the article has."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.loaded, self.counts = set(), [], [], dict.fromkeys(COUNTED, 0)
        self.inside, self.words = False, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if "id" in given:
            self.anchors.add(given["id"])
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in LOADED and given.get(LOADED[tag]) and (tag != "link" or given.get("rel") in LOADING):
            self.loaded.append(given[LOADED[tag]])
        if tag == "article" and "md-content__inner" in given.get("class", ""):
            self.inside = True
        if self.inside and tag in self.counts:
            self.counts[tag] += 1

    def handle_endtag(self, tag):
        if tag == "article":
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.words.append(data)


def expected(text):
    """The counts of a page's Markdown as GitHub reads it."""
    counts = dict.fromkeys(COUNTED, 0)
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        name = {"fence": "pre_open", "code_block": "pre_open"}.get(token.type, f"{token.tag}_open" if token.nesting == 1 else "")
        if name.removesuffix("_open") in counts and name.endswith("_open"):
            counts[name.removesuffix("_open")] += 1
    return counts


def problems(site, pages, made):
    """`made`: the pages of `pages.write`, relative to `pages`."""
    built = {path: Page(path.read_text()) for path in site.rglob("*.html")}
    for path, page in built.items():
        name = path.relative_to(site)
        for target in page.loaded:
            if re.match(r"(https?:)?//", target):
                yield f"{name} loads {target}"
        for link in page.links:
            address, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:|//", address) or name.name == "404.html":
                continue
            there = (path.parent / urllib.parse.unquote(address)).resolve() if address else path
            if there.is_dir():
                there /= "index.html"
            if there not in built and not there.exists():
                yield f"{name}: there is no {link}"
            elif anchor and there in built and urllib.parse.unquote(anchor) not in built[there].anchors:
                yield f"{name}: there is no heading for {link}"
    for page in made:
        html = site / (page.parent / "index.html" if page.name == "README.md" else page.with_suffix(".html"))
        if html not in built:
            yield f"{page} is not built"
            continue
        wanted, got = expected((pages / page).read_text()), built[html].counts
        for tag, name in COUNTED.items():
            if wanted[tag] != got[tag]:
                yield f"{page}: GitHub shows {wanted[tag]} of {name}, the site {got[tag]}"
        shown = "".join(built[html].words)
        if "```" in shown and "```" not in re.sub(r"(?m)^\s*```.*$", "", (pages / page).read_text()):
            yield f"{page}: a fence is shown as text"
    for style in site.rglob("*.css"):
        for target in re.findall(r"(?:url\(|@import )['\"]?((?:https?:)?//[^'\")]+)", style.read_text()):
            yield f"{style.relative_to(site)} loads {target}"


if __name__ == "__main__":
    import pages as maker

    folder = Path(sys.argv[1])
    for problem in problems(folder / "html", folder / "pages", maker.write(folder / "pages")):
        print(problem)
