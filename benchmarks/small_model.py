"""The small model of the book's interactive pages: trained on every training chain, scored once on the test chains.

    PSSP_RESULTS=benchmarks/results python benchmarks/small_model.py          # scores data/models/small.safetensors
    PSSP_RESULTS=benchmarks/results python benchmarks/small_model.py --train  # trains it anew first

The settings are those of chapter 6 with less dropout, for nine times as many chains; only the epoch was chosen, by the
loss on the val chains. Training takes about six minutes on one free core; a run that was killed goes on where
it was, from build/small_model.
"""

import argparse
from pathlib import Path

import torch

import pssp_tutorial as pssp
from pssp_tutorial.models.storage import load_pretrained, save_pretrained

REPOSITORY = Path(__file__).parents[1]
RUN = REPOSITORY / "build" / "small_model" / "run.pt"
FILE = REPOSITORY / "data" / "models" / "small.safetensors"
MODEL = {"hidden_size": 64, "num_layers": 2, "dropout": 0.1}
LOADER = {"batch_residues": 8_000}
FIT = {"max_epochs": 5, "patience": 5, "learning_rate": 8e-3, "schedule": "cosine", "warmup_epochs": 0.5}
SEED = 0
CARD = {
    "purpose": "runs inside the book's interactive pages, where a small file counts for more than the last per cent",
    "data": "all chains of data/chains.tsv.xz with split train; the epoch chosen on split val",
    "recipe": {"command": "python benchmarks/small_model.py --train", **LOADER, **FIT, "seed": SEED},
    "numbers": "benchmarks/results/small_model.json",
    "licence": "BSD-3-Clause",
}


def train(chains: pssp.ChainSet) -> None:
    """Train, and write the weights of the epoch with the lowest loss on val."""
    torch.manual_seed(SEED)
    model = pssp.BiLSTM(**MODEL)
    loaders = (pssp.make_loader(records, **LOADER, seed=SEED) for records in (chains.train, chains.val))
    history = pssp.fit(model, *loaders, **FIT, seed=SEED, device="cpu", checkpoint=RUN)
    print(history.frame.round(4).to_string(index=False))
    save_pretrained(model, FILE, card=CARD)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", action="store_true", help="train first; otherwise score the file as it is")
    torch.set_num_threads(1)
    chains = pssp.load_chains()
    if parser.parse_args().train:
        train(chains)
    model = load_pretrained(FILE)
    values = {"parameters": pssp.count_parameters(model), "file_bytes": FILE.stat().st_size, "model": model.name}
    for split in ("val", "test"):
        report = pssp.evaluate(model, getattr(chains, split), device="cpu")
        values |= {f"{split}_q3": report.q3, f"{split}_f1": report.f1, f"{split}_proteins": len(report.per_protein)}
        print(f"{split}: Q3 {report.q3:.4f}")
    command = "python benchmarks/small_model.py --train"
    pssp.save_results("small_model", values, command=command, seed=SEED, threads=1)


if __name__ == "__main__":
    main()
