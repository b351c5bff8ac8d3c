"""Vectors that a pretrained model gives each residue, such as ESM-2 or ProtT5, and batches of them (chapter 12).

Running one of these models takes the package transformers (``pip install transformers sentencepiece``) and its
weights, fetched once from the Hugging Face Hub.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch

from pssp_tutorial.batches.batch import BatchingError
from pssp_tutorial.batches.proteins import collate
from pssp_tutorial.batches.sequences import SequenceLoader
from pssp_tutorial.proteins.cleaning import clean_record
from pssp_tutorial.proteins.record import ProteinRecord

ESM2_SMALL = "facebook/esm2_t6_8M_UR50D"
LONGEST = 1_022  # residues that ESM-2 was trained on at a time
SPACED = ("prot_t5", "prot_bert")  # whose tokenizers want the residues with spaces between them


def feature_loader(
    records: Sequence[ProteinRecord], features: Sequence[np.ndarray], *, batch_residues: int = 8_000, seed: int = 0
) -> SequenceLoader:
    """Batches of one-hot residues with features beside them, labelled with the three states.

    Parameters: `features` of each record, float[length, channel], as :func:`embed` or
    :func:`~pssp_tutorial.language_features` gives them; the others as of :func:`~pssp_tutorial.make_loader`.
    Raises BatchingError for features that don't belong to the records.

    >>> loader = feature_loader([ProteinRecord("one", "MKTV", "CHHC")], [np.zeros((4, 16))])
    >>> next(iter(loader)).inputs.shape
    torch.Size([1, 4, 37])
    """
    if len(features) != len(records):
        raise BatchingError(f"{len(records)} records and features of {len(features)}; expected as many")
    inputs, labels = [], []
    for record, values in zip(records, features, strict=True):
        batch = collate([record])
        if len(values) != batch.residues:
            raise BatchingError(f"{record.id}: features of {len(values)} residues; expected {batch.residues}")
        inputs.append(torch.cat([batch.inputs[0], torch.as_tensor(values, dtype=torch.float32)], dim=1))
        labels.append(batch.labels[0])
    ids = [record.id for record in records]
    return SequenceLoader(inputs, labels, ids=ids, batch_positions=batch_residues, seed=seed, classes=3)


def embed(
    records: Iterable[ProteinRecord],
    name: str = ESM2_SMALL,
    *,
    longest: int = LONGEST,
    tokenizer: Any = None,
    model: Any = None,
) -> list[np.ndarray]:
    """The last layer's vectors of a pretrained protein language model, float32[length, channel] for each record.

    One protein at a time, so that no padding is read; start and end tokens are cut off. The name is that of a model of
    the Hugging Face Hub, or of a folder with its files, such as ``Rostlab/prot_t5_xl_half_uniref50-enc``; tokenizer and
    model may be loaded already, for instance to call this function often. No protein may have more residues than
    ``longest``: attention's memory grows with its square.

    Raises BatchingError for a longer protein, before any is read; for a package or weights that are not there; and for
    a tokenizer that doesn't give one token for each residue.
    """
    records = tuple(map(clean_record, records))
    for record in records:
        if len(record) > longest:
            raise BatchingError(f"{record.id}: {len(record)} residues; expected at most {longest}: cut it into domains")
    if tokenizer is None or model is None:
        tokenizer, model = load_pretrained_embedder(name)
    between = " " if any(part in name.lower() for part in SPACED) else ""
    return [_embedded(record, between.join(record.sequence), tokenizer, model) for record in records]


def load_pretrained_embedder(name: str) -> tuple[Any, Any]:
    """The tokenizer and the model of a name, in evaluation mode; of T5 the encoder only.

    Raises BatchingError where transformers is not installed, or the weights are neither here nor reachable.
    """
    try:
        from transformers import AutoModel, AutoTokenizer, T5EncoderModel
    except ImportError as error:
        needed = "pip install transformers sentencepiece"
        raise BatchingError(f"{name}: needs the package transformers, which is not installed; {needed}") from error
    family = T5EncoderModel if "t5" in name.lower() else AutoModel
    try:
        return AutoTokenizer.from_pretrained(name), family.from_pretrained(name).float().eval()
    except (OSError, ValueError) as error:
        needed = "expected a folder with them, or the network, once"
        raise BatchingError(f"{name}: its tokenizer or weights are not on this machine; {needed}") from error


@torch.inference_mode()
def _embedded(record: ProteinRecord, text: str, tokenizer: Any, model: Any) -> np.ndarray:
    tokens = tokenizer([text], return_tensors="pt", return_special_tokens_mask=True)
    special = tokens.pop("special_tokens_mask")[0].bool()
    vectors = model(**tokens).last_hidden_state[0].float()  # [token, channel]
    residues = vectors[~special]
    if len(residues) != len(record):
        raise BatchingError(f"{record.id}: {len(residues)} tokens; expected {len(record)}, one for each residue")
    return residues.cpu().numpy()
