"""Copy the chapters and their figures for work in JupyterLab, with what only the build of the site knows written out.

    python tools/book/working_copy.py lab      # make lab does this; files that are there already stay as they are
    python tools/book/working_copy.py book     # in place, on Binder, whose copy of the repository nobody keeps

JupyterLab shows a chapter's directives, but knows neither the results files nor the bibliography nor the other pages:
a number would be its key, a citation or a link to another page a warning. Nor does it show the caption of a plot, which
stands in the cell's metadata: here it becomes a cell below the plot, and the text refers to it as "Plot 2".
"""

import json
import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from pybtex.database import BibliographyData, parse_file

BOOK = Path(__file__).resolve().parents[2] / "book"
sys.path.append(str(Path(__file__).resolve().parents[1] / "sphinx"))
import results  # noqa: E402

ROLE = re.compile(r"\{(result|cite(?::[tp])?|term|source|numref|ref|doc)\}`([^`]+)`")
HEADING = re.compile(r"^\(([\w-]+)\)=\n+#+ (.+)$", re.MULTILINE)
WITH_TEXT = re.compile(r"(.+?)\s*<[^>]+>", re.DOTALL)


def written_out(text: str, bibliography: BibliographyData, names: dict[str, str]) -> str:
    """The text of a page without the roles that need other files; what they refer to is called by its name.

    >>> bibliography, names = parse_file(BOOK / "references.bib"), {"ch-lstm": "*The LSTM*"}
    >>> written_out("{term}`LSTM` {cite}`hochreiter1997`, see {ref}`ch-lstm`", bibliography, names)
    'LSTM (Hochreiter & Schmidhuber 1997), see *The LSTM*'
    """

    def replace(match: re.Match) -> str:
        role, content = match.groups()
        if role == "result":
            return number(content)
        if role == "cite:t":
            return ", ".join("{} ({})".format(*source(key, bibliography)) for key in content.split(","))
        if role.startswith("cite"):
            return f"({'; '.join(' '.join(source(key, bibliography)) for key in content.split(','))})"
        if named := WITH_TEXT.fullmatch(content):
            return named[1]
        if role == "source":
            return f"`{content.partition(':')[0]}`"
        return content if role == "term" else names.get(content, match[0])

    return ROLE.sub(replace, text)


def number(content: str) -> str:
    """A measured number, as the role {result} writes it."""
    name, _, rest = content.partition(":")
    key, _, style = rest.partition(":")
    document = json.loads(results.results_file(name, BOOK).read_text(encoding="utf-8"))
    return results.format_result(document["values"], key, style)


def source(key: str, bibliography: BibliographyData) -> tuple[str, str]:
    """Authors and year."""
    entry = bibliography.entries[key.strip()]
    names = [" ".join((*person.prelast_names, *person.last_names)).strip("{}") for person in entry.persons["author"]]
    authors = " & ".join(names) if len(names) < 3 else f"{names[0]} et al."
    return authors, entry.fields["year"]


def headings() -> dict[str, str]:
    """The title of each named section of the book, and of each page."""
    titles = {}
    for path in sorted((*BOOK.glob("*.md"), *BOOK.glob("*.ipynb"))):
        if path.suffix == ".ipynb":
            text = "\n\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        else:
            text = path.read_text(encoding="utf-8")
        titles |= dict(HEADING.findall(text))
        titles |= {path.stem: re.search("^# (.+)$", text, re.MULTILINE)[1]}
    return {name: f"*{title}*" for name, title in titles.items()}


def captions(notebook: NotebookNode) -> dict[str, str]:
    """Put the caption of each plot into a cell below it; gives the plots' names as the text refers to them."""
    names, cells, ids = {}, [], {cell.id for cell in notebook.cells}
    for cell in notebook.cells:
        cells.append(cell)
        if figure := cell.metadata.get("mystnb", {}).get("figure"):
            plot = names[figure["name"]] = f"Plot {len(names) + 1}"
            if (caption := f"{cell.id}-caption") not in ids:
                cells.append(new_markdown_cell(f"**{plot}.** {figure['caption']}", id=caption))
    notebook.cells = cells
    return names


def main(target: Path) -> None:
    bibliography, titles = parse_file(BOOK / "references.bib"), headings()
    for path in sorted(path for path in BOOK.rglob("*") if path.suffix in (".ipynb", ".png", ".svg")):
        copy = target / path.relative_to(BOOK)
        in_place = copy.resolve() == path
        if "_build" in path.parts or (copy.exists() and not in_place):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".ipynb":
            notebook = nbformat.read(path, as_version=4)
            names = titles | captions(notebook)
            for cell in notebook.cells:
                if cell.cell_type == "markdown":
                    cell.source = written_out(cell.source, bibliography, names)
            nbformat.write(notebook, copy)
        elif not in_place:
            shutil.copyfile(path, copy)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
