"""The language model never sees the residue that it predicts, and n-grams are counts."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from pssp_tutorial.batches.residues import ResidueLoader
from pssp_tutorial.models.bilstm import BidirectionalLSTM
from pssp_tutorial.models.contract import ModelError, evaluating
from pssp_tutorial.models.language import LanguageModel, contexts_of
from pssp_tutorial.models.ngrams import NGram
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.training.epoch import validate

CHAINS = load_chains("mini").train


def model(**settings) -> LanguageModel:
    torch.manual_seed(0)
    return LanguageModel(hidden_size=6, embedding_size=5, **settings).eval()


def chain(*codes: int) -> torch.Tensor:
    return one_hot(torch.tensor([codes]), 21).float()


def changed_at(network: nn.Module, place: int, codes=(3, 7, 1, 12, 0, 19)) -> torch.Tensor:
    """Whether the logits moved when one residue changed, bool[length, direction]."""
    other = [*codes]
    other[place] = (codes[place] + 5) % 20
    length = torch.tensor([len(codes)])
    return (network(chain(*codes), length) != network(chain(*other), length)).any(dim=-1)[0]


@pytest.mark.parametrize("place", range(6))
def test_a_residue_moves_what_is_predicted_from_it_and_never_its_own_prediction(place):
    """From the left only what comes later may change, from the right only what comes earlier."""
    changed = changed_at(model(), place)
    assert changed[:, 0].tolist() == [position > place for position in range(6)]
    assert changed[:, 1].tolist() == [position < place for position in range(6)]


class Stacked(LanguageModel):
    """Planted: a second bidirectional layer on the first, as in chapter 5."""

    def __init__(self) -> None:
        super().__init__(hidden_size=6)
        self.second = BidirectionalLSTM(12, 6)

    def features(self, inputs, lengths):
        return self.second(super().features(inputs, lengths), lengths)


def test_the_check_finds_a_second_bidirectional_layer():
    """The usual mistake; a check that can't fail would be worth nothing."""
    torch.manual_seed(0)
    assert changed_at(Stacked().eval(), 3)[3].all()


def test_contexts_are_those_of_pytorchs_own_one_way_layers():
    """An independent truth: each direction run alone, on a chain cut before the residue."""
    network, inputs = model(), chain(3, 7, 1, 12)
    features = network.features(inputs, torch.tensor([4]))
    ahead, back = contexts_of(features, torch.tensor([4]))
    lstm, values = network.layer.lstm, network.embedding(inputs)
    for place in range(1, 3):
        left = lstm(values[:, :place])[0][:, -1, :6]
        right = lstm(values[:, place + 1 :])[0][:, 0, 6:]
        torch.testing.assert_close(ahead[:, place], left)
        torch.testing.assert_close(back[:, place], right)
    assert not ahead[:, 0].any()
    assert not back[:, -1].any()


def test_the_loss_is_the_mean_surprise_of_both_directions():
    """validate scores both directions of every known residue, X left out: perplexity is its exponential."""
    network, records = model(), CHAINS[:5]
    with evaluating(network):
        found = validate(network, ResidueLoader(records, 500))
    losses = []
    for record in records:
        codes = torch.tensor([AMINO_ACIDS.index(letter) for letter in record.sequence])
        logits = network(one_hot(codes, 21).float()[None], torch.tensor([len(codes)]))[0]
        losses += [cross_entropy(logits[:, way], codes, reduction="none") for way in (0, 1)]
    assert found.loss == pytest.approx(torch.cat(losses).mean().item(), rel=1e-5)


def test_settings_outside_are_refused():
    with pytest.raises(ModelError, match="dropout is 1"):
        LanguageModel(dropout=1)
    with pytest.raises(ModelError, match="hidden_size is 0"):
        LanguageModel(0)
    for order, strength in ((5, 1.0), (2, 0.0)):
        with pytest.raises(ModelError, match=f"order is {order}"):
            NGram(["ACD"], order, strength)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_ngrams_against_counts_by_hand(order):
    """A dictionary of words, filled letter by letter, and the smoothing written as a recursion."""
    sequences, strength = ["ACACDA", "CXAAC", "A"], 2.0

    def probability(context: str, residue: str) -> float:
        ends = [
            (text[end - len(context) : end], text[end])
            for text in sequences
            for end in range(len(context), len(text))
            if text[end] != "X"
        ]
        here = [letter for before, letter in ends if before == context]
        shorter = probability(context[1:], residue) if context else 1 / 20
        return (here.count(residue) + strength * shorter) / (len(here) + strength)

    found = NGram(sequences, order, strength).losses("CACX")
    expected = [-np.log(probability("CAC"[max(0, end - order + 1) : end], "CAC"[end])) for end in range(3)]
    np.testing.assert_allclose(found[:3], expected)
    assert np.isnan(found[3])


def test_ngrams_are_probabilities():
    """Over the twenty residues they sum to one in every context, seen or not."""
    tables = NGram([record.sequence for record in CHAINS[:20]], 3, 5.0).tables
    for table in tables:
        np.testing.assert_allclose(table.sum(axis=-1), 1)
