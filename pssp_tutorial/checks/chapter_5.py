"""Graders of chapter 5: the model."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from pssp_tutorial.checks.grading import Verdict, grade, observe, present
from pssp_tutorial.models.contract import ModelError
from pssp_tutorial.proteins.alphabet import STATES3


def exercise_5_1(parameters: Callable[[int, int, int], int]) -> Verdict:
    """``parameters(input_size, hidden_size, num_layers)`` of a bidirectional ``nn.LSTM``.

    >>> exercise_5_1(lambda input_size, hidden_size, num_layers: 0).passed
    False
    """

    def count(d: int, h: int, layers: int, directions: int = 2, above: int = 2, biases: int = 2) -> int:
        widths = [d, *[above * h] * (layers - 1)]
        return sum(directions * 4 * h * (width + h + biases) for width in widths)

    sizes = (32, 64, 1), (32, 64, 2), (21, 16, 3)
    cases = {f"{d} channels, {h} hidden, {n} layer{'s' * (n > 1)}": (d, h, n) for d, h, n in sizes}
    mistakes = [
        (
            lambda *a: count(*a, above=1),
            "A layer above reads both directions of the one below: 2 x hidden channels.",
        ),
        (
            lambda *a: count(*a, directions=1),
            "That is one direction. Each layer has two LSTMs.",
        ),
        (
            lambda *a: count(*a, biases=1),
            "PyTorch keeps two biases for each gate.",
        ),
        (
            lambda d, h, n: n * count(d, h, 1),
            "Only the first layer reads the input's channels; you let every layer read them.",
        ),
        (
            lambda *a: count(*a, directions=1, above=1),
            "That is one direction, and the layers above read both directions of the one below.",
        ),
    ]
    hint = (
        "A direction of a layer has 4 H (D + H + 2) parameters, D being what it reads; sum over layers and directions."
    )
    return grade("5.1", parameters, count, cases, mistakes, hint)


def exercise_5_2(both_ways: Callable[..., Tensor]) -> Verdict:
    """``both_ways(ahead, back, inputs, lengths)``: two one-way ``nn.LSTM`` as one that reads both ways.

    ``inputs`` are ``[batch, length, channel]``; the result is ``[batch, length, 2 hidden]``, ``ahead``'s half first. At
    padding it may be anything.

    >>> exercise_5_2(lambda ahead, back, inputs, lengths: ahead(inputs)[0]).passed
    False
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        ahead, back = (nn.LSTM(4, 3, batch_first=True) for _ in range(2))
        batches = {"proteins of 6 and 4 residues": (2, 6, [6, 4]), "of 9, 3 and 7 residues": (3, 9, [9, 3, 7])}
        cases = {
            what: (ahead, back, torch.randn(rows, length, 4), torch.tensor(lengths))
            for what, (rows, length, lengths) in batches.items()
        }

    def real(outputs: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        return tuple(row[:length].detach() for row, length in zip(outputs, lengths.tolist(), strict=True))

    def alone(ahead, back, inputs, lengths):  # protein by protein, so that there is no padding
        rows = [row[:length] for row, length in zip(inputs, lengths.tolist(), strict=True)]
        return tuple(torch.cat([ahead(row)[0], back(row.flip(0))[0].flip(0)], dim=1).detach() for row in rows)

    def own(values: Tensor, lengths: Tensor) -> Tensor:
        rows = zip(values, lengths.tolist(), strict=True)
        return torch.stack([torch.cat([row[:length].flip(0), row[length:]]) for row, length in rows])

    def variant(before: Callable, after: Callable, swap: bool = False) -> Callable:
        def run(ahead, back, inputs, lengths):
            halves = ahead(inputs)[0], after(back(before(inputs, lengths))[0], lengths)
            return real(torch.cat(halves[::-1] if swap else halves, dim=2), lengths)

        return run

    def whole(values: Tensor, lengths: Tensor) -> Tensor:
        return values.flip(1)

    def keep(values: Tensor, lengths: Tensor) -> Tensor:
        return values

    mistakes = [
        (
            variant(whole, whole),
            "You flip whole rows: the LSTM that reads backwards then begins in the padding. Reverse within each "
            "length.",
        ),
        (
            variant(own, whole),
            "The output is flipped as a whole row, so that states land too far to the right. Reverse it within "
            "each length.",
        ),
        (
            variant(own, keep),
            "The backward states still stand in reversed order: put them back, residue by residue.",
        ),
        (
            variant(own, own, swap=True),
            "The two halves are swapped: `ahead` comes first.",
        ),
        (
            variant(keep, keep),
            "The second LSTM reads forwards too: reverse its input.",
        ),
    ]

    def answer(*arguments):
        outputs = both_ways(*arguments)
        return outputs if outputs is None or outputs is ... else real(outputs, arguments[3])

    hint = "Gather the input into each protein's reversed order, run `back`, and gather its output in the same way."
    return grade("5.2", answer if callable(both_ways) else both_ways, alone, cases, mistakes, hint)


def exercise_5_3(read_out: Callable[[Tensor, Tensor], list]) -> Verdict:
    """``read_out(logits, lengths)``: a string of H, E and C for each protein.

    ``logits`` are ``[batch, length, 3]``, padded on the right.

    >>> exercise_5_3(lambda logits, lengths: ["C"] * len(lengths)).passed
    False
    """

    def strings(classes: Tensor, lengths: Tensor, letters: str = STATES3) -> list[str]:
        rows = zip(classes.tolist(), lengths.tolist(), strict=True)
        return ["".join(letters[code] for code in row[:length]) for row, length in rows]

    def padded(logits: Tensor, lengths: Tensor) -> list[str]:
        return strings(logits.argmax(dim=2), torch.full_like(lengths, logits.shape[1]))

    generator = torch.Generator().manual_seed(0)
    cases = {
        "proteins of 8 and 5 residues": (torch.randn(2, 8, 3, generator=generator), torch.tensor([8, 5])),
        "proteins of 3, 12 and 1 residues": (torch.randn(3, 12, 3, generator=generator), torch.tensor([3, 12, 1])),
    }
    mistakes = [
        (
            padded,
            "You give the padding states as well: each string is as long as its protein.",
        ),
        (
            lambda x, n: strings(x.argmax(dim=1) % 3, n),
            "The axes are mixed up: the classes are the last axis, so take `argmax` over that one.",
        ),
        (
            lambda x, n: strings(x.argmax(dim=1), n),  # raises IndexError: a place is no class number
            "A number is too large for an index. The classes are the last axis: is `argmax` taken over that one?",
        ),
        (
            lambda x, n: strings(x.argmax(dim=2), n, "CHE"),
            "The order of the classes is H, E, C, as in `pssp.STATES3`.",
        ),
        (
            lambda x, n: strings(x.argmax(dim=2), n, "CEH"),
            "The order of the classes is H, E, C, not that of the alphabet.",
        ),
        (
            lambda x, n: strings(x.argmin(dim=2), n),
            "You take the smallest logit. The largest one is the most probable state.",
        ),
    ]
    hint = "`logits.argmax(dim=2)` gives class numbers; keep each protein's own length, and join the letters."
    return grade("5.3", read_out, lambda x, n: strings(x.argmax(dim=2), n), cases, mistakes, hint)


def exercise_5_4(ConvolutionFirst: Callable[[], nn.Module]) -> Verdict:
    """``ConvolutionFirst()``: a model with a convolution of 7 residues in front, whose logits no padding changes.

    ``forward(inputs [batch, length, 21], lengths [batch])`` gives logits ``[batch, length, 3]``.

    >>> from pssp_tutorial import BiLSTM
    >>> exercise_5_4(lambda: BiLSTM(hidden_size=8)).hint
    'There is no `nn.Conv1d` with `kernel_size=7` in the model.'
    """

    def observations(answer: Callable) -> Iterator[tuple[bool, str, str]]:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            model = present(answer())
            model.eval()
            convolutions = [part for part in model.modules() if isinstance(part, nn.Conv1d)]
            seven = any(part.kernel_size == (7,) for part in convolutions)
            yield seven, "a convolution over 7 residues", "There is no `nn.Conv1d` with `kernel_size=7` in the model."
            inputs = torch.eye(21)[torch.randint(20, (2, 30))]
            lengths = torch.tensor([30, 20])
            inputs[1, 20:] = 0
            keep = 'A window of 7 shortens the chain by six residues unless the convolution pads: `padding="same"`.'
            try:
                logits = present(model(inputs, lengths))
            except RuntimeError as error:
                axes = (
                    "The axes are swapped: `nn.Conv1d` wants `[batch, channel, length]`. Transpose before it and "
                    "after it."
                )
                yield False, f"a forward pass: it raised {str(error)[:80]}", axes
                return
            except ModelError as error:  # from the book's own layers, which check their input
                yield False, f"a forward pass: {error}", keep
                return
            shape = list(logits.shape)
            yield shape == [2, 30, 3], f"logits of shape {shape}, expected [2, 30, 3]", keep
            sums = torch.allclose(logits.sum(dim=-1), torch.ones(shape[:2]), atol=1e-4)
            yield (
                not sums,
                "logits, not probabilities",
                "The rows sum to 1: leave the softmax to the loss, or it is applied twice.",
            )
            garbage = inputs.clone()
            garbage[1, 20:] = 100 * torch.randn(10, 21)
            effect = (model(garbage, lengths) - logits)[1, :20].abs().max().item()
            mask = "The window of the last three residues reaches into the padding. Set the inputs there to zero first."
            yield effect < 1e-4, f"garbage in the padding moves logits by {effect:.1e}", mask

    return observe("5.4", ConvolutionFirst, observations)
