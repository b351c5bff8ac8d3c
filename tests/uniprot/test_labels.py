"""UniProt's entries become labels: each position right, nothing called coil that no structure shows."""

import csv
import gzip
import hashlib
import re
import shutil
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from Bio import SwissProt

from pssp_tutorial import (
    LabelReport,
    label_entries,
    label_entry,
    load_uniprot_entries,
    read_uniprot,
    uniprot_text,
)
from pssp_tutorial.uniprot import flat as flat_module
from pssp_tutorial.uniprot.entry import PDBStructure, UniProtEntry, UniProtError, UniProtFeature

DATA = Path(__file__).parents[2] / "data"
TEXTS = {
    re.search(r"^AC   (\w+);", text, re.MULTILINE)[1]: text + "//\n" for text in uniprot_text().split("//\n") if text
}
ENTRIES = {entry.accession: entry for entry in load_uniprot_entries()}


def read(text: str) -> list:
    return list(read_uniprot(StringIO(text)))


STRUCTURE = PDBStructure("1ABC", "X-ray", 2.0, (("A", 2, 18),))


def made(*features, length=20, structures=(STRUCTURE,), **fields):
    """An entry from (kind, start, end, PDB ids...) with one structure of residues 3 to 18."""
    features = tuple(UniProtFeature(kind, start, end, tuple(ids)) for kind, start, end, *ids in features)
    return UniProtEntry("P12345", "MADE", "A" * length, features, tuple(structures), **fields)


# --- the shipped entries ------------------------------------------------------------------------------------------


def test_the_index_says_what_the_file_holds():
    """The index was made with plain patterns, the entries are read by Bio.SwissProt."""
    rows = list(csv.DictReader((DATA / "uniprot_entries.tsv").open(), delimiter="\t"))
    assert [row["accession"] for row in rows] == list(ENTRIES) == list(TEXTS)
    for row in rows:
        entry = ENTRIES[row["accession"]]
        kinds = [feature.kind for feature in entry.features]
        assert [str(kinds.count(kind)) for kind in ("HELIX", "STRAND", "TURN")] == [
            row["helix"],
            row["strand"],
            row["turn"],
        ]
        assert (entry.name, str(len(entry)), entry.date) == (row["name"], row["length"], row["entry_date"])
        assert row["entry_version"] == (str(entry.version) if entry.version else "")
        assert row["release"] == (f"Swiss-Prot {entry.release}" if entry.release else f"UniProt of {entry.date}")
        assert row["licence"]


def test_positions_and_evidence_against_plain_patterns():
    """1-based with both ends in the file, 0-based half-open here: every feature of every entry."""
    for accession, text in TEXTS.items():
        lines = re.findall(
            r"^FT   (HELIX|STRAND|TURN) +(\d+)(?:\.\.| +)?(\d+)?.*\n(?:FT {19}(.*)\n)?", text, re.MULTILINE
        )
        expected = []
        for kind, first, last, evidence in lines:
            ids = tuple(re.findall(r"PDB:(\w+)", evidence))
            expected.append(UniProtFeature(kind, int(first) - 1, int(last or first), ids))
        assert list(ENTRIES[accession].features) == expected
        sequence = "".join(re.findall(r"^     (.*)$", text, re.MULTILINE)).replace(" ", "")
        assert ENTRIES[accession].sequence == sequence


def test_biopython_reads_the_same_from_all_lines():
    """Ours hands it some lines only; what it makes of all (but GN, which it cannot read in old entries) is the same."""
    for record in SwissProt.parse(StringIO(re.sub(r"(?m)^GN .*\n", "", uniprot_text()))):
        entry = ENTRIES[record.accessions[0]]
        assert (entry.name, entry.sequence) == (record.entry_name, record.sequence)
        assert entry.secondary == tuple(record.accessions[1:])
        found = [feature for feature in record.features if feature.type in ("HELIX", "STRAND", "TURN")]
        assert [(item.kind, item.start, item.end) for item in entry.features] == [
            (feature.type, int(feature.location.start), int(feature.location.end)) for feature in found
        ]
        named = [reference[1] for reference in record.cross_references if reference[0] == "PDB"]
        assert [structure.id for structure in entry.structures] == named


def test_the_readme_and_the_checksum_agree():
    digest = hashlib.sha256((DATA / "uniprot_entries.dat.gz").read_bytes()).hexdigest()
    readme = (DATA / "README.md").read_text()
    assert f"SHA-256 of `uniprot_entries.dat.gz`: `{digest}`" in readme
    assert f"{len(ENTRIES)} UniProtKB/Swiss-Prot entries" in readme
    assert f"{sum(map(len, ENTRIES.values())):,} residues" in readme


def test_a_damaged_or_missing_file_is_told(tmp_path, monkeypatch):
    for name in ("uniprot_entries.dat.gz", "uniprot_entries.dat.gz.sha256"):
        shutil.copy(DATA / name, tmp_path)
    path = tmp_path / "uniprot_entries.dat.gz"
    monkeypatch.setattr(flat_module, "resource", lambda kind, name: path)
    assert len(uniprot_text()) == 979_390
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(UniProtError, match=r"uniprot_entries\.dat\.gz: damaged: .*; restore it"):
        uniprot_text()
    path.unlink()
    with pytest.raises(UniProtError, match=r"uniprot_entries\.dat\.gz: no such file or directory; restore"):
        uniprot_text()
    monkeypatch.undo()
    with pytest.raises(UniProtError, match="P99999: not among the shipped entries"):
        uniprot_text("P99999")


# --- labels and masks ---------------------------------------------------------------------------------------------


def test_an_entry_by_hand():
    """Q7Z739: structure 6ZOT covers 392 to 571 of 585; its first helix is 393..401, its first strand 417..425."""
    labelled = label_entry(ENTRIES["Q7Z739"])
    structure = labelled.record.structure
    assert set(structure[:391]) == set(structure[571:]) == {"?"}
    assert "?" not in structure[391:571]
    assert structure[391:402] == "C" + "H" * 9 + "C"
    assert structure[415:426] == "C" + "E" * 9 + "H"
    assert list(labelled.record.resolved) == [391 <= place < 571 for place in range(585)]
    assert [str(item) for item in labelled.structures] == ["6ZOT X-ray 2.7 Å A/B 392-571"]
    assert labelled.structures[0].chain_ids == ("6ZOT_A", "6ZOT_B")
    assert labelled.record.source == "UniProt Q7Z739 version 153 of 2022-08-03"


def test_outside_the_coverage_is_unknown_not_coil():
    entry = made(("HELIX", 4, 8, "1ABC"))
    assert label_entry(entry).record.structure == "??CCHHHHCCCCCCCCCC??"
    assert (~label_entry(entry).record.mask).sum() == 4


def test_turns_are_coil_or_turn():
    entry = made(("HELIX", 4, 8, "1ABC"), ("TURN", 9, 11, "1ABC"))
    assert label_entry(entry).record.structure == "??CCHHHHCCCCCCCCCC??"
    assert label_entry(entry, turns=True).record.structure == "??CCHHHHCTTCCCCCCC??"


def test_coverage_comes_from_the_structures_in_the_evidence_only():
    structures = (
        PDBStructure("1ABC", "X-ray", 2.0, (("A", 2, 10),)),
        PDBStructure("2XYZ", "NMR", None, (("B", 0, 20),)),
    )
    assert label_entry(made(("STRAND", 4, 6, "1ABC"), structures=structures)).record.structure == "??CCEECCCC??????????"
    both = made(("STRAND", 4, 6, "1ABC"), ("HELIX", 12, 15, "2XYZ"), structures=structures)
    assert label_entry(both).record.structure == "CCCCEECCCCCCHHHCCCCC"
    assert [item.id for item in label_entry(both).structures] == ["1ABC", "2XYZ"]


def test_a_feature_outside_its_range_and_a_range_outside_the_sequence():
    entry = made(("HELIX", 16, 20, "1ABC"))
    assert label_entry(entry).record.structure == "??CCCCCCCCCCCCCCHHHH"
    entry = made(("HELIX", 4, 8, "1ABC"), structures=[PDBStructure("1ABC", chains=(("A", 2, 500),))])
    assert label_entry(entry).record.structure == "??CCHHHHCCCCCCCCCCCC"


@pytest.mark.parametrize(
    ("policy", "structure", "source"),
    [
        ("structures", "??CCHHHHCCEECCCCCC??", "structures"),
        ("drop", "?" * 20, "none"),
    ],
)
def test_policies_for_entries_without_evidence(policy, structure, source):
    labelled = label_entry(made(("HELIX", 4, 8), ("STRAND", 10, 12)), without_evidence=policy)
    assert (labelled.record.structure, labelled.coverage_from) == (structure, source)


def test_an_unknown_policy_is_refused():
    with pytest.raises(UniProtError, match="without_evidence='guess'; expected one of structures, drop"):
        label_entry(made(), without_evidence="guess")
    with pytest.raises(UniProtError, match=r"methods='X-ray'; expected a collection, such as \['X-ray'\]"):
        label_entry(made(), methods="X-ray")


def test_filters_by_method_and_resolution_leave_nothing_half_known():
    structures = (
        PDBStructure("1ABC", "X-ray", 3.5, (("A", 0, 10),)),
        PDBStructure("2XYZ", "NMR", None, (("A", 8, 20),)),
        PDBStructure("3PQR", "EM", 2.0, (("A", 0, 20),)),
    )
    entry = made(("HELIX", 2, 6, "1ABC"), ("STRAND", 12, 16, "2XYZ"), structures=structures)
    labelled = label_entry(entry, max_resolution=3.0)
    assert labelled.record.structure == "????????CCCCEEEECCCC"
    assert labelled.unsupported == 1
    assert label_entry(entry, methods=["X-ray"]).record.structure == "CCHHHHCCCC??????????"
    assert not label_entry(entry, methods=["Fiber"]).record.mask.any()
    either = made(("HELIX", 2, 6, "1ABC", "3PQR"), structures=structures)
    assert label_entry(either, max_resolution=3.0).record.structure[2:6] == "HHHH"


def test_a_refused_structures_helix_is_unknown_inside_another_structure():
    structures = (PDBStructure("1ABC", "X-ray", 3.5, (("A", 0, 20),)), PDBStructure("2XYZ", "EM", 2.0, (("A", 0, 20),)))
    entry = made(("HELIX", 2, 6, "1ABC"), ("STRAND", 12, 16, "2XYZ"), structures=structures)
    assert label_entry(entry, max_resolution=3.0).record.structure == "CC????CCCCCCEEEECCCC"


def test_residues_that_two_kinds_claim_are_unknown():
    entry = made(("HELIX", 4, 8, "1ABC"), ("STRAND", 7, 10, "1ABC"), ("HELIX", 5, 6, "1ABC"))
    labelled = label_entry(entry)
    assert labelled.record.structure == "??CCHHH?EECCCCCCCC??"
    assert labelled.conflicts == 1


def flat(*features: str) -> str:
    """A flat-file entry of 20 alanines with these features."""
    return (
        "ID   MADE_TEST               Reviewed;          20 AA.\nAC   P12345; Q99999;\n"
        "DT   01-JAN-2020, integrated into UniProtKB/Swiss-Prot.\nDT   01-JAN-2020, sequence version 1.\n"
        "DT   03-AUG-2022, entry version 7.\nDE   RecName: Full=Made;\nDE   Flags: Precursor; Fragment;\n"
        "DR   PDB; 1ABC; X-ray; 2.00 A; A=3-18.\n"
        + "".join(f'FT   {feature}\nFT{"":19}/evidence="ECO:0007829|PDB:1ABC"\n' for feature in features)
        + f"SQ   SEQUENCE   20 AA;  2000 MW;  {crc('A' * 20)} CRC64;\n     {'A' * 20}\n//\n"
    )


def crc(sequence: str) -> str:
    from Bio.SeqUtils.CheckSum import crc64

    return crc64(sequence).removeprefix("CRC-")


@pytest.mark.parametrize(
    ("location", "start", "end", "exact"),
    [
        ("4..17", 3, 17, True),
        ("5", 4, 5, True),
        ("?..8", 0, 8, False),
        ("4..?", 3, 20, False),
        ("?4..8", 0, 8, False),
        ("<1..8", 0, 8, False),
        ("4..>20", 3, 20, False),
        ("?..?", 0, 20, False),
    ],
)
def test_positions_in_the_flat_file(location, start, end, exact):
    (entry,) = read(flat(f"HELIX           {location}"))
    assert entry.features == (UniProtFeature("HELIX", start, end, ("1ABC",), exact),)


def test_open_ends_are_unknown_as_far_as_they_may_reach():
    (entry,) = read(flat("STRAND          2..4", "HELIX           ?..8"))
    labelled = label_entry(entry)
    assert labelled.record.structure == "?EEE????CCCCCCCCCC??"
    assert labelled.fuzzy == 1


def test_features_of_isoforms_have_no_place_here():
    (entry,) = read(flat("HELIX           P12345-2:5..9", "STRAND          4..6"))
    assert [feature.kind for feature in entry.features] == ["STRAND"]
    assert entry.isoform_features == 1
    (only,) = read(flat("HELIX           P12345-2:5..9"))
    report = LabelReport()
    assert not list(label_entries([only], report=report))
    assert report.dropped == [("P12345", "no helix, strand or turn: only on other isoforms")]


def test_flags_names_and_dates():
    (entry,) = read(flat("HELIX           4..8"))
    assert (entry.fragment, entry.version, entry.date) == (True, 7, "2022-08-03")
    assert entry.secondary == ("Q99999",)
    assert [item.accession for item in ENTRIES.values() if item.fragment] == ["P00981"]


# --- the report ---------------------------------------------------------------------------------------------------


def test_the_report_counts_what_was_labelled():
    report = LabelReport()
    labelled = list(label_entries(ENTRIES.values(), report=report))
    assert (report.kept, len(report.dropped)) == (len(labelled), 3) == (44, 3)
    assert report.residues == sum(len(item.entry) for item in labelled)
    assert report.known == sum(int(item.record.mask.sum()) for item in labelled)
    assert report.dropped == [
        (name, "no coverage: PDB structures without a range") for name in ("P01100", "P05414", "P06994")
    ]
    for item in labelled:
        assert (
            len(item.entry.sequence) == len(item.record.structure) == len(item.record.mask) == len(item.record.resolved)
        )
        assert not item.record.mask[~np.asarray(item.record.resolved)].any()


def test_what_became_of_an_accession_is_told():
    report = LabelReport()
    items = label_entries([ENTRIES["P05414"], ENTRIES["Q7Z739"]], report=report)
    kept = {item.entry.accession for item in items}
    assert report.find(["Q7Z739", "B3KXL4", "P05414", "Q00000"], kept) == {
        "Q7Z739": "kept",
        "B3KXL4": "merged into Q7Z739",
        "P05414": "dropped: no coverage: PDB structures without a range",
        "Q00000": "not found",
    }


# --- damage -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "at", "problem"),
    [
        ("585 AA.\nAC", "584 AA.\nAC", "ID   ", "the sequence has 585 residues, the entry says 584"),
        (
            "  393..401",
            "  393..901",
            "ID   ",
            "HELIX 393..901 in a sequence of 585 residues; expected",
        ),
        ("  393..401", "  401..393", "FT   HELIX           401", "Bio.SwissProt cannot read the line"),
        ("  393..401", "  3x3..401", "FT   HELIX           3x3", "Bio.SwissProt cannot read the line"),
        ("     MSATSVDQRP", "     MSATSVDQRW", "ID   ", "the sequence's CRC64 is "),
        ("     MSATSVDQRP", "     MSAT-VDQRP", "ID   ", "residue 5 is '-'; expected capital letters"),
        ("AC   Q7Z739;", "AC   Q7Z7;", "ID   ", "accession 'Q7Z7'; expected one such as P12345"),
        ("AC   Q7Z739; B3KXL4; Q63Z37; Q659A3;\n", "", "ID   ", "accession ''; expected one such as P12345"),
        ("GN   Name", "XX   Name", "XX   ", "the line begins with 'XX   '; expected a line code"),
        ("SQ   SEQUENCE", "CC   SEQUENCE", "//", "Bio.SwissProt cannot read the line (ValueError: no SQ line"),
    ],
)
def test_a_damaged_entry_is_named_with_file_line_and_entry(tmp_path, old, new, at, problem):
    text = TEXTS["Q7Z739"]
    assert old in text
    path = tmp_path / "damaged.dat"
    damaged = text.replace(old, new, 1)
    line = next(number for number, found in enumerate(damaged.splitlines(), start=1) if found.startswith(at))
    path.write_text(TEXTS["P62258"] + damaged)
    offset = TEXTS["P62258"].count("\n")
    with pytest.raises(UniProtError) as caught:
        list(read_uniprot(path))
    error = caught.value
    assert problem in error.problem
    assert (error.file, error.line - offset) == (str(path), line)
    assert error.entry in ("Q7Z739", "Q7Z7", "YTHD3_HUMAN")
    errors = []
    path.write_text(path.read_text() + TEXTS["P60904"])
    assert [entry.accession for entry in read_uniprot(path, on_error=errors.append)] == ["P62258", "P60904"]
    assert [str(error) for error in errors] == [str(caught.value)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.fasta",
            b">a\nMKT\n",
            r"a\.fasta: line 1: entry 1: the line is '>a', as in FASTA; expected an entry of UniProt's format=txt",
        ),
        (
            "a.json",
            b'{"results":[{"from":"P1","to":{}}]}',
            r"entry 1: the line is '\{\"results.*', as in JSON; expected an entry",
        ),
        ("a.json", b"[\n", r"entry 1: the line is '\[', as in JSON; expected .*, from 'ID   ' to '//'"),
        (
            "a.dat",
            b'{"url":"http://rest.uniprot.org/x","messages":["\'colour\' is not a valid field"]}',
            r"the line is .*'colour.* is not a valid field.*, as in JSON; expected an entry",
        ),
        ("a.tsv", b"From\tEntry\nP1\tP12345\n", r"entry 1: the line is 'From\\tEntry'; expected an entry"),
        ("a.txt", b"P12345\nQ7Z739\n", r"the line is 'P12345'; expected an entry"),
        ("a.html", b"<!doctype html>\n<html>", r"the line is '<!doctype html>', as in HTML; expected an entry"),
        ("a.txt", b"Resource not found\n", r"the line is 'Resource not found'; expected an entry"),
        ("a.dat", b"ID   X\nAC   P12345;\n", r"a\.dat: line 2: P12345: the file ends within the entry; expected '//'"),
        ("a.dat", b"\nID   X\n//\n", r"a\.dat: line 2: X: Bio\.SwissProt cannot read the line"),
        ("a.dat", b"//\n", r"a\.dat: line 1: entry 1: the line is '//'; expected an entry"),
        ("a.dat", b"ID   \xff\xfe\n//\n", r"a\.dat: line 1: entry 1: not readable as text"),
        (
            "a.dat.gz",
            gzip.compress(b"ID   X\n" * 9000, mtime=0)[:-20],
            r"a\.dat\.gz: line \d+: entry 1: not readable as text",
        ),
        ("a.dat.gz", b"\x1f\x8bplain", r"a\.dat\.gz: line 1: entry 1: not readable as text"),
    ],
)
def test_what_is_no_uniprot_file_is_told(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UniProtError, match=message):
        list(read_uniprot(path))


def test_a_byte_order_mark_is_no_part_of_an_entry(tmp_path):
    """Editors of Windows put one at the start of a file."""
    path = tmp_path / "a.dat"
    path.write_text("\ufeff" + TEXTS["P62258"], encoding="utf-8")
    assert list(read_uniprot(path)) == read("\ufeff" + TEXTS["P62258"]) == [ENTRIES["P62258"]]


def test_a_message_of_the_server_within_a_file_is_told(tmp_path):
    """UniProt's stream ends so if it breaks: the entries before are whole, and what follows must not pass unseen."""
    broken = TEXTS["P62258"] + "Error encountered when streaming data. Please try again later.\n"
    with pytest.raises(UniProtError, match=r"entry 2: the line is 'Error encountered when .*; expected an entry"):
        read(broken)


def test_an_empty_file_holds_no_entry_and_a_missing_one_is_told(tmp_path):
    assert read("") == read("\n \n") == read("\ufeff") == []
    with pytest.raises(UniProtError, match=r"nothing\.dat: no such file or directory"):
        list(read_uniprot(tmp_path / "nothing.dat"))
    with pytest.raises(UniProtError, match="is a directory"):
        list(read_uniprot(tmp_path))


def test_every_line_of_the_mask_is_boolean():
    labelled = label_entry(ENTRIES["P04439"])
    assert labelled.record.mask.dtype == np.asarray(labelled.record.resolved).dtype == np.bool_
    assert len(labelled.structures) == len(
        {pdb_id for feature in labelled.entry.features for pdb_id in feature.structures}
    )
