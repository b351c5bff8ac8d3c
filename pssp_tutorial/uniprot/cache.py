"""Fetched pages on the disk, so that a fetch goes on where it stopped (chapter 3).

One folder per fetch, one file per page, which says itself where it came from and what the server said of it. A file
appears when it is whole; so processes may share the folder, and a kill costs one page at most.
"""

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from pssp_tutorial.core.files import write_atomically
from pssp_tutorial.uniprot.client import Page

CACHE_VARIABLE = "PSSP_CACHE"


def default_folder() -> Path:
    """``PSSP_CACHE``, or ``pssp_tutorial`` in the user's folder for caches."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pssp_tutorial"


class PageCache:
    """The pages of one fetch, identified by the addresses of its first pages.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = PageCache(Path(folder), ["https://example.org/search?query=x"])
    ...     cache.put("https://example.org/a", Page(b"ID   A\\n//\\n", 1, 1, "2026_01", "", None))
    ...     cache.get("https://example.org/a").release, cache.get("https://example.org/b")
    ('2026_01', None)
    """

    def __init__(self, folder: Path, urls: Iterable[str]) -> None:
        self.folder = folder / "uniprot" / _digest("\n".join(urls).encode())

    def get(self, url: str) -> Page | None:
        """The page that came from an address; None if it is not there, or damaged."""
        try:
            head, text = gzip.decompress(self._path(url).read_bytes()).split(b"\n", 1)
            known = json.loads(head)
            right = known.pop("url") == url and known.pop("digest") == _digest(text)
            return Page(text, **known, new=False) if right else None
        except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, AttributeError):
            return None

    def put(self, url: str, page: Page) -> None:
        """Keep the page that came from an address."""
        known = asdict(page) | {"url": url, "digest": _digest(page.text)}
        del known["text"], known["new"]
        with write_atomically(self._path(url), durable=False) as handle:
            handle.write(gzip.compress(json.dumps(known).encode() + b"\n" + page.text, 6, mtime=0))

    def clear(self) -> None:
        """Forget every page."""
        for path in self.folder.glob("*.gz"):
            with suppress(OSError):  # writing the new page tells what is wrong
                path.unlink(missing_ok=True)

    def _path(self, url: str) -> Path:
        return self.folder / f"{_digest(url.encode())}.gz"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
