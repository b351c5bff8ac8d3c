"""``pssp train``: from a data set to a file that predicts, and what it refuses."""

import hashlib
import lzma
import re

import numpy as np
import pytest
import torch
from test_profiles import profiles_of

import pssp_tutorial.proteins.chains as module
from pssp_tutorial.cli import train_step
from pssp_tutorial.cli.main import main
from pssp_tutorial.models.storage import load_pretrained
from pssp_tutorial.prediction.evaluate import evaluate
from pssp_tutorial.proteins.alphabet import reduce_states
from pssp_tutorial.proteins.chains import COLUMNS, load_chains


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data set of a dozen chains, as ``pssp uniprot build`` writes one."""
    path = tmp_path_factory.mktemp("data") / "few.tsv.xz"
    mini = load_chains("mini")
    rows = ["\t".join(COLUMNS)]
    for split, records in (("train", mini.train[:16]), ("val", mini.val[:4]), ("test", mini.test[:2])):
        rows += ["\t".join((r.id, r.id, split, "0", r.sequence, r.structure, "a" * len(r))) for r in records]
    path.write_bytes(lzma.compress(("\n".join(rows) + "\n").encode()))
    path.with_name(f"{path.name}.sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def run(*arguments) -> int:
    return main(["train", "--threads", "1", "--hidden", "8", "--epochs", "2", *map(str, arguments)])


def test_a_trained_model_is_read_back_with_its_card(data, tmp_path, capsys):
    """The number that the command prints, and the card keeps, is what the written file reaches."""
    out = tmp_path / "mine.safetensors"
    assert run("--data", data, "--out", out) == 0
    model = load_pretrained(out)
    report = evaluate(model, load_chains(path=data).val)
    assert model.card["val_q3"] == pytest.approx(report.q3, abs=0.02)  # the file has 16-bit weights
    assert f"val_q3 {model.card['val_q3']:.4f}" in capsys.readouterr().err
    assert model.card["options"]["hidden"] == 8
    assert str(tmp_path.parent) not in str(model.card), "a card must not tell where its author keeps files"


def test_the_same_command_goes_on_from_its_checkpoint(data, tmp_path):
    paths = [tmp_path / name for name in ("first.safetensors", "second.safetensors")]
    for path in paths:
        assert run("--data", data, "--checkpoint", tmp_path / "run.pt", "--out", path, "--quiet") == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_processor_without_bfloat16_computes_with_32_bits(data, tmp_path, capsys, monkeypatch):
    for place in ("cli.train_step", "training.fit"):
        monkeypatch.setattr(f"pssp_tutorial.{place}.has_bfloat16", lambda device: False)
    paths = [tmp_path / name for name in ("asked.safetensors", "plain.safetensors")]
    assert run("--data", data, "--out", paths[0], "--bfloat16") == 0
    assert "this device has no bfloat16: computing with 32 bits" in capsys.readouterr().err
    assert run("--data", data, "--out", paths[1], "--quiet") == 0
    asked, plain = (load_pretrained(path).state_dict() for path in paths)
    assert all(torch.equal(asked[name], plain[name]) for name in plain)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--out", "model.bin"], 1, "model.bin: expected the name of a file that ends in .safetensors"),
        (["--out", "folder.safetensors"], 1, "folder.safetensors: expected the name of a file"),
        (["--out", "few.txt/mine.safetensors"], 4, "not written, for its folder cannot be made (a file has its name)"),
        (["--checkpoint", "few.txt/run.pt"], 4, "not written, for its folder cannot be made"),
        (["--checkpoint", "mine.safetensors"], 1, "mine.safetensors: would be written twice; expected two files"),
        (["--start", "mine.safetensors"], 1, "mine.safetensors: is also the input; expected another file to write"),
        (["--data", "."], 1, ".: is a directory; expected a data set"),
        (["--threads", "-2"], 2, "'-2'; expected a number from 1 to 1024"),
        (["--seed", "-1"], 2, "'-1'; expected a number of 0 or more"),
        (["--seed", "9" * 30], 2, "expected a number of 0 or more"),
        (["--warmup", "-1"], 1, "warmup_epochs is -1.0; expected 0 or more"),
    ],
)
def test_what_cannot_work_is_said_before_the_work(data, tmp_path, monkeypatch, capsys, options, code, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "few.txt").write_text("a file")
    assert run("--data", data, "--out", "mine.safetensors", *options) == code
    assert message in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"folder.safetensors", "few.txt"}


def test_training_goes_on_from_a_model(data, tmp_path, capsys):
    """With a learning rate of nearly nothing the weights stay those of the start, in the precision of the file."""
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    assert run("--data", data, "--out", first, "--quiet") == 0
    still = ("--start", first, "--learning-rate", "1e-12", "--seed", "5", "--dropout", "0")
    assert run("--data", data, "--out", second, *still, "--quiet") == 0
    before, after = (load_pretrained(path).state_dict() for path in (first, second))
    assert all(np.allclose(before[name], after[name], atol=1e-3) for name in before)
    assert run("--data", data, "--out", second, "--start", first, "--layers", "1") == 1
    assert "first.safetensors: its sizes are" in capsys.readouterr().err


def test_a_student_learns_from_a_teacher_that_reads_profiles(tmp_path, monkeypatch, capsys):
    """The commands of the release, on a few chains."""
    mini = load_chains("mini")
    few = mini.train[:8] + mini.val[:3]
    profiles = profiles_of(few)
    path = tmp_path / "profiles.npz"
    np.savez_compressed(path, ids=np.array(list(profiles)), frequencies=np.concatenate(list(profiles.values())))
    small = module.ChainSet(few, ("train",) * 8 + ("val",) * 3, tuple(r.id for r in few), (True,) * 11)
    for place in (module, train_step):
        monkeypatch.setattr(place, "load_chains", lambda *_, **__: small)
    common = ("--states", "8", "--profiles", path, "--accessibility-weight", "0.25", "--average", "0.5", "--quiet")
    teacher, student = tmp_path / "teacher.safetensors", tmp_path / "student.safetensors"
    assert run(*common, "--read-profile", "--out", teacher) == 0
    assert run(*common, "--teacher", teacher, "--relatives", "1", "--profile-weight", "0.2", "--out", student) == 0
    assert load_pretrained(teacher).config["input_size"] == 41
    third = tmp_path / "third.safetensors"
    assert run(*common, "--teacher", teacher, student, "--ensemble", student, "--relatives", "1", "--out", third) == 0
    assert load_pretrained(third).card["options"]["ensemble"] == ["student.safetensors"]
    assert load_pretrained(student).config["input_size"] == 21
    for wrong, message in (
        (("--teacher", "small"), "small: predicts 3 states; expected 8, as the network to train"),
        (("--ensemble", "small"), "small: predicts 3 states; expected 8, as the network to train"),
        (("--ensemble", teacher), "teacher.safetensors: reads profiles; expected one that reads the sequence alone"),
    ):
        assert run(*common, *wrong, "--out", tmp_path / "none.safetensors") == 1
        assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--relatives", "1"), "--relatives is given; expected --profiles with it"),
        (("--profiles", "none.npz"), "none.npz: .*expected the file that tools/data/profiles.py writes"),
        (("--data", "none.tsv.xz"), "none.tsv.xz: no such file or directory; expected a data set"),
        (("--dropout", "1.5"), "dropout is 1.5; expected a share from 0 to below 1"),
    ],
)
def test_what_cannot_work_is_one_line_and_writes_nothing(options, complaint, tmp_path, capsys):
    out = tmp_path / "mine.safetensors"
    assert run(*options, "--out", out) == 1
    said = capsys.readouterr().err
    assert re.search(complaint, said)
    assert len(said.splitlines()) == 1
    assert not out.exists()


def test_eight_states_of_a_set_of_three(data, tmp_path, capsys):
    path = tmp_path / "three.tsv.xz"
    rows = lzma.decompress(data.read_bytes()).decode().splitlines()
    cells = [row.split("\t") for row in rows[1:]]
    place = COLUMNS.index("structure")
    for row in cells:
        row[place] = reduce_states(row[place])
    path.write_bytes(lzma.compress(("\n".join([rows[0], *map("\t".join, cells)]) + "\n").encode()))
    path.with_name(f"{path.name}.sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    out = tmp_path / "eight.safetensors"
    assert run("--data", path, "--states", "8", "--out", out) == 1
    assert "three.tsv.xz: its chains have three states; expected eight, or --states 3" in capsys.readouterr().err
    assert not out.exists()
