"""Records and FASTA: what goes in comes out, and a broken file says where it is broken."""

import gzip
from io import StringIO

import numpy as np
import pytest
from Bio import SeqIO
from hypothesis import given
from hypothesis import strategies as st

from pssp_tutorial.alphabet import RESIDUES
from pssp_tutorial.records import ProteinRecord, RecordError, from_seqrecord, read_fasta, to_seqrecord, write_fasta

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


def test_mask_joins_states_and_resolved_residues():
    """An unknown state and an unresolved residue are both outside the mask: neither is coil."""
    record = ProteinRecord("r", "MKTV", "C?HC", resolved=np.array([True, True, True, False]))
    assert record.mask.tolist() == [True, False, True, False]
    assert not ProteinRecord("r", "MKTV").mask.any()


def test_biopython_round_trip():
    record = ProteinRecord("r", "MKTV", "CHHC")
    assert from_seqrecord(to_seqrecord(record)) == record
    assert from_seqrecord(to_seqrecord(ProteinRecord("r", "MKTV"))).structure is None


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
        ("a.fasta", b"MKTV\n", "first line is 'MKTV'; expected '>'"),
        ("a.fasta", b">one\nMKT\n>two\n>three\nM\n", r"record 2 \(two\) has no sequence"),
        ("a.fasta", b">one\n\xff\xfe\n", "not readable as text"),
        ("a.fasta.gz", b">one\nMKT\n", "not readable as text"),
        ("a.fasta.gz", gzip.compress(b">one\n" + b"MKTV" * 1000)[:-12], "not readable as text"),
    ],
)
def test_a_broken_file_is_named(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecordError, match=message) as caught:
        list(read_fasta(path))
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"nothing\.fasta: no such file"):
        list(read_fasta(tmp_path / "nothing.fasta"))


def test_an_empty_file_holds_no_record():
    assert list(read_fasta(StringIO(""))) == []
