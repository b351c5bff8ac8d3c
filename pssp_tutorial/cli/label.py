"""``pssp label``: DSSP's states of the structures in files."""

import argparse
import json
from argparse import Namespace
from collections.abc import Callable
from itertools import count

from pssp_tutorial.cli.options import SKIPPED, add_output, add_parser, output, standard_input, tell
from pssp_tutorial.core.errors import PSSPError, shown
from pssp_tutorial.core.files import check_targets
from pssp_tutorial.prediction.formats import cell
from pssp_tutorial.prediction.writers import encoded
from pssp_tutorial.proteins.alphabet import reduce_states
from pssp_tutorial.proteins.fasta import fasta_entry
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.proteins.structure import label_structure

TSV_HEADER = "id\tposition\tresidue\tstate\n"

HELP = """Label each residue of protein structures with its secondary structure, by the rules of DSSP.

  pssp label 1abc.cif --out 1abc.fasta
  pssp label models/*.pdb.gz --format tsv | less
  pssp label 1abc.dssp --states 3

FILE is a structure in mmCIF or PDB format, plain or packed with gzip, bzip2 or xz, or what DSSP wrote, in its classic
form or as mmCIF, whose states are then read. All chains of a file are labelled together, because strands of two chains
pair. Of several models the first is read, of alternate locations the one with the highest occupancy; residues that miss
an atom of the backbone have the state ?. Standard error says which of these a file made necessary.

H α-helix, G 3-10 helix, I π-helix, E strand, B isolated bridge, T turn, S bend, C coil. DSSP 4 has one more, P for
polyproline II: it is written as C. A chain whose name was written before, as of a second model of an entry, gets a
number, such as 1ABC_A_2; standard error says so. A file that cannot be read is named and left out; the exit code is
then 5."""


def add_command(commands: argparse._SubParsersAction, epilog: str) -> None:
    """Add ``label``."""
    summary = "label the residues of structures with DSSP's states"
    command = add_parser(commands, "label", run, summary, HELP, epilog=epilog)
    command.add_argument(
        "files", metavar="FILE", nargs="+", help="a structure, or what DSSP wrote; - is standard input"
    )
    add_output(command)
    formats = "fasta (default): states in place of the residues; tsv: one line per residue; jsonl: one object per chain"
    command.add_argument("--format", choices=WRITERS, default="fasta", help=formats)
    states = "8: DSSP's states (default); 3: H, G, I as H; E, B as E; the rest as C"
    command.add_argument("--states", type=int, choices=(3, 8), default=8, help=states)
    command.add_argument("--quiet", action="store_true", help="only errors on standard error, no remarks")


def run(options: Namespace) -> int:
    """Label file after file into the output; the exit code says whether some were left out."""
    check_targets([options.out], options.files)
    skipped, written = 0, set[str]()
    with output(options.out) as target:
        if options.format == "tsv":
            target.write(TSV_HEADER.encode())
        for name in options.files:
            try:
                for record in _labelled(name, options):
                    chain, states = _unwritten(record.id, written), record.structure or ""
                    if chain != record.id:
                        remark = f"pssp: {shown(name)}: {record.id} was written before; this one is {chain}"
                        tell(remark, quiet=options.quiet)
                    states = reduce_states(states) if options.states == 3 else states
                    target.write(encoded(WRITERS[options.format](chain, record.sequence, states)))
                    written.add(chain)
            except PSSPError as error:
                skipped += 1
                tell(f"pssp: skipped: {error}")
        if not written:
            raise PSSPError("nothing to label; expected at least one protein structure")
    return SKIPPED if skipped else 0


def _unwritten(chain: str, written: set[str]) -> str:
    """The name of a chain, with the next free number if it was written before.

    >>> _unwritten("1ABC_A", {"1ABC_A", "1ABC_A_2"})
    '1ABC_A_3'
    """
    names = (f"{chain}_{number}" if number > 1 else chain for number in count(1))
    return next(name for name in names if name not in written)


def _labelled(name: str, options: Namespace) -> list[ProteinRecord]:
    source = standard_input() if name == "-" else name
    return label_structure(source, on_remark=lambda remark: tell(f"pssp: {remark}", quiet=options.quiet))


def as_tsv(chain: str, sequence: str, states: str) -> str:
    """One line per residue, separated by tabs: id, position from 1, residue and state."""
    rows = enumerate(zip(sequence, states, strict=True), start=1)
    return "".join(f"{cell(chain)}\t{position}\t{residue}\t{state}\n" for position, (residue, state) in rows)


WRITERS: dict[str, Callable[[str, str, str], str]] = {
    "fasta": lambda chain, _, states: fasta_entry(chain, states),
    "tsv": as_tsv,
    "jsonl": lambda chain, sequence, states: json.dumps(dict(id=chain, sequence=sequence, states=states)) + "\n",
}
