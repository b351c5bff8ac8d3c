"""Where predictions go: one after another into a file or standard output, or each into its own file (chapter 5)."""

import csv
import os
import re
from os import PathLike
from pathlib import Path
from typing import BinaryIO, TypeAlias

from pssp_tutorial.core.errors import shown
from pssp_tutorial.core.files import FileError, write_atomically
from pssp_tutorial.prediction.formats import FORMATS, ONE_PROTEIN, cell, tsv_header
from pssp_tutorial.prediction.prediction import InferenceError, Prediction
from pssp_tutorial.proteins.cleaning import short

INDEX = "index.tsv"
COLUMNS = "file\tid\tsource\n"
Row: TypeAlias = tuple[str, str, str]


class Single:
    """Writes predictions one after another to one handle, in a format; a table begins with the names of its columns.

    With ``sources`` each says which file its protein is from.
    """

    def __init__(self, handle: BinaryIO, format: str, model: str, *, sources: bool = False) -> None:
        self.handle, self.format, self.model, self.sources, self.written = handle, format, model, sources, 0

    def write(self, prediction: Prediction) -> None:
        """Write one more.

        Raises InferenceError for a second one in a format of PSIPRED's, which programs would read as more of the first.
        """
        if self.format in ONE_PROTEIN and self.written:
            problem = f"{self.format} holds one protein; for several, expected a folder: --out FOLDER/"
            raise InferenceError(f"{short(prediction.id)}: {problem}")
        source = prediction.source if self.sources else ""
        text = FORMATS[self.format](prediction, self.model, source)
        if self.format == "tsv" and not self.written:
            text = tsv_header(prediction.probabilities.shape[1], source) + text
        self.handle.write(encoded(text))
        self.written += 1


class Folder:
    """Writes each prediction to a file of its own, named after its id, and a table of these files beside them.

    Characters that a file name cannot have everywhere become ``_``; a name that is taken gets a number. Which protein
    is in which file is told by ``index.tsv``, written by :meth:`close`; what earlier runs wrote, and is still there,
    stays in it. A file of the folder is replaced only if that table lists it.

    Raises FileError for any other file or link that is in the way, and for an ``index.tsv`` that is something else.
    """

    def __init__(self, folder: str | PathLike, format: str, model: str) -> None:
        self.folder, self.format, self.model = Path(folder), format, model
        self.taken, self.rows, self.listed = dict[str, int](), dict[str, Row](), _read_index(self.folder)

    def write(self, prediction: Prediction) -> None:
        """Write one more."""
        stem = re.sub(r"[^\w.-]", "_", prediction.id, flags=re.ASCII).lstrip(".")[:100] or "_"
        name = stem
        while name.casefold() in self.taken:  # how often each name was asked for: the next number needs no search
            self.taken[stem.casefold()] += 1
            name = f"{stem}_{self.taken[stem.casefold()]}"
        self.taken[name.casefold()] = 1
        path = self.folder / f"{name}.{self.format}"
        if os.path.lexists(path) and path.name not in self.listed:
            problem = f"is there, and no prediction that {INDEX} lists; expected another folder"
            raise FileError(f"{shown(path)}: {problem}")
        text = FORMATS[self.format](prediction, self.model, "")
        with write_atomically(path, durable=False) as handle:
            handle.write(encoded(text))
        self.rows[path.name] = path.name, prediction.id, prediction.source

    def close(self) -> None:
        """Write the table, if there is anything to find with it."""
        if self.rows:
            rows = _read_index(self.folder) | self.rows  # read anew: another run may have written it meanwhile
            lines = ["\t".join(map(cell, row)) + "\n" for row in rows.values()]
            with write_atomically(self.folder / INDEX) as handle:
                handle.write(encoded(COLUMNS + "".join(lines)))


def _read_index(folder: Path) -> dict[str, Row]:
    """The rows of a folder's table, by their files, as far as these are there and no links."""
    path = folder / INDEX
    if not os.path.lexists(path):
        return {}
    if path.is_symlink() or not (path.is_file() and path.read_bytes().startswith(COLUMNS.encode())):
        raise FileError(f"{shown(path)}: is there and no index of predictions; expected another folder")
    with path.open(encoding="utf-8", errors="replace", newline="") as handle:
        rows = [(row[0], row[1], row[2]) for row in csv.reader(handle, delimiter="\t") if len(row) == 3]
    return {row[0]: row for row in rows[1:] if (folder / row[0]).is_file() and not (folder / row[0]).is_symlink()}


def encoded(text: str) -> bytes:
    """UTF-8; what no file can hold, such as parts of a file name that is no text, is written as escapes.

    >>> encoded("caf\\udce9")
    b'caf\\\\udce9'
    """
    return text.encode(errors="backslashreplace")
