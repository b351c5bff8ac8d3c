"""Pages of UniProt's REST search, each one complete or fetched again (chapter 3).

Documentation of the service: https://www.uniprot.org/help/api_queries.
"""

import gzip
import json
import re
import time
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, RequestException, Timeout
from requests.utils import parse_header_links
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from pssp_tutorial.core.errors import PSSPError

SEARCH = "https://rest.uniprot.org/uniprotkb/search"
QUERY = "(reviewed:true) AND (structure_3d:true) AND ((ft_helix:*) OR (ft_strand:*) OR (ft_turn:*))"
"""Every reviewed entry with a structure and an annotated helix, strand or turn."""
FORMATS = ("txt", "json", "tsv", "fasta")
RETRIED = (429, 500, 502, 503, 504)


class FetchError(PSSPError):
    """UniProt cannot be reached, or does not answer as it should."""


class QueryError(FetchError):
    """UniProt refuses the query, finds nothing, or finds more than was allowed."""


@dataclass(frozen=True)
class FetchSettings:
    """How to talk to the server.

    Parameters
    ----------
    url : str
        Address of the search.
    page_size : int
        Entries a page, 500 at most.
    timeout : (float, float)
        Seconds to wait for a connection, and for the next bytes of an answer.
    attempts : int
        How often a page is tried.
    backoff : float
        Seconds before the second attempt; doubled each time.
    longest_wait : float
        Longest wait in seconds that the server may ask for in ``Retry-After``; if it asks for more, stop.
    largest_total : int
        Most entries that a query may match if no limit is given.
    """

    url: str = SEARCH
    page_size: int = 500
    timeout: tuple[float, float] = (10.0, 60.0)
    attempts: int = 6
    backoff: float = 1.0
    longest_wait: float = 120.0
    largest_total: int = 200_000

    def __post_init__(self) -> None:
        if not 1 <= self.page_size <= 500:
            raise QueryError(f"page size {self.page_size}; expected 1 to 500, which is UniProt's largest")

    def first_url(self, query: str, format: str, fields: str | None, size: int) -> str:
        """Address of the first page; later ones are named by the page before."""
        if format not in FORMATS:
            raise QueryError(f"format {format!r}; expected one of {', '.join(FORMATS)}")
        parameters = {"query": query, "format": format, "size": size, "compressed": "true"}
        return f"{self.url}?{urlencode(parameters | ({'fields': fields} if fields else {}))}"


@dataclass(frozen=True)
class Page:
    """One answer: its text, how many entries it holds, and what the headers say."""

    text: bytes
    entries: int
    total: int | None
    release: str
    release_date: str
    following: str | None


class Client:
    """Fetches pages; connections and polite waiting are ``requests``' and ``urllib3``'s."""

    def __init__(self, settings: FetchSettings | None = None) -> None:
        self.settings = settings or FetchSettings()
        self.session = _session(self.settings)

    def page(self, url: str, format: str, expected: int | None = None) -> Page:
        """The page at an address, complete.

        Parameters
        ----------
        expected : int, optional
            Entries it should hold. A page with fewer is fetched again; if the second answer is the same, it stands.

        Raises
        ------
        QueryError
            If UniProt refuses the query (400, 404).
        FetchError
            If no attempt brought a complete page; the message says why the last one failed.
        """
        previous, problem = b"", ""
        for attempt in range(self.settings.attempts):
            if attempt:
                time.sleep(min(self.settings.backoff * 2 ** (attempt - 1), self.settings.longest_wait))
            try:
                page = self._once(url, format)
            except _BrokenPage as error:
                problem = str(error)
                continue
            short = expected is not None and page.entries < expected
            if not short or page.text == previous:
                return page
            previous, problem = page.text, f"a page of {page.entries} entries; expected {expected}"
        raise FetchError(f"{_host(url)}: {problem}, {self.settings.attempts} times; try again later")

    def _once(self, url: str, format: str) -> Page:
        try:
            with self.session.get(url, timeout=self.settings.timeout, stream=True) as answer:
                if answer.status_code in RETRIED:
                    raise FetchError(
                        f"{_host(url)} answers {answer.status_code} {answer.reason}, {self.settings.attempts} times; "
                        "try again later: what was fetched is kept"
                    )
                if not answer.ok:
                    raise QueryError(f"{_host(url)} refuses the query: {_messages(answer)}")
                body = answer.raw.read(decode_content=False)
                headers = answer.headers
        except Timeout as error:
            raise FetchError(
                f"{_host(url)} does not answer within {max(self.settings.timeout):g} s; try again later"
            ) from error
        except (ChunkedEncodingError, HTTPError) as error:
            raise _BrokenPage(f"the connection broke ({type(error).__name__})") from error
        except RequestException as error:
            raise FetchError(f"{_host(url)} cannot be reached ({_reason(error)}); check the network") from error
        text = _unpacked(body, headers.get("Content-Encoding", ""))
        total = headers.get("X-Total-Results", "")
        return Page(
            text=text,
            entries=count_entries(text, format),
            total=int(total) if total.isdecimal() else None,
            release=headers.get("X-UniProt-Release", "unknown"),
            release_date=headers.get("X-UniProt-Release-Date", ""),
            following=_following(headers.get("Link", ""), url),
        )


class _BrokenPage(Exception):  # noqa: N818
    """An answer that is worth another attempt."""


class _PoliteRetry(Retry):
    """Tries again as urllib3 does, but never waits for longer than ``longest_wait`` seconds."""

    longest_wait = 120.0

    def new(self, **changes: Any) -> "_PoliteRetry":
        retry = super().new(**changes)
        retry.longest_wait = self.longest_wait
        return retry

    def get_retry_after(self, response: Any) -> float | None:
        seconds = super().get_retry_after(response)
        if seconds is not None and seconds > self.longest_wait:
            raise FetchError(f"UniProt asks to wait {seconds:.0f} s; try again then: what was fetched is kept")
        return seconds


def _session(settings: FetchSettings) -> requests.Session:
    from pssp_tutorial import __version__

    session = requests.Session()
    retry = _PoliteRetry(
        total=settings.attempts - 1,
        connect=min(settings.attempts - 1, 2),  # who is offline need not wait for long
        status_forcelist=RETRIED,
        allowed_methods=["GET"],
        backoff_factor=settings.backoff,
        backoff_max=settings.longest_wait,
        raise_on_status=False,
    )
    retry.longest_wait = settings.longest_wait
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    address = "https://github.com/pssp-tutorial/pssp-tutorial"
    session.headers["User-Agent"] = f"pssp-tutorial/{__version__} ({address}) python-requests/{requests.__version__}"
    session.headers["Accept-Encoding"] = "identity"  # the page itself is packed, so that its checksum reaches us
    return session


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _reason(error: BaseException) -> str:
    inner = getattr(error.args[0] if error.args else None, "reason", None)
    return type(inner or error).__name__


def _messages(answer: requests.Response) -> str:
    """What UniProt says is wrong, from its JSON, or the status."""
    try:
        said = json.loads(_unpacked(answer.raw.read(1 << 16, decode_content=False), ""))["messages"]
        return f"{answer.status_code}: {'; '.join(map(str, said))}"
    except Exception:  # no JSON, or another shape: the status has to do
        return f"{answer.status_code} {answer.reason}"


def _unpacked(body: bytes, encoding: str) -> bytes:
    """The body without gzip; its checksum and its end are verified."""
    for _ in range(2):  # the page, and the transfer, may both be packed
        if not body.startswith(b"\x1f\x8b"):
            break
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as error:
            raise _BrokenPage(f"a damaged page ({error})") from error
    else:
        encoding = ""
    if encoding not in ("", "identity", "gzip"):
        raise FetchError(f"the server packs with {encoding!r}; expected gzip")
    return body


def count_entries(text: bytes, format: str) -> int:
    """Number of entries of a page; the page must end as its format ends.

    >>> count_entries(b"ID   A\\n//\\nID   B\\n//\\n", "txt")
    2
    """
    if format == "json":
        try:
            return len(json.loads(text)["results"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _BrokenPage(f"a page that is not UniProt's JSON ({type(error).__name__})") from error
    if not text.strip():
        return 0
    if format == "txt":
        count = len(re.findall(rb"^//[ \t\r]*$", text, re.MULTILINE))
        whole = text.startswith(b"ID   ") and text.rstrip().endswith(b"\n//")
    elif format == "fasta":
        count, whole = len(re.findall(rb"^>", text, re.MULTILINE)), text.startswith(b">") and text.endswith(b"\n")
    else:
        count, whole = text.count(b"\n") - 1, b"\t" in text.split(b"\n", 1)[0] and text.endswith(b"\n")
    if not whole:
        raise _BrokenPage(f"a page that is not whole {format}, it begins with {text[:20]!r}")
    return count


def _following(link: str, url: str) -> str | None:
    """Address of the next page from the Link header; it must be on the same host."""
    following = next((item.get("url") for item in parse_header_links(link) if item.get("rel") == "next"), None)
    if following is not None and urlsplit(following)[:2] != urlsplit(url)[:2]:
        raise FetchError(f"{_host(url)} names a next page on {_host(following)}; expected one on the same host")
    return following
