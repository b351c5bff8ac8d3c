"""The shipped entries: what the index, plain patterns and all of Biopython say of them."""

import csv
import hashlib
import re
import shutil
from io import StringIO
from pathlib import Path

import pytest
from Bio import SwissProt
from uniprot_entries import ENTRIES, TEXTS

from pssp_tutorial import uniprot_text
from pssp_tutorial.uniprot import flat as flat_module
from pssp_tutorial.uniprot.entry import UniProtError, UniProtFeature

DATA = Path(__file__).parents[2] / "data"


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
