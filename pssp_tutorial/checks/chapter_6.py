"""Graders of chapter 6: training with early stopping."""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pssp_tutorial.batches.proteins import collate
from pssp_tutorial.checks.grading import MissingError, Verdict, grade, observe, present
from pssp_tutorial.checks.values import same
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX
from pssp_tutorial.proteins.chains import load_chains


def exercise_6_1(steady: float, bold: float) -> Verdict:
    """The cross-entropy of two models: one always right at 0.9, one right in 70% at 0.98 and else at 0.01.

    >>> exercise_6_1(0.105, 1.396).passed
    True
    """

    def observations(answer: tuple) -> Iterator[tuple[bool, str, str]]:
        right = -math.log(0.9), -0.7 * math.log(0.98) - 0.3 * math.log(0.01)
        others = {
            "That is the logarithm to base 2. The loss uses the natural one.": [x / math.log(2) for x in right],
            "That is the logarithm to base 10. The loss uses the natural one.": [x / math.log(10) for x in right],
            "The sign: a loss is the *negative* logarithm.": [-x for x in right],
            "You leave out the residues that are wrong. They cost most: 30% of the terms are -log 0.01.": [
                right[0],
                -0.7 * math.log(0.98),
            ],
            "Average the logarithms, not the probabilities.": [right[0], -math.log(0.7 * 0.98 + 0.3 * 0.01)],
        }
        close = [
            [round(float(x), 3) == round(y, 3) for x, y in zip(answer, values, strict=True)]
            for values in (right, *others.values())
        ]
        fitting = [hint for hint, both in zip(others, close[1:], strict=True) if all(both)]
        hint = (
            fitting[0]
            if fitting
            else "The loss is the mean of -log p, p being the probability of the true state. Give three decimals."
        )
        for name, value, good in zip(("the steady model", "the bold model"), answer, close[0], strict=True):
            yield good, f"{name}: {float(value):.3f}", hint

    if any(value is None or value is ... for value in (steady, bold)):
        return Verdict(
            "6.1",
            ((False, "there is no answer yet"),),
            "Replace the two `...` by your numbers, and run the cell again.",
        )
    return observe("6.1", (steady, bold), observations)


def exercise_6_2(Patience: Callable) -> Verdict:
    """``Patience(patience)``: ``update(loss)`` says whether to stop, ``best`` is the lowest loss so far.

    >>> exercise_6_2(lambda patience: None).passed
    False
    """
    runs = {
        "a loss that falls": (2, [0.9, 0.8, 0.7, 0.6]),
        "a loss that rises": (3, [0.9, 1.0, 1.1, 1.2, 1.3]),
        "better again in between": (2, [0.9, 1.0, 0.8, 0.9, 0.7, 0.8, 0.9]),
        "a tie with the best": (2, [0.9, 0.8, 0.8, 0.8]),
        "better than the last, not than the best": (2, [0.5, 0.9, 0.8, 0.7]),
    }

    def run(patience: int, losses: Sequence[float], late: int = 0, ties: bool = False, total=False, last=False):
        best, waited, previous, answers = math.inf, 0, math.inf, []
        for loss in losses:
            better = loss < (previous if last else best) or (ties and loss == best)
            waited = (waited if total else 0) if better else waited + 1
            best, previous = min(best, loss), loss
            answers.append(waited >= patience + late)
        return answers, best

    def play(patience: int, losses: Sequence[float]) -> tuple:
        stopper = present(Patience(patience))
        answers = [present(stopper.update(loss)) for loss in losses]
        return [bool(answer) for answer in answers], stopper.best

    mistakes = [
        (
            lambda *a: run(*a, late=1),
            "Off by one: you stop an epoch late. After `patience` epochs without a better loss it is time.",
        ),
        (
            lambda *a: run(*a, late=-1),
            "Off by one: you stop an epoch early.",
        ),
        (
            lambda *a: run(*a, ties=True),
            "A tie is no improvement: the count goes on.",
        ),
        (
            lambda *a: run(*a, total=True),
            "A better loss starts the count anew: set it to zero.",
        ),
        (
            lambda *a: run(*a, last=True),
            "Compare with the best loss so far, not with the loss of the epoch before.",
        ),
    ]

    def answer(*arguments):
        try:
            return play(*arguments)
        except MissingError:
            return None

    hint = (
        "Keep the best loss and the number of epochs since; `update` returns whether that number has "
        "reached the patience."
    )
    return grade("6.2", answer if callable(Patience) else Patience, run, runs, mistakes, hint)


def exercise_6_3(masked_loss: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """``masked_loss(logits, labels)``: the mean cross-entropy over the residues with a known state.

    ``logits`` are ``[batch, length, 3]``, ``labels`` ``[batch, length]`` with ``IGNORE_INDEX`` where nothing counts.

    >>> exercise_6_3(lambda logits, labels: logits.mean()).passed
    False
    """

    def loss(logits: Tensor, labels: Tensor, reduction: str = "mean") -> Tensor:
        return cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORE_INDEX, reduction=reduction)

    def mean_of_means(logits: Tensor, labels: Tensor) -> Tensor:
        return torch.stack([loss(*row) for row in zip(logits[:, None], labels[:, None], strict=True)]).mean()

    def padding_as(code: int) -> Callable[[Tensor, Tensor], Tensor]:
        return lambda logits, labels: loss(logits, labels.where(labels != IGNORE_INDEX, code))

    def batch(shape: tuple[int, int], lengths: list[int]) -> tuple[Tensor, Tensor]:
        labels = torch.randint(3, shape, generator=generator)
        labels[torch.arange(shape[1]) >= torch.tensor(lengths)[:, None]] = IGNORE_INDEX
        return 2 * torch.randn(*shape, 3, generator=generator), labels

    generator = torch.Generator().manual_seed(0)
    cases = {
        "two proteins, padded": batch((2, 9), [9, 4]),
        "three proteins, padded": batch((3, 12), [3, 12, 6]),
        "no padding": batch((2, 6), [6, 6]),
    }
    mistakes = [
        (
            lambda x, y: loss(x, y, "sum") / y.numel(),
            "Padding is counted below the line: divide by the residues with a known state, not by all positions.",
        ),
        (
            padding_as(0),
            "Padding is counted as helix: the label is no class number there. Leave these positions out.",
        ),
        (
            padding_as(2),
            "You score padding, as coil: the label is no class number there. Leave these positions out.",
        ),
        (
            lambda x, y: loss(x.softmax(dim=-1), y),
            "You apply softmax twice: `cross_entropy` does it itself, and `log_softmax` begins from the logits.",
        ),
        (
            mean_of_means,
            "That is the mean of the proteins' means. Each residue weighs the same: sum, and divide once.",
        ),
        (
            lambda x, y: loss(x, y, "sum"),
            "That is the sum. Divide it by the number of residues with a known state.",
        ),
        (
            lambda x, y: -loss(x, y),
            "The sign: a loss is the negative logarithm.",
        ),
    ]
    hint = (
        "Take `log_softmax` over the classes, pick the true state's value, and average over `labels != IGNORE_INDEX`."
    )
    return grade("6.3", masked_loss, loss, cases, mistakes, hint)


class _Probe(nn.Module):
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


def exercise_6_4(train_one_epoch: Callable) -> Verdict:
    """``train_one_epoch(model, batches, optimizer)``: one pass, a step for each batch; gives the loss per residue.

    >>> exercise_6_4(lambda model, batches, optimizer: 0.0).passed
    False
    """
    val = load_chains("mini").val
    batches = [collate(records) for records in (val[:9], val[9:10], val[10:12])]

    def run(keep: bool = False, clamp: bool = False, means: bool = False) -> tuple[Tensor, float]:
        model = _Probe()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        losses, residues, averages = 0.0, 0, []
        for batch in batches:
            labels = batch.labels.clamp(min=0) if clamp else batch.labels
            known = labels.numel() if clamp else int((labels != IGNORE_INDEX).sum())
            loss = cross_entropy(model(batch.inputs, batch.lengths).flatten(0, 1), labels.flatten())
            if not keep:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses, residues, averages = losses + loss.item() * known, residues + known, [*averages, loss.item()]
        total = sum(averages) / len(averages) if means else losses / residues
        return model.classifier.weight.detach(), total

    def observations(answer: Callable) -> Iterator[tuple[bool, str, str]]:
        model = _Probe()
        given = present(answer(model, list(batches), torch.optim.SGD(model.parameters(), lr=0.5)))
        weight, (wanted, loss) = model.classifier.weight.detach(), run()
        if not weight.any():
            advice = "No weight has moved: each batch needs `loss.backward()` and then `optimizer.step()`."
        elif same(weight, run(keep=True)[0]):
            advice = "Gradients add up from batch to batch: call `optimizer.zero_grad()` before `backward`."
        elif same(weight, run(clamp=True)[0]):
            advice = (
                "Padding is counted as helix. The labels there are `IGNORE_INDEX`; `cross_entropy` leaves them out."
            )
        else:
            advice = "In this order, for each batch: logits, loss, `zero_grad`, `backward`, `step`."
        yield same(weight, wanted), "the weights after the epoch", advice
        means = same(given, run(means=True)[1])
        average = (
            "That is the mean of the batches' losses. Weigh each by its residues of known state: sum, divide once."
            if means
            else "Give the sum of the losses of all residues of known state, divided by their number."
        )
        yield same(given, loss), f"the loss per residue: {float(given):.3f}, expected {loss:.3f}", average
        mode = "The model was in evaluation mode: `model.train()` belongs at the beginning, or dropout stays off."
        yield bool(model.modes) and all(model.modes), "the model in training mode", mode

    return observe("6.4", train_one_epoch, observations)
