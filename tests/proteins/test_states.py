"""States from files as other programs write them."""

import gzip
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import pssp_tutorial as pssp
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.prediction.formats import FORMATS
from pssp_tutorial.prediction.writers import Folder
from pssp_tutorial.proteins.states import StatesError

SS2 = """# PSIPRED VFORMAT (PSIPRED V4.0)

   1 M C   0.999  0.001  0.001
   2 K H   0.210  0.770  0.030
   3 T E   0.100  0.050  0.850
"""

HORIZ = """# PSIPRED HFORMAT (PSIPRED V4.0)

Conf: 97888999999999998599988887766554433221109876543210987654321
Pred: CCHHHHHHHHHHHHHHCCEEEEECCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC
  AA: MKTVRQERLKSIVRILERSKEPVSGAQMKTVRQERLKSIVRILERSKEPVSGAQMKTVR
              10        20        30        40        50

Conf: 979
Pred: CHE
  AA: MKT
"""

SS_TXT = """>101M:A:sequence
MVLSEGEWQLV
>101M:A:secstr
  HHHHH TT B
>102L:A:sequence
MNIF
>102L:A:secstr
 EE@
""".replace("@", " ")  # the last residue is coil

THREE_LINES = """>one
MKTVRQ
CHHHHC
>two some title
MKTVRQ
ERLKSI
CCCCHH
HHHHCC
"""


def written(folder: Path, text: str, name: str = "1abc.txt") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "states"),
    [
        (SS2, {"1abc": "CHE"}),
        (SS2.split("\n\n")[1], {"1abc": "CHE"}),  # as PSIPRED's first step writes it, without a header
        (HORIZ, {"1abc": f"CC{14 * 'H'}CC{5 * 'E'}{36 * 'C'}CHE"}),
        (SS_TXT, {"101M:A": "CCHHHHHCTTCB", "102L:A": "CEEC"}),
        (THREE_LINES, {"one": "CHHHHC", "two": "CCCCHHHHHHCC"}),
        (">one\nHEC?\nP-_.\n>two\nL\n", {"one": "HEC?CCCC", "two": "C"}),
        ('{"id": "one", "states": "HEC"}\n\n{"id": "two", "states": "GIBTS"}\n', {"one": "HEC", "two": "GIBTS"}),
        ("id\tposition\tresidue\tstate\none\t1\tM\tH\none\t2\tK\tC\ntwo\t1\tM\tE\n", {"one": "HC", "two": "E"}),
    ],
    ids=["ss2", "ss", "horiz", "ss.txt", "three lines", "fasta", "jsonl", "tsv"],
)
def test_formats_of_others(text: str, states: dict[str, str], tmp_path: Path) -> None:
    """Layouts as PSIPRED 4, the PDB's ss.txt and people write them, typed out."""
    path = written(tmp_path, text)
    assert pssp.read_states(path) == states
    path.write_bytes(gzip.compress(text.encode()))
    assert pssp.read_states(path) == states


@pytest.mark.parametrize("format", FORMATS)
def test_our_own_predictions_are_read_back(format: str, tmp_path: Path) -> None:
    """What `pssp predict` writes, `pssp score` reads: two proteins, where the format can hold two."""
    predictions = [
        SimpleNamespace(id=name, sequence="MKTV" * 20, states="CHHE" * 20, probabilities=np.full((80, 3), 1 / 3))
        for name in ("one", "two")
    ]
    header = "id\tposition\tresidue\tstate\tp_H\tp_E\tp_C\n" if format == "tsv" else ""
    found = {}
    for prediction in predictions:
        path = written(tmp_path, header + FORMATS[format](prediction, "small"), f"{prediction.id}.out")
        found |= pssp.read_states(path)
    assert found == {prediction.id: prediction.states for prediction in predictions}


def test_a_folder_of_predictions_keeps_its_ids(tmp_path: Path) -> None:
    """Names of files cannot hold every id: the folder's table does."""
    folder = Folder(tmp_path, "ss2", "small")
    for name, states in (("sp|P1|A", "CHH"), ("sp:P1:A", "EEC")):
        folder.write(pssp.Prediction(name, "MKT", states, np.full((3, 3), 1 / 3)))
    folder.close()
    assert pssp.read_states(tmp_path) == {"sp|P1|A": "CHH", "sp:P1:A": "EEC"}


def test_a_folder_with_an_id_twice_is_refused(tmp_path: Path) -> None:
    """The last one would win, and nobody would know which it was."""
    written(tmp_path, "file\tid\na.ss2\tone\nb.ss2\tone\n", "index.tsv")
    written(tmp_path, SS2, "a.ss2")
    written(tmp_path, SS2, "b.ss2")
    with pytest.raises(StatesError, match="one comes twice"):
        pssp.read_states(tmp_path)


def test_an_id_may_begin_as_a_comment_does(tmp_path: Path) -> None:
    """Comments stand above a table; below its header each line is a residue."""
    path = written(tmp_path, "# made by hand\nid\tstate\n#1\tH\none\tE\n")
    assert pssp.read_states(path) == {"#1": "H", "one": "E"}


def test_a_name_that_no_file_can_have_is_one_of_our_errors() -> None:
    for name in ("x" * 400, "a\0b"):
        with pytest.raises(PSSPError):
            pssp.read_states(name)


def test_quoted_ids_of_a_table(tmp_path: Path) -> None:
    path = written(tmp_path, 'id\tstate\n"5""end"\tH\n"5""end"\tE\n')
    assert pssp.read_states(path) == {'5"end': "HE"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1abc.txt: empty; expected states"),
        ("\n \n", "1abc.txt: empty"),
        (">one\nHEXC\n", "1abc.txt: one: state 3 is 'X'; expected one of HGIEBTSC"),
        (">one\n\n>two\nH\n", "1abc.txt: one: no states"),
        (">one\nH\n>one\nE\n", "1abc.txt: one comes twice"),
        ("id\tposition\tstate\none\t1\tH\none\t2\tH\none\t1\tE\n", "1abc.txt: one comes twice"),
        ("id\tstate\none\tH\ntwo\tC\none\tE\n", "1abc.txt: one comes twice"),
        ('{"id": "one", "states": "H"}\n{"id": "two"}\n', '1abc.txt: line 2: \'{"id": "two"}\'; expected an object'),
        ('{"id": "one", "states": "H"}\nhello\n', "1abc.txt: line 2: 'hello'"),
        ("id\tstate\none\tH\none\n", "1abc.txt: line 3: 1 fields; expected 2"),
        ('id\tstate\none\t"H\x00\n', "1abc.txt: "),
        (SS2 + "   4 V\n", "1abc.txt: line 6 is '   4 V'; expected number, residue, state"),
        ("hello, world\n", "1abc.txt: begins with 'hello, world'; expected FASTA"),
        (json.dumps([1, 2]), "1abc.txt: begins with"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(StatesError) as caught:
        pssp.read_states(written(tmp_path, text))
    assert message in str(caught.value)


@pytest.mark.fuzz
@pytest.mark.parametrize("text", [SS2, HORIZ, SS_TXT, THREE_LINES, "id\tposition\tstate\none\t1\tH\none\t2\tE\n"])
def test_damaged_files_end_in_words(text: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Whatever is inserted or lost: states, or an error that names the file."""
    draw = np.random.default_rng(0)
    messages = []
    for _ in range(request.config.getoption("--fuzz-examples")):
        place = int(draw.integers(len(text)))
        noise = "".join(draw.choice(list("\n\t\"'#>{} \r\x00Xx9é"), 3))
        path = written(tmp_path, text[:place] + noise + text[place + int(draw.integers(40)) :])
        try:
            pssp.read_states(path)
        except PSSPError as error:
            messages.append(str(error))
    assert [message for message in messages if "1abc.txt" not in message] == []
