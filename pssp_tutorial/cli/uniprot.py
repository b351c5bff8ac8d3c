"""The options of ``pssp uniprot fetch | parse | build``, and what ``--help`` says of them."""

import argparse
from argparse import ArgumentParser
from pathlib import Path

from pssp_tutorial.cli.uniprot_commands import COLUMNS, run_build, run_fetch, run_parse
from pssp_tutorial.uniprot.client import FORMATS, SEARCH
from pssp_tutorial.uniprot.labels import POLICIES


def add_commands(commands: argparse._SubParsersAction, epilog: str) -> None:
    """Add ``uniprot`` and its three commands."""
    layout = argparse.RawDescriptionHelpFormatter
    summary = "proteins with known helices and strands, from UniProt"
    group = commands.add_parser("uniprot", help=summary, description=UNIPROT, epilog=epilog, formatter_class=layout)
    group.set_defaults(run=lambda _: group.print_help())  # without a command
    steps = group.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, run: object, summary: str, text: str) -> ArgumentParser:
        command = steps.add_parser(name, help=summary, description=text, epilog=epilog, formatter_class=layout)
        command.set_defaults(run=run)
        command.add_argument("--limit", type=_positive, metavar="N", help="use at most N entries")
        command.add_argument("--quiet", action="store_true", help="no progress and no report on standard error")
        return command

    fetch = add("fetch", run_fetch, "download entries of today's release", FETCH)
    _add_search(fetch)
    _add_output(fetch, "the file to write, packed if it ends in .gz; - is standard output (default)")
    fetch.add_argument(
        "--format", choices=FORMATS, default="txt", help="txt is the flat file (default); parse reads txt and json"
    )
    fetch.add_argument("--fields", metavar="A,B", help="columns for tsv, parts for json: accession,length,ft_helix,...")

    parse = add("parse", run_parse, "turn entries into sequences with a state for each residue", PARSE)
    _add_input(parse)
    _add_output(parse, "the table to write, packed if it ends in .gz; - is standard output (default)")
    parse.add_argument(
        "--columns", type=_columns, default=list(COLUMNS), metavar="A,B", help=f"some of {', '.join(COLUMNS)}"
    )

    build = add("build", run_build, "make a data set with training, validation and test proteins", BUILD)
    _add_input(build)
    _add_search(build)
    build.add_argument(
        "--out", type=_data_set, required=True, metavar="FILE", help="the data set to write, for example mine.tsv.xz"
    )
    build.add_argument("--min-length", type=_positive, default=30, metavar="N", help="fewest residues (default 30)")
    build.add_argument("--max-length", type=_positive, metavar="N", help="most residues (default: any)")
    build.add_argument(
        "--fragments", choices=("drop", "keep"), default="drop", help="entries that are only a part of a protein"
    )
    build.add_argument("--unusual", choices=("map", "drop"), default="map", help="entries with letters such as U or X")
    build.add_argument(
        "--identity", type=_share, default=0.25, metavar="X", help="of a cluster of relatives (default 0.25)"
    )
    build.add_argument(
        "--val", type=_share, default=0.1, metavar="X", help="share of clusters for validation (default 0.1)"
    )
    build.add_argument(
        "--test", type=_share, default=0.1, metavar="X", help="share of clusters for the test (default 0.1)"
    )
    build.add_argument("--seed", type=int, default=0, metavar="N", help="draws the splits (default 0)")
    build.add_argument(
        "--redundancy",
        choices=("auto", "mmseqs", "python"),
        default="auto",
        help="find relatives with MMseqs2, or in Python (slow, at most 500 proteins); auto takes MMseqs2 if it can",
    )


UNIPROT = """Proteins with known helices and strands, from UniProt, in three steps: fetch
downloads entries, parse gives each residue its state, for a look at them, and
build makes a data set with training, validation and test proteins.

  pssp uniprot fetch --limit 2000 --out some.dat.gz
  pssp uniprot parse some.dat.gz --out some.tsv
  pssp uniprot build some.dat.gz --out mine.tsv.xz"""

FETCH = """Download UniProt entries that match a query, page by page. Without --query:
all reviewed proteins with a structure in the PDB and an annotated helix,
strand or turn.

  pssp uniprot fetch --limit 200 --out some.dat.gz
  pssp uniprot fetch --out human.dat.gz --query \\
      "(reviewed:true) AND (organism_id:9606) AND (ft_helix:*)"

If it is interrupted, run the same command again: it goes on where it stopped.
FILE.info.json, beside the file, tells the query, the UniProt release and the
licence."""

PARSE = """Read UniProt entries and give each residue its state: H helix, E strand,
C coil, ? where no structure tells it. The result is a table, one protein a
line; what was left out, and why, is reported on standard error.

  pssp uniprot parse some.dat.gz --out some.tsv
  pssp uniprot parse --shipped --columns accession,length,known | head"""

BUILD = """Make a data set: label the entries, filter them, group relatives, and split
them so that no protein in the validation or test set has a relative in the
training set. Without FILE, the entries are fetched first. Beside the data set,
a file with the ending .info.json keeps its origin: release, query, options.

  pssp uniprot build some.dat.gz --out mine.tsv.xz
  pssp uniprot build --limit 2000 --out mine.tsv.xz

In Python: pssp_tutorial.load_chains(path="mine.tsv.xz")."""


def _add_output(command: ArgumentParser, text: str) -> None:
    command.add_argument("--out", type=_file_or_standard_output, default="-", metavar="FILE", help=text)


def _add_search(command: ArgumentParser) -> None:
    group = command.add_argument_group("search in UniProt")
    group.add_argument("--query", help="in UniProt's query language: https://www.uniprot.org/help/text-search")
    group.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on with what an earlier, equal command has fetched (default), or start anew",
    )
    group.add_argument("--cache", metavar="FOLDER", help="where the pages are kept (default: PSSP_CACHE or ~/.cache)")
    group.add_argument("--server", default=SEARCH, metavar="URL", help=argparse.SUPPRESS)


def _add_input(command: ArgumentParser) -> None:
    command.add_argument(
        "files", nargs="*", metavar="FILE", help="UniProt flat file or JSON, plain or .gz; - is standard input"
    )
    command.add_argument("--shipped", action="store_true", help="use the 47 real entries that come with pssp")
    command.add_argument("--skip-unreadable", action="store_true", help="go on after an entry that cannot be read")
    command.add_argument(
        "--dropped", type=_file, metavar="FILE", help="write a table of the entries that were left out, and why"
    )
    group = command.add_argument_group("labels")
    group.add_argument("--turns", action="store_true", help="label TURN as T instead of C")
    group.add_argument(
        "--without-evidence",
        choices=POLICIES,
        default="structures",
        help="entries that do not say which structure a helix comes from: known is what any of their structures "
        "covers (default), what lies between first and last feature, or nothing",
    )
    group.add_argument("--methods", type=_list, metavar="A,B", help="structures that count, for example X-ray,NMR,EM")
    group.add_argument(
        "--max-resolution", type=_resolution, metavar="X", help="coarsest resolution that counts, in ångström"
    )


def _file(text: str) -> str:
    """The name of a file that may be replaced; of a link, the file it leads to."""
    path = Path(text)
    if text == "-" or (path.exists() and not (path.is_file() or path.is_dir())):
        raise argparse.ArgumentTypeError(f"{text!r}; expected the name of a file, not a device or a pipe")
    return str(path.resolve()) if path.is_symlink() else text


def _data_set(text: str) -> str:
    if not text.endswith(".xz"):
        raise argparse.ArgumentTypeError(f"{text!r}; expected a name that ends in .tsv.xz, for it is packed with xz")
    return _file(text)


def _file_or_standard_output(text: str) -> str:
    return text if text == "-" else _file(text)


def _positive(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a number of 1 or more")
    return value


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a share from 0 to 1")
    return value


def _resolution(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 100:
        raise argparse.ArgumentTypeError(f"{text!r}; expected ångström, such as 2.5")
    return value


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _columns(text: str) -> list[str]:
    names = _list(text)
    if not set(names) <= set(COLUMNS):
        raise argparse.ArgumentTypeError(f"{text!r}; expected some of {', '.join(COLUMNS)}")
    return names
