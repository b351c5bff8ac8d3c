"""The flat file: positions, isoforms and flags are read, and what is damaged is named with its place."""

import gzip

import pytest
from uniprot_entries import ENTRIES, TEXTS, read

from pssp_tutorial import LabelReport, label_entries, label_entry, read_uniprot
from pssp_tutorial.uniprot.entry import UniProtError, UniProtFeature


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
