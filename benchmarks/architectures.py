"""The architectures of chapter 11 in one frame: equal epochs and equal time, each tuned by the same small search.

    PSSP_RESULTS=benchmarks/results python benchmarks/architectures.py

One thread, about two hours. Each architecture tries the same learning rates and dropouts, each in a whole training.
The two pairs with the best Q3 on half of the validation chains train two more seeds, the better mean chooses, and that
pair trains three seeds for as many epochs as fit into the time that the LSTM needs. The other half of the validation
chains gives the scores. Time is that of the processor, measured before any training in rounds over all architectures. A
killed run goes on where it was: each training is kept in build/architectures.
"""

import json
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from honesty_parts.recipe import Records, as_numbers, hits_of, over_families, over_seeds, report
from torch import nn

import pssp_tutorial as pssp
from pssp_tutorial.evaluation.bootstrap import Interval

RUNS = Path(__file__).parents[1] / "build" / "architectures"
CHAINS, LONGEST, BATCH_RESIDUES, LONGEST_SCORED = 600, 200, 2_000, 300
RATES, DROPOUTS = (1e-3, 3e-3, 9e-3, 2.7e-2), (0.1, 0.3, 0.5)
EPOCHS, SEEDS, FINALISTS = 10, (0, 1, 2), 2
COMMON: dict[str, Any] = {"schedule": "cosine", "warmup_epochs": 0.5}
CHOOSING, REACH_CHAINS, REACH = 40, 20, 60
CONTEXT = {"training_chains": CHAINS, "longest": LONGEST, "batch_residues": BATCH_RESIDUES, "epochs": EPOCHS}
CONTEXT |= {"longest_scored": LONGEST_SCORED, "threads": 1, "split": "val"}


@cache
def training_chains() -> Records:
    short = [record for record in pssp.load_chains().train if len(record) <= LONGEST]
    picked = torch.randperm(len(short), generator=torch.Generator().manual_seed(0))[:CHAINS]
    return [short[index] for index in picked.tolist()]


@cache
def halves() -> tuple[Records, Records]:
    """Chains to choose the learning rate on, and chains to score."""
    val = [record for record in pssp.load_chains().val if len(record) <= LONGEST_SCORED]
    return val[::2], val[1::2]


def speeds() -> dict[str, float]:
    """Residues per second of processor time in training: the median of five rounds over all architectures."""
    kept = RUNS / "speeds.json"
    if not kept.exists():
        batches = list(pssp.make_loader(training_chains(), BATCH_RESIDUES).shuffled(0))[:4]
        residues = sum(batch.positions for batch in batches)
        models = {name: make() for name, make in pssp.ARCHITECTURES.items()}
        rounds: dict[str, list[float]] = {name: [] for name in models}
        for _ in range(6):
            for name, model in models.items():
                optimizer = torch.optim.AdamW(model.parameters())
                started = time.process_time()
                pssp.train_epoch(model, batches, optimizer)
                rounds[name].append(residues / (time.process_time() - started))
        RUNS.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({name: float(np.median(each[1:])) for name, each in rounds.items()}))
    return json.loads(kept.read_text())


def run(name: str, epochs: int, rate: float, dropout: float, seed: int) -> dict[str, Any]:
    """One training, made once, then read: processor time, the accuracy that chooses the settings, what is scored."""
    kept = RUNS / f"{name.replace(' ', '')}_{epochs}_{rate:g}_{dropout:g}_{seed}.npz"
    first, second = halves()
    if not kept.exists():
        torch.manual_seed(seed)
        model = pssp.ARCHITECTURES[name]()
        cast(nn.Dropout, model.dropout).p = dropout
        train, choose = pssp.make_loader(training_chains(), BATCH_RESIDUES), pssp.make_loader(first[:CHOOSING])
        started = time.process_time()
        pssp.fit(model, train, choose, max_epochs=epochs, patience=epochs, learning_rate=rate, seed=seed, **COMMON)
        about = {"process_seconds": time.process_time() - started}
        about["choosing_q3"] = pssp.validate(model, pssp.make_loader(first)).accuracy
        arrays = {"scored": predicted(model, second)} | ({"reach": reach(model, first)} if seed == 0 else {})
        RUNS.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(kept, about=json.dumps(about), **arrays)
        print(kept.stem, about, flush=True)
    with np.load(kept) as archive:
        return json.loads(str(archive["about"])) | {key: archive[key] for key in archive.files if key != "about"}


def over_seeds_q3(name: str, settings: tuple[float, float]) -> float:
    """What chooses among the finalists of the search: the mean over three seeds."""
    return float(np.mean([run(name, EPOCHS, *settings, seed)["choosing_q3"] for seed in SEEDS]))


def predicted(model: nn.Module, records: Records) -> np.ndarray:
    """Class numbers of all residues, in the records' order."""
    states = [prediction.states for prediction in pssp.predict(model, list(records))]
    return np.concatenate([pssp.encode_states(each) for each in states]).astype(np.int8)


def reach(model: nn.Module, records: Records) -> np.ndarray:
    """Share of the gradient's size at each distance from the residue in the middle, a mean over long chains."""
    chosen = [record for record in records if len(record) > 2 * REACH][:REACH_CHAINS]
    shares = np.zeros(REACH + 1)
    with pssp.evaluating(model):
        for record in chosen:
            inputs = pssp.encode(record)[None].requires_grad_()
            middle = len(record) // 2
            logits = model(inputs, torch.tensor([len(record)]))[0, middle]
            sizes = torch.autograd.grad(logits.max(), inputs)[0][0].norm(dim=-1).numpy()
            distance = np.minimum(np.abs(np.arange(len(record)) - middle), REACH)  # the last bin: this far or farther
            shares += np.bincount(distance, sizes / sizes.sum(), REACH + 1) / len(chosen)
    return shares


def scores_of(runs: Sequence[dict[str, Any]]) -> list[pssp.Report]:
    records = halves()[1]
    ends = np.cumsum([len(record) for record in records])[:-1]
    return [report(records, np.split(each["scored"].astype(np.int64), ends)) for each in runs]


def table(runs: dict[str, list[dict[str, Any]]], epochs: dict[str, int]) -> dict[str, Any]:
    """Q3 of each architecture, a mean over the seeds with an interval over families, and paired with two of them."""
    chains = pssp.load_chains()
    family = dict(zip(chains.table["id"], chains.table["cluster"], strict=True))
    names = [family[record.id] for record in halves()[1]]
    reports = {name: scores_of(each) for name, each in runs.items()}
    hits = {name: hits_of(each) for name, each in reports.items()}
    scored = reports["LSTM"][0].confusions.sum(axis=(1, 2))
    values = {}
    for name, each in reports.items():
        gaps = {f"against_{other.lower()}": hits[name] - hits[other] for other in ("LSTM", "convolution")}
        values[name] = {
            **as_numbers(over_families(hits[name], scored, names)),
            **over_seeds([one.q3 for one in each]),
            "sov": float(np.mean([one.sov for one in each])),
            "epochs": epochs[name],
            "process_seconds": float(np.mean([one["process_seconds"] for one in runs[name]])),
            **{key: in_points(over_families(gap, scored, names)) for key, gap in gaps.items()},
        }
    return values


def in_points(interval: Interval) -> dict[str, float]:
    return {key: 100 * value for key, value in as_numbers(interval).items()}


def looks(shares: np.ndarray) -> dict[str, Any]:
    """Distances within which half, and nine tenths, of the gradient lie; and what lies within each distance."""
    within = shares.cumsum()
    parts = {"half": 0.5, "nine_tenths": 0.9}
    return {name: int(np.searchsorted(within, part)) for name, part in parts.items()} | {"within": within.tolist()}


def main() -> None:
    torch.set_num_threads(1)
    speed = speeds()
    residues = sum(len(record) for record in training_chains())
    fitting = {name: max(1, round(EPOCHS * each / speed["LSTM"])) for name, each in speed.items()}
    settings = [(rate, dropout) for rate in RATES for dropout in DROPOUTS]
    search = {name: {each: run(name, EPOCHS, *each, seed=0) for each in settings} for name in speed}
    ranked = {name: sorted(each, key=lambda pair: -each[pair]["choosing_q3"]) for name, each in search.items()}
    best = {name: max(each[:FINALISTS], key=lambda pair: over_seeds_q3(name, pair)) for name, each in ranked.items()}
    same = dict.fromkeys(speed, EPOCHS)
    equal_epochs = {name: [run(name, EPOCHS, *best[name], seed) for seed in SEEDS] for name in speed}
    equal_time = {name: [run(name, fitting[name], *best[name], seed) for seed in SEEDS] for name in speed}
    values = {
        "architectures": {
            name: {
                "weights": pssp.count_parameters(pssp.ARCHITECTURES[name]()),
                "residues_per_second": speed[name],
                "learning_rate": best[name][0],
                "dropout": best[name][1],
                "search": [
                    {"learning_rate": rate, "dropout": dropout, "choosing_q3": each["choosing_q3"]}
                    for (rate, dropout), each in search[name].items()
                ],
                "reach": looks(equal_epochs[name][0]["reach"]),
            }
            for name in speed
        },
        "equal_epochs": table(equal_epochs, same),
        "equal_time": table(equal_time, fitting),
        "training_residues": residues,
        "scored_chains": len(halves()[1]),
        "scored_residues": sum(len(record) for record in halves()[1]),
    }
    command = "python benchmarks/architectures.py"
    pssp.save_results("architectures", values, seeds=list(SEEDS), **CONTEXT, **COMMON, command=command)


if __name__ == "__main__":
    main()
