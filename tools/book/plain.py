"""Write the chapters as plain notebooks, which Colab and GitHub can show: Markdown that needs nothing but itself.

    python tools/book/plain.py FOLDER                 # after make book
    python tools/book/plain.py FOLDER --replace       # also over notebooks of the same names, as make notebooks does
    python tools/book/plain.py FOLDER --site SITE     # with the numbers and addresses of another built site

The numbers of figures and equations, and the places that a link leads to, are those of the built site (plain_site.py).
Code cells and their outputs stay as they are. A role or a label that the site doesn't know is an error.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
import working_copy
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from plain_blocks import without_directives
from plain_site import Site
from pybtex.database import BibliographyData, parse_file

sys.path.append(str(Path(__file__).resolve().parents[1] / "sphinx"))
import source

BUILT = working_copy.BOOK.parent / "build" / "site" / "_build" / "html"
ROLE = re.compile(r"\{([\w:.-]+)\}`([^`]+)`")
LABEL = re.compile(r"^\([\w-]+\)=\n+", re.MULTILINE)
EQUATION = re.compile(r"\$\$((?:(?!\$\$).)+)\$\$ *\(([\w-]+)\)", re.DOTALL)
DEFINITION = re.compile(r"^(\*\*[^\n*]+\*\*)\n: ((?:.+\n?)(?:  .+\n?)*)", re.MULTILINE)
PAGE_LINK = re.compile(r"\]\(([\w/]+)\.(?:md|ipynb)(#[\w-]+)?\)")
SAME_PAGE_LINK = re.compile(r"\]\(#([\w-]+)\)")
WITH_TEXT = re.compile(r"(.+?)\s*<([^>]+)>", re.DOTALL)
# What this file adds to a text in each language; the names of figures are those of the site.
WORDS = {"en": {"equation": "Equation", "line": "line"}}


class Writer:
    """Writes the text of one chapter plainly; `language` is that of the few words that are added."""

    def __init__(self, site: Site, page: str, bibliography: BibliographyData, language: str = "en") -> None:
        self.site, self.page, self.bibliography, self.words = site, page, bibliography, WORDS[language]

    def plain(self, text: str) -> str:
        text = LABEL.sub("", text)
        text = DEFINITION.sub(lambda match: f"- {match[1]}: {match[2].rstrip()}\n", text)
        text = EQUATION.sub(lambda match: self.equation(match[1].strip(), match[2]), text)
        text = without_directives(text, self.figure, self.equation)
        text = ROLE.sub(lambda match: self.role(*match.groups()), text)
        text = PAGE_LINK.sub(lambda match: f"]({self.site.address}{match[1]}.html{match[2] or ''})", text)
        return SAME_PAGE_LINK.sub(lambda match: f"]({self.site.address}{self.page}.html#{match[1]})", text)

    def figure(self, file: str, name: str, alt: str, caption: str) -> str:
        return f"![{alt}]({self.site.image(file)})\n\n{self.caption(name, caption)}"

    def caption(self, name: str, caption: str) -> str:
        return f"**{self.site.figures[name]}.** {caption}"

    def equation(self, body: str, label: str | None) -> str:
        """A displayed equation with its number; several lines need something that aligns them."""
        if "\\\\" in body and "\\begin{" not in body:
            body = f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
        tag = f"\\tag{{{self.site.equations[label]}}}\n" if label else ""
        return f"$$\n{body}\n{tag}$$"

    def role(self, role: str, content: str) -> str:
        """A role, written as a link to where it leads on the site."""
        if role == "result":
            return working_copy.number(content)
        if role.startswith("cite"):
            return self.citation(content.split(","), in_sentence=role == "cite:t")
        if role == "source":
            return self.source(content)
        named = WITH_TEXT.fullmatch(content)
        shown, target = named.groups() if named else (None, content)
        if role == "eq":
            number = f"{self.words['equation']} {self.site.equations[target]}"
            return f"[{number}]({self.site.equation_address(target)})"
        if role == "numref":
            return f"[{shown or self.site.figures[target]}]({self.site.named('std:label', target)[0]})"
        if role in ("term", "ref", "doc"):
            address, title = self.site.named("std:label" if role == "ref" else f"std:{role}", target)
            return f"[{shown or title}]({address})"
        raise KeyError(f"the role {role} of {content!r}")

    def citation(self, keys: list[str], *, in_sentence: bool) -> str:
        """Authors and year, linked to the entry of the bibliography."""
        parts = []
        for key in map(str.strip, keys):
            authors, year = working_copy.source(key, self.bibliography)
            shown = f"{authors} ({year})" if in_sentence else f"{authors} {year}"
            parts.append(f"[{shown}]({self.site.citation(self.bibliography.entries[key].fields)})")
        return ", ".join(parts) if in_sentence else f"({'; '.join(parts)})"

    def source(self, content: str) -> str:
        module, _, text = (part.strip() for part in content.partition(":"))
        line = source.find_line((source.PACKAGE / module).read_text(encoding="utf-8"), text)
        address = f"{self.site.address}{source.PAGE}.html#{source.anchor(module)}-{line}"
        return f"[`{module}`, {self.words['line']} {line}]({address})"


def plain_notebook(notebook: NotebookNode, writer: Writer) -> NotebookNode:
    """The same notebook in plain Markdown; the caption of a plot is a cell below it."""
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = writer.plain(cell.source)
        cells.append(cell)
        if figure := cell.metadata.get("mystnb", {}).get("figure"):
            caption = writer.plain(writer.caption(figure["name"], figure["caption"]))
            cells.append(new_markdown_cell(caption, id=f"{cell.id}-caption"))
    notebook.cells = cells
    return notebook


def main(target: Path, built: Path = BUILT, language: str = "en", *, replace: bool = False) -> None:
    """Write every chapter that has a page in the built site."""
    paths = [path for path in sorted(working_copy.BOOK.glob("*.ipynb")) if (built / f"{path.stem}.html").exists()]
    if there := [] if replace else [path.name for path in paths if (target / path.name).exists()]:
        sys.exit(f"{target / there[0]} is there already: name another folder, or give --replace.")
    target.mkdir(parents=True, exist_ok=True)
    site, bibliography = Site.read(built), parse_file(working_copy.BOOK / "references.bib")
    for path in paths:
        writer = Writer(site, path.stem, bibliography, language)
        nbformat.write(plain_notebook(nbformat.read(path, as_version=4), writer), target / path.name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the chapters as plain notebooks.")
    parser.add_argument("target", type=Path)
    parser.add_argument("--site", type=Path, default=BUILT, help="the built site (default: that of make book)")
    parser.add_argument("--replace", action="store_true", help="write over notebooks that are there")
    options = parser.parse_args()
    main(options.target, options.site, replace=options.replace)
