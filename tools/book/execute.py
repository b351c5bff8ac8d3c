"""Execute the chapters into build/executed, from which the site is built.

    python tools/book/execute.py                      # every chapter whose inputs have changed
    python tools/book/execute.py 06_training          # only this one
    python tools/book/execute.py --force --store      # all of them, and keep their outputs in book/

The folder build/executed is a copy of book/ with fresh outputs and fresh results files; the repository
itself is only written with --store. A chapter is executed again when its code, the package, the data or
the version of Python or torch has changed; a change of its text only is carried over.
"""

import argparse
import json
import math
import os
import platform
import re
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path

import inputs
import measured
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

REPOSITORY = Path(__file__).resolve().parents[2]
BOOK = REPOSITORY / "book"
EXECUTED = REPOSITORY / "build" / "executed"
STAMPS = REPOSITORY / "build" / "stamps"
TIMES = "execution"  # the results file with the minutes of each chapter
CELL_TIMEOUT = 600  # seconds
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}
TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
KEPT_CELL_METADATA = ("mystnb", "tags")
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",  # the same numbers on every run of one machine
    "PYTHONHASHSEED": "0",
    "TQDM_DISABLE": "1",  # progress bars are for who runs a chapter, not for its stored outputs
}


class ChapterError(Exception):
    """A chapter that did not run to its end; the message names the chapter and the cell."""


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Drop what changes from run to run although nothing has changed: timings, versions, editors' marks."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for index, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{index:02d}")
        cell.metadata = {key: cell.metadata[key] for key in KEPT_CELL_METADATA if key in cell.metadata}
    return notebook


def write_if_changed(path: Path, content: bytes) -> None:
    """An unchanged file keeps its time, so that Sphinx does not read it again."""
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_notebook(path: Path, notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    write_if_changed(path, (nbformat.writes(notebook) + "\n").encode())


def read_stamp(chapter: str) -> dict:
    path = STAMPS / f"{chapter}.json"
    stamp = json.loads(path.read_text()) if path.exists() else {}
    complete = stamp and all((EXECUTED / "results" / name).exists() for name in stamp["results"])
    return stamp if complete and (EXECUTED / f"{chapter}.ipynb").exists() else {}


def results_written() -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (EXECUTED / "results").glob("*.json")}


def run(chapter: str, notebook: NotebookNode) -> None:
    """Execute the notebook in place, in the folder of the copy."""
    current = 0

    def note_cell(cell: NotebookNode, cell_index: int) -> None:
        nonlocal current
        current = cell_index

    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    results = str(EXECUTED / "results")
    saving = [new_code_cell(measured.cell("save", chapter, results))] if measured.is_measured(chapter) else []
    whole = nbformat.from_dict(notebook | {"cells": [*notebook.cells, *saving]})
    client = NotebookClient(
        whole,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(EXECUTED)}},
        record_timing=False,
        coalesce_streams=True,
        on_cell_execute=note_cell,
    )
    try:
        client.execute(env=os.environ | ENVIRONMENT)
    except (CellExecutionError, CellControlSignal, DeadKernelError, TimeoutError) as error:
        cell = whole.cells[current]
        number = code_cells(whole).index(cell) + 1
        if isinstance(error, CellExecutionError):
            reason = TERMINAL_COLOURS.sub("", error.traceback).strip()
        else:
            reason = f"{cell.source}\n\n{str(error).splitlines()[0]}"
        raise ChapterError(f"{chapter}.ipynb, code cell {number}:\n\n{reason}") from error
    notebook.cells = whole.cells[: len(notebook.cells)]


def refresh(chapter: str, force: bool) -> None:
    """Bring one chapter of the copy up to date, executing it where that is needed."""
    notebook = tidy(nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4))
    target = EXECUTED / f"{chapter}.ipynb"
    stamp, digest = read_stamp(chapter), inputs.digest(chapter, [cell.source for cell in code_cells(notebook)])
    if stamp.get("inputs") == digest and not force:
        print(f"  {chapter}: unchanged, its outputs are kept", flush=True)
        outputs = code_cells(nbformat.read(target, as_version=4))
        for cell, old in zip(code_cells(notebook), outputs, strict=True):
            cell.outputs, cell.execution_count = old.outputs, old.execution_count
    else:
        print(f"  {chapter}: executing ...", end=" ", flush=True)
        (STAMPS / f"{chapter}.json").unlink(missing_ok=True)
        before, start = results_written(), time.perf_counter()
        run(chapter, notebook)
        seconds = time.perf_counter() - start
        print(f"{seconds:.0f} s", flush=True)
        written = sorted(name for name, when in results_written().items() if before.get(name) != when)
        stamp = {"inputs": digest, "seconds": seconds, "results": written}
    write_notebook(target, tidy(notebook))
    write_if_changed(STAMPS / f"{chapter}.json", json.dumps(stamp).encode())


def mirror_pages() -> None:
    """Copy what is not executed: pages, pictures, and results that no chapter of the copy has written."""
    written = {name for path in STAMPS.glob("*.json") for name in json.loads(path.read_text())["results"]}
    written.add(f"{TIMES}.json")
    sources = [path for path in BOOK.rglob("*") if path.is_file() and path.suffix not in (".ipynb", ".py", ".pyc")]
    for source in sources:
        place = source.relative_to(BOOK)
        if place.parts[0] != "_build" and not (place.parent.name == "results" and place.name in written):
            write_if_changed(EXECUTED / place, source.read_bytes())
    wanted = {path.relative_to(BOOK) for path in BOOK.rglob("*")} | {Path("results") / name for name in written}
    for path in [path for path in EXECUTED.rglob("*") if path.is_file()]:
        if path.relative_to(EXECUTED) not in wanted:
            path.unlink()


def write_times() -> None:
    """The whole minutes that each chapter took, rounded up, as a results file; as stored for one not executed yet."""
    stored = json.loads((BOOK / "results" / f"{TIMES}.json").read_text())["values"]
    stamps = {path.stem: json.loads(path.read_text()) for path in sorted(STAMPS.glob("*.json"))}
    values = stored | {chapter: math.ceil(stamp["seconds"] / 60) for chapter, stamp in stamps.items()}
    values = {chapter: values[chapter] for chapter in sorted(values) if (BOOK / f"{chapter}.ipynb").exists()}
    context = {"command": "make chapters", "unit": "minutes, rounded up", "seed": None}
    context |= {"python": platform.python_version(), "torch": version("torch")}
    context |= {"machine": f"{platform.machine()}, {os.cpu_count()} cores"}
    document = {"values": values, "context": context}
    write_if_changed(EXECUTED / "results" / f"{TIMES}.json", (json.dumps(document, indent=2) + "\n").encode())


def written(path: Path) -> list[tuple]:
    """What somebody has written in a notebook: without what executing adds."""
    return [(cell.cell_type, cell.source, cell.metadata) for cell in tidy(nbformat.read(path, as_version=4)).cells]


def store(chapters: list[str]) -> None:
    """Keep outputs and results in the repository, but for chapters that somebody has edited since they were read."""
    edited = []
    for chapter in chapters:
        if written(BOOK / f"{chapter}.ipynb") != written(EXECUTED / f"{chapter}.ipynb"):
            edited.append(chapter)
            continue
        shutil.copyfile(EXECUTED / f"{chapter}.ipynb", BOOK / f"{chapter}.ipynb")
        for name in read_stamp(chapter)["results"]:
            write_if_changed(BOOK / "results" / name, (EXECUTED / "results" / name).read_bytes())
    write_if_changed(BOOK / "results" / f"{TIMES}.json", (EXECUTED / "results" / f"{TIMES}.json").read_bytes())
    if edited:
        sys.exit(f"Not stored, for they were edited meanwhile: {', '.join(edited)}. Give the same command again.")


def main() -> None:
    every = sorted(path.stem for path in BOOK.glob("*.ipynb"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="names without .ipynb; all if none is given")
    parser.add_argument("--force", action="store_true", help="execute chapters whose inputs have not changed, too")
    parser.add_argument("--store", action="store_true", help="write outputs and results back into book/")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.chapters) - set(every)):
        parser.error(f"no such chapter: {', '.join(unknown)}; there are {', '.join(every)}")
    chapters = sorted(set(arguments.chapters)) or every
    (EXECUTED / "results").mkdir(parents=True, exist_ok=True)
    STAMPS.mkdir(parents=True, exist_ok=True)
    for path in STAMPS.glob("*.json"):
        if path.stem not in every:
            path.unlink()
    mirror_pages()
    print("Executing the chapters", flush=True)
    try:
        for chapter in chapters:
            refresh(chapter, arguments.force)
    except ChapterError as error:
        sys.exit(f"\n\nThe book was not built: a chapter failed.\n\n{error}")
    write_times()
    if arguments.store:
        store(chapters)


if __name__ == "__main__":
    main()
