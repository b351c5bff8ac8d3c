"""``pssp predict``: its options, and what they do."""

import argparse
import os
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from pssp_tutorial.cli.options import SKIPPED, add_parser, output, progress_bar, standard_input, tell, thread_count
from pssp_tutorial.core.errors import PSSPError, shown
from pssp_tutorial.core.files import check_targets, open_text
from pssp_tutorial.prediction.formats import FORMATS, ONE_PROTEIN
from pssp_tutorial.prediction.inputs import Rules, existing, read_proteins
from pssp_tutorial.prediction.writers import INDEX, Folder, Single
from pssp_tutorial.proteins.fasta import fasta_files

if TYPE_CHECKING:
    from torch import nn

    from pssp_tutorial.prediction.kept import Kept
    from pssp_tutorial.prediction.prediction import Prediction
    from pssp_tutorial.proteins.record import ProteinRecord

HELP = """Predict helix, strand and coil for each protein of FASTA files, from its sequence alone.

  pssp predict proteins.fasta --out predictions.jsonl
  pssp predict a.fasta b.fasta.xz folder/ --out predictions.jsonl.gz
  pssp predict proteins.fasta.gz --format ss2 --out folder/
  cat proteins.fasta | pssp predict - --format tsv | less

A folder means its files that end in .fasta, .fa, .faa, .fas or .pep, packed or not. What is packed with gzip, bzip2 or
xz is known by its content, whatever its name. With several files, each prediction names its file as well.

A record that cannot be used is named on standard error with its line and left out; the exit code is then 5. One that
can be read as a protein but looks like DNA or a sentence, say, is predicted with a remark. A file that is not FASTA
ends the run. The output is packed if its name ends in .gz, .xz or .bz2, and written when all of it is there: an
interrupted run leaves no half file.

With --workers or --dask, other processes compute. What they have finished is kept in a folder beside the output, which
ends in .chunks and goes when the output is there; after an interruption the same command goes on from it."""

FORMAT_HELP = """jsonl (default): one object a line with id, sequence, states, probabilities (a list of [H, E, C] for
each residue) and model; fasta: the states in place of the residues; tsv: one line per residue; ss2 and horiz: as
PSIPRED writes them, which is one protein a file, so for several proteins --out is a folder and ends in a slash; its
index.tsv tells which protein is in which file"""


def add_command(commands: argparse._SubParsersAction, epilog: str) -> None:
    """Add ``predict``."""
    summary = "predict helix, strand and coil of the proteins in FASTA files"
    command = add_parser(commands, "predict", run, summary, HELP, epilog=epilog)
    command.add_argument("files", nargs="+", metavar="FILE", help="FASTA, or a folder of it; - is standard input")
    command.add_argument("--out", default="-", metavar="FILE", help="the file to write; - is standard output (default)")
    command.add_argument("--format", choices=FORMATS, default="jsonl", help=FORMAT_HELP)
    states = "3: helix, strand and coil (default); 8: DSSP's states, in the order HGIEBTSC, if the model knows them"
    command.add_argument("--states", type=int, choices=(3, 8), default=3, help=states)
    model = "a model that comes with pssp (default: release), or the path of a .safetensors file"
    command.add_argument("--model", default="release", metavar="NAME", help=model)
    command.add_argument("--device", default="auto", help="cpu, cuda, ...; auto is CUDA where there is one (default)")
    backend = "what computes: torch (default), or onnx: ONNX Runtime with 8 bits, about twice as fast on a CPU"
    command.add_argument("--backend", choices=("torch", "onnx"), default="torch", help=backend)
    several = command.add_mutually_exclusive_group()
    dask = "compute on a cluster: the address of a scheduler of Dask, such as tcp://10.0.0.1:8786"
    several.add_argument("--dask", metavar="ADDRESS", help=dask)
    workers = "compute in N processes on this machine, by Dask; a run that breaks off goes on where it was"
    several.add_argument("--workers", type=thread_count, metavar="N", help=workers)
    command.add_argument("--threads", type=thread_count, metavar="N", help="processor cores to use (default: all)")
    command.add_argument("--strict", action="store_true", help="stop at the first record that cannot be used")


def run(options: Namespace) -> int:
    """Predict record after record into the output; the exit code says whether some were left out."""
    # Every batch has a shape of its own, so that oneDNN would keep the code of 1,024 of them: 400 MB.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")
    _check_options(options)
    files = _files(options.files)
    model_file = options.model if Path(options.model).suffix else None  # else the name of a model of the package
    to_folder = options.format in ONE_PROTEIN and _is_folder(options.out)
    check_targets([Path(options.out, INDEX) if to_folder else options.out], [*files, model_file])

    import torch  # takes a second or two, for which --help need not wait

    from pssp_tutorial.models.storage import load_pretrained

    if options.threads:
        torch.set_num_threads(options.threads)
    model = load_pretrained(options.model)
    name = f"{model.name} (onnx)" if options.backend == "onnx" else str(model.name)
    kept = _kept(options, name)
    done, counts = 0, Counter[str]()

    def skip(error: PSSPError) -> None:
        counts["skipped"] += 1
        tell(f"pssp: skipped: {error}")

    def remark(sentence: str) -> None:
        counts["remarked on"] += 1
        tell(f"pssp: {sentence}")

    rules = Rules(on_error=None if options.strict else skip, on_warning=remark)
    with _bar(options, files) as bar, _output(options, name, several=len(files) > 1) as writer:
        records = read_proteins([standard_input() if name == "-" else Path(name) for name in files], rules)
        for prediction in _predictions(options, model, records, kept):
            writer.write(prediction)
            bar.update()
            done += 1
        if not done:
            named = shown(files[0]) if len(files) == 1 else f"{len(files)} files"
            raise PSSPError(f"{named}: no protein to predict; expected at least one")
    if kept is not None:
        kept.clear()  # the output is there
    if counts:
        tell(", ".join([f"pssp: {done} predicted", *(f"{number} {what}" for what, number in counts.items())]))
    return SKIPPED if counts["skipped"] else 0


def _predictions(
    options: Namespace, model: "nn.Module", records: "Iterable[ProteinRecord]", kept: "Kept | None"
) -> "Iterator[Prediction]":
    """The predictions, by this process or by those of a cluster."""
    settings: dict[str, Any] = {"states": options.states, "backend": options.backend}
    if not (options.dask or options.workers):
        from pssp_tutorial.prediction.predict import predict_records

        yield from predict_records(model, records, device=options.device, **settings)
        return
    from pssp_tutorial.prediction.cluster import cluster, predict_on_cluster

    with cluster(options.dask, workers=options.workers or 1) as client:
        yield from predict_on_cluster(client, model, records, kept=kept, **settings)


def _kept(options: Namespace, model: str) -> "Kept | None":
    """The folder of a cluster's finished chunks, beside the output; none beside standard output."""
    if options.out == "-" or not (options.dask or options.workers):
        return None
    from pssp_tutorial.prediction.kept import Kept

    return Kept(f"{options.out.rstrip('/')}.chunks", f"{model}, {options.states} states")


def _check_options(options: Namespace) -> None:
    """Before a long run, what would fail at its end."""
    for name in options.files:
        if not name:
            raise PSSPError("the name of an input file is empty; expected FILE, or - for standard input")
    if (options.dask or options.workers) and (options.threads or options.device not in ("auto", "cpu")):
        raise PSSPError("--threads and --device are for one process; expected neither beside --workers or --dask")
    if options.files.count("-") > 1:
        raise PSSPError("- is given twice; expected standard input once")
    if options.format not in ONE_PROTEIN and _is_folder(options.out):
        raise PSSPError(f"{shown(options.out)}: a folder; expected the name of a file to write")
    if options.format in ONE_PROTEIN and options.states == 8:
        raise PSSPError(f"{options.format} holds three states; expected --states 3, or another format")


def _is_folder(name: str) -> bool:
    with suppress(OSError):  # writing says what is wrong with the name
        return name.endswith(("/", "\\")) or (name != "" and Path(name).is_dir())
    return False


def _files(names: Sequence[str]) -> list[str]:
    """The files to read, those of folders included; before a long run, whether they are there."""
    files: list[str] = []
    for name in names:
        is_folder = name != "-" and existing(name, "a FASTA file").is_dir()
        files += map(str, fasta_files(name)) if is_folder else [name]
    return files


def _bar(options: Namespace, files: Sequence[str]) -> tqdm:
    """A progress bar, unless predictions go to the same terminal; it knows the end where files can be read twice."""
    hidden = (options.out == "-" and sys.stdout.isatty()) or not sys.stderr.isatty()
    counts = [] if hidden else [_count(name) for name in files]
    total = None if None in counts else sum(filter(None, counts))
    return progress_bar(unit="proteins", total=total, quiet=hidden)


def _count(name: str) -> int | None:
    """How many records a file has; None where reading it in earnest will say what is wrong."""
    if name == "-" or not Path(name).is_file():
        return None
    try:
        with open_text(name, errors="replace") as handle:
            return sum(piece.startswith(">") for piece in iter(lambda: handle.readline(1 << 16), ""))
    except PSSPError:
        return None


@contextmanager
def _output(options: Namespace, model: str, *, several: bool) -> Iterator[Single | Folder]:
    """Where predictions are written: standard output, a file that appears when it is complete, or a folder."""
    if options.format in ONE_PROTEIN and _is_folder(options.out):
        folder = Folder(options.out, options.format, model)
        try:
            yield folder
        finally:
            folder.close()
    else:
        with output(options.out) as handle:
            yield Single(handle, options.format, model, sources=several)
