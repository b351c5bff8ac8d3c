"""Lists of accessions: checked, asked for in batches, and found again in the entries that come (chapter 3)."""

import re
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import BinaryIO, TextIO

from pssp_tutorial.core.files import open_text
from pssp_tutorial.uniprot.client import QueryError
from pssp_tutorial.uniprot.entry import ACCESSION

BATCH = 50
"""Accessions per query: its address stays well below what servers accept."""


def read_accessions(source: str | PathLike | BinaryIO | TextIO) -> list[str]:
    """The accessions of a text file, one per line; what follows a ``#`` is a comment.

    >>> from io import StringIO
    >>> read_accessions(StringIO("P62258  # 14-3-3 epsilon\\n\\nq7z739\\n"))
    ['P62258', 'Q7Z739']
    """
    name = source if isinstance(source, str | PathLike) else getattr(source, "name", "accessions")
    with open_text(source) as handle:
        words = [line.split("#")[0].strip("\ufeff \t\r\n") for line in handle]
    return check_accessions({f"{name}: line {place}": word for place, word in enumerate(words, start=1) if word})


def check_accessions(named: Mapping[str, str]) -> list[str]:
    """Accessions in capitals, each once, in order of their first mention.

    Parameters
    ----------
    named : mapping
        Each under the name of its place, for the message.

    Raises
    ------
    QueryError
        Naming those that are none, or if there is nothing at all.

    >>> check_accessions({"line 1": "P62258", "line 2": "BRCA1"})
    Traceback (most recent call last):
    pssp_tutorial.uniprot.client.QueryError: line 2 is 'BRCA1'; expected accessions such as P12345
    """
    bad = [f"{place} is {str(word)[:40]!r}" for place, word in named.items() if not ACCESSION.fullmatch(word.upper())]
    if bad or not named:
        more = f" and {len(bad) - 10} more" if len(bad) > 10 else ""
        raise QueryError(f"{'; '.join(bad[:10]) or 'an empty list'}{more}; expected accessions such as P12345")
    return list(dict.fromkeys(word.upper() for word in named.values()))


def batch_queries(accessions: list[str]) -> list[str]:
    """Queries that find the entries with these accessions, also those that another one was merged into.

    >>> batch_queries(["P62258"])
    ['(active:true) AND (accession:P62258 OR sec_acc:P62258)']
    """
    parts = [accessions[start : start + BATCH] for start in range(0, len(accessions), BATCH)]
    either = (" OR ".join(f"accession:{name} OR sec_acc:{name}" for name in part) for part in parts)
    return [f"(active:true) AND ({clauses})" for clauses in either]


class Found:
    """Puts entries into the order of a list of accessions, each once, and knows which accessions it has seen.

    >>> found = Found(["P62258", "Q7Z739", "Q00000"])
    >>> found.sort([b"AC   Q7Z739; B3KXL4;\\n", b"AC   P62258;\\n"]), found.sort([b"AC   P62258;\\n"])
    ([b'AC   P62258;\\n', b'AC   Q7Z739; B3KXL4;\\n'], [])
    >>> found.missing
    ('Q00000',)
    """

    def __init__(self, accessions: list[str]) -> None:
        self.places = {name: place for place, name in enumerate(accessions)}
        self.seen: set[str] = set()
        self.given: set[str] = set()

    def sort(self, entries: Iterable[bytes]) -> list[bytes]:
        """The entries in order, without those that were given before."""
        chosen = []
        for entry in entries:
            lines = re.findall(r"^AC   (.*)$", entry.decode(errors="replace"), re.MULTILINE)
            names = re.findall(r"\w+(?=;)", "".join(lines)) or [""]
            place = min(self.places.get(name, len(self.places)) for name in names)
            if names[0] not in self.given:  # an entry may be found by several of its accessions
                chosen.append((place, names[0], entry))
            self.seen.update(names)
            self.given.add(names[0])
        return [entry for _, _, entry in sorted(chosen)]

    @property
    def missing(self) -> tuple[str, ...]:
        """Accessions that no entry has had so far."""
        return tuple(name for name in self.places if name not in self.seen)
