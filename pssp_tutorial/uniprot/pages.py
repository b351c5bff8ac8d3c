"""The pages of a search, one after the other, from the cache or from UniProt, all of one release (chapter 3)."""

from collections.abc import Iterator
from dataclasses import dataclass

from tqdm import tqdm

from pssp_tutorial.uniprot.accessions import batch_queries
from pssp_tutorial.uniprot.cache import PageCache
from pssp_tutorial.uniprot.client import Client, FetchError, Page, QueryError


class StartOver(Exception):  # noqa: N818
    """The pages do not make a whole, so that all have to be fetched again; the message says why."""


@dataclass
class Search:
    """What a query matches, or the entries of a list of accessions.

    Parameters
    ----------
    limit : int, optional
        Entries after which no more pages are fetched; without meaning for a list.
    """

    client: Client
    query: str
    accessions: list[str]
    format: str
    fields: str | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        self.limit = None if self.accessions else self.limit
        self.size = min(self.client.settings.page_size, self.limit or self.client.settings.page_size)
        self.queries = batch_queries(self.accessions) or [self.query]
        self.urls = [self._url(query, self.size) for query in self.queries]

    def _url(self, query: str, size: int) -> str:
        return self.client.settings.first_url(query, self.format, self.fields, size)

    def fill(self, store: PageCache, progress: bool | None) -> Page:
        """Bring every page into the cache, and return the last one."""
        entries, new, page = 0, False, None
        with tqdm(unit=" entries", disable=None if progress is None else not progress) as bar:
            for _, page in self.pages(store):
                ends = [len(self.accessions)] if self.accessions else [page.total, self.limit]
                bar.total = min((number for number in ends if number is not None), default=None)
                bar.update(page.entries)
                entries, new = entries + page.entries, new or page.new
        if page is None or not entries:
            raise QueryError("the query matches no entry; check it at https://www.uniprot.org")
        if not new:  # nothing has told yet whether the release is still the same
            self._check_release(self.client.page(self._url(self.queries[0], 1), self.format), page.release)
        return page

    def pages(self, store: PageCache, release: str = "") -> Iterator[tuple[str, Page]]:
        """The pages of every query, each with the address of its query's first one.

        Raises
        ------
        StartOver
            If a page is of another release than those before, or if there are more or fewer entries than announced.
        """
        left = self.limit
        for first in self.urls:
            for page in self._pages_of(first, store, release, left):
                release, left = page.release, None if left is None else left - page.entries
                yield first, page

    def _pages_of(self, first: str, store: PageCache, release: str, limit: int | None) -> Iterator[Page]:
        url: str | None = first
        seen: set[str] = set()
        entries, total = 0, None
        while url is not None and (limit is None or entries < limit):
            page = store.get(url)
            if page is None or (release and page.release != release):
                page = self._fetch(url, None if total is None else min(self.size, total - entries), not seen)
                self._check_release(page, release)
                store.put(url, page)
            total = total if seen else page.total
            seen.add(url)
            release, entries, url = page.release, entries + page.entries, page.following
            if url in seen:
                raise FetchError("UniProt names a page that it has sent already as the next one; try again later")
            ended = url is None or not page.entries
            if total is not None and (entries > total or (ended and entries < total)):
                raise StartOver(f"UniProt announced {total} entries and sent {entries}")
            yield page

    def _fetch(self, url: str, expected: int | None, first: bool) -> Page:
        try:
            page = self.client.page(url, self.format, expected)
        except QueryError:
            if first:
                raise
            raise StartOver("UniProt no longer knows the place where the fetch stopped") from None
        most = self.client.settings.largest_total
        if first and self.limit is None and (page.total or 0) > most:
            bound = f"expected at most {most} without a limit"
            raise QueryError(f"the query matches {page.total} entries; {bound}. Narrow it, or set a limit")
        return page

    @staticmethod
    def _check_release(page: Page, release: str) -> None:
        if release and page.release != release:
            raise StartOver(f"UniProt changed from release {release} to {page.release}")
