"""What a pretrained model has read, as input for a smaller one (chapter 12)."""

from collections.abc import Sequence

import numpy as np
import torch

from pssp_tutorial.batches.residues import ResidueLoader
from pssp_tutorial.models.contract import evaluation_twin
from pssp_tutorial.models.language import LanguageModel
from pssp_tutorial.proteins.record import ProteinRecord


@torch.inference_mode()
def language_features(
    model: LanguageModel, records: Sequence[ProteinRecord], *, batch_residues: int = 8_000
) -> list[np.ndarray]:
    """The features of each record, float32[length, 2 hidden], in the order of the records.

    Parameters: `batch_residues` the largest number of residues in a batch. The model stays as it is.

    >>> [values] = language_features(LanguageModel(hidden_size=8), [ProteinRecord("one", "MKTV")])
    >>> values.shape
    (4, 16)
    """
    loader, twin = ResidueLoader(tuple(records), batch_residues), evaluation_twin(model)
    device = next(model.parameters()).device
    found: dict[int, np.ndarray] = {}
    for bucket in loader.buckets():
        batch = loader.batch(bucket)
        values = twin.features(batch.inputs.to(device), batch.lengths).float().cpu().numpy()
        found |= {index: values[row, : len(records[index])] for row, index in enumerate(bucket)}
    return [found[index] for index in range(len(records))]
