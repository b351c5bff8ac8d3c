"""What ``pssp uniprot fetch | parse | build`` do: from UniProt to a labelled data set."""

import io
import shutil
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pssp_tutorial.cli.options import output, progress_bar, standard_input, standard_output, tell
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import check_targets, write_atomically
from pssp_tutorial.core.resources import own_digests
from pssp_tutorial.proteins.chains import write_chains
from pssp_tutorial.uniprot.client import QUERY, FetchSettings
from pssp_tutorial.uniprot.dataset import Selection, to_chains
from pssp_tutorial.uniprot.entry import UniProtEntry, UniProtError
from pssp_tutorial.uniprot.fetch import Fetched, fetch_uniprot, read_accessions
from pssp_tutorial.uniprot.flat import read_uniprot
from pssp_tutorial.uniprot.labels import LabelledEntry
from pssp_tutorial.uniprot.origin import check_origin, read_origin, write_origin
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
SETTINGS = ("limit", *LABELLING, "min_length", "max_length", "identity", "val", "test", "seed", "redundancy")


def run_fetch(options: Namespace) -> None:
    """Fetch into the file, or through a temporary one to standard output."""
    check_targets([options.out], [options.accessions])
    with tempfile.TemporaryDirectory() as folder:
        to_file = options.out != "-"
        out = Path(options.out) if to_file else Path(folder, "entries")
        fetched = _fetch(options, out)
        if not to_file:
            with out.open("rb") as handle:
                shutil.copyfileobj(handle, standard_output())
    place = f" in {options.out}" * to_file
    tell(f"{fetched.entries} entries of UniProt {fetched.release}{place}", quiet=options.quiet)


def _fetch(options: Namespace, out: Path) -> Fetched:
    listed = options.accessions
    return fetch_uniprot(
        out,
        QUERY if options.query is None else options.query,
        accessions=None if listed is None else read_accessions(standard_input() if listed == "-" else listed),
        limit=options.limit,
        resume=options.resume,
        cache=options.cache,
        settings=FetchSettings(url=options.server),
        progress=False if options.quiet else None,
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
    check_targets([options.out, options.dropped], [*options.files, options.accessions])
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
    chains = to_chains(chosen, **shares, method=options.redundancy)
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
    on_error = report.unreadable if options.skip_unreadable else None
    sources: list[Any] = [standard_input() if name == "-" else name for name in options.files]
    for source in [io.StringIO(uniprot_text())] * options.shipped + sources:
        yield from read_uniprot(source, on_error=on_error)


def _finish(options: Namespace, report: LabelReport) -> None:
    tell(str(report), quiet=options.quiet)
    if options.dropped:
        with write_atomically(options.dropped) as handle:
            rows = [("accession", "reason"), *report.dropped]
            handle.write("".join("\t".join(row) + "\n" for row in rows).encode())
    if not report.kept:
        methods = "; UniProt's methods are X-ray, NMR, EM and so on" if options.methods else ""
        raise UniProtError(f"no entry is left; see the report, or --dropped{methods}")
