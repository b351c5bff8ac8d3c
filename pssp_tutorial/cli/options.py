"""What the commands share: numbers and names on the command line, standard input and output, messages and bars."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from tqdm import tqdm

from pssp_tutorial.core.files import packed, write_atomically

SKIPPED = 5  # exit code: done, but for what standard error names


def whole_number(least: int, most: int = sys.maxsize) -> Callable[[str], int]:
    """What reads and checks a whole number, as an option gives it.

    >>> whole_number(1)("20")
    20
    """

    def value_of(text: str) -> int:
        value = int(text) if text.isdecimal() else -1
        if not least <= value <= most:
            expected = f"of {least} or more" if most == sys.maxsize else f"from {least} to {most}"
            raise argparse.ArgumentTypeError(f"{text!r}; expected a number {expected}")
        return value

    return value_of


def number(low: float, high: float, expected: str) -> Callable[[str], float]:
    """What reads and checks a number, as an option gives it.

    >>> number(0, 1, "a share from 0 to 1")("0.5")
    0.5
    """

    def value_of(text: str) -> float:
        with suppress(ValueError):
            if low <= (value := float(text)) <= high:
                return value
        raise argparse.ArgumentTypeError(f"{text!r}; expected {expected}")

    return value_of


positive = whole_number(1)
thread_count = whole_number(1, 1024)  # a system that cannot start as many would end Python
share = number(0, 1, "a share from 0 to 1")


def add_parser(
    commands: argparse._SubParsersAction, name: str, run: Callable, help: str, description: str, **settings: Any
) -> argparse.ArgumentParser:
    """Add a command; its description keeps its lines."""
    settings |= {"help": help, "description": description, "formatter_class": argparse.RawDescriptionHelpFormatter}
    command: argparse.ArgumentParser = commands.add_parser(name, **settings)
    command.set_defaults(run=run)
    return command


def add_output(command: argparse.ArgumentParser) -> None:
    """Add ``--out``, by default standard output."""
    text = "the file to write, packed if it ends in .gz, .bz2 or .xz; - is standard output (default)"
    command.add_argument("--out", type=file_name, default="-", metavar="FILE", help=text)


def file_name(text: str) -> str:
    """The name of a file that may be replaced, of a link the file that it leads to; or ``-`` for standard output.

    >>> file_name("mine.tsv"), file_name("-")
    ('mine.tsv', '-')
    """
    if text == "-":
        return text
    path = Path(text)
    with suppress(OSError):  # writing says what is wrong with the name
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise argparse.ArgumentTypeError(f"{text!r}; expected the name of a file, not a device or a pipe")
        return os.path.realpath(path) if path.is_symlink() else text
    return text


def standard_input() -> BinaryIO | TextIO:
    """Standard input as bytes, whatever the terminal speaks, or as text where it is nothing else, as in a notebook."""
    return getattr(sys.stdin, "buffer", sys.stdin)


def standard_output() -> BinaryIO:
    """Standard output for bytes; one that takes only text, as in a notebook, gets them as UTF-8."""
    return cast(BinaryIO, getattr(sys.stdout, "buffer", None) or _TextSink())


@contextmanager
def output(name: str) -> Iterator[BinaryIO]:
    """Standard output for ``-``; else a file that appears when it is complete, packed as its ending says."""
    if name == "-":
        yield standard_output()
    else:
        with write_atomically(name) as handle, packed(handle, name) as target:
            yield target


class _TextSink:
    """Standard output that takes text only."""

    def write(self, data: bytes) -> int:
        return sys.stdout.write(data.decode())


def tell(sentence: str, *, quiet: bool = False) -> None:
    """Write one line to standard error, without tearing a bar that is shown there."""
    if not quiet:
        tqdm.write(sentence, file=sys.stderr)


def progress_bar(items: Iterable | None = None, *, unit: str, total: int | None = None, quiet: bool = False) -> tqdm:
    """A bar over items, or one to be updated by hand: on a terminal only, never in a log file."""
    hidden = quiet or not sys.stderr.isatty()
    return tqdm(items, total=total, unit=f" {unit}", disable=hidden, leave=False)
