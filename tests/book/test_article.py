"""What the errata say of the source article's class is what its class does."""

from pathlib import Path

import nbformat
import pytest
import torch
from torch import nn

import pssp_tutorial as pssp

# Section 4.2 of the article, as printed, below its one import.
PRINTED = """
import torch.nn as nn

class ProteinSecondaryStructurePrediction(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, num_classes):
        super(ProteinSecondaryStructurePrediction, self).__init__()
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.lstm = nn.LSTM(input_size, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, num_classes)

    def forward(self, x):
        h0 = torch.zeros(self.num_layers, x.size(0), self.hidden_size).to(x.device)
        c0 = torch.zeros(self.num_layers, x.size(0), self.hidden_size).to(x.device)
        out, _ = self.lstm(x, (h0, c0))
        out = self.fc(out)
        return out
"""


def printed(before: str = "") -> nn.Module:
    names: dict = {}
    exec(before + PRINTED, names)
    torch.manual_seed(0)
    return names["ProteinSecondaryStructurePrediction"](21, 8, 2, 3)


def test_chapter_5_quotes_the_class_as_printed() -> None:
    """A quotation that drifts from its source is no quotation."""
    chapter = nbformat.read(Path(__file__).parents[2] / "book" / "05_model.ipynb", as_version=4)
    assert any(f"```python{PRINTED}```" in cell.source for cell in chapter.cells)


def test_the_printed_class_lacks_an_import() -> None:
    """It can be built, and stops at its first call."""
    with pytest.raises(NameError, match="torch"):
        printed()(torch.zeros(1, 5, 21))


def test_the_printed_class_labels_every_residue() -> None:
    """Its prose takes h_T alone; its code gives logits for every residue, and not probabilities."""
    batch = pssp.collate(pssp.load_chains("mini").val[:4])
    logits = printed("import torch\n")(batch.inputs)
    assert logits.shape == (*batch.labels.shape, 3)
    assert not torch.allclose(logits.sum(dim=-1), torch.ones(()))


def test_the_packages_class_computes_what_the_printed_one_does() -> None:
    """With the same weights, at every real residue, to the last bit."""
    batch = pssp.collate(pssp.load_chains("mini").val[:4])
    article, ours = printed("import torch\n"), pssp.ProteinSecondaryStructurePrediction(21, 8, 2, 3)
    weights = {name.replace("fc.", "classifier."): tensor for name, tensor in article.state_dict().items()}
    ours.load_state_dict(weights)
    assert torch.equal(article(batch.inputs), ours(batch.inputs, batch.lengths))
