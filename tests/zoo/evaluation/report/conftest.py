"""What a page of a report consists of."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def outline():
    """A function from a page, or its file, to its `Outline`."""
    return lambda page: Outline(page.read_text("utf-8") if isinstance(page, Path) else page)


class Outline(HTMLParser):
    """The tags of a page with their attributes, the text, and what reaches beyond the page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(page)
        reaching = ("src", "href", "srcset", "data", "poster", "action")
        self.outside = re.findall(r"url\(|@import|https?:", re.sub(r"base64,[^\"]*", "", page))
        self.outside += [tag for tag, _ in self.tags if tag in ("script", "link")]
        self.outside += [
            f"{tag} {name}={attributes[name]}"
            for tag, attributes in self.tags
            for name in reaching
            if tag != "a" and not attributes.get(name, "#").startswith(("data:", "#"))
        ]

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def having(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]
