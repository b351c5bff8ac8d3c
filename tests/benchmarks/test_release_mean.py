"""The mean of two networks that benchmarks/release/mean.py writes: recomputed weight by weight."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import pssp_tutorial as pssp

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "release" / "mean.py"


@pytest.fixture
def parts(tmp_path):
    paths = [tmp_path / "first.safetensors", tmp_path / "second.safetensors"]
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        model = pssp.BiLSTM(hidden_size=4, num_layers=1, num_classes=8, embedding_size=4)
        pssp.save_pretrained(model, path, card={"data": "none", "train_chains": 1, "seed": seed})
    return paths


def test_the_mean_has_the_share_asked_for_and_the_cards_of_its_parts(parts, tmp_path):
    out = tmp_path / "mean.safetensors"
    subprocess.run([sys.executable, SCRIPT, *parts, "--out", out, "--share", "0.25"], check=True, timeout=300)
    first, second, mean = map(pssp.load_pretrained, (*parts, out))
    for name, weight in mean.state_dict().items():
        expected = 0.75 * first.state_dict()[name] + 0.25 * second.state_dict()[name]
        torch.testing.assert_close(weight, expected, rtol=2e-3, atol=1e-4)  # kept as float16
    assert (mean.card["share_of_the_second"], mean.card["train_chains"]) == (0.25, 1)
    assert [card["seed"] for card in mean.card["mean_of"]] == [0, 1]
    report = pssp.evaluate(mean, pssp.make_loader(pssp.load_chains().val, 16_000, classes=3))
    assert mean.card["val_q3"] == pytest.approx(report.q3, abs=1e-3)
