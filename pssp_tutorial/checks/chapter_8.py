"""Graders of chapter 8: how a number lies."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
import torch
from torch import nn

from pssp_tutorial.batches.proteins import Loader, make_loader
from pssp_tutorial.checks.grading import Cases, Observations, by_cases, by_observation, present
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import evaluating
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.training.epoch import validate

Score = Callable[[nn.Module, Loader], float]


@by_cases(
    "8.1",
    cases={
        "half of the batch is padding": (0.85, 1_000, 2_000),
        "a quarter is padding": (0.8, 3_000, 4_000),
        "no padding": (0.7, 500, 500),
    },
    mistakes={
        "That is the claim itself. Padding is in it, above and below the line: take it out of both.": (
            lambda claimed, residues, positions: claimed
        ),
        "You took padding out below the line only. It was counted as right: take it out above as well.": (
            lambda claimed, residues, positions: claimed * positions / residues
        ),
        "You took padding out above the line only. Divide by the residues, not by the positions.": (
            lambda claimed, residues, positions: claimed - (positions - residues) / positions
        ),
        "That is the other way round: it adds padding to a score that has none.": (
            lambda claimed, residues, positions: (claimed * residues + positions - residues) / positions
        ),
    },
    hint="The right places are claimed x positions. How many of them are padding?",
)
def exercise_8_1(claimed: float, residues: int, positions: int) -> float:
    """``without_padding(claimed, residues, positions)``: the accuracy behind a claim that counted padding as right.

    ``positions`` are all places of the batches, padding included; ``residues`` the real ones.

    >>> exercise_8_1(lambda claimed, residues, positions: claimed).hint
    'That is the claim itself. Padding is in it, above and below the line: take it out of both.'
    """
    return (claimed * positions - (positions - residues)) / residues


def right(model: nn.Module, loader: Loader) -> float:
    return validate(model, loader).accuracy


def rounded(model: nn.Module, loader: Loader) -> float:
    return right(model, loader) + 1e-9 * len(loader)  # as the order of a sum changes its last digits


def mean_of_batches(model: nn.Module, loader: Loader) -> float:
    return float(np.mean([validate(model, [batch]).accuracy for batch in loader]))


def padding_counted(model: nn.Module, loader: Loader) -> float:
    positions = sum(batch.labels.numel() for batch in loader)
    return (right(model, loader) * loader.scored_residues + positions - loader.scored_residues) / positions


def compared(compare: Callable[[list[float]], bool], sizes: Iterable[int] = (1, 1_000, 1_000_000)) -> Callable:
    """What scores once for each batch size, and compares the scores."""

    def same_in_all_batches(score: Score, model: nn.Module, records: Sequence[ProteinRecord]) -> bool:
        return compare([score(model, make_loader(records, batch_residues=size)) for size in sizes])

    return same_in_all_batches


NEVER = "It says the same of every function. Score once for each size, and compare the scores."
TURNED = "It is the other way round: True is for a score that stays the same."
EXACT = "Not exactly equal is not different: the order of a sum changes its last digits. Compare with a tolerance."
BATCHES = "You miss the mean of the batches. Try sizes from one chain a batch to all chains in one."
PADDING = "You miss counted padding. Try sizes from one chain a batch, which has none, to all chains in one."


@by_observation(
    "8.2",
    mistakes={
        NEVER: compared(lambda scores: True),
        TURNED: compared(lambda scores: np.ptp(scores) > 1e-6),
        EXACT: compared(lambda scores: len(set(scores)) == 1),
        BATCHES: compared(lambda scores: np.ptp(scores) < 0.05),
    },
)
def exercise_8_2(same_in_all_batches: Callable) -> Observations:
    """``same_in_all_batches(score, model, records)``: whether a scoring function is independent of the batches.

    ``score(model, loader)`` gives a number.
    """
    records = load_chains("mini").val[:12]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = BiLSTM(hidden_size=4)
    scores = (right, rounded, mean_of_batches, padding_counted)
    with evaluating(model):
        said = {score: bool(present(same_in_all_batches(score, model, records))) for score in scores}
    turned = not said[right] and said[mean_of_batches]
    everywhere = NEVER if len(set(said.values())) == 1 else TURNED if turned else ""
    different = "Compare the scores, not the loaders."
    yield said[right], "the package's own accuracy: the same", everywhere or different
    yield said[rounded], "the same but for the last digits", everywhere or EXACT
    yield not said[mean_of_batches], "the mean of the batches' accuracies: not the same", everywhere or BATCHES
    yield not said[padding_counted], "padding counted as right: not the same", everywhere or PADDING


def gain(
    old: Sequence[float], new: Sequence[float], *, ddof: int = 1, of_means: bool = True, both: bool = True
) -> float:
    variances = [np.var(scores, ddof=ddof) / (len(scores) if of_means else 1) for scores in (old, new)]
    return float((np.mean(new) - np.mean(old)) / np.sqrt(sum(variances) if both else variances[0]))


def seeds() -> Cases:
    draw = np.random.default_rng(0).normal
    return {
        "five seeds each": (draw(0.68, 0.003, 5).tolist(), draw(0.685, 0.003, 5).tolist()),
        "three against eight": (draw(0.7, 0.004, 3).tolist(), draw(0.699, 0.002, 8).tolist()),
    }


@by_cases(
    "8.3",
    cases=seeds,
    mistakes={
        "You compare the best seeds. The best of five is also the luckiest: compare the means.": (
            lambda old, new: max(new) - max(old)
        ),
        "That is the gain itself. Divide it by its standard error.": (
            lambda old, new: float(np.mean(new) - np.mean(old))
        ),
        "You divide by the spread of single seeds. A mean of n seeds spreads less: each variance is divided by n.": (
            partial(gain, of_means=False)
        ),
        "The sample is small: divide the squares by n - 1, `ddof=1`.": partial(gain, ddof=0),
        "Both means are uncertain: add the two variances.": partial(gain, both=False),
        "The sign: a gain is the new mean minus the old one.": lambda old, new: gain(new, old),
    },
    hint="The difference of the means, divided by the root of the two variances of the means added up.",
)
def exercise_8_3(old: Sequence[float], new: Sequence[float]) -> float:
    """``gain_in_errors(old, new)``: the gain of the mean over seeds, in units of its standard error.

    ``old`` and ``new`` are the scores of several seeds of two recipes, independent of each other.
    """
    return gain(old, new)
