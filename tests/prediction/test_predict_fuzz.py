"""Any bytes as FASTA: a prediction for each good record, a documented error for each other, and never anything else.

Some hundred cases by default; for a run of its own, ``pytest --fuzz-examples 10000``.
"""

import gzip
import json
import re
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pssp_tutorial.cli.main import main
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.storage import save_pretrained
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS

fuzz = settings.get_profile("fuzz")  # --fuzz-examples
pytestmark = pytest.mark.fuzz
LETTERS = (AMINO_ACIDS + "XUOBZJ" + AMINO_ACIDS.lower() + "xuobzj").encode()
PIECES = st.sampled_from(
    [b">", b"\n", b"\r\n", b"\r", b">one\n", b"\n>two words\n", b"MKTV", b"mktv", b"*", b".", b"-", b" ", b"\t", b";",
     b"\x00", b"\xff", b"\xc3\xa9", b"\xe2\x80\xa8", b"\x1c", b"\x85", b"\xef\xbb\xbf", b"\x1f\x8b\x08",
     b"1", b"MetAlaGly", b">P1;", b">>", b"XUOBZJ"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.binary(max_size=8), max_size=25).map(b"".join) | st.binary(max_size=300)
RECORDS = st.lists(
    st.tuples(
        st.binary(max_size=12), st.binary(max_size=60) | st.lists(st.sampled_from(LETTERS), max_size=90).map(bytes)
    ),
    max_size=6,
).map(lambda records: b"".join(b">" + name + b"\n" + sequence + b"\n" for name, sequence in records))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
        save_pretrained(BiLSTM(hidden_size=2, num_layers=1), path)
    return str(path)


def naive(data: bytes) -> list[tuple[bytes, bytes]]:
    """Name and sequence of each good record, as simply as it can be said: the independent truth."""
    lines = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    found: list[list[bytes]] = []
    for line in lines:
        if line.startswith(b">"):
            found.append([line[1:], b""])
        elif found:
            found[-1][1] += line
        elif not line.startswith(b";") and line.decode(errors="replace").strip():
            return []  # this is no FASTA, whatever follows
    if any(re.match(rb"([PF]1|D[LC]|R[LC]|N[13]|XX);", title) for title, _ in found):
        return []  # but PIR
    good = []
    for title, raw in found:
        try:
            text = "".join(raw.decode().split())
            words = title.decode(errors="surrogateescape").split()
            words[:1] and words[0].encode()
        except UnicodeError:
            continue
        text = text[:-1] if text.endswith(("*", ".")) else text
        if text and set(text.encode()) <= set(LETTERS):
            good.append((words[0].encode() if words else None, text.encode()))
    return good


def check(data: bytes, weights: str, capfd, suffix: str = "") -> None:
    """Run the command on the bytes, and compare what it says with what can be said of them."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "any.fasta" + suffix), Path(folder, "out.jsonl")
        source.write_bytes(data)
        code = main(["predict", str(source), "--model", weights, "--out", str(out)])
        said = capfd.readouterr().err
        assert {path.name for path in Path(folder).iterdir()} == {source.name} | (
            {out.name} if code in (0, 5) else set()
        )
        lines = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    assert all(line.startswith("pssp: ") for line in said.splitlines())
    assert (code, bool(said)) in [(0, False), (0, True), (5, True), (1, True)]
    for line in lines:
        assert len(line["sequence"]) == len(line["states"]) == len(line["probabilities"]) > 0
        assert set(line["states"]) <= set("HEC")
        assert all(abs(sum(row) - 1) < 2e-4 for row in line["probabilities"])
    if not suffix:
        expected = naive(data)
        assert [line["sequence"].encode() for line in lines] == [sequence for _, sequence in expected]
        for line, (name, _) in zip(lines, expected, strict=True):
            assert name is None or line["id"].encode() == name


@fuzz
@given(TEXTS)
@example(b"")
@example(b">one\nMKTV")
@example(b">\xff\nMKTV\n>two\nGA")
def test_any_bytes(weights, capfd, data):
    check(data, weights, capfd)


@fuzz
@given(RECORDS)
def test_records_of_any_bytes(weights, capfd, data):
    check(data, weights, capfd)


@fuzz
@given(RECORDS, st.data())
def test_any_bytes_in_gzip(weights, capfd, data, draw):
    """Packed, and then damaged or cut."""
    packed = bytearray(gzip.compress(data, mtime=0))
    for _ in range(draw.draw(st.integers(0, 3))):
        packed[draw.draw(st.integers(0, len(packed) - 1))] = draw.draw(st.integers(0, 255))
    check(bytes(packed[: draw.draw(st.integers(0, len(packed)))]), weights, capfd, suffix=".gz")
