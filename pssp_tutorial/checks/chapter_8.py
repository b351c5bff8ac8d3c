"""Graders of chapter 8: how a number lies."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import nn

from pssp_tutorial.batches.proteins import Loader
from pssp_tutorial.checks.grading import Verdict, grade, observe, present
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import evaluating
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.training.epoch import validate


def exercise_8_1(without_padding: Callable[[float, int, int], float]) -> Verdict:
    """``without_padding(claimed, residues, positions)``: the accuracy behind a claim that counted padding as right.

    ``positions`` are all places of the batches, padding included; ``residues`` the real ones.

    >>> exercise_8_1(lambda claimed, residues, positions: claimed).hint
    'That is the claim itself. Padding is in it, above and below the line: take it out of both.'
    """
    cases = {
        "half of the batch is padding": (0.85, 1_000, 2_000),
        "a quarter is padding": (0.8, 3_000, 4_000),
        "no padding": (0.7, 500, 500),
    }
    mistakes = [
        (
            lambda c, r, p: c,
            "That is the claim itself. Padding is in it, above and below the line: take it out of both.",
        ),
        (
            lambda c, r, p: c * p / r,
            "You took padding out below the line only. It was counted as right: take it out above as well.",
        ),
        (
            lambda c, r, p: c - (p - r) / p,
            "You took padding out above the line only. Divide by the residues, not by the positions.",
        ),
        (
            lambda c, r, p: (c * r + p - r) / p,
            "That is the other way round: it adds padding to a score that has none.",
        ),
    ]
    hint = "The right places are claimed x positions. How many of them are padding?"
    return grade("8.1", without_padding, lambda c, r, p: (c * p - (p - r)) / r, cases, mistakes, hint)


def exercise_8_2(same_in_all_batches: Callable) -> Verdict:
    """``same_in_all_batches(score, model, records)``: whether a scoring function is independent of the batches.

    ``score(model, loader)`` gives a number.

    >>> exercise_8_2(lambda score, model, records: False).passed
    False
    """

    def right(model: nn.Module, loader: Loader) -> float:
        return validate(model, loader).accuracy

    def rounded(model: nn.Module, loader: Loader) -> float:
        return right(model, loader) + 1e-9 * len(loader)  # as the order of a sum changes its last digits

    def mean_of_batches(model: nn.Module, loader: Loader) -> float:
        return float(np.mean([validate(model, [batch]).accuracy for batch in loader]))

    def padding_counted(model: nn.Module, loader: Loader) -> float:
        positions = sum(batch.labels.numel() for batch in loader)
        return (right(model, loader) * loader.scored_residues + positions - loader.scored_residues) / positions

    def observations(answer: Callable) -> Iterator[tuple[bool, str, str]]:
        records = load_chains("mini").val[:12]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = BiLSTM(hidden_size=4)
        with evaluating(model):
            said = {
                score: bool(present(answer(score, model, records)))
                for score in (right, rounded, mean_of_batches, padding_counted)
            }
        exact = (
            "Not exactly equal is not different: the order of a sum changes its last digits. Compare with a tolerance."
        )
        other = "It is the other way round: True is for a score that stays the same."
        batches = "You miss the mean of the batches. Try sizes from one chain a batch to all chains in one."
        padding = "You miss counted padding. Try sizes from one chain a batch, which has none, to all chains in one."
        never = "It says the same of every function. Score once for each size, and compare the scores."
        turned = not said[right] and said[mean_of_batches]
        constant = len(set(said.values())) == 1
        advice = never if constant else other if turned else None
        yield said[right], "the package's own accuracy: the same", advice or "Compare the scores, not the loaders."
        yield said[rounded], "the same but for the last digits", advice or exact
        yield not said[mean_of_batches], "the mean of the batches' accuracies: not the same", advice or batches
        yield not said[padding_counted], "padding counted as right: not the same", advice or padding

    return observe("8.2", same_in_all_batches, observations)


def exercise_8_3(gain_in_errors: Callable[[Sequence[float], Sequence[float]], float]) -> Verdict:
    """``gain_in_errors(old, new)``: the gain of the mean over seeds, in units of its standard error.

    ``old`` and ``new`` are the scores of several seeds of two recipes, independent of each other.

    >>> exercise_8_3(lambda old, new: max(new) - max(old)).passed
    False
    """

    def errors(old, new, ddof=1, root=True, pooled=True):
        size = len if root else (lambda scores: 1)
        variance = np.var(old, ddof=ddof) / size(old) + np.var(new, ddof=ddof) / size(new)
        if not pooled:
            variance = np.var(old, ddof=ddof) / size(old)
        return float((np.mean(new) - np.mean(old)) / np.sqrt(variance))

    generator = np.random.default_rng(0)
    cases = {
        "five seeds each": (generator.normal(0.68, 0.003, 5).tolist(), generator.normal(0.685, 0.003, 5).tolist()),
        "three against eight": (generator.normal(0.7, 0.004, 3).tolist(), generator.normal(0.699, 0.002, 8).tolist()),
    }
    mistakes = [
        (
            lambda a, b: max(b) - max(a),
            "You compare the best seeds. The best of five is also the luckiest: compare the means.",
        ),
        (
            lambda a, b: float(np.mean(b) - np.mean(a)),
            "That is the gain itself. Divide it by its standard error.",
        ),
        (
            lambda a, b: errors(a, b, root=False),
            "You divide by the spread of single seeds. A mean of n seeds spreads less: each variance is divided by n.",
        ),
        (
            lambda a, b: errors(a, b, ddof=0),
            "The sample is small: divide the squares by n - 1, `ddof=1`.",
        ),
        (
            lambda a, b: errors(a, b, pooled=False),
            "Both means are uncertain: add the two variances.",
        ),
        (
            lambda a, b: errors(b, a),
            "The sign: a gain is the new mean minus the old one.",
        ),
    ]
    hint = "The difference of the means, divided by the root of the two variances of the means added up."
    return grade("8.3", gain_in_errors, errors, cases, mistakes, hint)
