"""Text of UniProt's files, read so that damage is reported with its line."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from pssp_tutorial.uniprot.entry import InactiveEntry, UniProtEntry, UniProtError

LARGEST_ENTRY = 64_000_000
"""Letters of the largest entry that is still read; without a bound a file that is no entry would fill the memory."""

AnyEntry = UniProtEntry | InactiveEntry
OnError = Callable[[UniProtError], None]


class TextSource:
    """A text handle that knows its line and its entry, and whose damage becomes a UniProtError with both."""

    def __init__(self, handle: TextIO, name: str, report: OnError | None = None) -> None:
        self.handle, self.name, self.report = handle, name, report
        self.line, self.count = 1, 1

    def error(self, problem: str, *, entry: str = "", line: int = 0) -> UniProtError:
        """An error at this place; an entry without a name is called by its number."""
        return UniProtError(problem, file=self.name, entry=entry or f"entry {self.count}", line=line or self.line)

    def entry(self, parse: Callable[[Any, str], AnyEntry], found: Any) -> Iterator[AnyEntry]:
        """The entry that ``parse`` makes; nothing if it cannot and errors are only reported."""
        try:
            yield parse(found, self.name)
        except UniProtError as error:
            error = error if error.entry else self.error(error.problem, line=error.line)
            if self.report is None:
                raise error from error.__cause__
            self.report(error)
        finally:
            self.count += 1

    def _take(self, read: Callable[[int], str], size: int) -> str:
        try:
            return read(size)
        except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
            raise self.error(f"not readable as text ({error})") from error

    def skip_blank(self) -> str:
        """The first letter that is not blank."""
        while letter := self._take(self.handle.read, 1):
            if not letter.isspace():
                break
            self.line += letter == "\n"
        return letter

    def read(self, size: int) -> str:
        """At most this many letters."""
        return self._take(self.handle.read, size)

    def lines(self, start: str) -> Iterator[tuple[int, str]]:
        """The lines, beginning with one whose first letters are ``start``, with their numbers."""
        while line := start + self._take(self.handle.readline, LARGEST_ENTRY):
            start = ""
            yield self.line, line
            self.line += 1
