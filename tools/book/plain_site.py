"""What the built site knows: the numbers of its figures and equations, and the address of whatever has a name."""

import html
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sphinx.util.inventory import InventoryFile

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
FIGURE = re.compile(
    r'<figure[^>]* id="([^"]+)"(?:(?!</figure>).)*?<span class="caption-number">\s*([^<]+?)\s*</span>', re.DOTALL
)
EQUATION = re.compile(r'id="equation-([^"]+)">\s*<span class="eqno">\(([\d.]+)\)')
CITATION = re.compile(r'<div class="citation" id="([^"]+)"(.*?)</div>', re.DOTALL)


@dataclass(frozen=True)
class Site:
    """A built site, by its public address, which ends in a slash.

    `figures` has the name of a figure and how the site calls it, "Figure 2.1"; `equations` a label and its number;
    `pages` the page of each equation; `inventory` what Sphinx writes for other books; `citations` anchor and text.
    """

    address: str
    figures: Mapping[str, str]
    equations: Mapping[str, str]
    pages: Mapping[str, str]
    inventory: Mapping[str, Mapping[str, Any]]
    citations: Mapping[str, str]
    images: frozenset[str]

    @classmethod
    def read(cls, folder: Path) -> "Site":
        if not (folder / "objects.inv").exists():
            raise FileNotFoundError(f"there is no built site in {folder}: make book builds it")
        figures, equations, pages = {}, {}, {}
        for path in sorted(folder.glob("*.html")):
            text = path.read_text(encoding="utf-8")
            figures |= dict(FIGURE.findall(text))
            equations |= (found := dict(EQUATION.findall(text)))
            pages |= dict.fromkeys(found, path.name)
        with (folder / "objects.inv").open("rb") as stream:
            inventory = InventoryFile.load(stream, "", lambda _, address: address)
        bibliography = folder / "bibliography.html"
        text = bibliography.read_text(encoding="utf-8") if bibliography.exists() else ""
        citations = {anchor: html.unescape(entry) for anchor, entry in CITATION.findall(text)}
        images = frozenset(path.name for path in (folder / "_images").glob("*"))
        return cls(site_address(), figures, equations, pages, inventory, citations, images)

    def named(self, kind: str, name: str) -> tuple[str, str]:
        """Address and title; a term may begin with a capital at the start of a sentence."""
        entries = self.inventory[kind]
        entry = entries.get(name) or entries.get(name.lower()) or entries.get(name[:1].lower() + name[1:])
        if entry is None:
            raise KeyError(f"the site has no {kind} {name!r}")
        *_, address, title = entry
        return self.address + address, name if title == "-" else title

    def equation_address(self, label: str) -> str:
        return f"{self.address}{self.pages[label]}#equation-{label}"

    def image(self, file: str) -> str:
        name = PurePosixPath(file).name
        if name not in self.images:
            raise KeyError(f"the site has no picture {file!r}")
        return f"{self.address}_images/{name}"

    def citation(self, fields: Mapping[str, str]) -> str:
        """The entry of the bibliography that has the same DOI or address; where there is none, the same title."""
        target, title = fields.get("doi") or fields.get("url"), letters(fields["title"])
        anchors = [
            anchor
            for anchor, text in self.citations.items()
            if (f'{target}"' in text if target else title in letters(text))
        ]
        if len(anchors) != 1:
            raise KeyError(f"the site has {len(anchors)} entries for {fields['title']!r}; expected 1")
        return f"{self.address}bibliography.html#{anchors[0]}"


def letters(text: str) -> str:
    """What stays of a title in BibTeX or HTML when markup, case and signs are left out.

    >>> letters("{LSTM}: <em>in</em> a cell") == letters("LSTM: In a Cell")
    True
    """
    return "".join(filter(str.isalnum, re.sub(r"<[^>]+>", "", text))).lower()


def site_address() -> str:
    """The public address of the site, which pyproject.toml names."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    return f"{project['urls']['Documentation'].rstrip('/')}/"
