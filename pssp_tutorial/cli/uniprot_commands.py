"""What ``pssp uniprot fetch | parse | build`` do: from UniProt to a labelled data set."""

import gzip
import io
import json
import shutil
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from pssp_tutorial.cli.options import output, progress_bar, tell
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import check_targets, write_atomically
from pssp_tutorial.uniprot.client import QUERY, FetchSettings
from pssp_tutorial.uniprot.dataset import Selection, to_chains, write_chains
from pssp_tutorial.uniprot.entry import UniProtEntry, UniProtError
from pssp_tutorial.uniprot.fetch import Fetched, fetch_uniprot
from pssp_tutorial.uniprot.flat import read_uniprot
from pssp_tutorial.uniprot.labels import LabelledEntry
from pssp_tutorial.uniprot.report import LabelReport, label_entries
from pssp_tutorial.uniprot.shipped import uniprot_text

COLUMNS = {
    "accession": lambda item: item.entry.accession,
    "name": lambda item: item.entry.name,
    "length": lambda item: len(item.entry),
    "known": lambda item: int(item.record.mask.sum()),
    "coverage_from": lambda item: item.coverage_from,
    "structures": lambda item: "; ".join(map(str, item.structures)),
    "source": lambda item: item.record.source,
    "sequence": lambda item: item.record.sequence,
    "structure": lambda item: item.record.structure,
}
LABELLING = ("turns", "without_evidence", "methods", "max_resolution")
SELECTION = ("min_length", "max_length", "fragments", "unusual")
SETTINGS = ("limit", *LABELLING, *SELECTION, "identity", "val", "test", "seed", "redundancy")


def run_fetch(options: Namespace) -> None:
    """Fetch into the file, or through a temporary one to standard output."""
    if options.out != "-":
        fetched = _fetch(options, Path(options.out), options.format, options.fields)
        tell(f"{fetched.entries} entries of UniProt {fetched.release} in {options.out}", quiet=options.quiet)
        return
    with tempfile.TemporaryDirectory() as folder:
        fetched = _fetch(options, Path(folder, "entries"), options.format, options.fields)
        with fetched.path.open("rb") as handle:
            shutil.copyfileobj(handle, sys.stdout.buffer)
    tell(f"{fetched.entries} entries of UniProt {fetched.release}", quiet=options.quiet)


def _fetch(options: Namespace, out: Path, format: str = "txt", fields: str | None = None) -> Fetched:
    return fetch_uniprot(
        out,
        QUERY if options.query is None else options.query,
        format=format,
        fields=fields,
        limit=options.limit,
        resume=options.resume,
        cache=options.cache,
        settings=FetchSettings(url=options.server),
        progress=not options.quiet,
        tell=lambda sentence: tell(sentence, quiet=options.quiet),
    )


def run_parse(options: Namespace) -> None:
    """Write the table of labelled entries."""
    check_targets([options.out, options.dropped], options.files)
    report = LabelReport()
    rows = _labelled(options, report)
    with output(options.out) as handle:
        for number, item in enumerate(rows):
            lines = [options.columns] * (number == 0) + [[str(COLUMNS[name](item)) for name in options.columns]]
            handle.write("".join("\t".join(line) + "\n" for line in lines).encode())
        _finish(options, report)


def run_build(options: Namespace) -> None:
    """Write the data set, and beside it where its entries come from and how they were chosen."""
    check_targets([options.out, options.dropped], options.files)
    if options.query is not None and (options.files or options.shipped):
        raise PSSPError("--query searches in UniProt; expected it without a file and without --shipped")
    report = LabelReport()
    settings = {name: value for name, value in vars(options).items() if name in SETTINGS}
    with tempfile.TemporaryDirectory() as folder:
        if not options.files and not options.shipped:
            options.files = [str(_fetch(options, Path(folder, "entries.dat.gz")).path)]
        sources = ["the shipped entries"] * options.shipped + [_origin(name) for name in options.files]
        selection = Selection(**{name: getattr(options, name) for name in SELECTION})
        chosen = list(_labelled(options, report, selection))
    _finish(options, report)
    shares = dict(val=options.val, test=options.test, seed=options.seed, identity=options.identity)
    chains = to_chains(chosen, **shares, method=options.redundancy)
    write_chains(chains, options.out)
    with write_atomically(f"{options.out}.info.json") as handle:
        origin = {"sources": sources, "settings": settings, "report": str(report).splitlines()}
        handle.write((json.dumps(origin, indent=1, ensure_ascii=False) + "\n").encode())
    counts = ", ".join(f"{len(chains.of(name))} {name}" for name in ("train", "val", "test", "excluded"))
    tell(f"{len(chains)} proteins in {options.out}: {counts}", quiet=options.quiet)


def _origin(name: str) -> dict[str, Any] | str:
    """What a fetch wrote beside its file (query, release, checksum, licence); else the name of the file."""
    try:
        return json.loads(Path(f"{name}.info.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Path(name).name


def _labelled(options: Namespace, report: LabelReport, selection: Selection | None = None) -> Iterator[LabelledEntry]:
    entries = islice(_entries(options, report), options.limit)
    shown = progress_bar(entries, unit="entries", quiet=options.quiet)
    labelling = {name: getattr(options, name) for name in LABELLING}
    return label_entries(shown, report=report, selection=selection, **labelling)


def _entries(options: Namespace, report: LabelReport) -> Iterator[UniProtEntry]:
    if not options.files and not options.shipped:
        raise UniProtError("no file; expected FILE, - for standard input, or --shipped")
    on_error = report.unreadable if options.skip_unreadable else None
    sources = [_standard_input() if name == "-" else name for name in options.files]
    for source in [io.StringIO(uniprot_text())] * options.shipped + sources:
        yield from read_uniprot(source, on_error=on_error)


def _finish(options: Namespace, report: LabelReport) -> None:
    """Report; without anything kept there is nothing to write."""
    tell(str(report), quiet=options.quiet)
    if options.dropped:
        with write_atomically(options.dropped) as handle:
            rows = [("accession", "reason"), *report.dropped]
            handle.write("".join("\t".join(row) + "\n" for row in rows).encode())
    if not report.kept:
        methods = "; UniProt's methods are X-ray, NMR, EM and so on" if options.methods else ""
        raise UniProtError(f"no entry is left; see the report, or --dropped{methods}")


def _standard_input() -> TextIO:
    """Standard input as UTF-8 whatever the terminal's language, and unpacked if it is gzip."""
    if not hasattr(sys.stdin, "buffer"):  # a notebook's, or a test's, which is text already
        return sys.stdin
    raw: Any = sys.stdin.buffer
    in_gzip = raw.peek(2)[:2] == b"\x1f\x8b"
    return io.TextIOWrapper(gzip.open(raw) if in_gzip else raw, encoding="utf-8")
