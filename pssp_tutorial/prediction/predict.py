"""Predict and score with a trained model (chapters 5 and 7).

Proteins of like length are predicted together, and come back in the order in which they were given. They are
read and predicted a window at a time, so that memory stays bounded for a file of any size.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from torch import nn

from pssp_tutorial.batches.batch import Batch
from pssp_tutorial.batches.buckets import length_buckets
from pssp_tutorial.batches.proteins import Loader, collate, make_loader
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.evaluation.report import Report
from pssp_tutorial.models.contract import evaluating
from pssp_tutorial.models.device import resolve_device
from pssp_tutorial.models.storage import load_pretrained
from pssp_tutorial.prediction.inputs import InferenceError, Protein, Proteins, is_seqrecord, is_single, read_proteins
from pssp_tutorial.proteins.alphabet import (
    REDUCTIONS,
    RESIDUES,
    STATES3,
    STATES8,
    decode_states,
    normalise_sequence,
    states_of,
)
from pssp_tutorial.proteins.record import CONFIDENCE_KEY, PREDICTED_KEY, ProteinRecord

Item, Result = TypeVar("Item"), TypeVar("Result")

BATCH_RESIDUES = 4_000  # a batch whose values stay in a processor's cache: half as fast again as 16,000
WINDOW = 16  # batches' worth of residues that are read before the first of them is predicted


@dataclass(frozen=True, eq=False)
class Prediction:
    """The predicted states of one protein.

    Parameters
    ----------
    id : str
        Name of the protein.
    sequence : str
        The residues, in the letters that were given.
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
    model: "nn.Module | Proteins",
    proteins: "Proteins | None" = None,
    *,
    states: Literal[3, 8] = 3,
    batch_residues: int = BATCH_RESIDUES,
    device: str | torch.device = "auto",
    unusual: Literal["map", "error"] = "map",
) -> Prediction | list[Prediction]:
    """Predict the states of one protein, or of many.

    The model moves to ``device`` and stays there; its mode stays as it was. On the CPU, as many batches are
    predicted at a time as PyTorch may use threads; the result is the same for any number of them.

    Parameters
    ----------
    model : Module, optional
        A model of 3 or 8 classes. Left out: the one that comes with the package, ``load_pretrained()``.
    proteins : str, ProteinRecord, SeqRecord, iterable of these, or path
        A sequence or record gives one prediction; several, or a FASTA file, give a list in the same order. A file is
        a ``Path``, or a string with a slash or a dot. White space in a sequence, and a ``*`` at its end, are dropped.
        A Biopython ``SeqRecord`` is given its prediction as well, in ``letter_annotations["predicted_structure"]``
        (states) and ``["predicted_confidence"]`` (their probabilities); a measured structure stays beside it.
    states : {3, 8}
        Helix, strand and coil, or the states of DSSP. A model of 8 classes gives both: for 3, the probabilities of the
        states that the default reduction joins are summed, and the largest sum decides. That is not always what the
        most probable of the 8 reduces to.
    batch_residues : int
        Largest number of residues in a batch, padding included; a longer protein goes alone.
    unusual : {"map", "error"}
        What becomes of U, O, B, Z and J: see :func:`~pssp_tutorial.proteins.alphabet.normalise_sequence`.

    Raises
    ------
    AlphabetError
        For any other letter, with the record and the position.
    InferenceError
        For a protein without residues, a path to no file, to a folder or to a file without proteins, a model that
        gives no numbers or reads more than the sequence, or 8 states asked of a model of 3.

    >>> from pssp_tutorial import BiLSTM
    >>> prediction = predict(BiLSTM(hidden_size=8), "mktvU")
    >>> prediction.sequence, len(prediction.states), prediction.probabilities.shape
    ('mktvU', 5, (5, 3))
    """
    model, proteins = _with_model(model, proteins)
    options = dict(states=states, batch_residues=batch_residues, device=device, unusual=unusual)
    predictions = list(iter_predict(model, proteins, **options))
    return predictions[0] if is_single(proteins) else predictions


def iter_predict(
    model: "nn.Module | Proteins",
    proteins: "Proteins | None" = None,
    *,
    states: Literal[3, 8] = 3,
    batch_residues: int = BATCH_RESIDUES,
    device: str | torch.device = "auto",
    unusual: Literal["map", "error"] = "map",
    on_error: Callable[[PSSPError], None] | None = None,
) -> Iterator[Prediction]:
    """Predict one protein after another, as :func:`predict`, without holding them all.

    With ``on_error``, a protein or a record of a FASTA file that cannot be predicted is left out, and the callable
    gets its error.

    >>> from pssp_tutorial import BiLSTM
    >>> for prediction in iter_predict(BiLSTM(hidden_size=8), ["MKTV", "GA"]):
    ...     print(prediction.id, len(prediction.states))
    sequence_1 4
    sequence_2 2
    """
    model, proteins = _with_model(model, proteins)
    model.to(resolve_device(device))
    states_of(states)
    if (channels := getattr(model, "input_size", len(RESIDUES))) != len(RESIDUES):
        raise InferenceError(f"the model reads {channels} channels; expected {len(RESIDUES)}: the sequence alone")
    window, residues = [], 0
    for protein, record in read_proteins(proteins, on_error):
        try:
            window.append((protein, record, _cleaned(record, unusual)))
        except PSSPError as error:
            if on_error is None:
                raise
            on_error(error)
            continue
        residues += len(record)
        if residues >= WINDOW * batch_residues:
            yield from _predict_window(model, window, batch_residues, states)
            window, residues = [], 0
    yield from _predict_window(model, window, batch_residues, states)


def evaluate(
    model: nn.Module,
    proteins: Loader | Iterable[ProteinRecord],
    *,
    device: str | torch.device = "auto",
    batch_residues: int = BATCH_RESIDUES,
) -> Report:
    """Score a model on labelled proteins; unknown states count nowhere.

    Parameters
    ----------
    proteins : Loader or iterable of ProteinRecord
        A loader brings its classes, reduction and batches: with 3 classes, the probabilities of a model of 8 are
        summed by its reduction. Records are scored with the model's number of classes, the default reduction and
        ``batch_residues``.

    Raises
    ------
    InferenceError
        If the model has fewer classes than the loader.

    >>> from pssp_tutorial import BiLSTM
    >>> evaluate(BiLSTM(hidden_size=8), [ProteinRecord("one", "MKTV", "CHH?")]).residues
    3
    """
    if isinstance(proteins, Loader):
        loader = proteins
    else:
        loader = make_loader(proteins, batch_residues, classes=model.num_classes)
    model.to(resolve_device(device))

    def score(bucket: Sequence[int]) -> list[tuple[int, np.ndarray, np.ndarray]]:
        batch = loader.batch(bucket)
        rows = _probabilities(model, batch, loader.classes, loader.reduction)
        labels = [each[:length] for each, length in zip(batch.labels.numpy(), batch.lengths.tolist(), strict=True)]
        return list(zip(bucket, labels, [each.argmax(axis=1) for each in rows], strict=True))

    scored = {
        index: labels for bucket in _each(score, loader.buckets(shuffle=False), model) for index, *labels in bucket
    }
    true, predicted = zip(*(scored[index] for index in range(len(loader.records))), strict=True)
    return Report.from_labels(true, predicted, loader.classes, [record.id for record in loader.records])


@cache
def _release() -> nn.Module:
    return load_pretrained()


def _with_model(model: "nn.Module | Proteins", proteins: "Proteins | None") -> "tuple[nn.Module, Proteins | None]":
    """The model and the proteins of a call that may have named only proteins."""
    if isinstance(model, nn.Module):
        return model, proteins
    if proteins is not None:
        raise InferenceError(f"model is a {type(model).__name__}; expected a torch Module, or the proteins alone")
    return _release(), model


def _predict_window(
    model: nn.Module, window: "Sequence[tuple[Protein, ProteinRecord, ProteinRecord]]", batch_residues: int, states: int
) -> list[Prediction]:
    """Predict proteins as given, as records and as cleaned records, in buckets; the order stays."""

    def work(bucket: Sequence[int]) -> list[np.ndarray]:
        return _probabilities(model, collate([window[index][2] for index in bucket]), states)

    predictions: list[Any] = [None] * len(window)
    buckets = length_buckets([len(record) for _, record, _ in window], batch_residues)
    for bucket, proteins in zip(buckets, _each(work, buckets, model), strict=True):
        for index, rows in zip(bucket, proteins, strict=True):
            protein, record, _ = window[index]
            prediction = Prediction(record.id, record.sequence, decode_states(rows.argmax(axis=1), states), rows)
            if is_seqrecord(protein):
                protein.letter_annotations[PREDICTED_KEY] = prediction.states
                protein.letter_annotations[CONFIDENCE_KEY] = prediction.confidence.tolist()
            predictions[index] = prediction
    return predictions


def _each(work: Callable[[Item], Result], items: Sequence[Item], model: nn.Module) -> list[Result]:
    """What `work` makes of each item; on the CPU on as many threads as PyTorch may use, one for each item.

    That is faster than all threads on one item, whose steps through the chain are short, and every thread computes
    the same bits.
    """
    threads = torch.get_num_threads()
    with evaluating(model):
        if threads == 1 or next(model.parameters()).device.type != "cpu":
            return list(map(work, items))
        try:
            with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                return list(pool.map(work, items))
        finally:
            torch.set_num_threads(threads)  # some of what a thread sets holds for all


def _probabilities(model: nn.Module, batch: Batch, classes: int, reduction: str = "default") -> list[np.ndarray]:
    """Probabilities of each protein of a batch, without its padding: float32[length, class] each."""
    on_device = batch.to(next(model.parameters()).device)
    with torch.inference_mode():
        probabilities = model(on_device.inputs, on_device.lengths).float().softmax(dim=-1).cpu().numpy()
    if (found := probabilities.shape[2]) != classes:
        if (found, classes) != (len(STATES8), len(STATES3)):
            raise InferenceError(f"the model has {found} classes; expected {classes}, the number of states asked for")
        probabilities = probabilities @ _joined(reduction)
    proteins = [rows[:length].copy() for rows, length in zip(probabilities, batch.lengths.tolist(), strict=True)]
    for record_id, rows in zip(batch.ids, proteins, strict=True):
        if not np.isfinite(rows).all():
            raise InferenceError(f"{record_id}: the model gives nan; expected finite logits: are its weights sound?")
    return proteins


@cache
def _joined(reduction: str) -> np.ndarray:
    """1 where a state (row) becomes one of the three (column), else 0: float32[8, 3]."""
    table = REDUCTIONS[reduction]
    return np.array([[table[state] == target for target in STATES3] for state in STATES8], dtype=np.float32)


def _cleaned(record: ProteinRecord, unusual: Literal["map", "error"]) -> ProteinRecord:
    if not record.sequence:
        raise InferenceError(f"{record.id}: no residues; expected at least one")
    return ProteinRecord(record.id, normalise_sequence(record.sequence, name=record.id, unusual=unusual))
