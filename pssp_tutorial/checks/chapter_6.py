"""Graders of chapter 6: training with early stopping."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD, Optimizer

from pssp_tutorial.batches.batch import Batch
from pssp_tutorial.batches.proteins import collate
from pssp_tutorial.checks.grading import Cases, Observations, by_cases, by_observation, present
from pssp_tutorial.checks.values import same
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX
from pssp_tutorial.proteins.chains import load_chains

STEADY, BOLD = -math.log(0.9), -0.7 * math.log(0.98) - 0.3 * math.log(0.01)
WRONG_LOSSES = {
    "That is the logarithm to base 2. The loss uses the natural one.": (STEADY / math.log(2), BOLD / math.log(2)),
    "That is the logarithm to base 10. The loss uses the natural one.": (STEADY / math.log(10), BOLD / math.log(10)),
    "The sign: a loss is the *negative* logarithm.": (-STEADY, -BOLD),
    "You leave out the residues that are wrong. They cost most: 30% of the terms are -log 0.01.": (
        STEADY,
        -0.7 * math.log(0.98),
    ),
    "Average the logarithms, not the probabilities.": (STEADY, -math.log(0.7 * 0.98 + 0.3 * 0.01)),
}


@by_observation(
    "6.1", mistakes=WRONG_LOSSES, unanswered="Replace the two `...` by your numbers, and run the cell again."
)
def exercise_6_1(steady: float, bold: float) -> Observations:
    """The cross-entropy of two models: one always right at 0.9, one right in 70% at 0.98 and else at 0.01.

    >>> exercise_6_1(0.105, 1.396).passed
    True
    """

    def close(losses: tuple[float, float]) -> list[bool]:
        return [round(float(one), 3) == round(other, 3) for one, other in zip((steady, bold), losses, strict=True)]

    hint = "The loss is the mean of -log p, p being the probability of the true state. Give three decimals."
    hint = next((mistake for mistake, losses in WRONG_LOSSES.items() if all(close(losses))), hint)
    right = close((STEADY, BOLD))
    yield right[0], f"the steady model: {float(steady):.3f}", hint
    yield right[1], f"the bold model: {float(bold):.3f}", hint


class Stopper:
    """The reference for ``Patience``, and what can go wrong in it."""

    def __init__(self, patience: int, wrong: str = "") -> None:
        self.patience, self.wrong = patience, wrong
        self.best = self.previous = math.inf
        self.waited = 0

    def update(self, loss: float) -> bool:
        better = loss < (self.previous if self.wrong == "the epoch before" else self.best)
        if better or (self.wrong == "a tie" and loss == self.best):
            self.waited = self.waited if self.wrong == "not anew" else 0
        else:
            self.waited += 1
        self.best, self.previous = min(self.best, loss), loss
        return self.waited >= self.patience + {"late": 1, "early": -1}.get(self.wrong, 0)


def stops(Patience: Callable, patience: int, losses: Sequence[float]) -> tuple[list[bool], float]:
    """What it says after each loss, and the best one."""
    stopper = present(Patience(patience))
    return [bool(present(stopper.update(loss))) for loss in losses], stopper.best


@by_cases(
    "6.2",
    cases={
        "a loss that falls": (2, [0.9, 0.8, 0.7, 0.6]),
        "a loss that rises": (3, [0.9, 1.0, 1.1, 1.2, 1.3]),
        "better again in between": (2, [0.9, 1.0, 0.8, 0.9, 0.7, 0.8, 0.9]),
        "a tie with the best": (2, [0.9, 0.8, 0.8, 0.8]),
        "better than the last, not than the best": (2, [0.5, 0.9, 0.8, 0.7]),
    },
    run=stops,
    mistakes={
        "Off by one: you stop an epoch late. After `patience` epochs without a better loss it is time.": (
            partial(Stopper, wrong="late")
        ),
        "Off by one: you stop an epoch early.": partial(Stopper, wrong="early"),
        "A tie is no improvement: the count goes on.": partial(Stopper, wrong="a tie"),
        "A better loss starts the count anew: set it to zero.": partial(Stopper, wrong="not anew"),
        "Compare with the best loss so far, not with the loss of the epoch before.": (
            partial(Stopper, wrong="the epoch before")
        ),
    },
    hint="Keep the best loss and the number of epochs since; `update` returns whether that number has "
    "reached the patience.",
)
def exercise_6_2(patience: int) -> Stopper:
    """``Patience(patience)``: ``update(loss)`` says whether to stop, ``best`` is the lowest loss so far."""
    return Stopper(patience)


def mean_loss(logits: Tensor, labels: Tensor, reduction: str = "mean") -> Tensor:
    return cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORE_INDEX, reduction=reduction)


def mean_of_means(logits: Tensor, labels: Tensor) -> Tensor:
    return torch.stack([mean_loss(*row) for row in zip(logits[:, None], labels[:, None], strict=True)]).mean()


def padding_as(code: int) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda logits, labels: mean_loss(logits, labels.where(labels != IGNORE_INDEX, code))


def padded_labels() -> Cases:
    generator = torch.Generator().manual_seed(0)
    cases = {}
    for what, lengths in {
        "two proteins, padded": [9, 4],
        "three proteins, padded": [3, 12, 6],
        "no padding": [6, 6],
    }.items():
        shape = len(lengths), max(lengths)
        labels = torch.randint(3, shape, generator=generator)
        labels[torch.arange(shape[1]) >= torch.tensor(lengths)[:, None]] = IGNORE_INDEX
        cases[what] = 2 * torch.randn(*shape, 3, generator=generator), labels
    return cases


@by_cases(
    "6.3",
    cases=padded_labels,
    mistakes={
        "Padding is counted below the line: divide by the residues with a known state, not by all positions.": (
            lambda logits, labels: mean_loss(logits, labels, "sum") / labels.numel()
        ),
        "Padding is counted as helix: the label is no class number there. Leave these positions out.": padding_as(0),
        "You score padding, as coil: the label is no class number there. Leave these positions out.": padding_as(2),
        "You apply softmax twice: `cross_entropy` does it itself, and `log_softmax` begins from the logits.": (
            lambda logits, labels: mean_loss(logits.softmax(dim=-1), labels)
        ),
        "That is the mean of the proteins' means. Each residue weighs the same: sum, and divide once.": mean_of_means,
        "That is the sum. Divide it by the number of residues with a known state.": partial(mean_loss, reduction="sum"),
        "The sign: a loss is the negative logarithm.": lambda logits, labels: -mean_loss(logits, labels),
    },
    hint="Take `log_softmax` over the classes, pick the true state's value, and average over `labels != IGNORE_INDEX`.",
)
def exercise_6_3(logits: Tensor, labels: Tensor) -> Tensor:
    """``masked_loss(logits, labels)``: the mean cross-entropy over the residues with a known state.

    ``logits`` are ``[batch, length, 3]``, ``labels`` ``[batch, length]`` with ``IGNORE_INDEX`` where nothing counts.
    """
    return mean_loss(logits, labels)


class Probe(nn.Module):
    """A small model that remembers in which mode it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.Linear(21, 3)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)
        self.eval()
        self.modes: list[bool] = []

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        self.modes.append(self.training)
        return self.classifier(inputs)


def train(model: nn.Module, batches: Sequence[Batch], optimizer: Optimizer, wrong: str = "") -> float:
    """One epoch; the loss per residue."""
    model.train(wrong != "evaluation mode")
    total, residues, means = 0.0, 0, list[float]()
    for batch in batches:
        labels = batch.labels.clamp(min=0) if wrong == "padding counts" else batch.labels
        known = int((labels != IGNORE_INDEX).sum())
        loss = cross_entropy(model(batch.inputs, batch.lengths).flatten(0, 1), labels.flatten())
        if wrong != "gradients add up":
            optimizer.zero_grad()
        loss.backward()
        if wrong != "no step":
            optimizer.step()
        total, residues, means = total + loss.item() * known, residues + known, [*means, loss.item()]
    return sum(means) / len(means) if wrong == "mean of means" else total / residues


def after_epoch(train_one_epoch: Callable) -> tuple[Tensor, Any, list[bool]]:
    """The weights after an epoch, what came back, and the modes in which the model was asked."""
    val, model = load_chains("mini").val, Probe()
    batches = [collate(records) for records in (val[:9], val[9:10], val[10:12])]
    given = present(train_one_epoch(model, batches, SGD(model.parameters(), lr=0.5)))
    return model.classifier.weight.detach(), given, model.modes


WRONG_STEPS = {
    "No weight has moved: each batch needs `loss.backward()` and then `optimizer.step()`.": "no step",
    "Gradients add up from batch to batch: call `optimizer.zero_grad()` before `backward`.": "gradients add up",
    "Padding is counted as helix. The labels there are `IGNORE_INDEX`; `cross_entropy` leaves them out.": (
        "padding counts"
    ),
}
MEANS = "That is the mean of the batches' losses. Weigh each by its residues of known state: sum, divide once."
EVALUATION = "The model was in evaluation mode: `model.train()` belongs at the beginning, or dropout stays off."


@by_observation(
    "6.4",
    mistakes={
        hint: partial(train, wrong=wrong)
        for hint, wrong in {**WRONG_STEPS, MEANS: "mean of means", EVALUATION: "evaluation mode"}.items()
    },
)
def exercise_6_4(train_one_epoch: Callable) -> Observations:
    """``train_one_epoch(model, batches, optimizer)``: one pass, a step for each batch; gives the loss per residue."""
    (weight, loss, modes), (true_weight, true_loss, _) = after_epoch(train_one_epoch), after_epoch(train)
    right = same(weight, true_weight)
    hint = "In this order, for each batch: logits, loss, `zero_grad`, `backward`, `step`."
    tried = {} if right else {hint: after_epoch(partial(train, wrong=wrong)) for hint, wrong in WRONG_STEPS.items()}
    yield right, "the weights after the epoch", next((one for one in tried if same(weight, tried[one][0])), hint)
    means = same(loss, after_epoch(partial(train, wrong="mean of means"))[1])
    hint = "Give the sum of the losses of all residues of known state, divided by their number."
    text = f"the loss per residue: {float(loss):.3f}, expected {true_loss:.3f}"
    yield same(loss, true_loss), text, MEANS if means else hint
    yield bool(modes) and all(modes), "the model in training mode", EVALUATION
