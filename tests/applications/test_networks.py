"""The heads of Part IV: padding changes nothing, and each can say what its chapter claims, or cannot."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import pssp_tutorial as pssp
from pssp_tutorial.applications.networks import Forecaster, SequenceClassifier, with_hidden_head

MODELS: dict[str, Callable[[], nn.Module]] = {
    "forecast": lambda: Forecaster(4, 8),
    "closed loop": lambda: Forecaster(4, 8, seen=3),
    "mean": lambda: SequenceClassifier(4, 3, 8, projection=6),
    "last": lambda: SequenceClassifier(4, 3, 8, pooling="last"),
}


@pytest.mark.parametrize("name", MODELS)
def test_padding_changes_no_answer(name: str) -> None:
    """The contract of every model: alone, in a batch, or behind padding of any values, the answer is the same."""
    torch.manual_seed(0)
    model = MODELS[name]().eval()
    short, long = torch.randn(1, 5, 4), torch.randn(1, 9, 4)
    padded = torch.cat([torch.cat([short, torch.full((1, 4, 4), 7.0)], dim=1), long])
    lengths = torch.tensor([5, 9])
    together = model(padded, lengths)
    once = together.dim() == 2 and name in ("mean", "last")
    for number, sequence in enumerate((short, long)):
        alone = model(sequence, lengths[number : number + 1])[0]
        found = together[number] if once else together[number, : lengths[number]]
        torch.testing.assert_close(found, alone, atol=1e-6, rtol=1e-5)


def interaction(model: nn.Module) -> Tensor:
    """What a pair of sides says beyond what the two say alone, at the middle of a window."""
    torch.manual_seed(1)
    left, right, middle = torch.randn(2, 4, 4), torch.randn(2, 4, 4), torch.randn(1, 4)
    windows = [torch.cat([left[i], middle, right[j]]) for i in range(2) for j in range(2)]
    logits = model(torch.stack(windows), torch.full((4,), 9))[:, 4]
    return logits[0] - logits[1] - logits[2] + logits[3]


def tagger(num_layers: int) -> pssp.BiLSTM:
    torch.manual_seed(0)
    return pssp.BiLSTM(16, num_layers, 2, input_size=4, embedding_size=None, dropout=0.0).eval()


def test_one_layer_and_a_linear_head_only_add_what_the_two_sides_say() -> None:
    """Why it cannot say "left and right": its logit is a function of the left plus one of the right."""
    assert interaction(tagger(1)).abs().max() < 1e-6


@pytest.mark.parametrize("model", [tagger(2), with_hidden_head(tagger(1))], ids=["two layers", "hidden head"])
def test_two_layers_or_a_hidden_head_say_more_than_the_sum(model: nn.Module) -> None:
    """Either way out that the chapter offers must be one."""
    assert interaction(model).abs().max() > 1e-4


def test_a_closed_loop_is_the_open_one_fed_with_its_own_answers() -> None:
    """Step by step, with the series cut off and continued by hand."""
    torch.manual_seed(0)
    loop = Forecaster(2, 8, seen=4).eval()
    series = torch.randn(3, 10, 2)
    found = loop(series, torch.full((3,), 10))
    loop.seen = None
    known = series[:, :4]
    for step in range(6):
        following = loop(known, torch.full((3,), 4 + step))[:, -1:]
        torch.testing.assert_close(found[:, 3 + step : 4 + step], following, atol=1e-6, rtol=1e-5)
        known = torch.cat([known, following], dim=1)


def test_a_closed_loop_does_not_read_what_it_is_to_predict() -> None:
    """A look at the future would be rewarded."""
    torch.manual_seed(0)
    loop = Forecaster(1, 8, seen=4).eval()
    series = torch.randn(1, 10, 1)
    other = torch.cat([series[:, :4], torch.randn(1, 6, 1)], dim=1)
    torch.testing.assert_close(loop(series, torch.tensor([10])), loop(other, torch.tensor([10])))


def test_wrong_settings_and_shapes_are_named() -> None:
    """As the other models do."""
    with pytest.raises(pssp.PSSPError, match="pooling is 'max'; expected 'mean' or 'last'"):
        SequenceClassifier(4, 3, pooling="max")  # type: ignore[arg-type]
    with pytest.raises(pssp.PSSPError, match="seen is 0; expected a whole number, 1 or more"):
        Forecaster(3, seen=0)
    with pytest.raises(pssp.PSSPError, match="with 3 channels"):
        Forecaster(3)(torch.zeros(1, 5, 2), torch.tensor([5]))
