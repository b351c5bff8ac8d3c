"""The pages of a search, from the disk or from UniProt, all of one release (chapter 3).

Fetched pages are kept in one folder per search, one file per page, which says itself where it came from and what the
server said of it. A file appears when it is whole: processes may share the folder, and a kill costs one page at most.
"""

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from pssp_tutorial.core.files import write_atomically
from pssp_tutorial.uniprot.client import Client, FetchError, FetchSettings, Page, QueryError

LARGEST_TOTAL = 200_000  # entries that a query without a limit may match


class StartOver(Exception):  # noqa: N818
    """The pages do not make a whole, so that all have to be fetched again; the message says why."""


def default_folder() -> Path:
    """``PSSP_CACHE``, or ``pssp_tutorial`` in the user's folder for caches."""
    named = os.environ.get("PSSP_CACHE")
    return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pssp_tutorial"


class Search:
    """What queries match, page by page; with a limit, no more pages than it needs."""

    def __init__(self, settings: FetchSettings, queries: list[str], limit: int | None, folder: Path) -> None:
        self.client, self.limit = Client(settings), limit
        self.size = min(settings.page_size, limit or settings.page_size)
        self.urls = [settings.first_url(query, size=self.size) for query in queries]
        self.smallest = settings.first_url(queries[0], size=1)
        self.folder = folder / "uniprot" / _digest("\n".join(self.urls).encode())

    def pages(self, first: str, release: str = "") -> Iterator[Page]:
        """The pages of the query with this first address; StartOver if they do not fit together."""
        url: str | None = first
        seen: set[str] = set()
        entries, total = 0, None
        while url is not None and (self.limit is None or entries < self.limit):
            page = self._kept(url)
            if page is None or (release and page.release != release):
                page = self._fetch(url, 0 if total is None else min(self.size, total - entries), not seen)
                check_release(page, release)
                self._keep(url, page)
            total = total if seen else page.total
            seen.add(url)
            count = len(page.entries)
            release, entries, url = page.release, entries + count, page.following
            if url in seen:
                raise FetchError("UniProt names a page that it has sent already as the next one; try again later")
            ended = url is None or not count
            if total is not None and (entries > total or (ended and entries < total)):
                raise StartOver(f"UniProt announced {total} entries and sent {entries}")
            yield page

    def _fetch(self, url: str, expected: int, first: bool) -> Page:
        try:
            page = self.client.page(url, expected)
        except QueryError:
            if first:
                raise
            raise StartOver("UniProt no longer knows the place where the fetch stopped") from None
        if first and self.limit is None and (page.total or 0) > LARGEST_TOTAL:
            bound = f"expected at most {LARGEST_TOTAL} without a limit"
            raise QueryError(f"the query matches {page.total} entries; {bound}. Narrow it, or set a limit")
        return page

    def _kept(self, url: str) -> Page | None:
        """The page that came from an address; None if it is not there, or damaged."""
        try:
            head, text = gzip.decompress(self._path(url).read_bytes()).split(b"\n", 1)
            known = json.loads(head)
            right = known.pop("url") == url and known.pop("digest") == _digest(text)
            return Page(text, **known, new=False) if right else None
        except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, AttributeError):
            return None

    def _keep(self, url: str, page: Page) -> None:
        known = asdict(page) | {"url": url, "digest": _digest(page.text)}
        del known["text"], known["new"]
        with write_atomically(self._path(url), durable=False) as handle:
            handle.write(gzip.compress(json.dumps(known).encode() + b"\n" + page.text, 6, mtime=0))

    def _path(self, url: str) -> Path:
        return self.folder / f"{_digest(url.encode())}.gz"

    def forget(self) -> None:
        """Remove every page from the disk."""
        for path in self.folder.glob("*.gz"):
            with suppress(OSError):  # writing the new page tells what is wrong
                path.unlink(missing_ok=True)


def check_release(page: Page, release: str) -> None:
    """Raise :class:`StartOver` for a page of another release; before the first page, any will do."""
    if release and page.release != release:
        raise StartOver(f"UniProt changed from release {release} to {page.release}")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
