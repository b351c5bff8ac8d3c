"""Vectors of pretrained models: each belongs to its residue, and what is missing is said in one sentence.

No weights are fetched: a tokenizer and a model of the same interface stand in for those of transformers.
"""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pssp_tutorial.batches.batch import BatchingError
from pssp_tutorial.batches.embeddings import embed, feature_loader
from pssp_tutorial.batches.proteins import make_loader
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.proteins.record import ProteinRecord, RecordError
from pssp_tutorial.training.fit import fit

RECORDS = [ProteinRecord("one", "MKTVX"), ProteinRecord("two", "GA")]


class Tokenizer:
    """One token for each letter, or each word where they are spaced; what stands in front and behind is special."""

    def __init__(self, front: int, behind: int, spaced: bool = False) -> None:
        self.front, self.behind, self.spaced = front, behind, spaced

    def __call__(self, texts, return_tensors, return_special_tokens_mask):
        assert return_tensors == "pt"
        assert return_special_tokens_mask
        (text,) = texts
        letters = text.split(" ") if self.spaced else list(text)
        ids = [0] * self.front + [100 + len(word) * ord(word[0]) for word in letters] + [1] * self.behind
        special = [1] * self.front + [0] * len(letters) + [1] * self.behind
        tokens = {"input_ids": ids, "attention_mask": [1] * len(ids), "special_tokens_mask": special}
        return {name: torch.tensor([values]) for name, values in tokens.items()}


class Model:
    """A token's vector: its number, and its place among the tokens."""

    def __call__(self, input_ids, attention_mask):
        places = torch.arange(input_ids.shape[1]).expand_as(input_ids)
        return SimpleNamespace(last_hidden_state=torch.stack([input_ids, places], dim=-1).half())


@pytest.mark.parametrize(
    ("name", "tokenizer"),
    [("esm2", Tokenizer(1, 1)), ("Rostlab/prot_t5_xl", Tokenizer(0, 1, spaced=True))],
)
def test_special_tokens_are_cut_off_and_each_vector_belongs_to_its_residue(name, tokenizer):
    """ESM-2 begins with a token of its own, ProtT5 doesn't: cut at the wrong end, all labels shift by one residue."""
    found = embed(RECORDS, name, tokenizer=tokenizer, model=Model())
    for record, values in zip(RECORDS, found, strict=True):
        assert values.dtype == np.float32
        assert values[:, 0].tolist() == [100 + ord(letter) for letter in record.sequence]
        assert values[:, 1].tolist() == [tokenizer.front + place for place in range(len(record))]


def test_a_token_for_two_residues_is_refused():
    """ProtT5's tokenizer without spaces gives such tokens; so does another field's."""
    with pytest.raises(BatchingError, match="one: 1 tokens; expected 5, one for each residue"):
        embed(RECORDS, tokenizer=Tokenizer(1, 1, spaced=True), model=Model())


def test_a_long_protein_is_refused_before_any_is_read():
    with pytest.raises(BatchingError, match="one: 5 residues; expected at most 4"):
        embed(RECORDS, longest=4)
    with pytest.raises(RecordError, match="none: no residues"):
        embed([ProteinRecord("none", "")])


def test_what_is_missing_is_said_in_a_sentence(monkeypatch):
    """Offline, or without the extra, a reader learns what to do and not where an import failed."""
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(BatchingError, match=r"needs the package transformers.* pip install transformers"):
        embed(RECORDS)

    class Unreachable:
        @staticmethod
        def from_pretrained(name):
            raise OSError("a long story")

    modules = SimpleNamespace(AutoModel=Unreachable, AutoTokenizer=Unreachable, T5EncoderModel=Unreachable)
    monkeypatch.setitem(sys.modules, "transformers", modules)
    with pytest.raises(BatchingError, match=r"facebook/esm2.*not on this machine; expected .* the network, once$"):
        embed(RECORDS)


def test_of_t5_only_the_encoder_is_loaded(monkeypatch):
    """AutoModel would load the decoder too, and ask for its input."""

    class Loads:
        def __init__(self, kind):
            self.kind = kind

        def from_pretrained(self, name):
            loaded = torch.nn.Identity()
            loaded.kind = self.kind
            return loaded

    kinds = {kind: Loads(kind) for kind in ("AutoModel", "AutoTokenizer", "T5EncoderModel")}
    monkeypatch.setitem(sys.modules, "transformers", SimpleNamespace(**kinds))
    from pssp_tutorial.batches.embeddings import load_pretrained_embedder

    for name, kind in {"facebook/esm2_t6_8M_UR50D": "AutoModel", "Rostlab/prot_t5_xl": "T5EncoderModel"}.items():
        assert load_pretrained_embedder(name)[1].kind == kind


def test_features_stand_beside_the_residues_and_the_states():
    """The labels and the one-hot residues are those of the plain loader; fit trains on them."""
    train, val = load_chains("mini").train[:4], load_chains("mini").val[:2]
    rng = np.random.default_rng(0)
    features = {record.id: rng.normal(size=(len(record), 3)) for record in (*train, *val)}
    loaders = [feature_loader(part, [features[record.id] for record in part]) for part in (train, val)]
    plain = make_loader(train).batch([2, 0])
    batch = loaders[0].batch([2, 0])
    assert torch.equal(batch.inputs[..., :21], plain.inputs)
    assert torch.equal(batch.labels, plain.labels)
    for row, index in enumerate((2, 0)):
        values = features[train[index].id]
        np.testing.assert_allclose(batch.inputs[row, : len(values), 21:], values, rtol=1e-6)
    assert len(fit(BiLSTM(4, 1, input_size=24), *loaders, max_epochs=1).rows) == 1
    with pytest.raises(BatchingError, match="2 records and features of 1"):
        feature_loader(val, [features[val[0].id]])
    with pytest.raises(BatchingError, match=f"{val[0].id}: features of {len(val[1])} residues"):
        feature_loader(val, [features[record.id] for record in val[::-1]])
