"""In-silico mutagenesis: replace a residue, and see what the model says then (chapter 13)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from pssp_tutorial.batches.proteins import encode
from pssp_tutorial.inside.log_odds import InsideError, log_odds
from pssp_tutorial.models.contract import evaluation_twin
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS


def mutagenesis(model: nn.Module, sequence: str, *, positions: Sequence[int] | None = None) -> np.ndarray:
    """How the log-odds of each state at a residue change when that residue is replaced: float32[length, 20, 3].

    The amino acids are in the order of ``AMINO_ACIDS``, the states H, E, C. What the residue is already has changes
    of 0. The model, of 3 or 8 classes, reads one-hot residues; it is used where it lies, in evaluation mode. Given
    ``positions``, counted from 0, only these are replaced, and make the first axis of the answer.

    >>> from pssp_tutorial import BiLSTM
    >>> mutagenesis(BiLSTM(hidden_size=8), "MKTVRQERLK", positions=[3, 5]).shape
    (2, 20, 3)
    """
    chosen = range(len(encode(sequence))) if positions is None else positions
    twin = evaluation_twin(model)
    changes = [substitutions(twin, sequence, position)[:, position] for position in chosen]
    return np.stack(changes) if changes else np.zeros((0, len(AMINO_ACIDS), 3), dtype=np.float32)


def substitutions(model: nn.Module, sequence: str, position: int) -> np.ndarray:
    """How the log-odds change *everywhere* when one residue is replaced by each amino acid: float32[20, length, 3].

    Raises InsideError for a position outside the sequence; positions count from 0.

    >>> from pssp_tutorial import BiLSTM
    >>> substitutions(BiLSTM(hidden_size=8), "MKTVRQERLK", 3).shape
    (20, 10, 3)
    """
    original = encode(sequence)
    check_position(position, len(original))
    mutants = original.repeat(1 + len(AMINO_ACIDS), 1, 1)  # the first stays as it is
    mutants[1:, position] = torch.eye(len(AMINO_ACIDS), original.shape[1])
    device = next(model.parameters()).device
    lengths = torch.full((len(mutants),), len(original))
    with torch.inference_mode():
        said = log_odds(evaluation_twin(model)(mutants.to(device), lengths.to(device)).float()).cpu()
    return (said[1:] - said[0]).numpy()  # eq. (mutagenesis)


def check_position(position: int, length: int) -> None:
    if not 0 <= position < length:
        raise InsideError(f"position is {position}; expected 0 to {length - 1}, counted from 0")
