"""One command from a query to a file: page by page, resumable, of one release, whole or not at all (chapter 3)."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from tqdm import tqdm

from pssp_tutorial.core.files import FileError, open_text, packed, write_atomically
from pssp_tutorial.uniprot.client import QUERY, FetchError, FetchSettings, Page, QueryError
from pssp_tutorial.uniprot.entry import ACCESSION
from pssp_tutorial.uniprot.pages import Search, StartOver, check_release, default_folder

RESTARTS = 3
BATCH = 50  # accessions per query: its address stays well below what servers accept
Tell = Callable[[str], None]
MARK = {"made_by": "pssp-tutorial"}
LICENCE = "CC BY 4.0, UniProt Consortium, https://www.uniprot.org/help/license"


@dataclass(frozen=True)
class Fetched:
    """A fetched file and what is known of it; ``<file>.info.json`` beside it says the same."""

    path: Path
    query: str
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
    limit: int | None = None,
    resume: bool = True,
    cache: str | PathLike | None = None,
    settings: FetchSettings | None = None,
    progress: bool | None = None,
    tell: Tell = lambda sentence: None,
) -> Fetched:
    """Fetch what a query matches in today's UniProt into one flat file, for :func:`read_uniprot`.

    The pages land in the folder ``cache``, and those of an equal query are used again if ``resume``. A fetch that was
    stopped, at any moment, goes on with the next page and ends with the same file, byte for byte, as one that was not.
    If UniProt's release changes meanwhile, it starts over: no file mixes two releases. ``out`` is replaced when the new
    file is whole, and not before. ``tell`` gets a sentence about what is noteworthy, such as a new release.

    With ``accessions``, these entries are fetched instead of a query's, in this order, each once; an earlier accession
    finds the entry that has it now.

    Raises QueryError if UniProt refuses the query or finds nothing, or too much without a limit, or if an accession is
    none; FetchError or FileError if the server keeps failing, or the disk is full: the pages so far are kept.
    """
    if limit is not None and limit < 1:
        raise QueryError(f"limit {limit}; expected at least 1 entry")
    names: list[str] = []
    if accessions is not None:
        if query != QUERY:
            raise QueryError("accessions are looked for by themselves; expected no query beside them")
        names = check_accessions({f"accession {n}": name for n, name in enumerate(accessions, start=1)})[:limit]
    check_origin(out)
    clauses = [f"accession:{name} OR sec_acc:{name}" for name in names]  # the second one finds what was merged
    batches = [" OR ".join(clauses[start : start + BATCH]) for start in range(0, len(names), BATCH)]
    queries = [f"(active:true) AND ({batch})" for batch in batches] or [query]
    folder = Path(cache) if cache is not None else default_folder()
    search = Search(settings or FetchSettings(), queries, None if names else limit, folder)
    if not resume:
        search.forget()
    for _ in range(RESTARTS + 1):
        try:
            last = _fill(search, len(names), progress)
            return _write(search, names, last, Path(out), "" if names else query, tell)
        except StartOver as change:
            problem = str(change)
            tell(f"{problem}: starting over")
            search.forget()
    raise FetchError(f"{problem}, {RESTARTS + 1} times; try again later")


def _fill(search: Search, asked: int, progress: bool | None) -> Page:
    """Bring every page onto the disk, and return the last one."""
    release, count, new, page = "", 0, False, None
    with tqdm(unit=" entries", disable=None if progress is None else not progress) as bar:
        for first in search.urls:
            for page in search.pages(first, release):
                bar.total = asked or min(filter(None, (page.total, search.limit)), default=None)
                bar.update(len(page.entries))
                release, count, new = page.release, count + len(page.entries), new or page.new
    if page is None or not count:
        raise QueryError("the query matches no entry; check it at https://www.uniprot.org")
    if not new:  # nothing has told yet whether the release is still the same
        check_release(search.client.page(search.smallest), release)
    return page


def _write(search: Search, accessions: list[str], last: Page, out: Path, query: str, tell: Tell) -> Fetched:
    """Put the pages together as one file, and write beside it where it comes from."""
    seen: set[str] = set()
    count = 0
    with write_atomically(out) as raw, packed(raw, out) as handle:
        for entry in islice(_entries(search, last.release, accessions, seen), search.limit):
            handle.write(entry)
            count += 1
    missing = tuple(name for name in accessions if name not in seen)
    if missing:
        tell(f"{len(missing)} of {len(accessions)} accessions not found: {', '.join(missing)}")
    with out.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    total = None if accessions else last.total
    fetched = Fetched(out, query, last.release, last.release_date, count, total, digest, tuple(accessions), missing)
    write_origin(out, asdict(fetched) | {"path": out.name})
    return fetched


def _entries(search: Search, release: str, accessions: list[str], seen: set[str]) -> Iterator[bytes]:
    """The entries of all pages; of a list, in its order and each once, and ``seen`` gets their accessions."""
    places = {name: place for place, name in enumerate(accessions)}
    given: set[str] = set()
    for first in search.urls:
        entries = (entry for page in search.pages(first, release) for entry in page.entries)
        if not accessions:
            yield from entries
            continue
        named = [(_accessions_of(entry), entry) for entry in entries]
        named.sort(key=lambda item: min(places.get(name, len(places)) for name in item[0]))
        for names, entry in named:
            if names[0] not in given:  # an entry may be found by several of its accessions
                yield entry
            given.add(names[0])
            seen.update(names)


def _accessions_of(entry: bytes) -> list[str]:
    lines = re.findall(r"^AC   (.*)$", entry.decode(errors="replace"), re.MULTILINE)
    return re.findall(r"\w+(?=;)", "".join(lines)) or [""]


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
    """Accessions, each under the name of its place, in capitals, each once, in order of their first mention."""
    bad = [f"{place} is {str(word)[:40]!r}" for place, word in named.items() if not ACCESSION.fullmatch(word.upper())]
    if bad or not named:
        more = f" and {len(bad) - 10} more" if len(bad) > 10 else ""
        raise QueryError(f"{'; '.join(bad[:10]) or 'an empty list'}{more}; expected accessions such as P12345")
    return list(dict.fromkeys(word.upper() for word in named.values()))


def read_origin(file: str | PathLike) -> dict[str, Any] | None:
    """What is told beside a file; None if nothing is, or somebody else wrote it."""
    try:
        found = json.loads(Path(f"{file}.info.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and MARK.items() <= found.items() else None


def check_origin(file: str | PathLike) -> Path:
    """Where the origin will be told; a FileError, before a long run, if somebody else has written a file there."""
    path = Path(f"{file}.info.json")
    if path.exists() and read_origin(file) is None:
        raise FileError(f"{path}: not written, for it is not ours to replace; move it, or choose another file to write")
    return path


def write_origin(file: str | PathLike, origin: Mapping[str, Any]) -> None:
    """Tell beside a file where its content comes from."""
    with write_atomically(check_origin(file)) as handle:
        handle.write((json.dumps(MARK | dict(origin), indent=1, ensure_ascii=False) + "\n").encode())
