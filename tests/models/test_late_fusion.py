"""Late fusion: two networks that meet in one classifier."""

import torch

from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.fusion import LateFusion


def test_each_network_reads_its_own_channels_only() -> None:
    """If a network saw the other's channels, late fusion would be early fusion."""
    torch.manual_seed(0)
    model, lengths = LateFusion((21, 20), hidden_size=6).eval(), torch.tensor([9])
    inputs = torch.rand(1, 9, 41)
    changed = inputs.clone()
    changed[..., 21:] = torch.rand(1, 9, 20)
    first, second = model.readers
    features = [first.features(inputs[..., :21], lengths), second.features(inputs[..., 21:], lengths)]
    torch.testing.assert_close(model(inputs, lengths), model.classifier(torch.cat(features, dim=-1)))
    weight = model.classifier.weight
    moved = second.features(changed[..., 21:], lengths) - features[1]
    torch.testing.assert_close(model(changed, lengths) - model(inputs, lengths), moved @ weight[:, 12:].T)


def test_it_is_as_large_as_the_early_one_that_it_is_compared_with() -> None:
    """A comparison of 44 units twice with 64 units once is fair if the numbers to learn are about as many."""
    sizes = [sum(p.numel() for p in model.parameters()) for model in (LateFusion(), BiLSTM(64, input_size=41))]
    assert abs(sizes[0] / sizes[1] - 1) < 0.02
