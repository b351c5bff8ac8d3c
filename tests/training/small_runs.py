"""What the tests of training share: proteins that can be learned, small models, and a run that must be refused."""

import numpy as np
import pytest
import torch
from torch import nn

from pssp_tutorial.batches.proteins import Loader, make_loader
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.training.fit import fit
from pssp_tutorial.training.stopping import TrainingError

STATE_OF = dict(zip(AMINO_ACIDS, "HHEECCHHEECCHHEECCHE", strict=True))


def learnable_records(prefix: str, count: int, longest: int = 40, seed: int = 0) -> list[ProteinRecord]:
    """Proteins whose states follow from their residues."""
    generator = np.random.default_rng([seed, *prefix.encode()])
    lengths = generator.integers(12, longest, count)
    sequences = ["".join(generator.choice(list(AMINO_ACIDS), length)) for length in lengths]
    return [
        ProteinRecord(f"{prefix}{number}", sequence, "".join(map(STATE_OF.get, sequence)))
        for number, sequence in enumerate(sequences)
    ]


def loaders(count: int = 12, batch_residues: int = 120, classes: int = 3) -> tuple[Loader, Loader]:
    return tuple(
        make_loader(learnable_records(name, size), batch_residues, classes=classes)
        for name, size in (("train", count), ("val", 5))
    )


def small_model(seed: int = 0, **settings) -> BiLSTM:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return BiLSTM(hidden_size=6, num_layers=1, embedding_size=4, **settings)


def weights_of(model: nn.Module) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in model.state_dict().items()}


def without_seconds(history):
    return history.frame.drop(columns="seconds").to_numpy().tolist()


class Table(nn.Module):
    """The smallest model: one row of logits per residue."""

    num_classes = 3

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.logits = nn.Linear(21, classes, bias=False)

    def forward(self, inputs, lengths):
        return self.logits(inputs)


def check_refused(message, *, model=None, train=None, val=None, **options):
    ours = loaders()
    model = model or small_model()
    before = weights_of(model)
    with pytest.raises(TrainingError, match=message):
        fit(model, train or ours[0], val or ours[1], **options)
    assert weights_of(model) == before


class Killed(BaseException):
    """Stands for whatever ends a run: BaseException, so that nothing catches it by mistake."""
