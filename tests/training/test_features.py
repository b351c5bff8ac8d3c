"""The features of a language model belong to their records, whatever batches they were computed in."""

import numpy as np
import torch

from pssp_tutorial.batches.proteins import encode
from pssp_tutorial.models.language import LanguageModel
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.training.features import language_features


def test_features_are_those_of_each_chain_alone_in_the_callers_order():
    """Batches sort by length; features in another order would teach a tagger with another protein's labels."""
    records = load_chains("mini").val[:8]
    torch.manual_seed(0)
    model = LanguageModel(hidden_size=5, dropout=0.5).train()
    found = language_features(model, records, batch_residues=500)
    assert model.training
    for record, values in zip(records, found, strict=True):
        with torch.no_grad():
            alone = model.features(encode(record)[None], torch.tensor([len(record)]))[0]
        np.testing.assert_allclose(values, alone.numpy(), atol=1e-6)
