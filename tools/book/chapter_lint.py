"""The rules that every chapter keeps; CONTRIBUTING.md lists them for writers.

python tools/book/chapter_lint.py book/05_model.ipynb ...
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from execute import KEPT_CELL_METADATA, METADATA
from nbformat import NotebookNode

LONGEST_CELL = 12  # lines that are not blank
LARGEST_FILE = 2_000_000  # bytes
COMPARED = "nbval-check-output"  # the tag of a cell whose output nbval compares
FOR_THE_BUILD = re.compile(r"^\s*assert\b|\bsave_results\b|# *(?:NBVAL|fmt:|noqa|type:)", re.MULTILINE)
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:home|work|root|tmp|Users|usr|opt|mnt|var|etc|content)/|\b[A-Z]:\\\\?\w")
RELATIVE_DATA = re.compile(r"""["'](?:\.{1,2}/)*(?:data|book|figures|results|benchmarks)/""")
RELATIVE_FILE = re.compile(r"""\b(?:open|Path|load\w*|read\w*|save\w*|to_\w+)\(["'][^"'\n]*\.\w+["']""")
WORKING_FOLDER = re.compile(r"os\.chdir|os\.getcwd|\.cwd\(\)|^[%!]\s*cd\b", re.MULTILINE)
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")
BROKEN_ALT = re.compile(r"^:alt:.*\n(?!:|\s*$|`{3})(.+)", re.MULTILINE)
FIGURE = re.compile(r"^(?:`{3,}|:{3,})\{(?:figure|image)\}", re.MULTILINE)
FIGURE_ALT = re.compile(r"^:alt: *\S", re.MULTILINE)
PART_OF_PACKAGE = re.compile(r"\b(?:from|import) pssp_tutorial(?! as pssp$).*", re.MULTILINE)
MARKDOWN_IMAGE = re.compile(r"!\[\s*\]\(")
HTML_IMAGE = re.compile(r"""<img\b(?![^>]*\balt=["']\s*[^"'\s])""")
MINUTES = re.compile(r"\*\*Minutes\*\*\s*:\s+(?:about )?(\d+)")


def stated_minutes(notebook: NotebookNode) -> int | None:
    """The minutes in the box "At a glance", or None where they are missing."""
    for cell in notebook.cells[:3]:
        if cell.cell_type == "markdown" and "{admonition} At a glance" in cell.source:
            found = MINUTES.search(cell.source)
            return int(found[1]) if found else None
    return None


def text_of(output: NotebookNode) -> str:
    """Everything in an output that a reader reads."""
    data = output.get("data", {})
    parts = [output.get("text", "")] + [content for kind, content in data.items() if kind.startswith("text/")]
    return "\n".join(parts)


def is_compared(cell: NotebookNode) -> bool:
    return COMPARED in cell.metadata.get("tags", [])


def faults_of_code(cell: NotebookNode) -> Iterator[str]:
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if len(lines) > LONGEST_CELL:
        yield f"{len(lines)} lines; at most {LONGEST_CELL} are allowed"
    if found := FOR_THE_BUILD.search(cell.source):
        yield f"{found[0].strip()}: a line for the build, not for a reader; see CONTRIBUTING.md"
    if found := PART_OF_PACKAGE.search(cell.source):
        yield f"{found[0]}: write import pssp_tutorial as pssp, and pssp.NAME"
    if is_compared(cell) and not "".join(map(text_of, cell.outputs)).strip():
        yield "a compared cell without text in its outputs: nothing is compared"
    if found := WORKING_FOLDER.search(cell.source):
        yield f"{found[0]}: a chapter must not depend on the working directory"
    if found := RELATIVE_DATA.search(cell.source) or RELATIVE_FILE.search(cell.source):
        yield f"{found[0]}…: a path that depends on the working directory; load data through the package"
    for text in (cell.source, *map(text_of, cell.outputs)):
        if found := ABSOLUTE_PATH.search(text):
            yield f"an absolute path: {text[found.start() : found.start() + 40]!r}"


def faults_of_text(text: str) -> Iterator[str]:
    """Faults of Markdown, in a chapter or in a page.

    >>> list(faults_of_text("![](helix.svg)"))
    ['a picture without alt text: write ![what it shows](file)']
    """
    if MARKDOWN_IMAGE.search(text):
        yield "a picture without alt text: write ![what it shows](file)"
    if HTML_IMAGE.search(text):
        yield "a picture without alt text: write <img alt='what it shows' …>"
    if len(FIGURE.findall(text)) > len(FIGURE_ALT.findall(text)):
        yield "a figure or image directive without :alt:"
    if found := BROKEN_ALT.search(text):
        yield f"the alt text goes on in the next line and so ends up in the caption: {found[1][:40]!r}; use one line"
    if found := ABSOLUTE_PATH.search(text):
        yield f"an absolute path: {text[found.start() : found.start() + 40]!r}"


def faults_of_outputs(cell: NotebookNode) -> Iterator[str]:
    for output in cell.outputs:
        if output.output_type == "error":
            yield f"a traceback ({output.ename}) in the outputs; catch the exception and print its message"
        if output.get("name") == "stderr":
            yield f"something on stderr in the outputs: {output.text.strip()[:80]!r}"
        if found := ADDRESS.search(text_of(output)):
            yield f"{found[0]!r} in the outputs changes with every run; end the line with a semicolon"
        if any(kind.startswith("image/") for kind in output.get("data", {})) or HTML_IMAGE.search(text_of(output)):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            if not alt.strip():
                yield 'a figure without alt text; set the cell\'s metadata {"mystnb": {"image": {"alt": "…"}}}'


def faults(notebook: NotebookNode) -> Iterator[str]:
    """Every rule that the notebook breaks, as "cell N: what"; cells are counted from 1, of any kind.

    >>> notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import os; os.chdir('..')")])
    >>> [fault for fault in faults(notebook) if "chdir" in fault]
    ['cell 1: os.chdir: a chapter must not depend on the working directory']
    """
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield f"not a valid notebook: {str(error).splitlines()[0]}"
        return
    if notebook.metadata != METADATA:
        yield "the notebook's metadata hold more or less than kernelspec and language_info; run make chapters"
    if stated_minutes(notebook) is None:
        yield 'no box "At a glance" with **Minutes** in the first cells'
    filled = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    counts = [cell.execution_count for cell in filled]
    if counts != list(range(1, len(filled) + 1)):
        yield f"not executed from top to bottom: the execution counts are {counts}; run make chapters"
    if not any(map(is_compared, filled)):
        yield f"no cell is compared: give one the tag {COMPARED}"
    for number, cell in enumerate(notebook.cells, start=1):
        found = []
        if extra := set(cell.metadata) - set(KEPT_CELL_METADATA):
            found.append(f"volatile metadata {sorted(extra)}; run make chapters")
        if cell.cell_type == "code":
            found += [*faults_of_code(cell), *faults_of_outputs(cell)]
        else:
            found += faults_of_text(cell.source)
        yield from (f"cell {number}: {what}" for what in found)


def faults_of_file(path: Path) -> list[str]:
    """Faults of a chapter's file, each with the file's name in front."""
    try:
        found = list(faults(nbformat.read(path, as_version=4)))
    except (nbformat.reader.NotJSONError, json.JSONDecodeError, KeyError, AttributeError) as error:
        found = [f"not a notebook: {error!r:.120}"]
    if path.stat().st_size > LARGEST_FILE:
        found.append(f"{path.stat().st_size:,} bytes; at most {LARGEST_FILE:,} are allowed")
    return [f"{path.name}: {fault}" for fault in found]


if __name__ == "__main__":
    problems = [fault for name in sys.argv[1:] for fault in faults_of_file(Path(name))]
    sys.exit("\n".join(problems) or 0)
