"""Integrated gradients: an output shared out among the residues that were read (chapter 13).

Source: Sundararajan, Taly and Yan 2017, Axiomatic attribution for deep networks (ICML). Captum computes the integral.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from pssp_tutorial.batches.proteins import encode
from pssp_tutorial.inside.log_odds import InsideError, log_odds
from pssp_tutorial.inside.mutagenesis import check_position
from pssp_tutorial.models.contract import evaluation_twin
from pssp_tutorial.proteins.alphabet import STATES3


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each residue and letter adds to the log-odds of one state at one residue.

    >>> Attribution(np.array([[0.5, 0.0], [0.0, 0.25]]), difference=0.8).gap
    -0.05...
    """

    values: np.ndarray  # float32[length, channel]
    difference: float  # log-odds of the sequence minus those of the baseline

    @property
    def residues(self) -> np.ndarray:
        """What each residue adds, its letters summed: float32[length]."""
        return self.values.sum(axis=1)

    @property
    def gap(self) -> float:
        """By how much completeness fails: the sum of all parts minus the difference they should add up to."""
        return float(self.values.sum()) - self.difference


def attributions(
    model: nn.Module, sequence: str, position: int, state: str, *, baseline: Tensor | None = None, steps: int = 64
) -> Attribution:
    """Share out the log-odds of a state, H, E or C, at a residue, counted from 0, by integrated gradients.

    The ``baseline`` stands for "no sequence", ``float32[channel]`` for each residue or ``[length, channel]``. Left out,
    it is each of the 20 amino acids with a share of 1/20: like a real residue, its channels sum to 1. The more
    ``steps``, points of the integral, the smaller the ``gap``.

    Raises InsideError for a position or a state that is not there, or when Captum is not installed.

    >>> from pssp_tutorial import BiLSTM
    >>> found = attributions(BiLSTM(hidden_size=8), "MKTVRQERLK", 3, "H")
    >>> found.residues.shape, abs(found.gap) < 0.001
    ((10,), True)
    """
    if state not in STATES3:
        raise InsideError(f"state is {state!r}; expected one of {', '.join(STATES3)}")
    twin, device = evaluation_twin(model), next(model.parameters()).device
    inputs = encode(sequence).to(device)
    check_position(position, len(inputs))
    if baseline is None:
        baseline = torch.tensor([1 / 20] * 20 + [0.0])  # the last channel is X
    start = torch.zeros_like(inputs) + baseline.to(device)

    def explained(batch: Tensor) -> Tensor:
        logits = twin(batch, torch.full((len(batch),), len(inputs), device=device))
        return log_odds(logits)[:, position, STATES3.index(state)]

    with torch.backends.cudnn.flags(enabled=False):  # its LSTM has no gradient in evaluation mode
        rule = _integrated_gradients()(explained)
        together = max(1, 4_000 // len(inputs))  # points of the integral: some 4,000 residues
        values = rule.attribute(inputs[None], start[None], n_steps=steps, internal_batch_size=together)
        with torch.no_grad():
            sequence_says, baseline_says = explained(torch.stack([inputs, start])).tolist()
    return Attribution(values[0].float().cpu().numpy(), sequence_says - baseline_says)


def _integrated_gradients() -> type:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tqdm, which Captum loads, would like notebook widgets
            from captum.attr import IntegratedGradients
    except ImportError as error:
        raise InsideError("attributions needs Captum; install it with: pip install captum") from error
    return IntegratedGradients
