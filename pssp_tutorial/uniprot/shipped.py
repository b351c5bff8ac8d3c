"""The 47 real entries of UniProt that travel with the book (chapter 3)."""

import gzip
import hashlib
from functools import lru_cache
from io import StringIO
from pathlib import Path

from pssp_tutorial.core.resources import resource
from pssp_tutorial.uniprot.entry import UniProtEntry, UniProtError
from pssp_tutorial.uniprot.flat import read_uniprot


def default_path() -> Path:
    """Where the shipped entries lie."""
    return resource("data", "uniprot_entries.dat.gz")


@lru_cache(maxsize=1)
def load_uniprot_entries() -> tuple[UniProtEntry, ...]:
    """The 47 real entries that travel with the book, by accession; ``data/README.md`` tells where they come from.

    Raises
    ------
    UniProtError
        If the file or its checksum is missing or does not match.

    >>> entries = load_uniprot_entries()
    >>> len(entries), entries[-2].name, len(entries[-2].features)
    (47, 'YTHD3_HUMAN', 16)
    """
    return tuple(read_uniprot(StringIO(uniprot_text())))


def uniprot_text(accession: str | None = None) -> str:
    """The shipped entries as UniProt wrote them, or one of them.

    >>> print(uniprot_text("Q7Z739").splitlines()[0])
    ID   YTHD3_HUMAN             Reviewed;         585 AA.
    """
    path = default_path()
    remedy = "restore it from the repository, or install the package again"
    digest_path = path.with_name(path.name + ".sha256")
    try:
        packed, expected = path.read_bytes(), digest_path.read_text().split()[0]
    except (OSError, IndexError, UnicodeDecodeError) as error:
        missing = getattr(error, "filename", None) or digest_path
        raise UniProtError(f"missing, empty or not readable; {remedy}", file=str(missing)) from error
    if hashlib.sha256(packed).hexdigest() != expected:
        raise UniProtError(f"damaged: its SHA-256 is not {expected[:16]}…; {remedy}", file=str(path))
    text = gzip.decompress(packed).decode()
    if accession is None:
        return text
    for entry in text.split("//\n"):
        if f"\nAC   {accession};" in entry:
            return entry + "//\n"
    raise UniProtError("not among the shipped entries", file=str(path), entry=accession)
