"""One model trained by several processes, each with a share of every batch (chapter 15).

    torchrun --nproc-per-node 2 -m pssp_tutorial.training.distributed FOLDER

trains a small model on uneven shares in two ways, and writes their weights: `weighted.safetensors`, in which every
residue counts the same, as in one process, and `plain.safetensors`, in which DDP's mean gives every process the same
weight.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import IterableDataset, get_worker_info

from pssp_tutorial.batches.proteins import collate
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import evaluating
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.proteins.record import ProteinRecord

STEPS, RATE, HIDDEN = 5, 0.1, 16
SHARES = (slice(0, 4), slice(4, 20))  # of the proteins of a batch, by process


def weighted(loss: Tensor, residues: Tensor) -> Tensor:
    """A process's mean loss over its residues, so weighted that DDP's mean is that over all residues: eq. (ddp)."""
    everyone = residues.clone()
    dist.all_reduce(everyone)
    return loss * residues * dist.get_world_size() / everyone


def joint_accuracy(model: BiLSTM, share: Sequence[ProteinRecord]) -> float:
    """The accuracy over the shares of all processes, the same in each: if no protein is in two shares, each residue
    counts once. A share may be empty; it needs as much memory as one batch of all its proteins. The model tells its
    `num_classes`, three states or eight.

    Raises ValueError if no process has a residue with a known state.
    """
    counts = torch.zeros(2, dtype=torch.int64)
    if share:
        batch = collate(share, classes=model.num_classes)
        with evaluating(model), torch.no_grad():
            states = model(batch.inputs.to(next(model.parameters()).dtype), batch.lengths).argmax(dim=-1)
        counts += torch.stack([(states == batch.labels)[batch.mask].sum(), batch.mask.sum()])
    dist.all_reduce(counts)
    right, scored = counts.tolist()
    if not scored:
        raise ValueError("no process has a residue with a known state; expected at least one")
    return float(right / scored)


class Stream(IterableDataset[Any]):
    """Items one after another, as from a file. `sharded`, each worker process of a `DataLoader` reads only its share.

    >>> list(Stream(["MKTV", "GA"], sharded=True))
    ['MKTV', 'GA']
    """

    def __init__(self, items: Sequence[Any], *, sharded: bool) -> None:
        self.items, self.sharded = items, sharded

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info() if self.sharded else None
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        return islice(self.items, first, None, step)


def batch_of(step: int) -> list[ProteinRecord]:
    """The 20 proteins of a step."""
    return list(load_chains("mini").train[20 * step : 20 * step + 20])


def new_model() -> tuple[BiLSTM, torch.optim.Optimizer]:
    """The model and its optimiser, the same in every process."""
    torch.manual_seed(0)
    model = BiLSTM(hidden_size=HIDDEN, dropout=0.0).double()
    return model, torch.optim.SGD(model.parameters(), lr=RATE)


def loss_of(model: torch.nn.Module, records: list[ProteinRecord]) -> tuple[Tensor, Tensor]:
    """The mean loss over the residues of these proteins, and their number."""
    batch = collate(records)
    logits = model(batch.inputs.double(), batch.lengths)
    return cross_entropy(logits[batch.mask], batch.labels[batch.mask]), batch.mask.sum()


def train_alone() -> BiLSTM:
    """All steps in one process, each with the whole batch."""
    model, optimizer = new_model()
    for step in range(STEPS):
        optimizer.zero_grad()
        loss_of(model, batch_of(step))[0].backward()
        optimizer.step()
    return model


def train_shared(*, by_residues: bool) -> BiLSTM:
    """All steps in this process and its like, each with its share."""
    model, optimizer = new_model()
    shared = DistributedDataParallel(model)
    for step in range(STEPS):
        loss, residues = loss_of(shared, batch_of(step)[SHARES[dist.get_rank()]])
        optimizer.zero_grad()
        (weighted(loss, residues) if by_residues else loss).backward()
        optimizer.step()
    return model


def main(folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    for name, by_residues in {"weighted": True, "plain": False}.items():
        model = train_shared(by_residues=by_residues)
        if dist.get_rank() == 0:
            save_file(model.state_dict(), Path(folder, f"{name}.safetensors"))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
