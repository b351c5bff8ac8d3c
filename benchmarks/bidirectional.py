"""The two exact ways to run a bidirectional LSTM layer, side by side: residues a second, and their ratio.

    PSSP_RESULTS=benchmarks/results python benchmarks/bidirectional.py

One layer on the 21 one-hot channels, a training step (forward, loss, backward) and a prediction, in float32 on
two threads, over the same batches of real chains. The two take turns, and each setting's time is its fastest round,
so that other work on the machine disturbs the ratio little.
"""

import time
from collections.abc import Callable, Sequence

import torch

import pssp_tutorial as pssp

UNITS = (64, 128, 256)
ROUNDS = 3
THREADS = 2


def train_step(layer: pssp.BidirectionalLSTM, batch: pssp.Batch) -> None:
    layer(batch.inputs, batch.lengths).square().mean().backward()


@torch.inference_mode()
def predict(layer: pssp.BidirectionalLSTM, batch: pssp.Batch) -> None:
    layer(batch.inputs, batch.lengths)


def seconds(work: Callable, layer: pssp.BidirectionalLSTM, batches: Sequence[pssp.Batch]) -> float:
    start = time.perf_counter()
    for batch in batches:
        work(layer, batch)
    return time.perf_counter() - start


def largest_difference(layer: pssp.BidirectionalLSTM, batch: pssp.Batch) -> float:
    outputs = []
    for layer.packed in (False, True):
        outputs.append(layer(batch.inputs, batch.lengths)[batch.mask])
    return (outputs[0] - outputs[1]).abs().max().item()


def main() -> None:
    torch.set_num_threads(THREADS)
    batches = list(pssp.make_loader(pssp.load_chains("mini").val, batch_residues=8_000))
    residues = sum(batch.residues for batch in batches)
    values: dict[str, float] = {"residues": residues}
    for units in UNITS:
        layer = pssp.BidirectionalLSTM(21, units)
        values[f"difference_{units}"] = largest_difference(layer, batches[0])
        for work in (train_step, predict):
            best = {False: float("inf"), True: float("inf")}
            for layer.packed in (False, True) * ROUNDS:
                best[layer.packed] = min(best[layer.packed], seconds(work, layer, batches))
            name = f"{work.__name__}_{units}"
            values |= {f"{name}_fast": residues / best[False], f"{name}_packed": residues / best[True]}
            values[f"{name}_ratio"] = best[True] / best[False]
            print(f"{work.__name__:>10}, {units} units: {residues / best[True]:>9,.0f} packed,", end=" ")
            print(f"{residues / best[False]:>9,.0f} fast: {values[f'{name}_ratio']:.1f} times")
    pssp.save_results("bidirectional", values, unit="residues a second", threads=THREADS, command="make bench")


if __name__ == "__main__":
    main()
