"""The embedded chain set: complete, undamaged, and split so that no homolog crosses."""

import hashlib
import json
import lzma
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pssp_tutorial.batches.profiles import read_profiles
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS, STATES8
from pssp_tutorial.proteins.by_chain import load_backbones
from pssp_tutorial.proteins.chains import COLUMNS, SPLITS, ChainDataError, default_path, load_chains

BUILD = Path(__file__).parents[2] / "tools" / "data"
SPLIT_LISTS = BUILD.parents[1] / "data" / "splits"
SUMMARY = json.loads((SPLIT_LISTS / "summary.json").read_text())
SEPARATION = json.loads((SPLIT_LISTS / "separation.json").read_text())


@pytest.fixture(scope="module")
def chains():
    return load_chains()


def test_the_set_is_complete(chains):
    assert len(chains) == 20_661
    assert sum(map(len, chains)) == SUMMARY["residues"] == 4_552_698
    assert Counter(chains.split) == SUMMARY["splits"]
    assert chains.table["cluster"].nunique() == SUMMARY["clusters"]
    assert min(map(len, chains)) >= 30
    assert len({record.id for record in chains}) == len(chains)


def test_every_letter_is_known(chains):
    assert set("".join(record.sequence for record in chains)) == set(AMINO_ACIDS)
    assert set("".join(record.structure for record in chains)) == set(STATES8)
    accessibility = np.concatenate([record.accessibility for split in chains.splits for record in split])
    assert accessibility.dtype == np.float32
    assert accessibility.min() == 0
    assert accessibility.max() == np.float32(0.95)


def test_chains_that_are_set_aside_have_no_accessibility(chains):
    """Nothing uses it, and their part of the file would be 0.75 MB; they are chains of the PDB all the same."""
    assert all(record.accessibility is None for record in (*chains.excluded, *chains.reserved))
    assert {record.source for record in chains} == {"PDB"}


def test_splits_hold_whole_clusters_apart(chains):
    """A cluster at 25% identity has chains in one of train, val and test only; one a cluster is held out."""
    table = chains.table[chains.table["split"].isin(["train", "val", "test"])]
    assert (table.groupby("cluster")["split"].nunique() == 1).all()
    held_out = table[table["split"] != "train"]
    assert held_out["cluster"].is_unique
    assert [len(split) for split in chains.splits] == [(chains.table["split"] == s).sum() for s in SPLITS[:3]]


def test_reserved_chains_are_the_listed_ones(chains):
    listed = [(SPLIT_LISTS / f"reserved_{name}.txt").read_text().split() for name in ("chains", "by_search")]
    assert sorted(record.id for record in chains.reserved) == sorted(listed[0] + listed[1])


def test_the_separation_was_proved_for_this_very_file():
    assert SEPARATION["hits_total"] == 0
    assert len(SEPARATION["hits"]) == 6
    assert SEPARATION["table_sha256"] == SUMMARY["sha256"] == Path(f"{default_path()}.sha256").read_text().split()[0]


@pytest.mark.slow
def test_held_out_chains_have_no_homolog_in_train(chains, tmp_path):
    """The proof's search again, by MMseqs2, for as many test chains as a minute allows; a planted relative is found."""
    if not shutil.which("mmseqs"):
        pytest.skip("mmseqs is not installed (Debian: apt install mmseqs2)")
    sys.path.insert(0, str(BUILD))
    try:
        import split as build
    finally:
        sys.path.remove(str(BUILD))
    queries = {record.id: record.sequence for record in chains.test[:40]}
    targets = {record.id: record.sequence for record in chains.train[::4]}
    planted = chains.test[0]
    targets["planted"] = planted.sequence[: len(planted) * 3 // 4]
    assert build.hits(queries, targets, tmp_path, evalue=0.001) == {(planted.id, "planted")}
    assert build.related(queries, {"planted": targets["planted"]}, tmp_path) == {"planted"}


def test_mini_is_a_part_of_each_split(chains):
    mini = load_chains("mini")
    assert [len(split) for split in mini.splits] == [300, 60, 60]
    for small, whole in zip(mini.splits, chains.splits, strict=True):
        assert set(small) <= set(whole)


def test_reading_twice_gives_the_same_object():
    assert load_chains() is load_chains()
    assert load_chains("mini") is load_chains("mini")


def test_lookup(chains):
    assert chains["12AS_A"].sequence.startswith("AYIAKQRQIS")
    with pytest.raises(ChainDataError, match="no chain '9ZZZ_Z'"):
        chains["9ZZZ_Z"]
    with pytest.raises(ChainDataError, match="split 'tests'; expected one of train"):
        chains.of("tests")
    with pytest.raises(ChainDataError, match="expected 'all' or 'mini'"):
        load_chains("tiny")


def test_a_set_is_shown_in_one_line(chains):
    """A notebook shows what a cell ends with; the records of 20,661 chains would be megabytes."""
    assert len(repr(chains)) < 120
    assert repr(load_chains("mini")) == "ChainSet of 420 chains: train 300, val 60, test 60"


def test_found_from_any_folder(tmp_path):
    code = "import pssp_tutorial as pssp; print(len(pssp.load_chains()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "20661"


def packed(folder: Path, text: str) -> Path:
    """A file with a right checksum and the given text."""
    import hashlib

    path = folder / "chains.tsv.xz"
    path.write_bytes(lzma.compress(text.encode()))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "chains.tsv.xz.sha256").write_text(f"{digest}  chains.tsv.xz\n")
    return path


def test_a_flipped_bit_is_noticed(tmp_path):
    path = packed(tmp_path, "\t".join(COLUMNS) + "\n")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ChainDataError, match=r"chains\.tsv\.xz: damaged.*expected a data set") as caught:
        load_chains(path=path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", [".", "", "x" * 400, "a\0b", "caf\udce9"])
def test_a_name_that_no_file_can_have_is_one_of_our_errors(name):
    """Whoever catches PSSPError, as the command line does, must not meet the system's own errors."""
    for load in (load_chains, load_backbones):
        with pytest.raises(PSSPError, match=r"expected|restore"):
            load(path=name)
    with pytest.raises(PSSPError):
        read_profiles(name)


@pytest.mark.parametrize("missing", ["chains.tsv.xz", "chains.tsv.xz.sha256"])
def test_a_missing_file_is_named(tmp_path, missing):
    path = packed(tmp_path, "")
    (tmp_path / missing).unlink()
    with pytest.raises(ChainDataError, match=r"no such file or directory; expected a data set") as caught:
        load_chains(path=path)
    assert str(tmp_path / missing) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id\tsequence\n", "line 1 is .*; expected the columns id, cluster"),
        ("\t".join(COLUMNS) + "\n1ABC_A\tx\ttrain\n", "line 2: .*expected 7 fields"),
        ("\t".join(COLUMNS) + "\n1ABC_A\tx\ttrain\t0\tMK\tHHH\taa\n", "1ABC_A: structure has 3 positions"),
        ("\t".join(COLUMNS) + 2 * "\n1ABC_A\tx\ttrain\t0\tMK\tHH\taa", "line 3: 1ABC_A: comes twice"),
        ("\t".join(COLUMNS) + "\n1ABC_A\tx\ttrain\t0\tM1K\tHHH\taaa", "line 2: 1ABC_A: '1' is outside the alphabet"),
        ("\t".join(COLUMNS) + "\n1ABC_A\tx\ttrain\t0\tMKT\tHHH\tazz", "line 2: 1ABC_A: 'zz' is outside the alphabet"),
    ],
)
def test_a_wrong_table_is_named(tmp_path, text, message):
    with pytest.raises(ChainDataError, match=message):
        load_chains(path=packed(tmp_path, text))


def test_the_readme_tells_the_counts(chains):
    """The table in data/README.md is prose: it must say what the file holds."""
    text = (SPLIT_LISTS.parent / "README.md").read_text()
    for split, count in SUMMARY["splits"].items():
        assert f"| `{split}` | {count:,} | {SUMMARY['residues_per_split'][split]:,} |" in text
    assert SUMMARY["sha256"] in text
    assert f"{SUMMARY['clusters']:,} of them" in text
    residues = sum(SUMMARY["residues_per_split"].values())
    assert f"{len(chains.table):,} chains of the Protein Data Bank, {residues:,} residues" in text
    assert f"has {len((SPLIT_LISTS / 'reserved_chains.txt').read_text().split()):,} chains" in text
    assert SUMMARY["splits"]["reserved"] > 4_000  # chapter 4 says so


def test_exact_copies_are_told_and_stay_on_one_side(chains):
    """A copy on the other side of a split would let a model win by memory; data/README.md counts the copies."""
    sides = {}
    for record, split in zip(chains.records, chains.split, strict=True):
        sides.setdefault(record.sequence, []).append(split)
    copied = [splits for splits in sides.values() if len(splits) > 1]
    assert all(len(set(splits)) == 1 for splits in copied)
    text = " ".join((SPLIT_LISTS.parent / "README.md").read_text().split())
    assert (
        f"{len(copied)} sequences occur two or three times under different names, in {sum(map(len, copied))} chains"
        in text
    )


def test_a_data_set_that_was_built_anew_is_read_anew(tmp_path):
    """A reader builds a set, looks at it, and builds it again: the second look must not show the first."""
    path = tmp_path / "mine.tsv.xz"
    for chain_id in ("first", "second"):
        row = "\t".join((chain_id, chain_id, "train", "0", "MKTV", "CHHC", "aaaa"))
        path.write_bytes(lzma.compress(("\t".join(COLUMNS) + f"\n{row}\n").encode()))
        path.with_name(f"{path.name}.sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
        assert load_chains(path=path).records[0].id == chain_id


def test_a_relative_path_means_the_file_that_lies_there_now(tmp_path, monkeypatch):
    """Two sets of one name, written in the same moment, in two folders; and a checksum that is changed later."""
    for chain_id in ("first", "second"):
        (tmp_path / chain_id).mkdir()
        monkeypatch.chdir(tmp_path / chain_id)
        row = "\t".join((chain_id, chain_id, "train", "0", "MKTV", "CHHC", "aaaa"))
        path = packed(Path(), "\t".join(COLUMNS) + f"\n{row}\n")
        os.utime(path, ns=(0, 0))
        os.utime(f"{path}.sha256", ns=(0, 0))
        assert load_chains(path=path).records[0].id == chain_id
    Path(f"{path}.sha256").write_text("0" * 64)
    with pytest.raises(ChainDataError, match="damaged"):
        load_chains(path=path)
