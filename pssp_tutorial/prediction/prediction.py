"""A prediction, and the way into a Biopython record (chapter 5)."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.alphabet import UNKNOWN_STATE, decode_states
from pssp_tutorial.proteins.record import CONFIDENCE_KEY, PREDICTED_KEY, ProteinRecord

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord


class InferenceError(PSSPError):
    """Something that can't be predicted, scored or written."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """The predicted states of one protein.

    ``probabilities``, float32[length, class], has the classes in the order of ``states_of(classes)``, and a row sums to
    1; ``states`` holds the most probable. The sequence is in the letters that were given, and ``source`` is a file's
    name, or what the protein's record says.
    """

    id: str
    sequence: str
    states: str
    probabilities: np.ndarray = field(repr=False)
    source: str = field(default="", repr=False)

    @property
    def confidence(self) -> np.ndarray:
        """Probability of the predicted states, ``float32[length]``."""
        return self.probabilities.max(axis=1)


def predicted(record: ProteinRecord, probabilities: np.ndarray) -> Prediction:
    """The prediction of a record, with the most probable states of probabilities [length, class].

    >>> predicted(ProteinRecord("tiny", "MK"), np.array([[0.1, 0.2, 0.7], [0.6, 0.2, 0.2]])).states
    'CH'
    """
    states = decode_states(probabilities.argmax(axis=1), probabilities.shape[1])
    return Prediction(record.id, record.sequence, states, probabilities, record.source)


def annotate_seqrecord(seqrecord: "SeqRecord", prediction: Prediction) -> None:
    """Write a prediction into a Biopython record, beside a structure that was measured.

    ``letter_annotations`` have one value per letter, so that white space and a stop sign, which are no residues, get
    ``?`` and nan.

    >>> from Bio.Seq import Seq
    >>> from Bio.SeqRecord import SeqRecord
    >>> record = SeqRecord(Seq("MK*"), "tiny")
    >>> annotate_seqrecord(record, Prediction("tiny", "MK", "CH", np.array([[0.1, 0.2, 0.7], [0.6, 0.2, 0.2]])))
    >>> record.letter_annotations
    {'predicted_structure': 'CH?', 'predicted_confidence': [0.7, 0.6, nan]}
    """
    letters = str(seqrecord.seq)
    places = [place for place, letter in enumerate(letters) if not letter.isspace()][: len(prediction.sequence)]
    states, confidence = [UNKNOWN_STATE] * len(letters), [float("nan")] * len(letters)
    for place, state, share in zip(places, prediction.states, prediction.confidence.tolist(), strict=True):
        states[place], confidence[place] = state, share
    seqrecord.letter_annotations[PREDICTED_KEY] = "".join(states)
    seqrecord.letter_annotations[CONFIDENCE_KEY] = confidence
