"""UniProt's files, flat or JSON, as the same entries (chapter 3)."""

from collections.abc import Iterator
from os import PathLike
from typing import TextIO

from pssp_tutorial.proteins.fasta import open_text
from pssp_tutorial.uniprot.entry import UniProtError
from pssp_tutorial.uniprot.flat import read_flat
from pssp_tutorial.uniprot.json_format import read_json
from pssp_tutorial.uniprot.source import AnyEntry, OnError, TextSource


def read_uniprot(source: str | PathLike | TextIO, *, on_error: OnError | None = None) -> Iterator[AnyEntry]:
    """Yield the entries of a UniProt file, flat or JSON, plain or ``.gz``; only one is in memory at a time.

    Parameters
    ----------
    source : path or text handle
        A flat file (``format=txt``), or JSON: ``{"results": [...]}``, a list, one entry, or an entry a line.
    on_error : callable, optional
        Gets the :class:`UniProtError` of an entry that cannot be read, and reading goes on with the next one.
        Left out, the error is raised. An error after which no next entry can be found is always raised.

    Raises
    ------
    UniProtError
        Naming file, line and entry.

    >>> from io import StringIO
    >>> text = '''ID   TINY_TEST  Reviewed;  7 AA.
    ... AC   P12345;
    ... FT   HELIX           2..5
    ... FT                   /evidence="ECO:0007829|PDB:1ABC"
    ... SQ   SEQUENCE   7 AA;  810 MW;  6DD04B5DC1A336F0 CRC64;
    ...      MKTAYIA
    ... //'''
    >>> [entry.features for entry in read_uniprot(StringIO(text))]
    [(UniProtFeature(kind='HELIX', start=1, end=5, structures=('1ABC',), exact=True),)]
    """
    name = str(source) if isinstance(source, str | PathLike) else str(getattr(source, "name", "UniProt text"))
    try:
        with open_text(source) as handle:
            text = TextSource(handle, name, on_error)
            first = text.skip_blank()
            if first and first in "[{":
                yield from read_json(first, text)
            elif first:
                yield from read_flat(first, text)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UniProtError((error.strerror or str(error)).lower(), file=name) from error
