"""Finished chunks of a long prediction, kept beside its output until all of it is there (chapter 15)."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from pssp_tutorial.core.errors import shown
from pssp_tutorial.core.files import FileError, write_atomically
from pssp_tutorial.prediction.prediction import Prediction, predicted
from pssp_tutorial.proteins.record import ProteinRecord

NAME = re.compile(r"\d{6,}\.npz(\.[0-9a-f]{16}\.part)?")  # a chunk, or what a kill left of one
BEGINNING = re.compile(rb"PK\x03\x04.{26}digest\.npy.*'descr': '.U64'", re.DOTALL)
HEAD = 128  # bytes that tell what a file is


class Kept:
    """A folder with the probabilities of chunks; each file knows the records and settings that it belongs to.

    Parameters: `folder`, made when the first chunk comes; `settings` a text that names the model and what else decides
    the numbers.

    Raises FileError if something else has the folder's name, or is in it: chunks could be written over it.

    >>> import tempfile
    >>> record, shares = ProteinRecord("tiny", "MK"), np.float32([[0.1, 0.2, 0.7], [0.6, 0.2, 0.2]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = Kept(folder, "small, 3 states")
    ...     kept.add(0, [record], [Prediction("tiny", "MK", "CH", shares)])
    ...     found = kept.find(0, [record]), kept.find(0, [ProteinRecord("other", "MK")])
    >>> found[0][0].states, found[1]
    ('CH', None)
    """

    def __init__(self, folder: str | PathLike, settings: str) -> None:
        self.folder, self.settings = Path(folder), settings
        foreign = next(self._foreign(), None)
        if foreign is not None:
            problem = f"is in the way of finished chunks, which are kept in {shown(self.folder)} until all are done"
            raise FileError(f"{shown(foreign)}: {problem}; move it, or choose another output")

    def add(self, number: int, chunk: Sequence[ProteinRecord], predictions: Sequence[Prediction]) -> None:
        """Keep a chunk's predictions; the file appears when it is whole."""
        with write_atomically(self._path(number), durable=False) as handle:
            shares = np.concatenate([each.probabilities for each in predictions])
            np.savez(handle, digest=self._digest(chunk), probabilities=shares)

    def find(self, number: int, chunk: Sequence[ProteinRecord]) -> list[Prediction] | None:
        """The predictions of this chunk, if they were kept, and with these settings."""
        try:
            with np.load(self._path(number)) as archive:
                digest, shares = str(archive["digest"]), archive["probabilities"]
        except (OSError, EOFError, KeyError, ValueError, BadZipFile):
            return None
        if digest != self._digest(chunk):
            return None
        parts = np.split(shares, np.cumsum([len(record) for record in chunk])[:-1])
        return list(map(predicted, chunk, parts))

    def clear(self) -> None:
        """Remove the chunks, and the folder unless somebody has put something else into it meanwhile."""
        with suppress(OSError):  # the output is there: what stays does no harm
            for path in filter(_is_chunk, self.folder.iterdir()):
                path.unlink(missing_ok=True)
            self.folder.rmdir()

    def _foreign(self) -> Iterator[Path]:
        """What no run of ours has written."""
        if self.folder.is_dir():
            with suppress(FileNotFoundError):  # another run may have done with it just now
                yield from (path for path in self.folder.iterdir() if not _is_chunk(path))
        elif os.path.lexists(self.folder):
            yield self.folder

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}.npz"

    def _digest(self, chunk: Sequence[ProteinRecord]) -> str:
        text = "\n".join([self.settings, *(f"{record.id}\t{record.sequence}" for record in chunk)])
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _is_chunk(path: Path) -> bool:
    """Whether a file is a chunk by its name and its first bytes; one that a power cut left empty is nobody's loss."""
    if not NAME.fullmatch(path.name) or not path.is_file():
        return False
    with suppress(OSError), path.open("rb") as handle:
        head = handle.read(HEAD)
        return head == b"" or BEGINNING.match(head) is not None
    return False
