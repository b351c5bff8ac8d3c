"""Trained models: what was saved comes back, and a file that is not the one meant is found out."""

import hashlib
import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import pssp_tutorial as pssp
from pssp_tutorial.core.resources import resource
from pssp_tutorial.models import storage as pretrained
from pssp_tutorial.models.article import ProteinSecondaryStructurePrediction
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import ModelError
from pssp_tutorial.models.storage import load_pretrained, save_pretrained

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
CARD = {"name": "tiny", "data": "none", "q3": 0.5, "states": ["H", "E", "C"]}


def rewrite(path, tensors, metadata):
    """A well-formed file with other content, and the checksum that fits it."""
    save_file(tensors, path, metadata)
    path.with_name(path.name + ".sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(
    "model", [BiLSTM(hidden_size=6, num_classes=8, embedding_size=5), ProteinSecondaryStructurePrediction(21, 5, 2, 3)]
)
def test_what_was_saved_comes_back(tmp_path, model):
    """Float16 keeps 11 bits, so the logits agree to about 1e-3; the weights exactly, once rounded."""
    path = tmp_path / "new" / "tiny.safetensors"
    digest = save_pretrained(model.train(), path, card=CARD)
    loaded = load_pretrained(path)
    assert type(loaded) is type(model)
    assert loaded.config == model.config
    assert (loaded.card, loaded.name, loaded.training) == (CARD, f"tiny@{digest[:8]}", False)
    assert model.training
    for key, tensor in model.state_dict().items():
        assert loaded.state_dict()[key].dtype == torch.float32
        assert torch.equal(loaded.state_dict()[key], tensor.half().float())
    inputs, lengths = torch.eye(21)[None], torch.tensor([21])
    assert torch.allclose(loaded(inputs, lengths), model.eval()(inputs, lengths), atol=2e-3)
    assert sorted(file.name for file in path.parent.iterdir()) == ["tiny.safetensors", "tiny.safetensors.sha256"]
    assert path.stat().st_size < 2 * sum(tensor.numel() for tensor in model.state_dict().values()) + 3000


def test_each_call_gives_a_new_model(tmp_path):
    """One that is trained further, or moved, must not change what the next caller gets."""
    save_pretrained(BiLSTM(hidden_size=4), tmp_path / "a.safetensors")
    first, second = (load_pretrained(str(tmp_path / "a.safetensors")) for _ in range(2))
    torch.nn.init.zeros_(first.classifier.weight)
    assert second.classifier.weight.abs().sum() > 0
    assert second.card == {}


def test_a_name_is_looked_up_in_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "resource", lambda kind, name="": tmp_path / name)
    with pytest.raises(ModelError, match=r"no model 'release'; expected one of \(none is installed\)"):
        load_pretrained()
    for name in ("small", "release"):
        save_pretrained(BiLSTM(hidden_size=4), tmp_path / f"{name}.safetensors")
    assert load_pretrained().name.startswith("release@")
    with pytest.raises(ModelError, match="no model 'large'; expected one of release, small, or the path of"):
        load_pretrained("large")


@pytest.mark.parametrize("place", [0, 100, -1])
def test_damage_is_found(tmp_path, place):
    path = tmp_path / "a.safetensors"
    save_pretrained(BiLSTM(hidden_size=4), path)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"a\.safetensors: damaged: its SHA-256 is .*, expected .*; restore"):
        load_pretrained(path)


def test_what_is_missing_is_named(tmp_path):
    path = tmp_path / "a.safetensors"
    with pytest.raises(ModelError, match=r"a\.safetensors: no such file"):
        load_pretrained(path)
    with pytest.raises(ModelError, match=r"is a directory; expected a \.safetensors file"):
        load_pretrained(tmp_path)
    save_pretrained(BiLSTM(hidden_size=4), path)
    for name in ("x" * 400, f"{'x' * 400}.safetensors", "a\0b", "a\0b.safetensors", "caf\udce9.safetensors"):
        with pytest.raises(ModelError, match="expected"):
            load_pretrained(name)
    for arguments in ((path, BiLSTM(hidden_size=4)), (BiLSTM(hidden_size=4), None)):
        with pytest.raises(ModelError, match=r"model is a .* and path a .*; expected a model, and then"):
            save_pretrained(*arguments)
    beside = tmp_path / "a.safetensors.sha256"
    beside.write_text("")
    with pytest.raises(ModelError, match=r"a\.safetensors\.sha256: empty, or holds no SHA-256"):
        load_pretrained(path)
    beside.unlink()
    with pytest.raises(ModelError, match=r"a\.safetensors\.sha256: no such file or directory"):
        load_pretrained(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model": "Transformer"}, "KeyError: 'Transformer'"),
        ({"config": {"hidden_size": 5}}, "size mismatch"),
        ({"config": {"hidden_size": 0}}, "hidden_size is 0"),
        ({"config": {"depth": 3}}, "unexpected keyword"),
        ({"config": []}, "TypeError"),
        ("{", "JSONDecodeError"),
        ("[]", "TypeError"),
        (None, f"KeyError: '{pretrained.HEADER}'"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, change, reason):
    path = tmp_path / "a.safetensors"
    model = BiLSTM(hidden_size=4)
    header = {"model": "BiLSTM", "config": model.config, "card": {}}
    rewrite(path, dict(model.state_dict()), {pretrained.HEADER: json.dumps(header)})
    assert load_pretrained(path).config == model.config
    changed = json.dumps(header | change) if isinstance(change, dict) else change
    rewrite(path, dict(model.state_dict()), None if change is None else {pretrained.HEADER: changed})
    with pytest.raises(ModelError, match=r"a\.safetensors: holds no model of this package") as caught:
        load_pretrained(path)
    assert reason in str(caught.value) or reason in str(caught.value.__cause__)


def test_a_header_that_is_no_object_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes((2).to_bytes(8, "little") + b"[]")
    path.with_name("a.safetensors.sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(ModelError, match=r"a\.safetensors: holds no model of this package"):
        load_pretrained(path)


def test_full_precision_gives_the_same_logits(tmp_path):
    """A reader who saves and loads a model must be able to get exactly the model that was trained."""
    model = BiLSTM(hidden_size=5).eval()
    save_pretrained(model, tmp_path / "a.safetensors", precision="float32")
    loaded = load_pretrained(tmp_path / "a.safetensors")
    inputs, lengths = torch.randn(2, 9, 21), torch.tensor([9, 7])
    assert torch.equal(loaded(inputs, lengths), model(inputs, lengths))
    with pytest.raises(ModelError, match="precision is 'int8'; expected 'float16' or 'float32'"):
        save_pretrained(model, tmp_path / "a.safetensors", precision="int8")


def test_another_format_is_refused(tmp_path):
    torch.save({}, tmp_path / "good.pt")
    with pytest.raises(ModelError, match=r"good\.pt: expected a \.safetensors file that save_pretrained wrote"):
        load_pretrained(tmp_path / "good.pt")


def test_a_pickle_is_never_opened(tmp_path):
    """A pickle can run code when it is read: the check of the checksum passes, and it is refused all the same."""
    path, ran = tmp_path / "a.safetensors", tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return ran.touch, ()

    path.write_bytes(pickle.dumps(Trap()))
    path.with_name("a.safetensors.sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(ModelError, match="holds no model"):
        load_pretrained(path)
    assert not ran.exists()


def test_what_cannot_be_saved_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.safetensors"
    save_pretrained(BiLSTM(hidden_size=4), path)
    before = path.read_bytes()
    large = BiLSTM(hidden_size=4)
    torch.nn.init.constant_(large.classifier.bias, 1e6)
    for model, card, message in [
        (torch.nn.Linear(2, 2), None, "the model is a Linear; expected one of"),
        (large, None, r"classifier\.bias holds a number that float16 cannot"),
        (BiLSTM(hidden_size=4), {"q3": torch.ones(1)}, "the card cannot be written as JSON"),
    ]:
        with pytest.raises(ModelError, match=message):
            save_pretrained(model, path, card=card)
    with pytest.raises(ModelError, match=r"a\.pt: expected the name of a file that ends in \.safetensors"):
        save_pretrained(BiLSTM(hidden_size=4), tmp_path / "a.pt")
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(
    not (resource("models") / "release.safetensors").exists(), reason="data/models/release.safetensors is missing"
)
def test_the_release_model_finds_the_helix_of_ubiquitin():
    """In one line, with nothing but a sequence. The helix of 1UBQ runs from residue 23 to 34; it is small, and no more
    than a sign of life: benchmarks/release.py tells how good the model is."""
    sequence = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"
    prediction = pssp.predict(sequence)
    assert prediction.states[23:33].count("H") >= 7
    assert prediction.states[:7].count("E") >= 4
    assert (resource("models") / "release.safetensors").stat().st_size <= 12_000_000
    assert pssp.load_pretrained().card


@pytest.mark.parametrize("results", ["release", "unopened"])
def test_stored_scores_are_those_of_the_shipped_file(results):
    stored = json.loads((RESULTS / f"{results}.json").read_text(encoding="utf-8"))
    assert stored["context"]["model"] == load_pretrained().name
