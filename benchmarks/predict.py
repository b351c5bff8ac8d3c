"""Predict a bacterium's proteins on the command line: seconds, memory, and whether every protein is there.

    PSSP_RESULTS=benchmarks/results python benchmarks/predict.py

Draws 4,400 proteins with 1.4 million residues from the embedded chains (seeded): chains, and joined pairs of chains,
until the number and the mean length are a bacterium's. Runs `pssp predict` on two threads on a quarter of them and on
all; each in a process of its own, whose largest memory the system tells. Then the same on a FASTA of 20 MB with a very
small model, since here it is the reading, the memory and the writing that count. Checks each output: one line per
protein, in order, none missing.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from torch.backends.cpu import get_cpu_capability

import pssp_tutorial as pssp

PROTEINS, RESIDUES = 4_400, 1_400_000
# Linux counts as a process's largest memory also that of the one that started it: so a small one starts ours
LAUNCH = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([status, time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""
COMMAND = "import sys; from pssp_tutorial.cli.main import main; sys.exit(main())"
MEBIBYTE = 1 << 20


def bacterium(seed: int = 0) -> list[pssp.ProteinRecord]:
    """4,400 proteins of about 1.4 million residues: draws from all chains, some of two chains in a row."""
    draw = random.Random(seed)
    sequences = [record.sequence for record in pssp.load_chains()]
    drawn = draw.choices(sequences, k=PROTEINS)
    while sum(map(len, drawn)) < RESIDUES:
        drawn[draw.randrange(PROTEINS)] += draw.choice(sequences)
    return [pssp.ProteinRecord(f"protein_{number}", sequence) for number, sequence in enumerate(drawn, start=1)]


def run(path: Path, model: str, *more: object) -> dict[str, float]:
    """Predict the file; seconds from start to end, processor seconds, and largest memory in MiB."""
    out = path.with_name("predictions.jsonl")
    command = [sys.executable, "-c", COMMAND, "predict", path, "--out", out, "--model", model, *more]
    launched = subprocess.run(
        [sys.executable, "-c", LAUNCH, *map(str, command)], stdout=subprocess.PIPE, text=True, check=True
    )
    status, seconds, processor, peak = json.loads(launched.stdout.splitlines()[-1])
    if status:
        raise SystemExit(f"pssp predict ended with status {status}")
    return {
        "seconds": seconds,
        "processor_seconds": processor,
        "peak_mebibytes": peak * (1 if sys.platform == "darwin" else 1024) / MEBIBYTE,
        "output_megabytes": out.stat().st_size / 1e6,
    }


def check(path: Path, records: list[pssp.ProteinRecord]) -> None:
    """One line per protein, in order, none missing, with a state and probabilities for each residue."""
    with path.open() as handle:
        for record, line in zip(records, handle, strict=True):
            found = json.loads(line)
            assert (found["id"], found["sequence"]) == (record.id, record.sequence), record.id
            assert len(found["states"]) == len(found["probabilities"]) == len(record), record.id


def untrained(folder: str, hidden_size: int, **sizes: int) -> str:
    """The path of a model whose predictions mean nothing, but take as long as those of a trained one."""
    path = Path(folder, f"untrained_{hidden_size}.safetensors")
    pssp.save_pretrained(pssp.BiLSTM(hidden_size, num_classes=8, **sizes), path)
    return str(path)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--model", default="release", help="a name, a path, or untrained: one of 256 units, two layers"
    )
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--results", default="predict", help="name of the file (default: predict)")
    chosen = options.parse_args()
    records = bacterium()
    copies = -(-20_000_000 // sum(len(record) for record in records))
    large = [pssp.ProteinRecord(f"{copy}_{record.id}", record.sequence) for copy in range(copies) for record in records]
    values: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        model = untrained(folder, 256, embedding_size=128) if chosen.model == "untrained" else chosen.model
        small = untrained(folder, 8, num_layers=1)
        runs = {"quarter": (records[: PROTEINS // 4], model), "bacterium": (records, model), "large": (large, small)}
        for name, (some, weights) in runs.items():
            path = Path(folder, f"{name}.fasta")
            pssp.write_fasta(some, path)
            found = run(path, weights, "--threads", chosen.threads)
            check(path.with_name("predictions.jsonl"), some)
            found |= {"proteins": len(some), "residues": sum(map(len, some)), "megabytes": path.stat().st_size / 1e6}
            found["residues_per_second"] = found["residues"] / found["seconds"]
            values |= {f"{name}_{key}": value for key, value in found.items()}
            print(
                f"{name}: {found['proteins']:,} proteins, {found['residues']:,} residues: {found['seconds']:.1f} s "
                f"({found['processor_seconds']:.1f} s of the processor), {found['peak_mebibytes']:.0f} MiB",
                flush=True,
            )
    command = f"python benchmarks/predict.py --model {chosen.model} --threads {chosen.threads}"
    command += f" --results {chosen.results}"
    context = {"threads": chosen.threads, "model": chosen.model, "instructions": get_cpu_capability()}
    pssp.save_results(chosen.results, values, command=command, seed=0, **context)


if __name__ == "__main__":
    main()
