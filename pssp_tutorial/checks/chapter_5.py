"""Graders of chapter 5: the model."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from pssp_tutorial.checks.grading import Cases, Observations, by_cases, by_observation, present
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import ModelError
from pssp_tutorial.proteins.alphabet import STATES3


def count(
    input_size: int, hidden_size: int, num_layers: int, *, directions: int = 2, above: int = 2, biases: int = 2
) -> int:
    widths = [input_size, *[above * hidden_size] * (num_layers - 1)]
    return sum(directions * 4 * hidden_size * (width + hidden_size + biases) for width in widths)


@by_cases(
    "5.1",
    cases={
        "32 channels, 64 hidden, 1 layer": (32, 64, 1),
        "32 channels, 64 hidden, 2 layers": (32, 64, 2),
        "21 channels, 16 hidden, 3 layers": (21, 16, 3),
    },
    mistakes={
        "A layer above reads both directions of the one below: 2 x hidden channels.": partial(count, above=1),
        "That is one direction. Each layer has two LSTMs.": partial(count, directions=1),
        "PyTorch keeps two biases for each gate.": partial(count, biases=1),
        "Only the first layer reads the input's channels; you let every layer read them.": (
            lambda input_size, hidden_size, num_layers: num_layers * count(input_size, hidden_size, 1)
        ),
        "That is one direction, and the layers above read both directions of the one below.": (
            partial(count, directions=1, above=1)
        ),
    },
    hint="A direction of a layer has 4 H (D + H + 2) parameters, D being what it reads; sum over layers and "
    "directions.",
)
def exercise_5_1(input_size: int, hidden_size: int, num_layers: int) -> int:
    """``parameters(input_size, hidden_size, num_layers)`` of a bidirectional ``nn.LSTM``."""
    return count(input_size, hidden_size, num_layers)


def two_lstms() -> Cases:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        ahead, back = (nn.LSTM(4, 3, batch_first=True) for _ in range(2))
        return {
            "proteins of 6 and 4 residues": (ahead, back, torch.randn(2, 6, 4), torch.tensor([6, 4])),
            "of 9, 3 and 7 residues": (ahead, back, torch.randn(3, 9, 4), torch.tensor([9, 3, 7])),
        }


def real_residues(answer: Callable, *arguments: Any) -> tuple[Tensor, ...]:
    """What an answer gives for each protein, without the padding."""
    outputs, lengths = present(answer(*arguments)), arguments[3]
    return tuple(row[:length].detach() for row, length in zip(outputs, lengths.tolist(), strict=True))


def as_it_is(values: Tensor, lengths: Tensor) -> Tensor:
    return values


def whole_rows(values: Tensor, lengths: Tensor) -> Tensor:
    return values.flip(1)


def within_lengths(values: Tensor, lengths: Tensor) -> Tensor:
    rows = zip(values, lengths.tolist(), strict=True)
    return torch.stack([torch.cat([row[:length].flip(0), row[length:]]) for row, length in rows])


def reversed_by(before: Callable, after: Callable) -> Callable[..., Tensor]:
    """Both ways, with the input and the output of the second LSTM reversed in these ways."""

    def both_ways(ahead: nn.LSTM, back: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
        return torch.cat([ahead(inputs)[0], after(back(before(inputs, lengths))[0], lengths)], dim=2)

    return both_ways


@by_cases(
    "5.2",
    cases=two_lstms,
    run=real_residues,
    mistakes={
        "You flip whole rows: the LSTM that reads backwards then begins in the padding. Reverse within each length.": (
            reversed_by(whole_rows, whole_rows)
        ),
        "The output is flipped as a whole row, so that states land too far to the right. Reverse it within "
        "each length.": reversed_by(within_lengths, whole_rows),
        "The backward states still stand in reversed order: put them back, residue by residue.": (
            reversed_by(within_lengths, as_it_is)
        ),
        "The two halves are swapped: `ahead` comes first.": (
            lambda *arguments: reversed_by(within_lengths, within_lengths)(*arguments).roll(3, dims=2)
        ),
        "The second LSTM reads forwards too: reverse its input.": reversed_by(as_it_is, as_it_is),
    },
    hint="Gather the input into each protein's reversed order, run `back`, and gather its output in the same way.",
)
def exercise_5_2(ahead: nn.LSTM, back: nn.LSTM, inputs: Tensor, lengths: Tensor) -> Tensor:
    """``both_ways(ahead, back, inputs, lengths)``: two one-way ``nn.LSTM`` as one that reads both ways.

    ``inputs`` are ``[batch, length, channel]``; the result is ``[batch, length, 2 hidden]``, ``ahead``'s half first. At
    padding it may be anything.
    """
    rows = [row[:length] for row, length in zip(inputs, lengths.tolist(), strict=True)]  # alone: there is no padding
    both = [torch.cat([ahead(row)[0], back(row.flip(0))[0].flip(0)], dim=1) for row in rows]
    return pad_sequence(both, batch_first=True)


def strings(classes: Tensor, lengths: Tensor, letters: str = STATES3) -> list[str]:
    rows = zip(classes.tolist(), lengths.tolist(), strict=True)
    return ["".join(letters[code] for code in row[:length]) for row, length in rows]


def some_logits() -> Cases:
    generator = torch.Generator().manual_seed(0)
    return {
        "proteins of 8 and 5 residues": (torch.randn(2, 8, 3, generator=generator), torch.tensor([8, 5])),
        "proteins of 3, 12 and 1 residues": (torch.randn(3, 12, 3, generator=generator), torch.tensor([3, 12, 1])),
    }


@by_cases(
    "5.3",
    cases=some_logits,
    mistakes={
        "You give the padding states as well: each string is as long as its protein.": (
            lambda logits, lengths: strings(logits.argmax(dim=2), torch.full_like(lengths, logits.shape[1]))
        ),
        "The axes are mixed up: the classes are the last axis, so take `argmax` over that one.": (
            lambda logits, lengths: strings(logits.argmax(dim=1) % 3, lengths)
        ),
        "A number is too large for an index. The classes are the last axis: is `argmax` "
        "taken over that one?": lambda logits, lengths: strings(logits.argmax(dim=1), lengths),  # raises IndexError
        "The order of the classes is H, E, C, as in `pssp.STATES3`.": (
            lambda logits, lengths: strings(logits.argmax(dim=2), lengths, "CHE")
        ),
        "The order of the classes is H, E, C, not that of the alphabet.": (
            lambda logits, lengths: strings(logits.argmax(dim=2), lengths, "CEH")
        ),
        "You take the smallest logit. The largest one is the most probable state.": (
            lambda logits, lengths: strings(logits.argmin(dim=2), lengths)
        ),
    },
    hint="`logits.argmax(dim=2)` gives class numbers; keep each protein's own length, and join the letters.",
)
def exercise_5_3(logits: Tensor, lengths: Tensor) -> list[str]:
    """``read_out(logits, lengths)``: a string of H, E and C for each protein.

    ``logits`` are ``[batch, length, 3]``, padded on the right.
    """
    return strings(logits.argmax(dim=2), lengths)


class Convolved(nn.Module):
    """A convolution before an LSTM, with what can go wrong there."""

    def __init__(self, *, width: int = 7, padding: str = "same", wrong: str = "") -> None:
        super().__init__()
        self.convolution = nn.Conv1d(21, 16, width, padding=padding)
        self.labeller = BiLSTM(hidden_size=4, input_size=16)
        self.wrong = wrong

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        if self.wrong != "padding is read":
            real = torch.arange(inputs.shape[1]) < lengths[:, None]
            inputs = inputs * real[..., None]
        if self.wrong != "axes are swapped":
            inputs = inputs.transpose(1, 2)
        logits = self.labeller(self.convolution(inputs).transpose(1, 2), lengths)
        return logits.softmax(dim=2) if self.wrong == "probabilities" else logits


NO_CONVOLUTION = "There is no `nn.Conv1d` with `kernel_size=7` in the model."
SHORTENED = 'A window of 7 shortens the chain by six residues unless the convolution pads: `padding="same"`.'
AXES = "The axes are swapped: `nn.Conv1d` wants `[batch, channel, length]`. Transpose before it and after it."
PROBABILITIES = "The rows sum to 1: leave the softmax to the loss, or it is applied twice."
PADDING_READ = "The window of the last three residues reaches into the padding. Set the inputs there to zero first."


@by_observation(
    "5.4",
    mistakes={
        NO_CONVOLUTION: partial(Convolved, width=5),
        SHORTENED: partial(Convolved, padding="valid"),
        AXES: partial(Convolved, wrong="axes are swapped"),
        PROBABILITIES: partial(Convolved, wrong="probabilities"),
        PADDING_READ: partial(Convolved, wrong="padding is read"),
    },
)
def exercise_5_4(ConvolutionFirst: Callable[[], nn.Module]) -> Observations:
    """``ConvolutionFirst()``: a model with a convolution of 7 residues in front, whose logits no padding changes.

    ``forward(inputs [batch, length, 21], lengths [batch])`` gives logits ``[batch, length, 3]``.

    >>> exercise_5_4(lambda: BiLSTM(hidden_size=8)).hint
    'There is no `nn.Conv1d` with `kernel_size=7` in the model.'
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        model = present(ConvolutionFirst()).eval()
        convolutions = [part for part in model.modules() if isinstance(part, nn.Conv1d)]
        seven = any(part.kernel_size == (7,) for part in convolutions)
        yield seven, "a convolution over 7 residues", NO_CONVOLUTION
        inputs, lengths = torch.eye(21)[torch.randint(20, (2, 30))], torch.tensor([30, 20])
        inputs[1, 20:] = 0
        try:
            logits = present(model(inputs, lengths))
        except ModelError as error:  # from the book's own layers, which check their input
            yield False, f"a forward pass: {error}", SHORTENED
            return
        except RuntimeError as error:
            yield False, f"a forward pass: it raised {str(error)[:80]}", AXES
            return
        shape = list(logits.shape)
        yield shape == [2, 30, 3], f"logits of shape {shape}, expected [2, 30, 3]", SHORTENED
        sums = torch.allclose(logits.sum(dim=-1), torch.ones(shape[:2]), atol=1e-4)
        yield not sums, "logits, not probabilities", PROBABILITIES
        inputs[1, 20:] = 100 * torch.randn(10, 21)
        effect = (model(inputs, lengths) - logits)[1, :20].abs().max().item()
        yield effect < 1e-4, f"garbage in the padding moves logits by {effect:.1e}", PADDING_READ
