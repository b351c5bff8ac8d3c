"""Score a trained model on labelled proteins (chapter 7)."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from pssp_tutorial.batches.proteins import Loader, make_loader
from pssp_tutorial.evaluation.report import ProteinReport, Report
from pssp_tutorial.models.contract import evaluation_twin
from pssp_tutorial.models.device import move, resolve_device
from pssp_tutorial.prediction.predict import BATCH_RESIDUES
from pssp_tutorial.prediction.probabilities import probabilities_of
from pssp_tutorial.prediction.workers import for_each
from pssp_tutorial.proteins.record import ProteinRecord


def evaluate(
    model: nn.Module,
    proteins: Loader | Iterable[ProteinRecord],
    *,
    device: str | torch.device = "auto",
    batch_residues: int = BATCH_RESIDUES,
) -> ProteinReport:
    """Score a model on labelled proteins; unknown states count nowhere.

    A loader brings its classes, reduction and batches: with 3 classes, the probabilities of a model of 8 are summed by
    its reduction. Records are scored with the model's number of classes, the default reduction and ``batch_residues``.

    Raises InferenceError if the model has fewer classes than the loader.

    >>> from pssp_tutorial import BiLSTM
    >>> evaluate(BiLSTM(hidden_size=8), [ProteinRecord("one", "MKTV", "CHH?")]).residues
    3
    """
    if isinstance(proteins, Loader):
        loader = proteins
    else:
        classes: Any = model.num_classes
        loader = make_loader(proteins, batch_residues, classes=classes)
    move(model, resolve_device(device))
    twin = evaluation_twin(model)

    def score(bucket: Sequence[int]) -> list[tuple[int, np.ndarray, np.ndarray]]:
        batch = loader.batch(bucket)
        rows = probabilities_of(twin, batch, loader.classes, loader.reduction)
        labels = [each[:length] for each, length in zip(batch.labels.numpy(), batch.lengths.tolist(), strict=True)]
        return list(zip(bucket, labels, [each.argmax(axis=1) for each in rows], strict=True))

    buckets = for_each(twin, score, loader.buckets(shuffle=False))
    scored = {index: labels for bucket in buckets for index, *labels in bucket}
    true, predicted = zip(*(scored[index] for index in range(len(loader.records))), strict=True)
    return Report.from_labels(true, predicted, loader.classes, [record.id for record in loader.records])
