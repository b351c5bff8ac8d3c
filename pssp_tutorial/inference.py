"""Predict and score with a trained model (chapters 5 and 7).

Proteins of like length are predicted together, and come back in the order in which they were given. They are
read and predicted a window at a time, so that memory stays bounded for a file of any size.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard

import numpy as np
import torch
from torch import nn

from pssp_tutorial.alphabet import decode_states, normalise_sequence
from pssp_tutorial.batching import Batch, Loader, collate, length_buckets, make_loader
from pssp_tutorial.errors import PSSPError
from pssp_tutorial.metrics import Report
from pssp_tutorial.models import evaluating, resolve_device
from pssp_tutorial.records import ProteinRecord, from_seqrecord, read_fasta

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

Protein: TypeAlias = "str | ProteinRecord | SeqRecord"

FASTA_SUFFIXES = (".fasta", ".fa", ".faa", ".fas")
WINDOW = 32  # batches' worth of residues that are read before the first of them is predicted


class InferenceError(PSSPError):
    """Something that can't be predicted or scored."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """The predicted states of one protein.

    Parameters
    ----------
    id : str
        Name of the protein.
    sequence : str
        The residues, as they were given.
    states : str
        The most probable state of each residue.
    probabilities : float32[length, class]
        Probability of each state, in the order of ``states_of(classes)``; a row sums to 1.
    """

    id: str
    sequence: str
    states: str
    probabilities: np.ndarray = field(repr=False)

    @property
    def confidence(self) -> np.ndarray:
        """Probability of the predicted states, ``float32[length]``."""
        return self.probabilities.max(axis=1)


def predict(
    model: nn.Module,
    proteins: "Protein | Iterable[Protein] | os.PathLike",
    *,
    batch_residues: int = 16_000,
    device: str | torch.device = "auto",
    unusual: Literal["map", "error"] = "map",
) -> Prediction | list[Prediction]:
    """Predict the states of one protein, or of many.

    The model moves to ``device`` and stays there; its mode stays as it was.

    Parameters
    ----------
    proteins : str, ProteinRecord, SeqRecord, iterable of these, or path
        A sequence or record gives one prediction; several, or a FASTA file, give a list in the same order. A file is
        a ``Path``, or a string with a slash or ending in .fasta, .fa, .faa or .fas, with or without .gz.
    batch_residues : int
        Largest number of residues in a batch, padding included; a longer protein goes alone.
    unusual : {"map", "error"}
        What becomes of U, O, B, Z and J: see :func:`~pssp_tutorial.alphabet.normalise_sequence`.

    Raises
    ------
    AlphabetError
        For any other letter, with the record and the position.
    InferenceError
        For a protein without residues, a string that is a path to no file, or a model that gives no numbers.

    >>> from pssp_tutorial import BiLSTM
    >>> prediction = predict(BiLSTM(hidden_size=8), "mktvU")
    >>> prediction.sequence, len(prediction.states), prediction.probabilities.shape
    ('mktvU', 5, (5, 3))
    """
    predictions = list(iter_predict(model, proteins, batch_residues=batch_residues, device=device, unusual=unusual))
    return predictions[0] if _is_single(proteins) else predictions


def iter_predict(
    model: nn.Module,
    proteins: "Protein | Iterable[Protein] | os.PathLike",
    *,
    batch_residues: int = 16_000,
    device: str | torch.device = "auto",
    unusual: Literal["map", "error"] = "map",
) -> Iterator[Prediction]:
    """Predict one protein after another, as :func:`predict`, without holding them all.

    >>> from pssp_tutorial import BiLSTM
    >>> for prediction in iter_predict(BiLSTM(hidden_size=8), ["MKTV", "GA"]):
    ...     print(prediction.id, len(prediction.states))
    sequence_1 4
    sequence_2 2
    """
    model.to(resolve_device(device))
    window, residues = [], 0
    for record in _records(proteins):
        window.append((record, _cleaned(record, unusual)))
        residues += len(record)
        if residues >= WINDOW * batch_residues:
            yield from _predict_window(model, window, batch_residues)
            window, residues = [], 0
    yield from _predict_window(model, window, batch_residues)


def evaluate(
    model: nn.Module,
    proteins: Loader | Iterable[ProteinRecord],
    *,
    device: str | torch.device = "auto",
    batch_residues: int = 16_000,
) -> Report:
    """Score a model on labelled proteins; unknown states count nowhere.

    Parameters
    ----------
    proteins : Loader or iterable of ProteinRecord
        A loader brings its classes, reduction and batches; records are scored with the model's number of classes, the
        default reduction and ``batch_residues``.

    Raises
    ------
    InferenceError
        If the model's number of classes is not the loader's.

    >>> from pssp_tutorial import BiLSTM
    >>> evaluate(BiLSTM(hidden_size=8), [ProteinRecord("one", "MKTV", "CHH?")]).residues
    3
    """
    if isinstance(proteins, Loader):
        loader = proteins
    else:
        loader = make_loader(proteins, batch_residues, classes=model.num_classes)
    model.to(resolve_device(device))
    true: list[Any] = [None] * len(loader.records)
    predicted: list[Any] = [None] * len(loader.records)
    for bucket in loader.buckets(shuffle=False):
        batch = loader.batch(bucket)
        probabilities = _probabilities(model, batch)
        if probabilities[0].shape[1] != loader.classes:
            raise InferenceError(f"the model has {probabilities[0].shape[1]} classes; the loader has {loader.classes}")
        for index, labels, rows in zip(bucket, batch.labels.numpy(), probabilities, strict=True):
            true[index], predicted[index] = labels[: len(rows)], rows.argmax(axis=1)
    return Report.from_labels(true, predicted, loader.classes, [record.id for record in loader.records])


def _predict_window(
    model: nn.Module, window: Sequence[tuple[ProteinRecord, ProteinRecord]], batch_residues: int
) -> list[Prediction]:
    """Predict pairs of a record as given and its cleaned form, in buckets; the order stays."""
    predictions: list[Any] = [None] * len(window)
    for bucket in length_buckets([len(record) for record, _ in window], batch_residues):
        batch = collate([window[index][1] for index in bucket])
        for index, rows in zip(bucket, _probabilities(model, batch), strict=True):
            record, classes = window[index][0], rows.shape[1]
            states = decode_states(rows.argmax(axis=1), classes)
            predictions[index] = Prediction(record.id, record.sequence, states, rows)
    return predictions


def _probabilities(model: nn.Module, batch: Batch) -> list[np.ndarray]:
    """Probabilities of each protein of a batch, without its padding: float32[length, class] each."""
    on_device = batch.to(next(model.parameters()).device)
    with evaluating(model), torch.inference_mode():
        probabilities = model(on_device.inputs, on_device.lengths).float().softmax(dim=-1).cpu().numpy()
    proteins = [rows[:length].copy() for rows, length in zip(probabilities, batch.lengths.tolist(), strict=True)]
    for record_id, rows in zip(batch.ids, proteins, strict=True):
        if not np.isfinite(rows).all():
            raise InferenceError(f"{record_id}: the model gives nan; expected finite logits: are its weights sound?")
    return proteins


def _records(proteins: "Protein | Iterable[Protein] | os.PathLike") -> Iterator[ProteinRecord]:
    """The proteins as records, one at a time."""
    if _is_path(proteins):
        if not Path(proteins).is_file():
            raise InferenceError(f"{proteins}: no such file; expected a FASTA file, or a sequence of letters only")
        yield from read_fasta(Path(proteins))
        return
    if _is_single(proteins):
        proteins = [ProteinRecord("sequence", proteins) if isinstance(proteins, str) else proteins]
    if not isinstance(proteins, Iterable):
        raise InferenceError(
            f"proteins is a {type(proteins).__name__}; expected a sequence, a record, several or a path"
        )
    for number, protein in enumerate(proteins, start=1):
        if isinstance(protein, str):
            yield ProteinRecord(f"sequence_{number}", protein)
        elif isinstance(protein, ProteinRecord):
            yield protein
        elif _is_seqrecord(protein):
            yield from_seqrecord(protein)
        else:
            raise InferenceError(f"protein {number} is a {type(protein).__name__}; expected a str or a record")


def _cleaned(record: ProteinRecord, unusual: Literal["map", "error"]) -> ProteinRecord:
    if not record.sequence:
        raise InferenceError(f"{record.id}: no residues; expected at least one")
    return ProteinRecord(record.id, normalise_sequence(record.sequence, name=record.id, unusual=unusual))


def _is_path(proteins: Any) -> "TypeGuard[str | os.PathLike]":
    """Whether this is a path; a string is one if it has a slash or a FASTA suffix."""
    if not isinstance(proteins, str):
        return isinstance(proteins, os.PathLike)
    return "/" in proteins or "\\" in proteins or proteins.lower().removesuffix(".gz").endswith(FASTA_SUFFIXES)


def _is_single(proteins: Any) -> bool:
    return not _is_path(proteins) and (isinstance(proteins, str | ProteinRecord) or _is_seqrecord(proteins))


def _is_seqrecord(protein: Any) -> bool:
    """Whether this is Biopython's record, without importing Biopython."""
    return hasattr(protein, "seq") and hasattr(protein, "letter_annotations")
