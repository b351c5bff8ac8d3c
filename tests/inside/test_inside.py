"""What the room "inside" says about a model, compared with the same found by another way."""

import copy
import sys

import numpy as np
import pytest
import torch
from torch import nn

import pssp_tutorial as pssp
from pssp_tutorial.models.lstm import lstm_step

SEQUENCE = "MKTVRQERLKSIVRILERSK"


@pytest.fixture(params=[3, 8])
def model(request: pytest.FixtureRequest) -> pssp.BiLSTM:
    torch.manual_seed(0)
    model = pssp.BiLSTM(hidden_size=8, num_classes=request.param)
    with torch.no_grad():
        model.classifier.weight *= 20  # an untrained network says next to nothing
    return model


def odds_from_predictions(model: nn.Module, sequence: str) -> np.ndarray:
    shares = pssp.predict(model, sequence, states=3, device="cpu").probabilities.astype(float)
    return np.log(shares / (1 - shares))


def test_mutants_are_what_predict_says_of_them(model: pssp.BiLSTM) -> None:
    """Else the map would explain another quantity than the one that users see."""
    changes = pssp.mutagenesis(model, SEQUENCE)
    felt = pssp.substitutions(model, SEQUENCE, 7)
    original = odds_from_predictions(model, SEQUENCE)
    for number, letter in enumerate(pssp.AMINO_ACIDS):
        mutant = SEQUENCE[:7] + letter + SEQUENCE[8:]
        expected = odds_from_predictions(model, mutant) - original
        np.testing.assert_allclose(felt[number], expected, atol=1e-3)
        np.testing.assert_allclose(changes[7, number], expected[7], atol=1e-3)
    own = [pssp.AMINO_ACIDS.index(letter) for letter in SEQUENCE]
    assert np.abs(changes[range(len(SEQUENCE)), own]).max() < 1e-5
    np.testing.assert_array_equal(pssp.mutagenesis(model, SEQUENCE, positions=[7, 2]), changes[[7, 2]])
    assert pssp.mutagenesis(model, SEQUENCE, positions=[]).shape == (0, 20, 3)


def test_the_model_stays_as_it_was(model: pssp.BiLSTM) -> None:
    """Looking must not switch dropout off for whoever trains the model next, nor leave gradients behind."""
    pssp.mutagenesis(model, SEQUENCE, positions=[0])
    pssp.attributions(model, SEQUENCE, 0, "E", steps=2)
    assert model.training
    assert all(weights.grad is None for weights in model.parameters())


@pytest.mark.parametrize("position", [-1, len(SEQUENCE)])
def test_positions_outside(model: pssp.BiLSTM, position: int) -> None:
    """A negative position would silently count from the end."""
    for ask in (lambda: pssp.substitutions(model, SEQUENCE, position),
                lambda: pssp.attributions(model, SEQUENCE, position, "H")):  # fmt: skip
        with pytest.raises(pssp.InsideError, match="expected 0 to 19"):
            ask()


def test_attributions_are_the_integral(model: pssp.BiLSTM) -> None:
    """Captum's rule has other points; a plain mean over many must find the same."""
    found = pssp.attributions(model, SEQUENCE, 5, "E", steps=50)
    twin, end = pssp.evaluation_twin(model), pssp.encode(SEQUENCE)
    start = torch.zeros_like(end)
    start[:, :20] = 1 / 20
    points = torch.stack([start + (step + 0.5) / 200 * (end - start) for step in range(200)]).requires_grad_()
    said = pssp.log_odds(twin(points, torch.full((200,), len(SEQUENCE))))[:, 5, 1]
    (gradients,) = torch.autograd.grad(said.sum(), points)
    np.testing.assert_allclose(found.values, ((end - start) * gradients.mean(dim=0)).numpy(), atol=1e-4)
    assert abs(found.gap) < 1e-4
    np.testing.assert_allclose(found.residues.sum(), found.difference, atol=1e-4)


def test_attributions_without_captum(model: pssp.BiLSTM, monkeypatch: pytest.MonkeyPatch) -> None:
    """Captum comes with the extra of the book only; a reader must be told what to install."""
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(pssp.InsideError, match="pip install captum"):
        pssp.attributions(model, SEQUENCE, 5, "H")
    with pytest.raises(pssp.InsideError, match="expected one of H, E, C"):
        pssp.attributions(model, SEQUENCE, 5, "G")


@pytest.mark.parametrize("unit", [2, 11])  # one that reads forwards, one that reads backwards
def test_silenced_units_say_the_same_everywhere(model: pssp.BiLSTM, unit: int) -> None:
    """The equations of chapter 2, step by step, with the unit overwritten: the weights must say the same."""
    value = 0.3
    still = pssp.silenced(model, [unit], torch.tensor([value])).eval()
    twin, letters = pssp.evaluation_twin(model), pssp.encode(SEQUENCE)[None]
    lengths = torch.tensor([len(SEQUENCE)])
    with torch.no_grad():
        inputs = twin.layers[0](twin.embed(letters, lengths), lengths)[0]
        halves = []
        for way, order in (("", range(len(inputs))), ("_reverse", range(len(inputs) - 1, -1, -1))):
            lstm = twin.layers[1].lstm
            names = (f"weight_ih_l0{way}", f"weight_hh_l0{way}", f"bias_ih_l0{way}", f"bias_hh_l0{way}")
            weights = [getattr(lstm, name) for name in names]
            own = unit - 8 * bool(way)
            h, c, outputs = torch.zeros(1, 8), torch.zeros(1, 8), [torch.zeros(1, 8)] * len(inputs)
            for place in order:
                if 0 <= own < 8:
                    h = h.clone()
                    h[:, own] = value
                step = lstm_step(inputs[place][None], h, c, *weights)
                h, c = step.h, step.c
                outputs[place] = h
            halves.append(torch.cat(outputs))
        features = torch.cat(halves, dim=1)
        features[:, unit] = value
        torch.testing.assert_close(still(letters, lengths)[0], twin.classifier(features), atol=1e-5, rtol=0)


def test_silencing_refuses_what_is_not_there(model: pssp.BiLSTM) -> None:
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(pssp.InsideError, match="expected 0 to 15"):
        pssp.silenced(model, [16], torch.zeros(1))
    with pytest.raises(pssp.InsideError, match="2 values for 1 units"):
        pssp.silenced(model, [1], torch.zeros(2))
    pssp.silenced(model, [1], torch.ones(1))
    assert all(torch.equal(before[name], weights) for name, weights in model.state_dict().items())


def test_the_probe_is_logistic_regression() -> None:
    """scikit-learn's, with the same penalty, gives the same probabilities."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(300, 5, generator=generator) * torch.tensor([1.0, 3.0, 0.2, 10.0, 1.0]) + 2
    noisy = features[:, 0] + torch.randn(300, generator=generator)
    classes = torch.bucketize(noisy, torch.tensor([1.5, 2.5]))
    probe = pssp.linear_probe(features, classes, penalty=1e-2, steps=500)
    standard = ((features - features.mean(dim=0)) / features.std(dim=0)).numpy()
    theirs = linear_model.LogisticRegression(C=1 / (2 * 1e-2 * 300), tol=1e-8, max_iter=1_000)
    shares = theirs.fit(standard, classes.numpy()).predict_proba(standard)
    np.testing.assert_allclose(probe(features).softmax(dim=1).numpy(), shares, atol=2e-3)
    with pytest.raises(pssp.InsideError, match="299"):
        pssp.linear_probe(features, classes[1:])


def test_control_labels_depend_on_the_word_alone() -> None:
    """A label that knew its neighbours, or its chain, could be learned from the features."""
    sequences = [record.sequence for record in pssp.load_chains("mini").val]
    labels, others = (pssp.control_labels(sequences, seed=seed) for seed in (0, 1))
    seen: dict[str, int] = {}
    for sequence, row in zip(sequences, labels, strict=True):
        assert len(row) == len(sequence)
        for place in range(1, len(sequence) - 1):
            word = sequence[place - 1 : place + 2]
            assert seen.setdefault(word, row[place]) == row[place]
    assert 0.45 < np.concatenate(labels).mean() < 0.55
    assert 0.4 < (np.concatenate(labels) == np.concatenate(others)).mean() < 0.6


def test_propensities_are_those_of_the_sources() -> None:
    """Typed tables: alanine is the zero of one, glycine of the other; extremes and sums are the published ones."""
    helix, strand = pssp.HELIX_PROPENSITIES, pssp.STRAND_PROPENSITIES
    assert set(helix) == set(pssp.AMINO_ACIDS) - {"P"}
    assert set(strand) == set(pssp.AMINO_ACIDS)
    assert (min(helix, key=helix.__getitem__), max(helix, key=helix.__getitem__)) == ("A", "G")
    assert (min(strand, key=strand.__getitem__), max(strand, key=strand.__getitem__)) == ("I", "G")
    assert round(sum(helix.values()), 2) == 9.08
    assert round(sum(strand.values()), 2) == -8.39
