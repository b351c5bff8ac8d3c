"""The release model computed in several ways: residues per second and Q3 of each, in one run on one machine.

    PSSP_RESULTS=benchmarks/results python benchmarks/backends.py

Speed: 200 validation chains, one thread, best of five rounds in which the backends take turns. Q3: all validation
chains. Then a bacterium's 4,400 proteins by `pssp predict` on two threads, with each backend, compared line by line.
About ten minutes; nothing else should run beside it.
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


def proteome() -> dict[str, dict[str, float]]:
    """A bacterium's proteins by the command, with each backend; the states of both, line by line."""
    records = bacterium()
    values: dict[str, dict[str, float]] = {}
    states: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bacterium.fasta")
        pssp.write_fasta(records, path)
        for backend in ("torch", "onnx"):
            values[backend] = run(path, "release", THREADS, "--backend", backend)
            check(path.with_name("predictions.jsonl"), records)
            with path.with_name("predictions.jsonl").open() as lines:
                states[backend] = [json.loads(line)["states"] for line in lines]
            print(backend, values[backend], flush=True)
    one, other = ("".join(states[backend]) for backend in ("torch", "onnx"))
    differing = sum(a != b for a, b in zip(one, other, strict=True))
    return values | {"both": {"proteins": len(records), "residues": len(one), "differing": differing}}


def main() -> None:
    torch.set_num_threads(1)
    val = pssp.load_chains().val
    ways, load = backends(), os.getloadavg()[0]
    rates = speeds(ways, val[:CHAINS])
    values = {name: each | {"per_second": rates[name]} for name, each in agreement(ways, val).items()}
    for name, each in values.items():
        each |= {"ratio": rates[name] / rates["torch"], "points": 100 * (each["q3"] - values["torch"]["q3"])}
        print(name, each, flush=True)
    context = {"threads": 1, "split": "val", "instructions": get_cpu_capability(), "load_at_start": load}
    pssp.save_results("backends", values | {"proteome": proteome()}, **context, command="python benchmarks/backends.py")


if __name__ == "__main__":
    main()
