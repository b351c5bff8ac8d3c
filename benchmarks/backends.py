"""The release model computed in several ways: residues per second and Q3 of each, in one run on one machine.

    PSSP_RESULTS=benchmarks/results python benchmarks/backends.py

Speed: 200 validation chains, one thread, best of five rounds in which the backends take turns. Q3: all validation
chains. Threads: the same 200 chains by PyTorch in one process, with one thread, with a batch for each of two threads,
and with one batch after the other, each divided between two. Then a bacterium's 4,400 proteins by `pssp predict`, with
each backend: on two threads, a quarter of them and all, which tells whether memory grows with the file; and by two
workers of Dask, whose file must have the same bytes as that of the single process. The states of both backends are
compared one by one. About seven minutes on two cores with AVX-512, eleven with AVX2, by the times of the parts; nothing
else should run beside it.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from predict import bacterium, check, run
from torch.backends.cpu import get_cpu_capability

import pssp_tutorial as pssp
from pssp_tutorial.batches.buckets import length_buckets
from pssp_tutorial.models.contract import evaluation_twin
from pssp_tutorial.prediction.predict import BATCH_RESIDUES
from pssp_tutorial.prediction.probabilities import probabilities_of

CHAINS, ROUNDS, THREADS = 200, 5, 2
Predict = Callable[[Sequence[pssp.ProteinRecord]], list[pssp.Prediction]]


def backends() -> dict[str, Predict]:
    """Each way to compute the same model."""
    model = pssp.load_pretrained()
    exact, rounded = pssp.OnnxModel(model, int8=False), pssp.OnnxModel(model)

    def half(records: Sequence[pssp.ProteinRecord]) -> list[pssp.Prediction]:
        with torch.autocast("cpu", torch.bfloat16):
            return pssp.predict(model, list(records))

    return {
        "torch": lambda records: pssp.predict(model, list(records)),
        "torch_bfloat16": half,
        "onnx": lambda records: pssp.predict(exact, list(records)),
        "onnx_int8": lambda records: pssp.predict(rounded, list(records)),
    }


def speeds(ways: dict[str, Predict], records: Sequence[pssp.ProteinRecord]) -> dict[str, float]:
    """Residues per second of each, the best of several rounds."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for predict in ways.values():
        predict(records[:10])  # what is done once is not timed
    for _ in range(ROUNDS):
        for name, predict in ways.items():
            start = time.perf_counter()
            predict(records)
            seconds[name].append(time.perf_counter() - start)
    return {name: sum(map(len, records)) / min(each) for name, each in seconds.items()}


def agreement(ways: dict[str, Predict], records: Sequence[pssp.ProteinRecord]) -> dict[str, dict[str, float]]:
    """Q3 of each backend, and the states that differ from PyTorch's."""
    true = [pssp.encode_states(pssp.reduce_states(record.structure)) for record in records]
    found: dict[str, dict[str, float]] = {}
    exact: list[pssp.Prediction] = []
    for name, predict in ways.items():
        predictions = predict(records)
        exact = exact or predictions
        labels = [pssp.encode_states(each.states) for each in predictions]
        pairs = list(zip(exact, predictions, strict=True))
        found[name] = {
            "q3": pssp.Report.from_labels(true, labels).q3,
            "differing": sum(np.not_equal(list(a.states), list(b.states)).sum() for a, b in pairs),
            "largest_difference": max(np.abs(a.probabilities - b.probabilities).max() for a, b in pairs),
        }
    return found


def divided(model: torch.nn.Module, records: Sequence[pssp.ProteinRecord]) -> None:
    """One batch after the other, each with all the threads that PyTorch may use."""
    twin = evaluation_twin(model)
    for bucket in length_buckets([len(record) for record in records], BATCH_RESIDUES):
        probabilities_of(twin, pssp.collate([records[index] for index in bucket]), 3)


def threads(records: Sequence[pssp.ProteinRecord]) -> dict[str, float]:
    """Residues per second of one process with one thread, a batch for each of two, and two on each batch."""
    model = pssp.load_pretrained()
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "one": (1, lambda: pssp.predict(model, list(records))),
        "batch_each": (THREADS, lambda: pssp.predict(model, list(records))),
        "divided": (THREADS, lambda: divided(model, records)),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(1 + ROUNDS // 2):
        for name, (number, predict) in ways.items():
            torch.set_num_threads(number)
            start = time.perf_counter()
            predict()
            best[name] = min(best[name], time.perf_counter() - start)
    torch.set_num_threads(1)
    return {name: sum(map(len, records)) / seconds for name, seconds in best.items()}


def proteome(records: Sequence[pssp.ProteinRecord]) -> dict[str, dict[str, float]]:
    """Proteins by the command, with each backend, by one process and by two workers; the states of both backends."""
    values: dict[str, dict[str, float]] = {}
    states: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        path, quarter, out = (Path(folder, name) for name in ("all.fasta", "quarter.fasta", "predictions.jsonl"))
        pssp.write_fasta(records, path)
        pssp.write_fasta(records[: len(records) // 4], quarter)
        for backend in ("torch", "onnx"):
            chosen = ("--backend", backend)
            small = run(quarter, "release", "--threads", THREADS, *chosen)
            values[backend] = run(path, "release", "--threads", THREADS, *chosen)
            values[backend] |= {"quarter_peak_mebibytes": small["peak_mebibytes"]}
            check(out, records)
            alone = out.read_bytes()
            states[backend] = "".join(json.loads(line)["states"] for line in alone.splitlines())
            shared = run(path, "release", "--workers", 2, *chosen)
            values[f"{backend}_workers"] = {
                "workers": 2,
                "seconds": shared["seconds"],
                "identical": out.read_bytes() == alone,
            }
            print(backend, values[backend], values[f"{backend}_workers"], flush=True)
    pairs = zip(states["torch"], states["onnx"], strict=True)
    differing = sum(a != b for a, b in pairs)
    return values | {"both": {"proteins": len(records), "residues": len(states["torch"]), "differing": differing}}


def main() -> None:
    torch.set_num_threads(1)
    val = pssp.load_chains().val
    ways, load = backends(), os.getloadavg()[0]
    rates = speeds(ways, val[:CHAINS])
    values = {name: each | {"per_second": rates[name]} for name, each in agreement(ways, val).items()}
    for name, each in values.items():
        each |= {"ratio": rates[name] / rates["torch"], "points": 100 * (each["q3"] - values["torch"]["q3"])}
        print(name, each, flush=True)
    pool = threads(val[:CHAINS])
    print("threads", pool, flush=True)
    context = {"threads": 1, "split": "val", "instructions": get_cpu_capability(), "load_at_start": load}
    values |= {"threads": pool, "proteome": proteome(bacterium())}
    pssp.save_results("backends", values, **context, command="python benchmarks/backends.py")


if __name__ == "__main__":
    main()
