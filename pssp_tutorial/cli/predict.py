"""``pssp predict``: its options, and what they do."""

import argparse
import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from pssp_tutorial.cli.options import output, standard_input, threads
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import ReadError, check_targets, open_text
from pssp_tutorial.prediction.writers import FORMATS, Folder, Single
from pssp_tutorial.proteins.alphabet import looks_like_dna
from pssp_tutorial.proteins.fasta import read_fasta

SKIPPED = 5  # exit code

HELP = """Predict helix, strand and coil for each protein of a FASTA file, from its sequence alone.

  pssp predict proteins.fasta --out predictions.jsonl
  pssp predict proteins.fasta.gz --format ss2 --out folder/
  cat proteins.fasta | pssp predict - --format tsv | less

A record that cannot be used is named on standard error with its line and left out; the exit code is then 5. DNA and
RNA, whose letters are also those of amino acids, are predicted as if they were proteins, with a warning.
FILE and --out may end in .gz. A file is written when all of it is there: an interrupted run leaves no half file."""

FORMAT_HELP = """jsonl (default): one object a line with id, sequence, states, probabilities (a list of [H, E, C] for
each residue) and model; fasta: the states in place of the residues; tsv: one line a residue; ss2: as PSIPRED writes it,
which is one protein a file, so for several proteins --out is a folder and ends in a slash"""


def add_command(commands: argparse._SubParsersAction, epilog: str) -> None:
    """Add ``predict``."""
    layout = argparse.RawDescriptionHelpFormatter
    summary = "predict helix, strand and coil of the proteins in a FASTA file"
    command = commands.add_parser("predict", help=summary, description=HELP, epilog=epilog, formatter_class=layout)
    command.set_defaults(run=run)
    command.add_argument("file", metavar="FILE", help="FASTA, plain or .gz; - is standard input, plain or in gzip")
    command.add_argument("--out", default="-", metavar="FILE", help="the file to write; - is standard output (default)")
    command.add_argument("--format", choices=FORMATS, default="jsonl", help=FORMAT_HELP)
    states = "3: helix, strand and coil (default); 8: DSSP's states, in the order HGIEBTSC, if the model knows them"
    command.add_argument("--states", type=int, choices=(3, 8), default=3, help=states)
    model = "a model that comes with pssp (default: release), or the path of a .safetensors file"
    command.add_argument("--model", default="release", metavar="NAME", help=model)
    command.add_argument("--device", default="auto", help="cpu, cuda, ...; auto is CUDA where there is one (default)")
    command.add_argument("--threads", type=threads, metavar="N", help="processor cores to use (default: all)")
    command.add_argument("--strict", action="store_true", help="stop at the first record that cannot be used")


def run(options: Namespace) -> int:
    """Predict record after record into the output; the exit code says whether some were left out."""
    # Every batch has a shape of its own, so that oneDNN would keep the code of 1,024 of them: 400 MB.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")

    import torch  # takes a second or two, for which --help need not wait

    from pssp_tutorial.models.storage import load_pretrained
    from pssp_tutorial.prediction.predict import iter_predict

    _check_paths(options)
    if options.threads:
        torch.set_num_threads(options.threads)
    model = load_pretrained(options.model)
    done, skipped, dna = 0, 0, 0

    def skip(error: PSSPError) -> None:
        nonlocal skipped
        skipped += 1
        tqdm.write(f"pssp: skipped: {error}", file=sys.stderr)

    with _bar(options) as bar, _output(options, model.name) as writer:
        source = standard_input() if options.file == "-" else options.file
        records = read_fasta(source, on_error=None if options.strict else skip)
        for prediction in iter_predict(model, records, states=options.states, device=options.device):
            writer.write(prediction)
            bar.update()
            done += 1
            if looks_like_dna(prediction.sequence):
                dna += 1
                tqdm.write(f"pssp: {prediction.id} looks like DNA or RNA; expected a protein", file=sys.stderr)
        if not done:
            raise PSSPError(f"{options.file}: nothing to predict; expected FASTA with at least one protein")
    if dna > 1:
        print(f"pssp: {dna} of {done} look like DNA or RNA", file=sys.stderr)
    if skipped:
        print(f"pssp: {done} predicted, {skipped} skipped", file=sys.stderr)
    return SKIPPED if skipped else 0


def _check_paths(options: Namespace) -> None:
    """Before a long run, what would fail at its end."""
    if not options.file:
        raise PSSPError("the name of the input file is empty; expected FILE, or - for standard input")
    if options.format != "ss2" and (Path(options.out).is_dir() or options.out.endswith(("/", "\\"))):
        raise PSSPError(f"{options.out}: a folder; expected the name of a file to write")
    if options.format == "ss2" and options.states == 8:
        raise PSSPError("ss2 holds three states; expected --states 3, or another format")
    model = options.model if Path(options.model).suffix else None  # else the name of a model of the package
    check_targets([options.out], [options.file, model])


def _bar(options: Namespace) -> tqdm:
    """A progress bar, on a terminal that shows no predictions; it knows the end where a file can be read twice."""
    shown = sys.stderr.isatty() and not (options.out == "-" and sys.stdout.isatty())
    return tqdm(total=_count(options.file) if shown else None, unit=" proteins", disable=not shown, leave=False)


def _count(name: str) -> int | None:
    """How many records a file has; None where reading it in earnest will say what is wrong."""
    if name == "-" or not Path(name).is_file():
        return None
    try:
        with open_text(name, errors="replace") as handle:
            return sum(piece.startswith(">") for piece in iter(lambda: handle.readline(1 << 16), ""))
    except ReadError:
        return None


@contextmanager
def _output(options: Namespace, model: str) -> Iterator[Single | Folder]:
    """Where predictions are written: standard output, a file that appears when it is complete, or a folder."""
    if options.format == "ss2" and (options.out.endswith(("/", "\\")) or Path(options.out).is_dir()):
        yield Folder(options.out, model)
    else:
        with output(options.out) as handle:
            yield Single(handle, options.format, model)
