"""Records and FASTA: what goes in comes out, and a broken file says where it is broken."""

import bz2
import gzip
import lzma
import shutil
import tracemalloc
from contextlib import nullcontext
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from Bio import SeqIO
from hypothesis import given
from hypothesis import strategies as st

from pssp_tutorial.core.files import FileError
from pssp_tutorial.proteins.alphabet import RESIDUES, AlphabetError
from pssp_tutorial.proteins.fasta import MAX_RESIDUES, PIECE, read_fasta, write_fasta
from pssp_tutorial.proteins.record import ProteinRecord, RecordError

ENTRIES = st.lists(
    st.tuples(st.text("ABCxyz019_|.-", min_size=1, max_size=12), st.text(RESIDUES, min_size=1, max_size=200)),
    max_size=6,
)


@given(ENTRIES, st.integers(1, 80))
def test_fasta_round_trip_agrees_with_biopython(entries, width):
    records = [ProteinRecord(*entry) for entry in entries]
    buffer = StringIO()
    write_fasta(records, buffer, width=width)
    assert list(read_fasta(StringIO(buffer.getvalue()))) == records
    theirs = [(record.id, str(record.seq)) for record in SeqIO.parse(StringIO(buffer.getvalue()), "fasta")]
    assert theirs == entries


def test_gzip_by_suffix(tmp_path):
    path = tmp_path / "two.fasta.gz"
    write_fasta([ProteinRecord("one", "MKT"), ProteinRecord("two", "VRQ")], path)
    assert gzip.decompress(path.read_bytes()).startswith(b">one\nMKT\n")
    assert [record.sequence for record in read_fasta(path)] == ["MKT", "VRQ"]
    assert next(read_fasta(path)).source == str(path)


def test_a_file_may_be_filtered_in_place(tmp_path):
    """Reading and writing take turns, so that writing at once would empty what is still to be read."""
    for name in ("a.fa", "a.fa.gz"):
        path = tmp_path / name
        write_fasta([ProteinRecord("long", "MKTVRQERLK"), ProteinRecord("short", "MKT")], path)
        write_fasta((record for record in read_fasta(path) if len(record) > 5), path)
        assert [record.id for record in read_fasta(path)] == ["long"]


def test_an_error_in_between_leaves_the_old_fasta(tmp_path):
    path = tmp_path / "a.fa"
    path.write_text(">old\nMKT\n")
    for records, width, error in [
        ([ProteinRecord("new", "GGGG"), None], 60, AttributeError),
        ([ProteinRecord("new", "GGGG")], 0, RecordError),
        ([ProteinRecord("new", "GGGG")], -1, RecordError),
        ([ProteinRecord("new", "GGGG")], None, RecordError),
    ]:
        with pytest.raises(error):
            write_fasta(records, path, width=width)
        assert [file.read_text() for file in tmp_path.iterdir()] == [">old\nMKT\n"]
    with pytest.raises(FileError, match="Is a directory"):
        write_fasta([], tmp_path)


def test_mask_joins_states_and_resolved_residues():
    """An unknown state and an unresolved residue are both outside the mask: neither is coil."""
    record = ProteinRecord("r", "MKTV", "C?HC", resolved=np.array([True, True, True, False]))
    assert record.mask.tolist() == [True, False, True, False]
    assert not ProteinRecord("r", "MKTV").mask.any()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (dict(structure="HH"), "r: structure has 2 positions; expected 4"),
        (dict(resolved=np.ones(5, dtype=bool)), "r: resolved has 5 positions; expected 4"),
        (dict(structure="HHLH"), "r: state 3 is 'L'; expected one of HGIEBTSC or ?"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(fields, message):
    with pytest.raises(RecordError, match=message.replace("?", r"\?")):
        ProteinRecord("r", "MKTV", **fields)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.fasta", b"MKTV\n", "line 1 begins with 'MKTV', which looks like a sequence without a name; expected FASTA"),
        ("a.fasta", b">one\nMKT\n>two\n>three\nM\n", r"record 2 \(two\): no residues; expected at least one"),
        ("a.fasta", b">one\n\xff\xfe\n", r"line 1: record 1 \(one\) is not readable as text"),
        ("a.fasta", b"\n>on\xff\x1b\nMKT\n", r"line 2: record 1 \(on\\udcff\\x1b\) is not readable as text"),
        ("a.fasta", b">one\nMKT\n>two\nMKT\nM-T\n", r"line 3: record 2 \(two\): residue 5 is '-'"),
        ("a.fasta", b">one\n*\n", r"record 1 \(one\): no residues"),
        ("a.fasta", b">one\nM*T\n", "residue 2 is '\\*'"),
        ("a.fasta", b">long\n" + b"MK" * 50_000 + b"V\n", r"record 1 \(long\) has more than 100,000 residues"),
        ("a.fasta", "\ufeff>one\n".encode("utf-16"), "a.fasta: is text in UTF-16; expected text in UTF-8"),
        ("a.fasta.gz", gzip.compress(b">one\n" + b"MKTV" * 1000, mtime=0)[:-12], "not readable as text"),
        ("a.fasta.gz", gzip.compress(b">one\nMKTV\n", mtime=0)[:10] + b"\xff" * 9, "not readable as text"),
    ],
)
def test_a_broken_file_is_named(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises((RecordError, AlphabetError), match=message) as caught:
        list(read_fasta(path))
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"nothing\.fasta: no such file"):
        list(read_fasta(tmp_path / "nothing.fasta"))


def test_an_empty_file_holds_no_record():
    assert list(read_fasta(StringIO(""))) == []


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(RecordError, match="is a directory"):
        list(read_fasta(tmp_path))


def test_bad_records_are_handed_over_and_left_out(tmp_path):
    """One wrong letter in a proteome must not cost the rest, and each error says where to look."""
    path = tmp_path / "mixed.fasta"
    path.write_bytes(b"; a note\n\n>good\nMKT\n>gap\nM-T\n>empty\n\n>latin \xe9\nGA\n\n>l\xe9\nGA\n>  \nVR\nQ")
    errors = []
    found = list(read_fasta(path, on_error=errors.append))
    assert [(record.id, record.sequence) for record in found] == [("good", "MKT"), ("latin", "GA"), ("record_6", "VRQ")]
    assert [str(error).removeprefix(f"{path}: ") for error in errors] == [
        "line 5: record 2 (gap): residue 2 is '-'; expected one of ACDEFGHIKLMNPQRSTVWY, XUOBZJ",
        "line 7: record 3 (empty): no residues; expected at least one",
        "line 12: record 5 (l\\udce9) is not readable as text; expected UTF-8",
    ]


def test_what_editors_and_gene_finders_add(tmp_path):
    """The mark at the start of a file, other line ends, blanks, and the stop codon of a translated gene."""
    path = tmp_path / "windows.fasta"
    path.write_bytes(b"\xef\xbb\xbf>one  first\r\nMK TV\r\n\tga*\r\n\r\n>two\rVRQ\r")
    for source in (path, StringIO(path.read_text(encoding="utf-8"))):
        assert [(record.id, record.sequence) for record in read_fasta(source)] == [("one", "MKTVga"), ("two", "VRQ")]


@pytest.mark.parametrize("length", [PIECE - 1, PIECE, PIECE + 1, MAX_RESIDUES])
@pytest.mark.parametrize("end", ["", "\n", "*", "\n>next\nMKT\n"])
def test_a_sequence_on_one_long_line(length, end):
    """Lines are read in pieces; a border between two must neither lose a residue nor begin a record."""
    first, *rest = read_fasta(StringIO(">long\n" + "MKTV" * (length // 4) + "A" * (length % 4) + end))
    assert len(first) == length
    assert [record.sequence for record in rest] == ["MKT"] * ("next" in end)


def test_a_title_of_any_length():
    """A '>' inside a title that is read in pieces begins no record."""
    title = ">" * (PIECE + 5)
    (record,) = read_fasta(StringIO(f">{title}\nMKT\n"))
    assert record.sequence == "MKT"


def test_memory_is_bounded_on_a_line_without_end(tmp_path):
    """20 MB without a line end: a title, and a sequence that is refused, never held as a whole."""
    for name, start in (("title", b">"), ("sequence", b">one\n"), ("before", b"")):
        path = tmp_path / f"{name}.fasta"
        path.write_bytes(start + b"MKTV" * 5_000_000)
        errors = []
        tracemalloc.start()
        with pytest.raises(RecordError) if name == "before" else nullcontext():
            assert list(read_fasta(path, on_error=errors.append)) == []
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()
        assert len(errors) == (name != "before")


FOREIGN = {
    "GenBank": "LOCUS       NP_000549   142 aa   linear\nDEFINITION  alpha globin\n",
    "a flat file of UniProt or EMBL": "ID   HBA_HUMAN   Reviewed;   142 AA.\n",
    "PDB": "HEADER    OXYGEN TRANSPORT   07-MAR-84   4HHB\n",
    "mmCIF": "data_4HHB\n#\nloop_\n",
    "a Stockholm alignment": "# STOCKHOLM 1.0\none MKTV\n",
    "a Clustal alignment": "CLUSTAL O(1.2.4) multiple sequence alignment\n\none MKTV\n",
    "a NEXUS alignment": "#NEXUS\nbegin data;\n",
    "a PHYLIP alignment": " 2 4\none       MKTV\n",
    "HTML": "<!DOCTYPE html>\n<html><pre>\n",
    "XML or HTML": "<?xml version='1.0'?>\n",
    "JSON": '{"messages": ["The query is invalid"]}\n',
    "a table": "id,sequence\none,MKTV\n",
    "FASTQ or SAM": "@read\nACGT\n+\nIIII\n",
    "a sequence without a name": "MKTVRQ\nERLK\n",
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_a_file_seems_to_be_that_is_not_fasta(tmp_path, kind):
    """The run ends, even where bad records are handed over: a record further down would be the odd one out."""
    path = tmp_path / "any.fasta"
    path.write_text("\n" + FOREIGN[kind] + ">one\nMKTV\n", encoding="utf-8")
    errors = []
    with pytest.raises(RecordError, match=rf"any.fasta: line 2 begins with .*, which looks like {kind}; expected"):
        list(read_fasta(path, on_error=errors.append))
    assert errors == []


@pytest.mark.parametrize("title", ["P1;ONE", "F1;ONE", "N3;ONE"])
def test_pir_is_not_fasta(title):
    with pytest.raises(RecordError, match="line 1 is PIR, whose second line is a title; expected FASTA"):
        list(read_fasta(StringIO(f">{title}\nA TITLE\nMKTV*\n"), on_error=lambda error: None))


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.xz", "zip"])
def test_archives_are_named(tmp_path, ending):
    """Once, an archive's headers were lines: some records vanished, and one was predicted."""
    (tmp_path / "one.fasta").write_text(">one\nMKTV\n>two\nVRQ\n", encoding="utf-8")
    archive = Path(
        shutil.make_archive(str(tmp_path / "all"), {"tar.gz": "gztar", "tar.xz": "xztar"}.get(ending, ending), tmp_path)
    )
    errors = []
    with pytest.raises(RecordError, match=f"is a {ending[:3]} archive"):
        list(read_fasta(archive, on_error=errors.append))
    assert errors == []


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, lambda data: gzip.compress(data) * 2])
def test_what_is_packed_is_known_by_its_content(tmp_path, pack):
    """Whatever its name; bgzip writes several gzip files one after another."""
    for name in ("a.fasta", "a.bgz", "a.fasta.gz"):
        path = tmp_path / name
        path.write_bytes(pack(b">one\nMKTV\n"))
        assert {(record.id, record.sequence) for record in read_fasta(path)} == {("one", "MKTV")}


def test_ids_that_fasta_cannot_hold_are_refused():
    """They would come back as others."""
    for record_id in ("two words", "line\nend", "", " one"):
        with pytest.raises(RecordError, match="expected a name without white space"):
            write_fasta([ProteinRecord(record_id, "MKTV")], StringIO())


@pytest.mark.parametrize(("id", "sequence"), [("one", None), (7, "MKT"), ("one", b"MKT")])
def test_a_record_is_of_text(id, sequence):
    with pytest.raises(RecordError, match="expected text"):
        ProteinRecord(id, sequence)
