"""The mean of two models that ``pssp train --mean-of`` writes: recomputed weight by weight."""

import json

import pytest
import torch

import pssp_tutorial as pssp
from pssp_tutorial.cli import train_step
from pssp_tutorial.cli.main import main


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """The mini chains, which are scored in a second."""
    few = pssp.load_chains("mini")
    monkeypatch.setattr(train_step, "load_chains", lambda path=None: few)
    return few


@pytest.fixture
def parts(tmp_path):
    paths = [tmp_path / "first.safetensors", tmp_path / "second.safetensors"]
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        model = pssp.BiLSTM(hidden_size=4, num_layers=1, num_classes=8, embedding_size=4)
        pssp.save_pretrained(model, path, card={"data": "none", "train_chains": 1, "seed": seed})
    return paths


def test_the_mean_has_the_share_that_was_found_and_the_cards_of_its_parts(parts, few, tmp_path, monkeypatch):
    monkeypatch.setattr(train_step, "_best_share", lambda *models: 0.25)
    out = tmp_path / "mean.safetensors"
    assert main(["train", "--mean-of", *map(str, parts), "--out", str(out), "--quiet"]) == 0
    first, second, mean = map(pssp.load_pretrained, (*parts, out))
    for name, weight in mean.state_dict().items():
        expected = 0.75 * first.state_dict()[name] + 0.25 * second.state_dict()[name]
        torch.testing.assert_close(weight, expected, rtol=2e-3, atol=1e-4)  # kept as float16
    assert (mean.card["share_of_the_second"], mean.card["train_chains"]) == (0.25, 1)
    assert [card["seed"] for card in mean.card["mean_of"]] == [0, 1]
    report = pssp.evaluate(mean, pssp.make_loader(few.val, 16_000, classes=3))
    assert mean.card["val_q3"] == pytest.approx(report.q3, abs=1e-3)


def test_the_share_with_the_lowest_validation_loss_is_taken(parts, few, tmp_path, monkeypatch, capsys):
    """Each share is scored anew here, from the weights, and the search's numbers are kept where the recipe says."""
    monkeypatch.setenv("PSSP_RESULTS", str(tmp_path))
    out = tmp_path / "mean.safetensors"
    assert main(["train", "--mean-of", *map(str, parts), "--out", str(out), "--results", "parts"]) == 0
    model, first, second = map(pssp.load_pretrained, (parts[0], *parts))
    eight, losses = pssp.make_loader(few.val, 16_000, classes=8), []
    for tenths in range(11):
        one, other = first.state_dict(), second.state_dict()
        model.load_state_dict({name: one[name] + (other[name] - one[name]) * (tenths / 10) for name in one})
        losses.append(pssp.validate(model, eight).loss)
    values = json.loads((tmp_path / "parts.json").read_text())["values"]
    assert values["loss"] == pytest.approx(losses, abs=1e-4)
    share = min(range(11), key=losses.__getitem__) / 10
    assert values["share"] == pssp.load_pretrained(out).card["share_of_the_second"] == share
    assert capsys.readouterr().err.count(": loss ") == 11


def test_models_of_other_sizes_have_no_mean(parts, tmp_path, capsys):
    pssp.save_pretrained(pssp.BiLSTM(hidden_size=5, num_classes=8), parts[1])
    out = tmp_path / "mean.safetensors"
    assert main(["train", "--mean-of", *map(str, parts), "--out", str(out)]) == 1
    assert "second.safetensors: its sizes are" in capsys.readouterr().err
    assert not out.exists()
