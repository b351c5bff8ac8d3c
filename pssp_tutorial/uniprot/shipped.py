"""The 47 real entries of UniProt that travel with the book (chapter 3)."""

import gzip
from functools import lru_cache
from io import StringIO

from pssp_tutorial.core.files import ReadError
from pssp_tutorial.core.resources import read_checked, resource
from pssp_tutorial.uniprot.entry import UniProtEntry, UniProtError
from pssp_tutorial.uniprot.flat import read_uniprot


@lru_cache(maxsize=1)
def load_uniprot_entries() -> tuple[UniProtEntry, ...]:
    """The 47 real entries that travel with the book, by accession; errors as in :func:`uniprot_text`.

    >>> entries = load_uniprot_entries()
    >>> len(entries), entries[-2].name, len(entries[-2].features)
    (47, 'YTHD3_HUMAN', 16)
    """
    return tuple(read_uniprot(StringIO(uniprot_text())))


def uniprot_text(accession: str | None = None) -> str:
    """The shipped entries as UniProt wrote them, or one of them.

    Raises
    ------
    UniProtError
        If the file or its checksum is missing or does not match, or the entry is not there.

    >>> print(uniprot_text("Q7Z739").splitlines()[0])
    ID   YTHD3_HUMAN             Reviewed;         585 AA.
    """
    path, remedy = resource("data", "uniprot_entries.dat.gz"), "restore it from the repository, or install it again"
    try:
        text = gzip.decompress(read_checked(path, remedy=remedy)).decode()
    except ReadError as error:
        raise UniProtError(error.problem, file=str(error.args[0])) from error
    if accession is None:
        return text
    for entry in text.split("//\n"):
        if f"\nAC   {accession};" in entry:
            return entry + "//\n"
    raise UniProtError("not among the shipped entries", file=str(path), entry=accession)
