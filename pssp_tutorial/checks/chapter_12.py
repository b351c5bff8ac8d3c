"""Graders of chapter 12: a language model of proteins."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, pad

from pssp_tutorial.checks.grading import Cases, Observations, by_cases, by_observation, present
from pssp_tutorial.models.bilstm import BidirectionalLSTM
from pssp_tutorial.models.language import LanguageModel, contexts_of

Chains = Sequence[np.ndarray]


def surprise(chains: Chains) -> float:
    return float(-np.log(np.concatenate(chains)).mean())


@by_cases(
    "12.1",
    cases={
        "one chain, each residue with 1/4": ([np.full(6, 0.25)],),
        "a chain of 2 residues and one of 4": ([np.array([0.5, 0.5]), np.array([0.05, 0.1, 0.05, 0.2])],),
        "three chains": ([np.array([0.9]), np.array([0.02, 0.3]), np.array([0.06, 0.07, 0.5, 0.04])],),
    },
    mistakes={
        "That is the mean surprise. The perplexity is its exponential.": surprise,
        "You take the mean over chains: a short chain then counts as much as a long one. Weigh by residue.": (
            lambda chains: float(np.mean([np.exp(surprise([chain])) for chain in chains]))
        ),
        "You take the mean of 1/p. The mean is taken of -log p, and the exponential after it.": (
            lambda chains: float((1 / np.concatenate(chains)).mean())
        ),
        "You take the mean of the probabilities first. The mean is of their logarithms.": (
            lambda chains: float(1 / np.concatenate(chains).mean())
        ),
        "The two bases differ: with `log2` goes `2 **`, with `log` goes `exp`.": (
            lambda chains: float(np.exp(surprise(chains) / np.log(2)))
        ),
        "The sign: -log p is positive, and no perplexity is below 1.": lambda chains: float(np.exp(-surprise(chains))),
    },
    hint="Join the chains, take the mean of -log p over all residues, then the exponential.",
)
def exercise_12_1(chains: Chains) -> float:
    """``perplexity(chains)``: of the probabilities that each residue of each chain was given.

    >>> exercise_12_1(lambda chains: 0.0).passed
    False
    """
    return float(np.exp(surprise(chains)))


def states() -> Cases:
    generator = torch.Generator().manual_seed(0)
    return {
        "chains of 5 and 3 residues": (torch.randn(2, 5, 4, generator=generator), torch.tensor([5, 3])),
        "of 2, 6 and 1": (torch.randn(3, 6, 2, generator=generator), torch.tensor([2, 6, 1])),
    }


def real_residues(answer: Callable, features: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
    """Both contexts of each chain, without the padding."""
    parts = present(answer(features, lengths))
    return tuple(row[:length] for part in parts for row, length in zip(part, lengths.tolist(), strict=True))


def halves(features: Tensor) -> tuple[Tensor, ...]:
    return features.chunk(2, dim=-1)


def moved(values: Tensor, places: int) -> Tensor:
    """The rows later (1) or earlier (-1), zeros where nothing stands."""
    return pad(values[:, :-1], (0, 0, 1, 0)) if places == 1 else pad(values[:, 1:], (0, 0, 0, 1))


@by_cases(
    "12.2",
    cases=states,
    run=real_residues,
    mistakes={
        "Nothing is shifted: the state at a residue has read that residue. Move the left half to the right, and the "
        "right half to the left.": lambda features, lengths: halves(features),
        "`roll` wraps around: the first residue then gets the state of the last place. Put zeros there.": (
            lambda features, lengths: (halves(features)[0].roll(1, dims=1), halves(features)[1].roll(-1, dims=1))
        ),
        "The last residue of a shorter chain gets the state at the padding behind it, which has been somewhere. Set "
        "the padding to zero before you shift.": (
            lambda features, lengths: (moved(halves(features)[0], 1), moved(halves(features)[1], -1))
        ),
        "Both halves move the same way. The right half comes from behind: it moves to the left.": (
            lambda features, lengths: tuple(moved(half, 1) for half in halves(features))
        ),
        "The two halves are swapped: the first is what was read from the left.": (
            lambda features, lengths: contexts_of(features, lengths)[::-1]
        ),
        "They move the wrong way: each residue then gets a state that has read it, and the next one too.": (
            lambda features, lengths: (moved(halves(features)[0], -1), moved(halves(features)[1], 1))
        ),
    },
    hint="The left context of residue t is the left half at t - 1, the right context the right half at t + 1, and "
    "zeros where there is none.",
)
def exercise_12_2(features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """``contexts(features, lengths)``: what each direction had read before it came to a residue.

    ``features`` are ``[batch, length, 2 hidden]``; the result is two of ``[batch, length, hidden]``. At padding they
    may be anything.
    """
    return contexts_of(features, lengths)


class Stacked(LanguageModel):
    """A second layer reads both directions of the first."""

    def __init__(self) -> None:
        super().__init__(hidden_size=4)
        self.second = BidirectionalLSTM(8, 4)

    def features(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        return self.second(super().features(inputs, lengths), lengths)


class OneUnshifted(LanguageModel):
    """One direction predicts a residue from the state that has read it."""

    def __init__(self, direction: int) -> None:
        super().__init__(hidden_size=4)
        self.direction = direction

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        features = self.features(inputs, lengths)
        contexts = list(contexts_of(features, lengths))
        contexts[self.direction] = features.chunk(2, dim=-1)[self.direction]
        return torch.stack([head(each) for head, each in zip(self.heads, contexts, strict=True)], dim=2)


def moves(model: nn.Module, place: int) -> Tensor:
    """Which logits move when one residue of six changes: bool[length, direction]."""
    codes, other = torch.arange(6), torch.arange(6)
    other[place] = 13
    with torch.inference_mode():
        one, two = (model(one_hot(each[None], 21).float(), torch.tensor([6]))[0] for each in (codes, other))
    return (one != two).any(dim=-1)


NEVER = "It says the same of every model. Change one residue, and look at the logits of that residue."
TURNED = "It is the other way round: True is for a model that sees what it predicts."
ANYWHERE = "You compare all logits. Those of other residues should move: that is what a context is for."
LEFT = "You look at one direction only, the first. A model can leak in the other."
RIGHT = "You look at one direction only, the second. A model can leak in the other."


@by_observation(
    "12.3",
    mistakes={
        NEVER: lambda model: False,
        TURNED: lambda model: not any(moves(model, place)[place].any() for place in range(6)),
        ANYWHERE: lambda model: bool(moves(model, 2).any()),
        LEFT: lambda model: bool(moves(model, 2)[2, 0]),
        RIGHT: lambda model: bool(moves(model, 2)[2, 1]),
    },
)
def exercise_12_3(sees_itself: Callable) -> Observations:
    """``sees_itself(model)``: whether a model's logits for a residue depend on that residue.

    ``model(inputs, lengths)`` gives ``[batch, length, direction, residue]``.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        models: dict[str, Any] = {
            "honest": LanguageModel(hidden_size=4),
            "stacked": Stacked(),
            "left": OneUnshifted(0),
            "right": OneUnshifted(1),
        }
    said = {name: bool(present(sees_itself(model.eval()))) for name, model in models.items()}
    everywhere = ""
    if len(set(said.values())) == 1:
        everywhere = ANYWHERE if said["honest"] else NEVER
    elif said["honest"] and not said["stacked"]:
        everywhere = TURNED
    yield not said["honest"], "the package's model: it doesn't", everywhere or ANYWHERE
    yield said["stacked"], "two bidirectional layers, one on the other: it does", everywhere or NEVER
    yield said["left"], "the left direction not shifted: it does", everywhere or RIGHT
    yield said["right"], "the right direction not shifted: it does", everywhere or LEFT
