"""``pssp uniprot fetch | parse | build``: from UniProt to a labelled data set."""

import argparse
import io
import shutil
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pssp_tutorial.cli.options import (
    add_output,
    add_parser,
    file_name,
    number,
    output,
    positive,
    progress_bar,
    share,
    standard_input,
    standard_output,
    tell,
)
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import check_targets
from pssp_tutorial.core.resources import own_digests
from pssp_tutorial.proteins.chains import write_chains
from pssp_tutorial.proteins.splits import split_by_homology
from pssp_tutorial.uniprot.client import QUERY, SEARCH, FetchSettings
from pssp_tutorial.uniprot.dataset import Selection
from pssp_tutorial.uniprot.entry import UniProtEntry, UniProtError
from pssp_tutorial.uniprot.fetch import Fetched, check_origin, fetch_uniprot, read_accessions, read_origin, write_origin
from pssp_tutorial.uniprot.flat import read_uniprot, uniprot_text
from pssp_tutorial.uniprot.labels import POLICIES, LabelledEntry, LabelReport, label_entries

UNIPROT = """Proteins with known helices and strands, from UniProt, in three steps: fetch entries,
parse them for a look at each residue's state, or build a data set of them. All in one:

  pssp uniprot build --limit 2000 --out mine.tsv.xz"""
FETCH = """Download entries of UniProt, by default all reviewed ones with a structure and its
helices, strands or turns. Interrupted, the same command goes on where it stopped.
FILE.info.json, beside the file, tells the query, the release and the licence.

  pssp uniprot fetch --limit 200 --out some.dat.gz"""
PARSE = """Write a table of UniProt entries with the state of each residue: H helix, E strand,
C coil, ? where no structure tells it. Standard error sums up what was left out.

  pssp uniprot parse some.dat.gz --out some.tsv"""
BUILD = """Make a data set: label entries, filter them, group relatives, and split them so that no
held-out protein has a relative in the training set. Without FILE, fetch the entries first.
FILE.info.json, beside the data set, tells its origin: release, query, options.

  pssp uniprot build some.dat.gz --out mine.tsv.xz"""
COLUMNS = ("accession", "name", "length", "known", "coverage_from", "structures", "source", "sequence", "structure")
LABELLING = ("turns", "without_evidence", "methods", "max_resolution")
SETTINGS = ("limit", *LABELLING, "min_length", "max_length", "identity", "val", "test", "seed", "redundancy")


def add_commands(commands: argparse._SubParsersAction, epilog: str) -> None:
    """Add ``uniprot`` and its three commands."""
    summary = "proteins with known helices and strands, from UniProt"
    group = add_parser(commands, "uniprot", lambda _: group.print_help(), summary, UNIPROT, epilog=epilog)
    steps = group.add_subparsers(title="commands", metavar="COMMAND")
    inputs, search, out = _input_options, _search_options, add_output
    for name, run, summary, text, options in (
        ("fetch", _fetch_to_output, "download entries of today's release", FETCH, (search, out)),
        ("parse", _parse, "turn entries into sequences with a state for each residue", PARSE, (inputs, out)),
        ("build", _build, "make a data set, split for training", BUILD, (inputs, search, _build_options)),
    ):
        command = add_parser(steps, name, run, summary, text, epilog=epilog)
        command.add_argument("--limit", type=positive, metavar="N", help="use at most N entries")
        command.add_argument("--quiet", action="store_true", help="no progress and no report on standard error")
        for add_options in options:
            add_options(command)


def _build_options(command: ArgumentParser) -> None:
    add = command.add_argument
    add("--out", type=_data_set, required=True, metavar="FILE", help="the data set to write, such as mine.tsv.xz")
    add("--min-length", type=positive, default=30, metavar="N", help="fewest residues (default 30)")
    add("--max-length", type=positive, metavar="N", help="most residues (default: any)")
    add("--identity", type=share, default=0.25, metavar="X", help="of a cluster of relatives (default 0.25)")
    add("--val", type=share, default=0.1, metavar="X", help="share of clusters for validation (default 0.1)")
    add("--test", type=share, default=0.1, metavar="X", help="share of clusters for the test (default 0.1)")
    add("--seed", type=int, default=0, metavar="N", help="draws the splits (default 0)")
    ways = "find relatives with MMseqs2, or in Python (slow, at most 500 proteins); auto takes MMseqs2 if it can"
    add("--redundancy", choices=("auto", "mmseqs", "python"), default="auto", help=ways)


def _search_options(command: ArgumentParser) -> None:
    kept = "fetched pages are kept in the folder that the variable PSSP_CACHE names (default ~/.cache/pssp_tutorial)"
    group = command.add_argument_group("search in UniProt", kept)
    what = group.add_mutually_exclusive_group()
    what.add_argument("--query", help="in UniProt's query language: https://www.uniprot.org/help/text-search")
    listed = "the entries that this file lists, one accession per line, # before a comment; - is standard input"
    what.add_argument("--accessions", metavar="FILE", help=listed)
    resume = "go on with what an earlier, equal command has fetched (default), or start anew"
    group.add_argument("--resume", action=argparse.BooleanOptionalAction, default=True, help=resume)
    group.add_argument("--server", default=SEARCH, metavar="URL", help=argparse.SUPPRESS)


def _input_options(command: ArgumentParser) -> None:
    files = "UniProt flat file, plain or packed; - is standard input"
    command.add_argument("files", nargs="*", metavar="FILE", help=files)
    command.add_argument("--shipped", action="store_true", help="use the 47 real entries that come with pssp")
    command.add_argument("--skip-unreadable", action="store_true", help="go on after an entry that cannot be read")
    add = command.add_argument_group("labels").add_argument
    add("--turns", action="store_true", help="label TURN as T instead of C")
    policy = "entries that name no structure for a helix: known is what any of theirs covers (default), or nothing"
    add("--without-evidence", choices=POLICIES, default="structures", help=policy)
    methods = "structures that count, for example X-ray,NMR,EM"
    add("--methods", type=lambda text: [part.strip() for part in text.split(",")], metavar="A,B", help=methods)
    resolution = number(0.001, 99, "ångström, such as 2.5")
    add("--max-resolution", type=resolution, metavar="X", help="coarsest resolution that counts, in ångström")


def _data_set(text: str) -> str:
    if not text.endswith(".xz"):
        raise argparse.ArgumentTypeError(f"{text!r}; expected a name that ends in .tsv.xz, for it is packed with xz")
    return file_name(text)


def _fetch_to_output(options: Namespace) -> None:
    check_targets([options.out], [options.accessions])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "entries") if options.out == "-" else Path(options.out)
        fetched = _fetch(options, out)
        if options.out == "-":
            with out.open("rb") as handle:
                shutil.copyfileobj(handle, standard_output())
    place = "" if options.out == "-" else f" in {options.out}"
    tell(f"{fetched.entries} entries of UniProt {fetched.release}{place}", quiet=options.quiet)


def _fetch(options: Namespace, out: Path) -> Fetched:
    listed = options.accessions
    return fetch_uniprot(
        out,
        QUERY if options.query is None else options.query,
        accessions=None if listed is None else read_accessions(standard_input() if listed == "-" else listed),
        limit=options.limit,
        resume=options.resume,
        settings=FetchSettings(url=options.server),
        progress=False if options.quiet else None,
        tell=lambda sentence: tell(sentence, quiet=options.quiet),
    )


def _parse(options: Namespace) -> None:
    check_targets([options.out], options.files)
    report = LabelReport()
    with output(options.out) as handle:
        for number, item in enumerate(_labelled(options, report)):
            rows = [COLUMNS, _row(item)] if number == 0 else [_row(item)]
            handle.write("".join("\t".join(row) + "\n" for row in rows).encode())
        _finish(options, report)


def _row(item: LabelledEntry) -> tuple[str, ...]:
    entry, record = item.entry, item.record
    known, structures = record.mask.sum(), "; ".join(map(str, item.structures))
    head = (entry.accession, entry.name, len(entry), known, item.coverage_from, structures)
    return tuple(map(str, (*head, record.source, record.sequence, record.structure)))


def _build(options: Namespace) -> None:
    check_targets([options.out], [*options.files, options.accessions])
    check_origin(options.out)
    own_digests(Path(options.out))
    local = options.files or options.shipped
    if local and (options.query is not None or options.accessions is not None):
        raise PSSPError("--query and --accessions search in UniProt; expected them without a file and --shipped")
    report = LabelReport()
    with tempfile.TemporaryDirectory() as folder:
        if not local:
            options.files = [str(_fetch(options, Path(folder, "entries.dat.gz")).path)]
        sources: list[Any] = ["the shipped entries"] * options.shipped
        sources += [read_origin(name) or Path(name).name for name in options.files]
        selection = Selection(min_length=options.min_length, max_length=options.max_length)
        chosen = list(_labelled(options, report, selection))
    _finish(options, report)
    shares = dict(val=options.val, test=options.test, seed=options.seed, identity=options.identity)
    chains = split_by_homology((item.record for item in chosen), **shares, method=options.redundancy)
    write_chains(chains, options.out)
    settings = {name: getattr(options, name) for name in SETTINGS}
    write_origin(options.out, {"sources": sources, "settings": settings, "report": str(report).splitlines()})
    counts = ", ".join(f"{len(chains.of(name))} {name}" for name in ("train", "val", "test", "excluded"))
    tell(f"{len(chains)} proteins in {options.out}: {counts}", quiet=options.quiet)


def _labelled(options: Namespace, report: LabelReport, selection: Selection | None = None) -> Iterator[LabelledEntry]:
    entries = islice(_entries(options, report), options.limit)
    shown = progress_bar(entries, unit="entries", quiet=options.quiet)
    labelling = {name: getattr(options, name) for name in LABELLING}
    return label_entries(shown, report=report, selection=selection, **labelling)


def _entries(options: Namespace, report: LabelReport) -> Iterator[UniProtEntry]:
    if not options.files and not options.shipped:
        raise UniProtError("no file; expected FILE, - for standard input, or --shipped")

    def skip(error: UniProtError) -> None:
        report.dropped.append((error.entry, f"unreadable: {error}"))

    sources: list[Any] = [standard_input() if name == "-" else name for name in options.files]
    for source in [io.StringIO(uniprot_text())] * options.shipped + sources:
        yield from read_uniprot(source, on_error=skip if options.skip_unreadable else None)


def _finish(options: Namespace, report: LabelReport) -> None:
    tell(str(report), quiet=options.quiet)
    if not report.kept:
        methods = "; UniProt's methods are X-ray, NMR, EM and so on" if options.methods else ""
        raise UniProtError(f"no entry is left; see the report{methods}")
