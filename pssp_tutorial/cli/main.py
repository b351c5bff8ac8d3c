"""The command ``pssp``: what the package does, without writing Python."""

import argparse
import atexit
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper

from pssp_tutorial import __version__
from pssp_tutorial.cli import label, predict, score, train, uniprot
from pssp_tutorial.core.errors import NO_TORCH, PSSPError
from pssp_tutorial.core.files import FileError
from pssp_tutorial.uniprot.client import FetchError, QueryError

OK, BAD_INPUT, USAGE, NETWORK, DISK, STOPPED = 0, 1, 2, 3, 4, 130
EXIT_CODES = """exit codes:
  0    done
  1    the input cannot be used, or nothing was found
  2    the command line is not right
  3    UniProt cannot be reached, or fails; what was fetched is kept, run the same command again
  4    a file cannot be written; the old one is as it was
  5    done, but for records or files that standard error names (predict, label, score)
  130  stopped, with Ctrl-C or from outside; what was fetched is kept, and no file is half written"""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; each command brings the function that runs it."""
    main = argparse.ArgumentParser(
        prog="pssp",
        description="Protein secondary structure: predict it, label it, score it, get data for it. The book says how.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    main.set_defaults(run=lambda _: main.print_help())  # without a command
    main.add_argument("--version", action="version", version=f"pssp {__version__}")
    commands = main.add_subparsers(title="commands", metavar="COMMAND")
    for command in (predict, label, score, train):
        command.add_command(commands, EXIT_CODES)
    uniprot.add_commands(commands, EXIT_CODES)
    return main


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; every error a user can cause is one line on standard error.

    >>> main(["uniprot", "parse", "missing.dat"])
    1
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    atexit.register(gc.freeze)  # or Python searches all of PyTorch for garbage before it ends: about half a second
    try:
        with _stoppable(), _speakable():
            options = parser().parse_args(arguments)
            code = options.run(options) or OK
            sys.stdout.flush()
    except SystemExit as stop:  # argparse has said why
        return int(stop.code or 0)
    except BrokenPipeError:  # the reader of our output, such as head, has had enough
        _silence()
        return OK
    except OSError as error:  # standard output, or a temporary file
        _silence()
        print(f"pssp: not written ({error.strerror or error})", file=sys.stderr)
        return DISK
    except KeyboardInterrupt:
        print("pssp: stopped", file=sys.stderr)
        return STOPPED
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        print(f"pssp: {NO_TORCH}", file=sys.stderr)
        return BAD_INPUT
    except PSSPError as error:
        print(f"pssp: {error}", file=sys.stderr)
        if isinstance(error, FileError):
            return DISK
        return NETWORK if isinstance(error, FetchError) and not isinstance(error, QueryError) else BAD_INPUT
    return code


@contextmanager
def _speakable() -> Iterator[None]:
    """What the terminal's code page lacks is written as an escape, on standard output as on standard error."""
    output = sys.stdout
    if not isinstance(output, TextIOWrapper):  # a notebook's
        yield
        return
    before = output.errors
    output.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        output.reconfigure(errors=before)


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM, which timeout and batch systems send, ends the work as Ctrl-C does, and later what it did before."""
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _silence() -> None:
    """Lead standard output nowhere, so that Python does not fail once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
