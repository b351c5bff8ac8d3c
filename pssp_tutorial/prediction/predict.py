"""Predict with a trained model (chapter 5).

Proteins of like length are predicted together, and come back in the order in which they were given. They are
read and predicted a window at a time, so that memory stays bounded for a file of any size.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from pssp_tutorial.batches.buckets import length_buckets
from pssp_tutorial.batches.proteins import batch_of
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.models.contract import evaluation_twin
from pssp_tutorial.models.device import move, resolve_device
from pssp_tutorial.models.storage import load_pretrained
from pssp_tutorial.prediction.inputs import Proteins, Rules, is_seqrecord, is_single, read_proteins
from pssp_tutorial.prediction.onnx_model import BACKENDS, Backend, OnnxModel, onnx_twin
from pssp_tutorial.prediction.prediction import InferenceError, Prediction, annotate_seqrecord, predicted
from pssp_tutorial.prediction.probabilities import probabilities_of
from pssp_tutorial.prediction.workers import for_each
from pssp_tutorial.proteins.alphabet import RESIDUES, states_of
from pssp_tutorial.proteins.cleaning import Unusual
from pssp_tutorial.proteins.record import ProteinRecord

BATCH_RESIDUES = 4_000  # a batch whose values stay in a processor's cache: half as fast again as 16,000
WINDOW = 16  # batches' worth of residues that are read before the first of them is predicted

States = Literal[3, 8]


def predict(
    model: nn.Module | Proteins,
    proteins: Proteins | None = None,
    *,
    states: States = 3,
    batch_residues: int = BATCH_RESIDUES,
    device: str | torch.device = "auto",
    backend: Backend = "torch",
    unusual: Unusual = "map",
    annotate: bool = False,
) -> Prediction | list[Prediction]:
    """Predict the states of one protein, or of many.

    The model moves to ``device`` and stays there; nothing else about it, or about the proteins, changes. On the CPU, as
    many batches are predicted at a time as PyTorch may use threads; the result is the same for any number of them, and
    for any number of calls at once.

    Parameters
    ----------
    model : Module, optional
        A model of 3 or 8 classes. Left out: the one that comes with the package, ``load_pretrained()``.
    proteins : str, Seq, ProteinRecord, SeqRecord, pair (id, sequence), path, handle, or iterable of these
        A sequence, record or tuple of an id and a sequence gives one prediction; several, or FASTA files, give a list
        in the same order. A string is a path if it is one line with a slash, a backslash, or a dot and an ending,
        which no sequence has; else a sequence. A folder means its FASTA files. Whichever way a sequence comes in,
        white space is dropped, and so is a ``*`` or ``.`` at its end; what is read as a protein and looks like DNA,
        say, is a ``SequenceWarning``.
    states : {3, 8}
        Helix, strand and coil, or the states of DSSP. A model of 8 classes gives both: for 3, the probabilities of the
        states that the default reduction joins are summed, and the largest sum decides. That is not always what the
        most probable of the 8 reduces to.
    batch_residues : int
        Largest number of residues in a batch, padding included; a longer protein goes alone.
    backend : {"torch", "onnx"}
        What computes: PyTorch, or ONNX Runtime with 8 bits for the weights of the LSTM, which is about twice as fast on
        a CPU and changes a few states in a thousand. It needs ``pip install onnx onnxruntime``, and knows `BiLSTM`
        and `ConvBiLSTM`. Either way a protein gets the same states alone and among others.
    unusual : {"map", "error"}
        What becomes of U, O, B, Z and J: see :func:`~pssp_tutorial.proteins.alphabet.normalise_sequence`.
    annotate : bool
        Write each prediction into its Biopython ``SeqRecord`` as well: states in
        ``letter_annotations["predicted_structure"]`` and their probabilities in ``["predicted_confidence"]``; a
        measured structure stays beside them.

    Raises AlphabetError for any other letter, with the record and the position; RecordError for a protein without
    residues, or a file that cannot be read as FASTA; InferenceError for something that is no protein, a path to nothing
    or to a file without proteins, a model that gives no numbers or reads more than the sequence, or 8 states asked of a
    model of 3.

    >>> from pssp_tutorial import BiLSTM
    >>> prediction = predict(BiLSTM(hidden_size=8), "mktvU")
    >>> prediction.sequence, len(prediction.states), prediction.probabilities.shape
    ('mktvU', 5, (5, 3))
    """
    model, proteins = _with_model(model, proteins)
    settings: dict[str, Any] = dict(states=states, batch_residues=batch_residues, device=device, backend=backend)
    predictions = list(iter_predict(model, proteins, unusual=unusual, annotate=annotate, **settings))
    return predictions[0] if is_single(proteins) else predictions


def iter_predict(
    model: nn.Module | Proteins,
    proteins: Proteins | None = None,
    *,
    states: States = 3,
    batch_residues: int = BATCH_RESIDUES,
    device: str | torch.device = "auto",
    backend: Backend = "torch",
    unusual: Unusual = "map",
    annotate: bool = False,
    on_error: Callable[[PSSPError], None] | None = None,
) -> Iterator[Prediction]:
    """Yield predictions in order, as :func:`predict` gives them, from an input of any size.

    ``on_error`` is called with the error of a protein that cannot be predicted, which is then left out; without it the
    first such error is raised.

    >>> from pssp_tutorial import BiLSTM
    >>> [len(prediction.states) for prediction in iter_predict(BiLSTM(hidden_size=8), ["MKT", "GA"])]
    [3, 2]
    """
    model, proteins = _with_model(model, proteins)
    given: deque[Any] = deque()
    records = read_proteins(proteins, Rules(unusual, on_error), keep=given.append if annotate else None)
    settings: dict[str, Any] = dict(states=states, batch_residues=batch_residues, device=device, backend=backend)
    for prediction in predict_records(model, records, **settings):
        if annotate and is_seqrecord(protein := given.popleft()):
            annotate_seqrecord(protein, prediction)
        yield prediction


def predict_records(
    model: nn.Module,
    records: Iterable[ProteinRecord],
    *,
    states: States = 3,
    batch_residues: int = BATCH_RESIDUES,
    device: str | torch.device = "auto",
    backend: Backend = "torch",
) -> Iterator[Prediction]:
    """Yield the predictions of records that came in through the door: they are clean.

    >>> from pssp_tutorial import BiLSTM
    >>> [one.id for one in predict_records(BiLSTM(hidden_size=8), [ProteinRecord("tiny", "MKT")])]
    ['tiny']
    """
    states_of(states)
    channels = getattr(model, "input_size", len(RESIDUES))
    if channels != len(RESIDUES):
        raise InferenceError(f"the model reads {channels} channels; expected {len(RESIDUES)}: the sequence alone")
    if backend not in BACKENDS:
        raise InferenceError(f"backend is {backend!r}; expected one of {', '.join(BACKENDS)}")
    if backend == "onnx":
        model = onnx_twin(model)
    if isinstance(model, OnnxModel):
        device = _processor(device)
    move(model, resolve_device(device))
    twin = evaluation_twin(model)
    window: list[ProteinRecord] = []
    residues = 0
    for record in records:
        window.append(record)
        residues += len(record)
        if residues >= WINDOW * batch_residues:
            yield from _predict_window(twin, window, batch_residues, states)
            window, residues = [], 0
    yield from _predict_window(twin, window, batch_residues, states)


def _predict_window(
    model: nn.Module, window: Sequence[ProteinRecord], batch_residues: int, states: int
) -> Iterator[Prediction]:
    """Predict records in buckets of like length; the order stays."""

    def work(bucket: Sequence[int]) -> list[np.ndarray]:
        return probabilities_of(model, batch_of([window[index] for index in bucket]), states)

    buckets = length_buckets([len(record) for record in window], batch_residues)
    probabilities: dict[int, np.ndarray] = {}
    for bucket, proteins in zip(buckets, for_each(model, work, buckets), strict=True):
        probabilities |= zip(bucket, proteins, strict=True)
    for index, record in enumerate(window):
        yield predicted(record, probabilities.pop(index))


def _processor(device: str | torch.device) -> str:
    if str(device) not in ("auto", "cpu"):
        raise InferenceError(f"device is {str(device)!r}; expected 'cpu', where ONNX Runtime computes")
    return "cpu"


@cache
def _release() -> nn.Module:
    return load_pretrained()


def _with_model(model: nn.Module | Proteins, proteins: Proteins | None) -> tuple[nn.Module, Proteins | None]:
    """The model and the proteins of a call that may have named only proteins."""
    if isinstance(model, nn.Module):
        return model, proteins
    if proteins is not None:
        raise InferenceError(f"model is a {type(model).__name__}; expected a torch Module, or the proteins alone")
    return _release(), model
