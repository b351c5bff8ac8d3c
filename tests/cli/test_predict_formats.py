"""``pssp predict``: what comes out in each format."""

import csv
import json
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from Bio import SeqIO
from command_line import GOOD

from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.storage import load_pretrained, save_pretrained
from pssp_tutorial.prediction.predict import predict
from pssp_tutorial.prediction.prediction import InferenceError, Prediction
from pssp_tutorial.prediction.writers import Folder


def test_one_json_object_a_line_in_order(predict_text, weights):
    code, out, err = predict_text(GOOD)
    assert (code, err) == (0, "")
    model = load_pretrained(weights)
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["id"] for line in lines] == ["one", "two", "three"]
    for line in lines:
        assert list(line) == ["id", "sequence", "states", "probabilities", "model"]
        expected = predict(model, line["sequence"])
        assert line["states"] == expected.states
        assert np.abs(np.array(line["probabilities"]) - expected.probabilities).max() <= 0.6e-4
        assert line["model"] == model.name
    assert lines[1]["sequence"] == "gagaU"


def test_eight_states(predict_text):
    lines = [json.loads(line) for line in predict_text(GOOD, "--states", 8)[1].splitlines()]
    assert np.shape(lines[0]["probabilities"]) == (10, 8)
    assert set(lines[2]["states"]) <= set("HGIEBTSC")


def test_eight_states_of_a_model_of_three(predict_text, tmp_path):
    save_pretrained(BiLSTM(hidden_size=4), tmp_path / "three.safetensors")
    code, out, err = predict_text(GOOD, "--states", 8, model=tmp_path / "three.safetensors")
    assert (code, out) == (1, "")
    assert "the model has 3 classes; expected 8" in err


def test_fasta_of_states(predict_text):
    _, out, _ = predict_text(GOOD + ">long\n" + "MKTV" * 40 + "\n", "--format", "fasta")
    states = {json.loads(line)["id"]: json.loads(line)["states"] for line in predict_text(GOOD)[1].splitlines()}
    read = {record.id: str(record.seq) for record in SeqIO.parse(StringIO(out), "fasta")}
    assert read == states | {"long": read["long"]}
    assert max(map(len, out.splitlines())) == 60
    assert len(read["long"]) == 160


def test_a_table_of_residues(predict_text):
    _, out, _ = predict_text(GOOD, "--format", "tsv")
    header, *rows = [line.split("\t") for line in out.splitlines()]
    assert header == ["id", "position", "residue", "state", "p_H", "p_E", "p_C"]
    lines = [json.loads(line) for line in predict_text(GOOD)[1].splitlines()]
    residues = [(line["id"], place) for line in lines for place in range(len(line["sequence"]))]
    for row, (name, place) in zip(rows, residues, strict=True):
        line = next(line for line in lines if line["id"] == name)
        assert row[:4] == [name, str(place + 1), line["sequence"][place], line["states"][place]]
        assert list(map(float, row[4:])) == line["probabilities"][place]


def test_ss2_as_psipred_writes_it(predict_text, tmp_path):
    """Programs read it by columns: C's "%4d %c %c  %6.3f %6.3f %6.3f", with coil, helix and strand in this order."""
    folder = tmp_path / "predictions"
    assert predict_text(GOOD, "--format", "ss2", "--out", f"{folder}/") == (0, "", "")
    assert sorted(path.name for path in folder.iterdir()) == ["index.tsv", "one.ss2", "three.ss2", "two.ss2"]
    line = json.loads(predict_text(GOOD)[1].splitlines()[2])
    expected = ["# PSIPRED VFORMAT (PSIPRED V4.0)", ""]
    for number, (residue, state, (h, e, c)) in enumerate(
        zip(line["sequence"], line["states"], line["probabilities"], strict=True), start=1
    ):
        expected.append("%4d %c %c  %6.3f %6.3f %6.3f" % (number, residue, state, c, h, e))  # noqa: UP031
    found = (folder / "three.ss2").read_text().splitlines()
    assert found[:2] == expected[:2]
    for one, other in zip(found[2:], expected[2:], strict=True):
        assert one[:10] == other[:10]
        assert np.allclose([float(x) for x in one.split()[3:]], [float(x) for x in other.split()[3:]], atol=1.1e-3)
        assert len(one) == len(other) == 30


def test_ss2_holds_one_protein(predict_text, tmp_path):
    """Two in one file would be read as one long protein."""
    code, out, _ = predict_text(">one\nMKTV\n", "--format", "ss2")
    assert (code, len(out.splitlines())) == (0, 6)
    code, _, err = predict_text(GOOD, "--format", "ss2", "--out", tmp_path / "all.ss2")
    assert (code, err) == (1, "pssp: two: ss2 holds one protein; for several, expected a folder: --out FOLDER/\n")
    assert not (tmp_path / "all.ss2").exists()
    eight = Prediction("one", "M", "S", np.full((1, 8), 1 / 8, dtype=np.float32))
    with pytest.raises(InferenceError, match="one: ss2 holds three states; expected --states 3, or another format"):
        Folder(tmp_path, "ss2", "tiny").write(eight)


def test_a_table_holds_any_id(predict_text, tmp_path):
    """Read by the rules of CSV, as pandas, R and spreadsheets do; a quotation mark would take the rest of the file."""
    ids = ['5"end', '"quoted"', "plain", "it's", "a,b"]
    out = predict_text("".join(f">{name}\nMK\n" for name in ids), "--format", "tsv")[1]
    assert list(pd.read_csv(StringIO(out), sep="\t")["id"].unique()) == ids
    rows = list(csv.DictReader(StringIO(out), dialect="excel-tab"))
    assert [row["id"] for row in rows[::2]] == ids


def test_horiz_as_psipred_writes_it(predict_text):
    """Blocks of 60; the confidence by the formula of its source: 2·max - sum + min, times ten, at most 9."""
    sequence = "MKTVRQERLKSIVRILERSKEPVSGAQ" * 5
    _, out, _ = predict_text(f">one\n{sequence}\n", "--format", "horiz")
    line = json.loads(predict_text(f">one\n{sequence}\n")[1])
    header, *rows = out.split("\n")
    assert header == "# PSIPRED HFORMAT (PSIPRED V4.0)"
    blocks = [rows[start : start + 6] for start in range(0, len(rows) - 1, 6)]
    assert [[row[:6] for row in block] for block in blocks] == [["", "Conf: ", "Pred: ", "  AA: ", "      ", ""]] * 3
    confidence, states, residues = ("".join(block[place][6:] for block in blocks) for place in (1, 2, 3))
    assert (states, residues) == (line["states"], sequence)
    for digit, shares in zip(confidence, line["probabilities"], strict=True):
        ahead = 10 * (2 * max(shares) - sum(shares) + min(shares))
        assert int(digit) in {min(int(ahead - 1e-2), 9), min(int(ahead + 1e-2), 9)}
    assert blocks[1][4] == "      " + "".join(f"{place:10d}" for place in range(70, 121, 10))
    assert blocks[1][4].index("70") + 1 == 6 + 9  # its last digit is below residue 70
    assert blocks[2][4].split() == ["130"]
