"""Fetched pages on the disk, so that a fetch goes on where it stopped (chapter 3).

One folder a query. In it ``state.json`` names the release and the pages that are complete, each with its address
and checksum; a page is in the state only after it is whole on the disk, and both are replaced in one step.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pssp_tutorial.core.files import FileError, write_atomically

CACHE_VARIABLE = "PSSP_CACHE"


def default_folder() -> Path:
    """``PSSP_CACHE``, or ``pssp_tutorial`` in the user's folder for caches."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pssp_tutorial"


@dataclass
class CachedPage:
    """A page on the disk: where it came from, its checksum, its number of entries."""

    url: str
    sha256: str
    entries: int


@dataclass
class State:
    """How far the fetch of one query has come; ``following`` is the address of the next page, None at the end."""

    query: str
    release: str = ""
    release_date: str = ""
    total: int | None = None
    following: str | None = None
    pages: list[CachedPage] = field(default_factory=list)

    @property
    def entries(self) -> int:
        """Entries on the pages so far."""
        return sum(page.entries for page in self.pages)

    @property
    def complete(self) -> bool:
        """True if no page is missing."""
        return bool(self.pages) and self.following is None


class PageCache:
    """The pages of one query, identified by the address of its first page.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = PageCache(Path(folder), "https://example.org/search?query=x")
    ...     cache.start(State("x", "2026_01", following="https://example.org/search?query=x"))
    ...     cache.add(b"ID   A\\n//\\n", 1, None)
    ...     PageCache(Path(folder), "https://example.org/search?query=x").state.complete
    True
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder / "uniprot" / hashlib.sha256(url.encode()).hexdigest()[:16]
        self.state = State("")
        self.load()

    def load(self) -> None:
        """Read the state; pages from the first missing or damaged one on are forgotten."""
        try:
            found = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            pages = [CachedPage(**page) for page in found.pop("pages")]
            self.state = State(**found, pages=pages)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            self.state = State("")
            return
        for number, page in enumerate(pages):
            if self._checked(number) is None:
                self.state.pages, self.state.following = pages[:number], page.url
                break

    def start(self, state: State) -> None:
        """Forget every page and begin anew."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.state = state
        self._save()

    def add(self, text: bytes, entries: int, following: str | None) -> None:
        """Put a page that came from ``state.following`` on the disk."""
        page = CachedPage(self.state.following or "", hashlib.sha256(text).hexdigest(), entries)
        with write_atomically(self._path(len(self.state.pages)), durable=False) as handle:
            handle.write(gzip.compress(text, mtime=0))
        self.state.pages.append(page)
        self.state.following = following
        self._save()

    def texts(self) -> Iterator[bytes]:
        """The pages in order."""
        for number in range(len(self.state.pages)):
            text = self._checked(number)
            if text is None:
                raise FileError(f"{self._path(number)}: changed while it was read; fetch again")
            yield text

    def _checked(self, number: int) -> bytes | None:
        try:
            text = gzip.decompress(self._path(number).read_bytes())
        except (OSError, EOFError, ValueError):
            return None
        return text if hashlib.sha256(text).hexdigest() == self.state.pages[number].sha256 else None

    def _path(self, number: int) -> Path:
        return self.folder / re.sub(r"\W", "_", self.state.release) / f"page-{number + 1:06}.gz"

    def _save(self) -> None:
        with write_atomically(self.folder / "state.json", durable=False) as handle:
            handle.write(json.dumps(asdict(self.state), indent=1).encode())
