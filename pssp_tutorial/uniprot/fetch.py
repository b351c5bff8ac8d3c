"""One command from a query to a file: page by page, resumable, of one release, whole or not at all (chapter 3)."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby, islice
from operator import itemgetter
from os import PathLike
from pathlib import Path

from pssp_tutorial.core.files import packed, write_atomically
from pssp_tutorial.uniprot.accessions import Found, check_accessions
from pssp_tutorial.uniprot.cache import PageCache, default_folder
from pssp_tutorial.uniprot.client import QUERY, Client, FetchError, FetchSettings, Page, QueryError, split_page
from pssp_tutorial.uniprot.origin import check_origin, write_origin
from pssp_tutorial.uniprot.pages import Search, StartOver

RESTARTS = 3
LICENCE = "CC BY 4.0, UniProt Consortium, https://www.uniprot.org/help/license"


@dataclass(frozen=True)
class Fetched:
    """A fetched file and what is known of it; ``<file>.info.json`` beside it says the same.

    ``missing`` are the accessions that were asked for and are in no entry.
    """

    path: Path
    query: str
    format: str
    release: str
    release_date: str
    entries: int
    total: int | None
    sha256: str
    accessions: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    licence: str = LICENCE


def fetch_uniprot(
    out: str | PathLike,
    query: str = QUERY,
    *,
    accessions: Iterable[str] | None = None,
    format: str = "txt",
    fields: str | None = None,
    limit: int | None = None,
    resume: bool = True,
    cache: str | PathLike | None = None,
    settings: FetchSettings | None = None,
    progress: bool | None = None,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Fetched:
    """Fetch what a query matches in today's UniProt into one file.

    The pages land in a cache. A fetch that was stopped, at any moment, goes on with the next page and ends with the
    same file, byte for byte, as one that was not. If UniProt's release changes meanwhile, it starts over, so that no
    file mixes two releases. ``out`` is replaced when the new file is whole, and not before.

    Parameters
    ----------
    out : path
        The file, packed as its ending says (``.gz``).
    query : str
        In UniProt's query language: https://www.uniprot.org/help/text-search.
    accessions : iterable of str, optional
        Fetch these entries instead, in this order, each once; an earlier accession finds the entry that has it now.
    format : {"txt", "tsv", "fasta"}
        ``txt``, the flat file, is for :func:`read_uniprot` and for accessions; ``fields`` are the columns of ``tsv``.
    limit : int, optional
        Stop after this many entries.
    resume : bool
        Use what the ``cache`` holds of this query, by default in :func:`default_folder`.
    progress : bool, optional
        Show a bar on standard error; left out, if that is a terminal.
    tell : callable
        Gets a sentence when something noteworthy happens, such as a new release.

    Raises
    ------
    QueryError
        If UniProt refuses the query or finds nothing, or too much without a limit; if an accession is none.
    FetchError, FileError
        If the server keeps failing, or the disk is full; the pages so far are kept, and the old file is as it was.
    """
    if limit is not None and limit < 1:
        raise QueryError(f"limit {limit}; expected at least 1 entry")
    names: list[str] = []
    if accessions is not None:
        if query != QUERY or format != "txt":
            raise QueryError("accessions are looked for by themselves, as txt; expected no query and no other format")
        names = check_accessions({f"accession {n}": name for n, name in enumerate(accessions, start=1)})[:limit]
    check_origin(out)
    search = Search(Client(settings), "" if names else query, names, format, fields, limit)
    store = PageCache(Path(cache) if cache is not None else default_folder(), search.urls)
    if not resume:
        store.clear()
    return _of_one_release(search, store, Path(out), progress, tell)


def _of_one_release(
    search: Search, store: PageCache, out: Path, progress: bool | None, tell: Callable[[str], None]
) -> Fetched:
    """Fetch and write; start over, some times at most, if the pages do not belong together."""
    for _ in range(RESTARTS + 1):
        try:
            return _write(search, store, search.fill(store, progress), out, tell)
        except StartOver as change:
            problem = str(change)
            tell(f"{problem}: starting over")
            store.clear()
    raise FetchError(f"{problem}, {RESTARTS + 1} times; try again later")


def _write(search: Search, store: PageCache, last: Page, out: Path, tell: Callable[[str], None]) -> Fetched:
    """Put the pages together as one file, and write beside it where it comes from."""
    found, count = Found(search.accessions), 0
    with write_atomically(out) as raw, packed(raw, out) as handle:
        for header, entry in islice(_entries(search, store, last.release, found), search.limit):
            handle.write(entry if count else header + entry)
            count += 1
    if found.missing:
        tell(f"{len(found.missing)} of {len(found.places)} accessions not found: {', '.join(found.missing)}")
    with out.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    total = None if found.places else last.total
    known = (search.query, search.format, last.release, last.release_date, count, total, digest)
    fetched = Fetched(out, *known, accessions=tuple(found.places), missing=found.missing)
    write_origin(out, asdict(fetched) | {"path": out.name})
    return fetched


def _entries(search: Search, store: PageCache, release: str, found: Found) -> Iterator[tuple[bytes, bytes]]:
    """Each entry as it stands on its page, with the page's header; those of a list in the list's order."""
    for _, pages in groupby(search.pages(store, release), key=itemgetter(0)):
        parts = (split_page(page.text, search.format) for _, page in pages)
        if search.accessions:
            yield from ((b"", entry) for entry in found.sort(entry for _, entries in parts for entry in entries))
        else:
            yield from ((header, entry) for header, entries in parts for entry in entries)
