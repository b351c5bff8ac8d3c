"""Damaged entries: an entry of equal lengths or an error with its place, and never anything else.

Some hundred cases by default; 10,000 per test in a run of its own, ``make fuzz``.
"""

import gzip
import tempfile
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pssp_tutorial import UniProtError, label_entries, read_uniprot, uniprot_text

TEXTS = [text + "//\n" for text in uniprot_text().split("//\n") if text and len(text) < 16_000]
# The lines that matter, and some that do not, so that damage hits where it can hurt.
SHORT = [
    "".join(
        line + "\n"
        for line in text.splitlines()
        if line[:2] in ("ID", "AC", "DT", "DE", "FT", "SQ", "  ", "//") or line.startswith("DR   PDB;")
    )
    for text in TEXTS
]
ODD = st.sampled_from(
    ["", "?", "<", ">", "..", "-1", "0", "99999999999999999999", ";", ":", '"', "\t", "\x00", "é", "\n", "//\n"]
)
POLICIES = st.sampled_from(["structures", "drop"])
fuzz = settings.get_profile("fuzz")  # --fuzz-examples
pytestmark = pytest.mark.fuzz


@st.composite
def damaged(draw, texts):
    """A text with up to eight changes: letters, numbers, lines, or its end."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["letter", "insert", "cut", "line", "double", "swap", "number", "end"]))
        place = draw(st.integers(0, max(len(text) - 1, 0)))
        if kind == "letter":
            text = text[:place] + draw(st.characters(codec="utf-8")) + text[place + 1 :]
        elif kind == "insert":
            text = text[:place] + draw(ODD) + text[place:]
        elif kind == "cut":
            text = text[:place] + text[place + draw(st.integers(1, 30)) :]
        elif kind == "end":
            text = text[: place or 1]
        elif kind == "number":
            start = next((i for i in range(place, len(text)) if text[i].isdigit()), place)
            text = text[:start] + str(draw(st.integers(-5, 5000))) + text[start + draw(st.integers(1, 3)) :]
        else:
            lines = text.splitlines(keepends=True) or [""]
            first, second = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
            if kind == "line":
                del lines[first]
            elif kind == "double":
                lines.insert(second, lines[first])
            else:
                lines[first], lines[second] = lines[second], lines[first]
            text = "".join(lines)
    return text


def check(text: str, policy: str, turns: bool) -> None:
    """What must hold of any text: the documented error with its place, or entries of equal lengths."""
    errors: list[UniProtError] = []
    entries = []
    try:
        entries.extend(read_uniprot(StringIO(text), on_error=errors.append))
    except UniProtError as error:
        errors.append(error)
    for error in errors:
        assert error.file
        assert error.entry
        assert 1 <= error.line <= text.count("\n") + 1
        assert error.problem
    for entry in entries:
        assert all(0 <= f.start < f.end <= len(entry) for f in entry.features)
    for item in label_entries(entries, turns=turns, without_evidence=policy):
        assert (
            len(item.entry.sequence) == len(item.record.structure) == len(item.record.mask) == len(item.record.resolved)
        )
        assert not item.record.mask[~np.asarray(item.record.resolved)].any()
        assert set(item.record.structure) <= set("HETC?" if turns else "HEC?")


@fuzz
@given(damaged(SHORT), POLICIES, st.booleans())
def test_damaged_flat_files(text, policy, turns):
    check(text, policy, turns)


@fuzz
@given(st.lists(damaged(SHORT), min_size=2, max_size=4), POLICIES)
def test_one_damaged_entry_does_not_hide_the_next(texts, policy):
    """What comes after ``//`` is read, unless the damage took the ``//`` itself."""
    check("".join(texts) + SHORT[0], policy, False)


@fuzz
@given(st.data())
def test_damaged_gzip(data):
    """Bytes change, or the end is missing: an error of the line, and no entry of another length."""
    packed = bytearray(gzip.compress(data.draw(st.sampled_from(SHORT)).encode(), mtime=0))
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del packed[data.draw(st.integers(1, len(packed))) :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "damaged.dat.gz")
        path.write_bytes(packed)
        errors: list[UniProtError] = []
        entries = []
        try:
            entries.extend(read_uniprot(path, on_error=errors.append))
        except UniProtError as error:
            errors.append(error)
    for error in errors:
        assert error.file == str(path)
        assert error.line >= 1
        assert error.entry
    for item in label_entries(entries):
        assert len(item.entry.sequence) == len(item.record.structure) == len(item.record.mask)


@pytest.mark.parametrize("text", SHORT)
def test_undamaged_entries_pass_the_same_check(text):
    check(text, "structures", True)
    assert len(list(read_uniprot(StringIO(text)))) == 1
