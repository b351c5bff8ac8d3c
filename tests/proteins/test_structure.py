"""Structures from files: what the atoms say, what is unusual in them, and the labels that DSSP wrote."""

import bz2
import gzip
import lzma
import subprocess
from pathlib import Path

import numpy as np
import pytest
from Bio.PDB.mmcifio import MMCIFIO
from Bio.PDB.PDBParser import PDBParser
from dssp_parts import mkdssp
from test_dssp import facing, strand

import pssp_tutorial as pssp
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.record import RecordError
from pssp_tutorial.proteins.structure import StructureError

CHAIN = pssp.load_chains("mini").train[3]
BACKBONE = pssp.load_backbones()[CHAIN.id].astype(float)
needs_mkdssp = pytest.mark.skipif(not mkdssp.installed(), reason="mkdssp is not installed (Debian: apt install dssp)")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The chain as a PDB file, named after its entry."""
    path = tmp_path / "1abc.pdb"
    path.write_text(mkdssp.as_pdb(BACKBONE, CHAIN.sequence))
    return path


def changed(path: Path, change) -> Path:
    """The file with its lines changed: `change` returns a line, several, or none."""
    lines = (change(line) for line in path.read_text().splitlines())
    path.write_text("\n".join("\n".join(line) if isinstance(line, list) else line for line in lines if line) + "\n")
    return path


def residue(line: str) -> int:
    return int(line[22:26]) if line.startswith(("ATOM", "HETATM")) else 0


def label(path: Path) -> tuple[list[pssp.ProteinRecord], list[str]]:
    remarks: list[str] = []
    return pssp.label_structure(path, on_remark=remarks.append), remarks


def test_a_plain_structure_needs_no_remark(written: Path) -> None:
    (record,), remarks = label(written)
    assert (record.id, record.sequence) == ("1abc_A", CHAIN.sequence)
    assert record.structure == pssp.assign_dssp(BACKBONE, CHAIN.sequence)
    assert remarks == []
    [(_, backbone)] = pssp.read_structure(written)
    np.testing.assert_allclose(backbone, BACKBONE, atol=1e-4)


def test_mmcif_says_what_pdb_says(written: Path) -> None:
    """Two chains, as Biopython writes them in the newer format."""
    written.write_text(two_strands(4.8))
    expected, _ = label(written)
    target = written.with_name("1abc.cif")
    writer = MMCIFIO()
    writer.set_structure(PDBParser(QUIET=True).get_structure("1abc", written))
    writer.save(str(target))
    assert label(target) == (expected, [])


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files_are_read_whatever_their_name(pack, written: Path) -> None:
    expected, _ = label(written)
    written.write_bytes(pack(written.read_bytes()))
    assert label(written)[0] == expected


def test_selenomethionine_and_unknown_residues(written: Path) -> None:
    """As in crystals: HETATM lines inside the chain. A residue without a known parent is X; DSSP labels both."""

    def change(line: str) -> str:
        names = {5: "MSE", 9: "ZZZ"}
        return f"HETATM{line[6:17]}{names[residue(line)]}{line[20:]}" if residue(line) in names else line

    (record,), remarks = label(changed(written, change))
    assert record.sequence == f"{CHAIN.sequence[:4]}M{CHAIN.sequence[5:8]}X{CHAIN.sequence[9:]}"
    assert len(record.structure or "") == len(CHAIN)
    assert remarks == ["1abc_A: 2 residues of other than the 20 kinds: MSE as M (1), ZZZ as X (1)"]


def test_ligands_and_water_are_no_residues(written: Path) -> None:
    """A free glycine, a calcium ion and water, behind the chain as the PDB lists them."""
    lines = [
        "HETATM 9001  N   GLY A 901     900.000 900.000 900.000  1.00  0.00           N",
        "HETATM 9002  CA  GLY A 901     901.400 900.000 900.000  1.00  0.00           C",
        "HETATM 9003  C   GLY A 901     902.000 901.400 900.000  1.00  0.00           C",
        "HETATM 9004  O   GLY A 901     901.300 902.400 900.000  1.00  0.00           O",
        "HETATM 9005 CA    CA A 902     910.000 900.000 900.000  1.00  0.00          CA",
        "HETATM 9006  O   HOH A 903     920.000 900.000 900.000  1.00  0.00           O",
    ]
    expected, _ = label(written)
    assert label(changed(written, lambda line: [*lines, line] if line == "END" else line)) == (expected, [])


def test_missing_atoms_and_residues_are_said(written: Path) -> None:
    """One O is missing, and three residues are: a break."""

    def change(line: str) -> str:
        gone = (residue(line) == 20 and line[12:16].strip() == "O") or residue(line) in (40, 41, 42)
        return "" if gone else line

    (record,), remarks = label(changed(written, change))
    assert record.sequence == CHAIN.sequence[:39] + CHAIN.sequence[42:]
    assert record.structure is not None
    assert [place for place, state in enumerate(record.structure) if state == "?"] == [19]
    assert record.mask.sum() == len(record) - 1
    assert remarks == [
        "1abc_A: 1 residue without all four atoms of the backbone: its state is unknown, ?",
        "1abc_A: 2 breaks in the chain, where residues are not seen",
    ]


def test_the_most_occupied_location_is_read(written: Path) -> None:
    """Location A is far off and rare; B is the chain itself."""

    def change(line: str) -> str | list[str]:
        if residue(line) != 15:
            return line
        rare = f"{line[:16]}A{line[17:30]}{float(line[30:38]) + 20:8.3f}{line[38:54]}  0.30{line[60:]}"
        return [rare, f"{line[:16]}B{line[17:54]}  0.70{line[60:]}"]

    expected, _ = label(written)
    records, remarks = label(changed(written, change))
    assert records == expected
    assert remarks == ["1abc_A: 1 residue with alternate locations; that with the highest occupancy is read"]


def test_the_most_occupied_kind_of_residue_is_read(written: Path) -> None:
    """A place that is tryptophan in seven crystals of ten and glycine in three, listed last."""

    def change(line: str) -> str | list[str]:
        if residue(line) != 15:
            return line
        kinds = (("A", "TRP", 0.7), ("B", "GLY", 0.3))
        return [f"{line[:16]}{place}{name}{line[20:54]}  {share:.2f}{line[60:]}" for place, name, share in kinds]

    (record,), remarks = label(changed(written, change))
    assert record.sequence[14] == "W"
    assert any("1 place with two kinds of residue" in remark for remark in remarks)


def test_the_first_of_several_models_is_read(written: Path) -> None:
    atoms = "".join(line + "\n" for line in written.read_text().splitlines() if line.startswith("ATOM"))
    moved = "\n".join(f"{line[:30]}{0:8.3f}{line[38:]}" for line in atoms.splitlines())
    expected, _ = label(written)
    written.write_text(f"MODEL        1\n{atoms}ENDMDL\nMODEL        2\n{moved}\nENDMDL\nEND\n")
    assert label(written) == (expected, ["1abc: 2 models; the first is read"])


def two_strands(distance: float) -> str:
    """Two strands of 7 residues as chains A and B, facing each other; see test_dssp."""
    first = strand(7)
    other = facing(first) + np.array([distance - 4.8, 0, 0])
    gap = np.full((1, 4, 3), np.nan)
    return mkdssp.as_pdb(np.concatenate([first, gap, other]), "AAAAAAAXAAAAAAA")


def test_strands_of_two_chains_pair(tmp_path: Path) -> None:
    """As in a dimer: each chain alone is coil."""
    path = tmp_path / "2abc.pdb"
    path.write_text(two_strands(4.8))
    assert [(record.id, record.structure) for record in label(path)[0]] == [
        ("2abc_A", "CEEEEEC"),
        ("2abc_B", "CEEEEEC"),
    ]
    path.write_text(two_strands(8.0))
    assert [record.structure for record in label(path)[0]] == ["CCCCCCC"] * 2


def test_nucleic_acids_are_left_out(written: Path) -> None:
    line = "ATOM   9001  P    DA B   1     900.000 900.000 900.000  1.00  0.00           P"
    expected, _ = label(written)
    found = label(changed(written, lambda each: [line, each] if each == "END" else each))
    assert found == (expected, ["1abc: 1 chain without amino acids left out"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">one\nMKT\n", "begins with '>one.nMKT.n'; expected mmCIF, PDB or what DSSP writes"),
        ("", "empty; expected mmCIF, PDB"),
        ("data_1abc\n_entry.id 1abc\n", "cannot be read as mmCIF or PDB|no residue"),
        ("HEADER    NOTHING\nEND\n", "no residue with an atom CA"),
    ],
)
def test_what_is_no_structure_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "none.cif"
    path.write_text(text)
    with pytest.raises(StructureError, match=f"none.cif: {message}"):
        pssp.label_structure(path)


def test_damaged_structures_end_in_words(written: Path) -> None:
    """A file cut off or with noise in it is read or refused, never more."""
    text = written.read_text()
    random = np.random.default_rng(0)
    messages = []
    for _ in range(30):
        place = int(random.integers(len(text)))
        written.write_text(text[:place] + chr(int(random.integers(32, 127))) * 5 + text[place + 3 :])
        try:
            pssp.label_structure(written)
        except PSSPError as error:
            messages.append(str(error))
    assert [message for message in messages if "1abc.pdb" not in message] == []


def dssp_files(written: Path) -> dict[str, Path]:
    """What mkdssp writes for a structure, in each of its forms."""
    forms = {"1abc.dssp": ["dssp"], "ranges.cif": ["mmcif"], "residues.cif": ["mmcif", "--write-experimental"]}
    for name, (form, *more) in forms.items():
        target = written.with_name(name)
        command = ["mkdssp", f"--output-format={form}", *more, written, target]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    return {name: written.with_name(name) for name in forms}


@needs_mkdssp
def test_labels_that_dssp_wrote_are_read(written: Path) -> None:
    """Its three forms give the same states, P as C; and so does the structure itself."""
    text = written.read_text().replace("HEADER    TEST", f"{'HEADER    TEST':<62}1ABC")
    written.write_text(text)
    expected = pssp.assign_dssp(BACKBONE, CHAIN.sequence)
    for path in dssp_files(written).values():
        (record,), remarks = label(path)
        assert (record.id, record.sequence, record.structure) == ("1ABC_A", CHAIN.sequence, expected)
        polyproline = mkdssp.states(BACKBONE, CHAIN.sequence).count("P")
        assert polyproline > 0
        assert remarks == [
            f"1ABC_A: {len(CHAIN)} states read that DSSP wrote, {polyproline} of them P, polyproline II, as coil, C"
        ]


@needs_mkdssp
def test_coordinates_beside_the_labels_of_dssp_are_read(written: Path) -> None:
    """AlphaFold's files hold both: a backbone is there to be read. A classic file has none."""
    files = dssp_files(written)
    [(_, backbone)] = pssp.read_structure(files["ranges.cif"])
    np.testing.assert_allclose(backbone, BACKBONE, atol=0.002)
    with pytest.raises(StructureError, match="no backbone; label_structure reads them"):
        pssp.read_structure(files["1abc.dssp"])


CLASSIC = """==== Secondary Structure Definition by the program DSSP, NKI version 4.2.2
HEADER    HYDROLASE                               01-JAN-00   1ABC                                             .
  #  RESIDUE AA STRUCTURE BP1 BP2  ACC     N-H-->O    O-->H-N    N-H-->O
    1    3 A M              0   0  136      0, 0.0     3,-0.3     0, 0.0
    2    4 A a  H  >  S+    0   0   35      1,-0.2     4,-0.5     5,-0.1
    3        !              0   0    0      0, 0.0     0, 0.0     0, 0.0
    4    9 A P  P           0   0   35      1,-0.2     4,-0.5     5,-0.1
    5        !*             0   0    0      0, 0.0     0, 0.0     0, 0.0
    6    1 B K  E           0   0   35      1,-0.2     4,-0.5     5,-0.1
"""


def test_a_classic_file_by_hand(tmp_path: Path) -> None:
    """A cystine in lower case, a break, the end of a chain, P: each mark of the format once."""
    path = tmp_path / "x.dssp"
    path.write_text(CLASSIC)
    records, _ = label(path)
    assert [(each.id, each.sequence, each.structure) for each in records] == [
        ("1ABC_A", "MCP", "CHC"),
        ("1ABC_B", "K", "E"),
    ]


def test_a_damaged_classic_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.dssp"
    path.write_text(CLASSIC[: CLASSIC.index("    3        !") + 8])
    with pytest.raises(RecordError, match=r"x\.dssp: damaged"):
        label(path)
