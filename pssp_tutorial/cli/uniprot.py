"""The options of ``pssp uniprot fetch | parse | build``, and what ``--help`` says of them."""

import argparse
from argparse import ArgumentParser
from collections.abc import Callable

from pssp_tutorial.cli.options import file_name, file_or_standard_output, positive
from pssp_tutorial.cli.uniprot_commands import COLUMNS, run_build, run_fetch, run_parse
from pssp_tutorial.uniprot.client import SEARCH
from pssp_tutorial.uniprot.labels import POLICIES

UNIPROT = """Proteins with known helices and strands, from UniProt, in three steps: fetch
downloads entries, parse gives each residue its state, for a look at them, and
build makes a data set with training, validation and test proteins.

  pssp uniprot fetch --limit 2000 --out some.dat.gz
  pssp uniprot parse some.dat.gz --out some.tsv
  pssp uniprot build some.dat.gz --out mine.tsv.xz"""

FETCH = """Download UniProt entries that match a query, page by page. Without --query:
all reviewed proteins with a structure in the PDB and an annotated helix,
strand or turn. With --accessions: the entries that a file lists.

  pssp uniprot fetch --limit 200 --out some.dat.gz
  pssp uniprot fetch --accessions mine.txt --out mine.dat.gz
  pssp uniprot fetch --out human.dat.gz --query \\
      "(reviewed:true) AND (organism_id:9606) AND (ft_helix:*)"

If it is interrupted, run the same command again: it goes on where it stopped.
FILE.info.json, beside the file, tells the query, the UniProt release and the
licence."""

PARSE = """Read UniProt entries and give each residue its state: H helix, E strand,
C coil, ? where no structure tells it. The result is a table, one protein per
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


def add_commands(commands: argparse._SubParsersAction, epilog: str) -> None:
    """Add ``uniprot`` and its three commands."""
    layout = argparse.RawDescriptionHelpFormatter
    summary = "proteins with known helices and strands, from UniProt"
    group = commands.add_parser("uniprot", help=summary, description=UNIPROT, epilog=epilog, formatter_class=layout)
    group.set_defaults(run=lambda _: group.print_help())  # without a command
    steps = group.add_subparsers(title="commands", metavar="COMMAND")
    for name, run, summary, text, add_options in (
        ("fetch", run_fetch, "download entries of today's release", FETCH, _fetch_options),
        ("parse", run_parse, "turn entries into sequences with a state for each residue", PARSE, _parse_options),
        ("build", run_build, "make a data set with training, validation and test proteins", BUILD, _build_options),
    ):
        command = steps.add_parser(name, help=summary, description=text, epilog=epilog, formatter_class=layout)
        command.set_defaults(run=run)
        command.add_argument("--limit", type=positive, metavar="N", help="use at most N entries")
        command.add_argument("--quiet", action="store_true", help="no progress and no report on standard error")
        add_options(command)


def _fetch_options(fetch: ArgumentParser) -> None:
    _search_options(fetch)
    _output_option(fetch, "file")


def _parse_options(parse: ArgumentParser) -> None:
    _input_options(parse)
    _output_option(parse, "table")
    columns = f"some of {', '.join(COLUMNS)}"
    parse.add_argument("--columns", type=_columns, default=list(COLUMNS), metavar="A,B", help=columns)


def _build_options(build: ArgumentParser) -> None:
    _input_options(build)
    _search_options(build)
    add = build.add_argument
    add("--out", type=_data_set, required=True, metavar="FILE", help="the data set to write, such as mine.tsv.xz")
    add("--min-length", type=positive, default=30, metavar="N", help="fewest residues (default 30)")
    add("--max-length", type=positive, metavar="N", help="most residues (default: any)")
    share = _number(0, 1, "a share from 0 to 1")
    add("--identity", type=share, default=0.25, metavar="X", help="of a cluster of relatives (default 0.25)")
    add("--val", type=share, default=0.1, metavar="X", help="share of clusters for validation (default 0.1)")
    add("--test", type=share, default=0.1, metavar="X", help="share of clusters for the test (default 0.1)")
    add("--seed", type=int, default=0, metavar="N", help="draws the splits (default 0)")
    ways = "find relatives with MMseqs2, or in Python (slow, at most 500 proteins); auto takes MMseqs2 if it can"
    add("--redundancy", choices=("auto", "mmseqs", "python"), default="auto", help=ways)


def _output_option(command: ArgumentParser, what: str) -> None:
    text = f"the {what} to write, packed if it ends in .gz, .bz2 or .xz; - is standard output (default)"
    command.add_argument("--out", type=file_or_standard_output, default="-", metavar="FILE", help=text)


def _search_options(command: ArgumentParser) -> None:
    group = command.add_argument_group("search in UniProt")
    what = group.add_mutually_exclusive_group()
    what.add_argument("--query", help="in UniProt's query language: https://www.uniprot.org/help/text-search")
    listed = "the entries that this file lists, one accession per line, # before a comment; - is standard input"
    what.add_argument("--accessions", metavar="FILE", help=listed)
    resume = "go on with what an earlier, equal command has fetched (default), or start anew"
    group.add_argument("--resume", action=argparse.BooleanOptionalAction, default=True, help=resume)
    group.add_argument("--cache", metavar="FOLDER", help="where the pages are kept (default: PSSP_CACHE or ~/.cache)")
    group.add_argument("--server", default=SEARCH, metavar="URL", help=argparse.SUPPRESS)


def _input_options(command: ArgumentParser) -> None:
    files = "UniProt flat file, plain or packed; - is standard input"
    command.add_argument("files", nargs="*", metavar="FILE", help=files)
    command.add_argument("--shipped", action="store_true", help="use the 47 real entries that come with pssp")
    command.add_argument("--skip-unreadable", action="store_true", help="go on after an entry that cannot be read")
    dropped = "write a table of the entries that were left out, and why"
    command.add_argument("--dropped", type=file_name, metavar="FILE", help=dropped)
    add = command.add_argument_group("labels").add_argument
    add("--turns", action="store_true", help="label TURN as T instead of C")
    policy = (
        "entries that do not say which structure a helix comes from: known is what any of their structures covers "
        "(default), or nothing"
    )
    add("--without-evidence", choices=POLICIES, default="structures", help=policy)
    add("--methods", type=_list, metavar="A,B", help="structures that count, for example X-ray,NMR,EM")
    resolution = _number(0.001, 99, "ångström, such as 2.5")
    add("--max-resolution", type=resolution, metavar="X", help="coarsest resolution that counts, in ångström")


def _number(low: float, high: float, expected: str) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r}; expected {expected}")
        return value

    return number


def _data_set(text: str) -> str:
    if not text.endswith(".xz"):
        raise argparse.ArgumentTypeError(f"{text!r}; expected a name that ends in .tsv.xz, for it is packed with xz")
    return file_name(text)


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _columns(text: str) -> list[str]:
    names = _list(text)
    if not set(names) <= set(COLUMNS):
        raise argparse.ArgumentTypeError(f"{text!r}; expected some of {', '.join(COLUMNS)}")
    return names
