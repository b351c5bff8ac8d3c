"""The JavaScript of the interactive pages against the package, in node."""

import json
import random
import re
from io import StringIO
from pathlib import Path

import live_data
import numpy as np
import pytest
import torch
from node import LIVE, ROUNDING, TOLERANCE, run_in_node, states_near_a_tie

import pssp_tutorial as pssp
from pssp_tutorial.models.storage import load_pretrained
from pssp_tutorial.prediction.formats import as_fasta, as_jsonl, as_ss2

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


def test_the_script_of_weights_is_that_of_the_model() -> None:
    """So that the page shows the model that the repository holds; and it must load fast."""
    script = (LIVE / "small_model.js").read_text(encoding="utf-8")
    assert script == live_data.model_script()
    assert len(script.encode()) < 1_000_000


def test_the_script_of_the_release_is_that_of_the_model() -> None:
    """The kernel is assembled anew, and the weights are rounded anew; the page must load in a moment."""
    script = (LIVE / "release_model.js").read_text(encoding="utf-8")
    assert script == live_data.release_script()
    assert len(script.encode()) <= 3_500_000


def test_the_script_of_examples_is_the_generators() -> None:
    """Test chains, of which the model saw none; and light."""
    script = (LIVE / "structure_data.js").read_text(encoding="utf-8")
    assert script == live_data.structures_script()
    assert len(script.encode()) < 20_000
    ids = re.findall(r'"id":"(\w+)"', script)
    assert len(ids) == 4
    assert set(ids) <= {record.id for record in pssp.load_chains("mini").test}


def test_weights_survive_their_packing() -> None:
    """Unpacked by node, every number is the one that PyTorch reads."""
    unpacked = run_in_node("Object.entries(model.weights).map(([name, {values}]) => [name, Array.from(values)])", None)
    weights = load_pretrained("small").state_dict()
    assert [name for name, _ in unpacked] == list(weights)
    for name, values in unpacked:
        np.testing.assert_array_equal(np.float32(values), weights[name].numpy().ravel())


def test_float16_in_full() -> None:
    """All 63,488 finite float16 numbers, zeros and subnormal ones among them, against NumPy's reading."""
    numbers = np.arange(2**16, dtype=np.uint16).view(np.float16)
    numbers = numbers[np.isfinite(numbers)]
    packed = {"base64": live_data.base64.b64encode(numbers.tobytes()).decode(), "shapes": {"all": [len(numbers)]}}
    unpacked = run_in_node("Array.from(PSSP.loadModel(given).weights.all.values)", packed)
    np.testing.assert_array_equal(np.float32(unpacked), numbers.astype(np.float32))


@pytest.mark.slow
def test_the_release_in_node_agrees_with_pytorch(released: list[pssp.Prediction]) -> None:
    """100 test chains through the kernel: gates in another order or a lost neighbour would move every probability."""
    sequences = [prediction.sequence for prediction in released]
    work = "((large) => given.map((one) => large.predict(one)))(PSSP.releaseModel(PSSP.releaseFile))"
    states_near_a_tie(run_in_node(work, sequences), released)


def test_the_release_tells_its_progress_and_keeps_nothing() -> None:
    """Shares that rise to the end; and the same answer after a long sequence, whose places in memory are used again."""
    work = """(() => {
        const large = PSSP.releaseModel(PSSP.releaseFile), shares = [];
        const first = large.predict("MKTVRQERLK");
        const long = large.predict("MK".repeat(300), (share) => shares.push(share));
        const again = large.predict("MKTVRQERLK");
        return { shares, same: JSON.stringify(first) === JSON.stringify(again), length: long.states.length };
    })()"""
    told = run_in_node(work, None)
    assert told["shares"] == sorted(told["shares"])
    assert len(told["shares"]) > 10
    assert 0.9 < told["shares"][-1] <= 1
    assert told["same"]
    assert told["length"] == 600


def test_files_to_keep_are_the_packages(expected: list[pssp.Prediction]) -> None:
    """What a reader keeps from the page must be what every reader of these formats knows."""
    one = min(expected, key=lambda each: len(each.sequence))
    given = {"id": one.id, "sequence": one.sequence, "states": one.states,
             "probabilities": one.probabilities.tolist(), "model": "release"}  # fmt: skip
    json_lines, fasta, ss2 = run_in_node("[PSSP.asJsonLines(given), PSSP.asFasta(given), PSSP.asSs2(given)]", given)
    assert json.loads(json_lines) == json.loads(as_jsonl(one, "release"))
    assert fasta == as_fasta(one, "release")
    assert ss2 == as_ss2(one, "release")


@pytest.mark.slow
def test_node_agrees_with_pytorch(expected: list[pssp.Prediction]) -> None:
    sequences = [prediction.sequence for prediction in expected]
    got = run_in_node("given.map((sequence) => PSSP.predict(model, sequence).probabilities)", sequences)
    worst = max(np.abs(np.array(rows) - each.probabilities).max() for rows, each in zip(got, expected, strict=True))
    assert worst < TOLERANCE


def test_gates_agree_with_the_recorder() -> None:
    """Every value of every unit, in both layers and directions, against `record_gates`."""
    record = min(pssp.load_chains("mini").val, key=len)
    got = run_in_node("PSSP.predict(model, given).gates.map((ways) => ways.map((values) => Object.fromEntries("
                      "Object.entries(values).map(([name, rows]) => [name, rows.map((row) => Array.from(row))]))))",
                      record.sequence)  # fmt: skip
    model = load_pretrained("small")
    with torch.inference_mode():
        inputs = model.embedding(pssp.encode(record)).unsqueeze(0)
        for layer, ways in zip(model.layers, got, strict=True):
            for reverse, values in enumerate(ways):
                gates = pssp.record_gates(layer.lstm, inputs[0], reverse=bool(reverse))
                for name in "figoch":
                    assert np.abs(np.array(values[name]) - getattr(gates, name).numpy()).max() < TOLERANCE
            inputs = layer(inputs, torch.tensor([len(record)]))


def test_letters_are_judged_as_the_package_does() -> None:
    """Random texts and awkward letters (ß and ı change with the case, 𝕄 takes two code units): one policy."""
    draw = random.Random(0)
    letters = pssp.RESIDUES * 8 + pssp.RESIDUES.lower() + "UOBZJuobzj*-.1 ßıK𝕄é"
    texts = [
        "",
        "ß",
        "ı",
        "K",
        "𝕄A",
        "mkUzX",
        *("".join(draw.choices(letters, k=draw.randrange(12))) for _ in range(3000)),
    ]
    refused = 0
    for text, got in zip(texts, run_in_node("given.map((text) => PSSP.normalise(model, text))", texts), strict=True):
        try:
            assert got.get("sequence") == pssp.normalise_sequence(text)
        except pssp.PSSPError as error:
            refused += 1
            position, letter = re.search(r"residue (\d+) is '(.)'", str(error)).groups()
            assert got["wrong"] == {"position": int(position), "letter": letter}
    assert 300 < refused < 2700


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_fasta_is_read_as_the_package_does(mark) -> None:
    text = mark + ">one first\nMKT V\r\nAG\n\n>two\nGGG*\n>\nAAA.\n>four\nMK\n"
    got = run_in_node("PSSP.readRecords(given)", text)
    assert [(each["id"], each["residues"]) for each in got] == [
        (record.id, record.sequence) for record in pssp.read_fasta(StringIO(text))
    ]
    for each in got:
        assert "".join(text[place] for place in each["places"]) == each["residues"]


def test_drawings_say_in_words_what_they_show() -> None:
    words = run_in_node("PSSP.inWords(given, 10)", "CHHHCEE")
    assert words == "coil 11, helix 12 to 14, coil 15, strand 16 to 17"


def test_kept_measurements_hold_what_the_page_promises() -> None:
    values = json.loads((RESULTS / "in_the_page.json").read_text(encoding="utf-8"))["values"]
    assert values["proteins"] == 100
    assert values["largest_difference"] < TOLERANCE
    assert values["residues"] == 500
    assert values["processor_milliseconds"] < 300  # by the clock on a free core
    release = values["release"]
    assert release["proteins"] == 100
    assert release["timed"] == 300
    assert release["milliseconds"] < 500
    assert release["largest_difference"] < ROUNDING
    assert release["widest_tie"] < 2 * ROUNDING
