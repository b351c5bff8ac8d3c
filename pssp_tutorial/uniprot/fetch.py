"""One command from a query to a file: page by page, resumable, of one release, whole or not at all (chapter 3)."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from os import PathLike
from pathlib import Path

from tqdm import tqdm

from pssp_tutorial.core.files import packed, write_atomically
from pssp_tutorial.uniprot.cache import PageCache, State, default_folder
from pssp_tutorial.uniprot.client import QUERY, Client, FetchError, FetchSettings, Page, QueryError

LARGEST_RESTARTS = 3
LICENCE = "CC BY 4.0, UniProt Consortium, https://www.uniprot.org/help/license"


@dataclass(frozen=True)
class Fetched:
    """A fetched file and what is known of it; ``<file>.info.json`` beside it says the same."""

    path: Path
    query: str
    format: str
    release: str
    release_date: str
    entries: int
    total: int | None
    sha256: str
    licence: str = LICENCE


def fetch_uniprot(
    out: str | PathLike,
    query: str = QUERY,
    *,
    format: str = "txt",
    fields: str | None = None,
    limit: int | None = None,
    resume: bool = True,
    cache: str | PathLike | None = None,
    settings: FetchSettings | None = None,
    progress: bool = True,
    tell: Callable[[str], None] | None = None,
) -> Fetched:
    """Fetch what a query matches in today's UniProt into one file.

    The pages land in a cache. A fetch that was stopped, at any moment, goes on with the next page and ends with the
    same file, byte for byte, as one that was not. If UniProt's release changes meanwhile, it starts over, so that no
    file mixes two releases. ``out`` is replaced when the new file is whole, and not before.

    Parameters
    ----------
    out : path
        The file; with the ending ``.gz`` it is packed.
    query : str
        In UniProt's query language: https://www.uniprot.org/help/text-search.
    format : {"txt", "json", "tsv", "fasta"}
        ``txt`` and ``json`` can be parsed by :func:`read_uniprot`.
    fields : str, optional
        Columns of ``tsv`` or parts of ``json``, separated by commas.
    limit : int, optional
        Stop after this many entries.
    resume : bool
        Use what the cache holds of this query.
    cache : path, optional
        Folder of the cache; left out, that of :func:`default_folder`.
    settings : FetchSettings, optional
        Address, page size, patience.
    progress : bool
        Show a bar on standard error.
    tell : callable, optional
        Gets a sentence when something noteworthy happens, such as a new release.

    Raises
    ------
    QueryError
        If UniProt refuses the query or finds nothing, or too much without a limit.
    FetchError
        If the server cannot be reached or keeps failing; the pages so far are kept.
    FileError
        If the disk is full, for example; the old file is as it was.
    """
    if limit is not None and limit < 1:
        raise QueryError(f"limit {limit}; expected at least 1 entry")
    client = Client(settings)
    size = min(client.settings.page_size, limit or client.settings.page_size)
    url = client.settings.first_url(query, format, fields, size)
    store = PageCache(Path(cache) if cache is not None else default_folder(), url)
    tell = tell or (lambda sentence: None)
    if not resume or not store.state.pages:
        store.start(State(query, following=url))
    elif _enough(store.state, limit):  # no further page would tell that the release has changed
        today = client.page(client.settings.first_url(query, format, fields, 1), format).release
        if today != store.state.release:
            tell(f"UniProt changed from release {store.state.release} to {today}: starting over")
            store.start(State(query, following=url))
    for _ in range(LARGEST_RESTARTS + 1):
        problem = _fill(client, store, format, size, limit, progress)
        if not problem:
            return _assemble(store, Path(out), format, limit)
        tell(f"{problem}: starting over")
        store.start(State(query, following=url))
    raise FetchError(f"{problem}, {LARGEST_RESTARTS + 1} times; try again later")


def _enough(state: State, limit: int | None) -> bool:
    return state.following is None or (limit is not None and state.entries >= limit)


def _fill(client: Client, store: PageCache, format: str, size: int, limit: int | None, progress: bool) -> str:
    """Fetch the pages that are missing; the answer says why they do not make a whole, or is empty."""
    state = store.state
    seen = {page.url for page in state.pages}
    with tqdm(total=_goal(state, limit), initial=state.entries, unit=" entries", disable=not progress) as bar:
        while not _enough(state, limit):
            url = state.following or ""
            if url in seen:
                raise FetchError("UniProt names a page that it has sent already as the next one; try again later")
            seen.add(url)
            left = size if state.total is None else min(size, state.total - state.entries)
            try:
                page = client.page(url, format, left if state.pages else None)
            except QueryError:
                if state.pages:  # a cursor that UniProt has forgotten
                    return "UniProt no longer knows the place where the fetch stopped"
                raise
            if state.pages and page.release != state.release:
                return f"UniProt changed from release {state.release} to {page.release}"
            if not state.pages:
                _check_total(client.settings, page, limit)
                state.release, state.release_date, state.total = page.release, page.release_date, page.total
            if not page.entries or (state.total is not None and state.entries + page.entries > state.total):
                return f"UniProt announced {state.total} entries and sent {state.entries + page.entries}"
            store.add(page.text, page.entries, page.following)
            bar.total = _goal(state, limit)
            bar.update(page.entries)
    if state.following is None and state.total is not None and state.entries != state.total:
        return f"UniProt announced {state.total} entries and sent {state.entries}"
    return ""


def _goal(state: State, limit: int | None) -> int | None:
    known = [number for number in (state.total, limit) if number is not None]
    return min(known) if known else None


def _check_total(settings: FetchSettings, page: Page, limit: int | None) -> None:
    if not page.entries:
        raise QueryError("the query matches no entry; check it at https://www.uniprot.org")
    if limit is None and page.total is not None and page.total > settings.largest_total:
        bound = f"expected at most {settings.largest_total} without a limit"
        raise QueryError(f"the query matches {page.total} entries; {bound}. Narrow it, or set a limit")


def _assemble(store: PageCache, out: Path, format: str, limit: int | None) -> Fetched:
    """Put the pages together as one file, and write beside it where it comes from."""
    state = store.state
    entries = 0
    begin, between, end = (b'{"results":[\n', b",\n", b"\n]}\n") if format == "json" else (b"", b"", b"")
    with write_atomically(out) as raw, packed(raw, out) as handle:
        handle.write(begin)
        for header, entry in islice(_entries(store.texts(), format), limit):
            handle.write(between if entries else header)
            handle.write(entry)
            entries += 1
        handle.write(end)
    digest = hashlib.sha256()
    with out.open("rb") as written:
        while block := written.read(1 << 20):
            digest.update(block)
    known = (state.query, format, state.release, state.release_date, entries, state.total, digest.hexdigest())
    fetched = Fetched(out, *known)
    with write_atomically(out.with_name(out.name + ".info.json")) as handle:
        handle.write((json.dumps(asdict(fetched) | {"path": out.name}, indent=1) + "\n").encode())
    return fetched


def _entries(texts: Iterator[bytes], format: str) -> Iterator[tuple[bytes, bytes]]:
    """Each entry as it stands on its page, with the header that the first one needs."""
    for text in texts:
        header = b""
        if format == "json":
            parts = [json.dumps(entry, ensure_ascii=False).encode() for entry in json.loads(text)["results"]]
        elif format == "tsv":
            header, *parts = text.splitlines(keepends=True)
        else:
            pattern = rb".+?^//[^\n]*(?:\n|\Z)" if format == "txt" else rb"^>.+?(?=^>|\Z)"
            parts = re.findall(pattern, text, re.MULTILINE | re.DOTALL)
        for part in parts:
            yield header, part if format == "json" or part.endswith(b"\n") else part + b"\n"
