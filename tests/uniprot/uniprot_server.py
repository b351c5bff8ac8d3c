"""A small stand-in for UniProt's REST search on this machine, with every fault that a network brings."""

import gzip
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from pssp_tutorial.uniprot.client import FetchSettings
from pssp_tutorial.uniprot.flat import uniprot_text

Fault = int | str | None


def real_entries() -> list[bytes]:
    """The shipped entries' texts."""
    return [entry.encode() + b"//\n" for entry in uniprot_text().split("//\n") if entry]


class UniProtServer:
    """Pages ``entries``; ``faults`` maps the number of a request, from 0, to what goes wrong with it.

    Faults: a status code; "wait" (429 with Retry-After: 0), "wait long" (429, an hour), "hang" (answers late), "drop"
    (hangs up without an answer), "cut" (hangs up within the body), "truncated" and "corrupt" (gzip that ends early,
    gzip with a wrong byte; the length is right), "short" (fewer entries, well-formed), "html", "garbled" (unpacked,
    cut within an entry). ``release_at`` maps the number of a request to the release that begins with it.
    """

    def __init__(self, entries: list[bytes] | None = None) -> None:
        self.entries = real_entries() if entries is None else entries
        self.faults: dict[int, Fault] = {}
        self.release_at: dict[int, str] = {0: "2026_01"}
        self.requests: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.announced: int | None = None
        self.delay = 0.0
        self.packed = True
        self.hook: Callable[[int], None] = lambda number: None
        self.lock = threading.Lock()
        self.url = ""

    @property
    def release(self) -> str:
        return self.release_at[max(number for number in self.release_at if number < max(len(self.requests), 1))]

    def settings(self, **changes: object) -> FetchSettings:
        """Settings that find this server and lose no time."""
        return FetchSettings(**{"url": self.url, "page_size": 5, "backoff": 0.001, "timeout": (2, 2)} | changes)

    def of_release(self, release: str) -> list[bytes]:
        """Entries of a release: later ones come in another order, so that mixing two shows."""
        return self.entries if release == "2026_01" else self.entries[::-1]

    def expected(self, release: str = "2026_01", limit: int | None = None) -> bytes:
        """The file that a fetch must end with."""
        return b"".join(self.of_release(release)[:limit])

    @contextmanager
    def running(self) -> Iterator["UniProtServer"]:
        state = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                state.answer(self)

            def log_message(self, *arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}/uniprotkb/search"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        query = {key: values[0] for key, values in parse_qs(urlsplit(handler.path).query).items()}
        with self.lock:
            number = len(self.requests)
            self.requests.append(query)
            self.headers.append(dict(handler.headers))
            release = self.release
        self.hook(number)
        time.sleep(self.delay)
        fault = self.faults.get(number)
        try:
            self._send(handler, query, fault, release)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True

    def _send(
        self, handler: BaseHTTPRequestHandler, query: dict[str, str], fault: int | str | None, release: str
    ) -> None:
        if fault == "drop":
            handler.connection.close()
            handler.close_connection = True
            return
        if fault == "hang":
            time.sleep(1.5)
        if isinstance(fault, int) or fault in ("wait", "wait long"):
            status = fault if isinstance(fault, int) else 429
            body = json.dumps({"url": handler.path, "messages": ["'colour' is not a valid search field"]}).encode()
            handler.send_response(status)
            if fault in ("wait", "wait long"):
                handler.send_header("Retry-After", "0" if fault == "wait" else "3600")
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
            return
        entries = [] if query["query"] == "nothing" else self.of_release(release)
        if asked := set(re.findall(r"accession:(\w+)", query["query"])):
            lines = (re.findall(rb"(?m)^AC   (.*)$", entry) for entry in entries)
            names = (set(re.findall(r"\w+", b"".join(line).decode())) for line in lines)
            entries = [entry for entry, name in zip(entries, names, strict=True) if name & asked]
        start, size = int(query.get("cursor", 0)), int(query["size"])
        page = entries[start : start + size]
        if fault == "short":
            page = page[:-1]
        body = b"".join(page)
        if fault == "html":
            body = b"<html><body>Please log in to the network.</body></html>"
        if fault == "garbled":
            body = body[: len(body) * 2 // 3]
        elif self.packed and query.get("compressed") == "true":
            body = gzip.compress(body, mtime=0)
        if fault == "truncated":
            body = body[: len(body) // 2]
        if fault == "corrupt":
            body = body[: len(body) // 2] + bytes([body[len(body) // 2] ^ 0xFF]) + body[len(body) // 2 + 1 :]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("X-Total-Results", str(len(entries) if self.announced is None else self.announced))
        handler.send_header("X-UniProt-Release", release)
        handler.send_header("X-UniProt-Release-Date", "28-January-2026")
        if start + size < len(entries):
            following = f"{self.url}?{urlencode(query | {'cursor': str(start + size)})}"
            handler.send_header("Link", f'<{following}>; rel="next"')
        handler.end_headers()
        if fault == "cut":
            handler.wfile.write(body[: len(body) // 2])
            handler.wfile.flush()
            handler.connection.close()
            handler.close_connection = True
            return
        half = len(body) // 2
        handler.wfile.write(body[:half])
        time.sleep(self.delay)  # so that a kill can come within a page
        handler.wfile.write(body[half:])


def fetch_in_child(url: str, out: str, cache: str) -> None:
    """What a process that will be killed does."""
    from pssp_tutorial.uniprot.fetch import fetch_uniprot

    settings = FetchSettings(url=url, page_size=5, backoff=0.001)
    fetch_uniprot(out, "any", cache=cache, settings=settings, progress=False)
