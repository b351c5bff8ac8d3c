"""Checkpoints: written whole or not at all, and no damage goes unnoticed."""

import os

import pytest
import torch

from pssp_tutorial.core.files import FileError
from pssp_tutorial.training.checkpoints import load_checkpoint, save_checkpoint
from pssp_tutorial.training.stopping import TrainingError

PAYLOAD = {"epoch": 3, "weights": {"w": torch.arange(5000.0)}, "random": torch.get_rng_state(), "curve": [0.5, None]}


def test_what_was_saved_comes_back(tmp_path):
    save_checkpoint(tmp_path / "new" / "run.pt", PAYLOAD)
    loaded = load_checkpoint(str(tmp_path / "new" / "run.pt"))
    assert (loaded["epoch"], loaded["curve"]) == (3, [0.5, None])
    assert torch.equal(loaded["weights"]["w"], PAYLOAD["weights"]["w"])
    assert torch.equal(loaded["random"], PAYLOAD["random"])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["run.pt"]


def test_an_interrupted_save_keeps_the_old_file(tmp_path, monkeypatch):
    """A stop in the middle of writing must not cost the last good state."""
    save_checkpoint(tmp_path / "run.pt", PAYLOAD)

    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(tmp_path / "run.pt", {"epoch": 4})
    assert load_checkpoint(tmp_path / "run.pt")["epoch"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


@pytest.mark.posix("limit on the size of files")
def test_a_full_disk_keeps_the_old_file_and_says_so(tmp_path):
    """As a full disk does, a limit on the size of files cuts the writing short, here at 9,000 bytes."""
    import resource

    save_checkpoint(tmp_path / "run.pt", {"epoch": 3})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, hard))
    try:
        with pytest.raises(FileError, match=r"run\.pt: not written \(File too large\).*as it was"):
            save_checkpoint(tmp_path / "run.pt", PAYLOAD)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert load_checkpoint(tmp_path / "run.pt") == {"epoch": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FileError, match=r"run\.pt: not written \("):
        save_checkpoint(tmp_path / "file" / "run.pt", PAYLOAD)


def test_a_file_that_looks_like_a_half_checkpoint_stays(tmp_path):
    """It may be the user's own: what a saving did not create it does not remove."""
    (tmp_path / "run.pt.part").write_bytes(b"mine")
    save_checkpoint(tmp_path / "run.pt", PAYLOAD)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.pt", "run.pt.part"]


@pytest.mark.parametrize(
    "payload", [{"array": torch.zeros(2).numpy()}, {"function": lambda: 0}, {"object": object()}, [1, 2]]
)
def test_a_payload_that_could_not_be_read_back_is_refused_at_once(tmp_path, payload):
    """Otherwise the reader would learn of it on resuming, after a night of training."""
    save_checkpoint(tmp_path / "run.pt", PAYLOAD)
    with pytest.raises(TrainingError, match=r"run\.pt: not written.*NumPy"):
        save_checkpoint(tmp_path / "run.pt", payload)
    assert load_checkpoint(tmp_path / "run.pt")["epoch"] == 3


@pytest.mark.parametrize("where", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_file_is_refused(tmp_path, where):
    path = tmp_path / "run.pt"
    save_checkpoint(path, PAYLOAD)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(where * len(whole))])
    with pytest.raises(TrainingError, match=r"run\.pt: not a checkpoint, or damaged.*check the path"):
        load_checkpoint(path)


def test_a_changed_byte_among_the_weights_is_noticed(tmp_path):
    """torch.load alone reads such a file without a word, and the model is wrong."""
    path = tmp_path / "run.pt"
    save_checkpoint(path, PAYLOAD)
    content = bytearray(path.read_bytes())
    content[content.find(PAYLOAD["weights"]["w"].numpy().tobytes()) + 8000] ^= 1
    path.write_bytes(content)
    assert not torch.equal(torch.load(path, weights_only=True)["weights"]["w"], PAYLOAD["weights"]["w"])
    with pytest.raises(TrainingError, match=r"run\.pt: .*damaged"):
        load_checkpoint(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"absent\.pt: no such file or directory; train and save first"):
        load_checkpoint(tmp_path / "absent.pt")
    with pytest.raises(TrainingError, match="is a directory; train and save first"):
        load_checkpoint(tmp_path)
    with pytest.raises(TrainingError, match="file name too long"):
        load_checkpoint(tmp_path / ("x" * 400))
