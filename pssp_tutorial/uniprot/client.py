"""Pages of UniProt's REST search, each one complete or fetched again (chapter 3).

Documentation of the service: https://www.uniprot.org/help/api_queries.
"""

import gzip
import json
import re
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import requests
from requests.exceptions import ChunkedEncodingError, Timeout
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from pssp_tutorial.core.errors import PSSPError

SEARCH = "https://rest.uniprot.org/uniprotkb/search"
QUERY = "(reviewed:true) AND (structure_3d:true) AND ((ft_helix:*) OR (ft_strand:*) OR (ft_turn:*))"
"""Every reviewed entry with a structure and an annotated helix, strand or turn."""
RETRIED = (429, 500, 502, 503, 504)
OFFLINE_ATTEMPTS = 3  # who is offline need not wait for long
LONGEST_WAIT = 120.0  # seconds; if the server asks for more, stop
ADDRESS = "https://github.com/pssp-tutorial/pssp-tutorial"


class FetchError(PSSPError):
    """UniProt cannot be reached, or does not answer as it should."""


class QueryError(FetchError):
    """UniProt refuses the query, finds nothing, or finds more than was allowed."""


@dataclass(frozen=True)
class FetchSettings:
    """How to talk to the server; times are in seconds.

    UniProt allows a ``page_size`` of 500 at most. ``timeout`` is the wait for a connection, and for the next bytes. A
    page is tried ``attempts`` times, the second time after ``backoff``, doubled each time.
    """

    url: str = SEARCH
    page_size: int = 500
    timeout: tuple[float, float] = (10.0, 60.0)
    attempts: int = 6
    backoff: float = 1.0

    def first_url(self, query: str, size: int = 500) -> str:
        """Address of the first page; each page names the next one."""
        return f"{self.url}?{urlencode({'query': query, 'format': 'txt', 'size': size, 'compressed': 'true'})}"


@dataclass(frozen=True)
class Page:
    """One answer: its text and what the headers say; ``new`` if it came just now."""

    text: bytes
    total: int | None
    release: str
    release_date: str
    following: str | None
    new: bool = True

    @property
    def entries(self) -> list[bytes]:
        """The texts of its entries, each up to its ``//``."""
        return [entry + b"\n//\n" for entry in self.text.split(b"\n//\n")[:-1]]


class _TryAgain(Exception):  # noqa: N818
    """An answer that is worth another attempt, after ``wait`` seconds if the server says so."""

    def __init__(self, problem: str, wait: float | None = None, attempts: int | None = None) -> None:
        super().__init__(problem)
        self.wait, self.attempts = wait, attempts


class Client:
    """Fetches pages, politely and until they are whole."""

    def __init__(self, settings: FetchSettings) -> None:
        from pssp_tutorial import __version__

        self.settings, self.session = settings, requests.Session()
        self.session.headers["User-Agent"] = f"pssp-tutorial/{__version__} ({ADDRESS})"
        self.session.headers["Accept-Encoding"] = "identity"  # the page itself is packed, so its checksum reaches us

    def page(self, url: str, expected: int = 0) -> Page:
        """The page at an address, complete; if the query is refused, a QueryError, else a FetchError.

        If it has fewer entries than ``expected``, it is fetched again; if the second answer is the same, it stands.
        """
        previous, attempt = b"", 0
        while True:
            attempt += 1
            try:
                page = self._once(url)
                if len(page.entries) >= expected or page.text == previous:
                    return page
                previous = page.text
                raise _TryAgain(f"sends a page of {len(page.entries)} entries, expected {expected}")
            except _TryAgain as failure:
                if attempt >= min(self.settings.attempts, failure.attempts or self.settings.attempts):
                    advice = "check the network" if failure.attempts else "try again later: what was fetched is kept"
                    problem = f"{urlsplit(url).netloc} {failure}, {attempt} times; {advice}"
                    raise FetchError(problem) from failure.__cause__
                doubled = min(self.settings.backoff * 2 ** (attempt - 1), LONGEST_WAIT)
                time.sleep(doubled if failure.wait is None else failure.wait)

    def _once(self, url: str) -> Page:
        answer, body = self._answer(url)
        if answer.status_code in RETRIED:
            wait = None
            with suppress(InvalidHeader):
                wait = Retry().get_retry_after(answer.raw)  # given in seconds, or as a date
            if wait is not None and wait > LONGEST_WAIT:
                raise FetchError(f"UniProt asks to wait {wait:.0f} s; try again then: what was fetched is kept")
            raise _TryAgain(f"answers {answer.status_code} {answer.reason}", wait)
        try:
            for _ in range(2):  # the page and the transfer may both be packed
                body = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        except (OSError, EOFError, zlib.error) as error:
            raise _TryAgain(f"sends a damaged page ({error})") from error
        if not answer.ok:
            said = answer.reason
            with suppress(ValueError, LookupError, TypeError):
                said = "; ".join(json.loads(body)["messages"]) or said
            raise QueryError(f"{urlsplit(url).netloc} refuses the query: {said}")
        if body and not (body.startswith(b"ID   ") and body.endswith(b"\n//\n")):
            raise _TryAgain(f"sends a page that is not whole txt, it begins with {body[:20]!r}")
        total = answer.headers.get("X-Total-Results", "")
        return Page(
            text=body,
            total=int(total) if total.isdecimal() else None,
            release=answer.headers.get("X-UniProt-Release", "unknown"),
            release_date=answer.headers.get("X-UniProt-Release-Date", ""),
            following=next_url(answer.headers.get("Link", ""), url),
        )

    def _answer(self, url: str) -> tuple[requests.Response, bytes]:
        """What the server answers, and the bytes of its body."""
        try:
            with self.session.get(url, timeout=self.settings.timeout, stream=True) as answer:
                return answer, answer.raw.read(decode_content=False)
        except Timeout as error:
            raise _TryAgain(f"does not answer within {max(self.settings.timeout):g} s") from error
        except (ChunkedEncodingError, HTTPError) as error:
            raise _TryAgain(f"breaks the connection ({type(error).__name__})") from error
        except requests.ConnectionError as error:
            cause = error.args[0] if error.args else error
            reason = getattr(cause, "reason", None) or cause
            raise _TryAgain(f"cannot be reached ({type(reason).__name__})", attempts=OFFLINE_ATTEMPTS) from error
        except OSError as error:  # of requests, for an address or a file of certificates that cannot be used
            raise FetchError(f"{urlsplit(url).netloc} cannot be reached ({error})") from error


def next_url(link: str, url: str) -> str | None:
    """Address of the next page from the Link header: on the same host, and reached in the same way."""
    named = re.search(r'<([^>]*)>\s*;\s*rel="?next\b', link, re.IGNORECASE)
    if named is None:
        return None
    here, following = urlsplit(url), urlsplit(urljoin(url, named[1]))
    if following.hostname != here.hostname:
        raise FetchError(f"{here.netloc} names a next page on {following.netloc}; expected one on the same host")
    return urlunsplit(following._replace(scheme=here.scheme, netloc=here.netloc))
