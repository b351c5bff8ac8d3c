"""From labelled entries to a data set that every chapter can run on."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from pssp_tutorial import (
    BiLSTM,
    LabelReport,
    Selection,
    cluster_sequences,
    evaluate,
    fit,
    label_entries,
    load_chains,
    load_uniprot_entries,
    make_loader,
    predict,
    related_pairs,
    split_by_homology,
    write_chains,
)
from pssp_tutorial.core.files import FileError
from pssp_tutorial.proteins import homology as redundancy_module
from pssp_tutorial.proteins.chains import ChainDataError
from pssp_tutorial.proteins.homology import RedundancyError
from pssp_tutorial.uniprot.entry import PDBStructure, UniProtEntry, UniProtFeature

SEQUENCES = {entry.accession: entry.sequence for entry in load_uniprot_entries()}
needs_mmseqs = pytest.mark.skipif(not shutil.which("mmseqs"), reason="mmseqs is not installed (Debian: mmseqs2)")


def entry(accession="P12345", sequence="ACDEFGHIKLMNPQRSTVWY" * 3, **fields):
    features, structures = (UniProtFeature("HELIX", 5, 15),), (PDBStructure("1ABC", chains=(("A", 0, 60),)),)
    return UniProtEntry(accession, "MADE", sequence, features, structures, **fields)


def split(labelled, **options):
    return split_by_homology((item.record for item in labelled), method="python", **options)


@pytest.fixture(scope="module")
def labelled():
    return list(label_entries(load_uniprot_entries()))


@pytest.fixture(scope="module")
def chains(labelled):
    small = [item for item in labelled if len(item.entry) < 300]
    return split(small, val=0.2, test=0.2)


# --- filters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "options", "reason"),
    [
        (entry(sequence="ACDEFGHIKLMNPQRSTVWY"), {}, "too short: 20 residues"),
        (entry(sequence="ACDEFGHIKL" * 40), dict(max_length=300), "too long: 400 residues"),
        (entry(), dict(min_known=61), "too little known: 60 residues"),
        (entry(fragment=True), {}, "fragment"),
    ],
)
def test_each_filter_tells_why(made, options, reason):
    report = LabelReport()
    assert not list(label_entries([made], report=report, selection=Selection(**options)))
    assert report.dropped == [("P12345", reason)]
    assert (report.kept, report.residues, report.known) == (0, 0, 0)


def test_unusual_letters_stay():
    kept = list(label_entries([entry(sequence="UX" + "ACDEFGHIKL" * 6)], selection=Selection()))
    assert [item.entry.accession for item in kept] == ["P12345"]


def test_equal_sequences_are_kept_once():
    report = LabelReport()
    made = [entry(), entry("P12346"), entry()]  # the last one is in two files
    kept = list(label_entries(made, report=report, selection=Selection()))
    assert [item.entry.accession for item in kept] == ["P12345"]
    assert report.dropped == [("P12346", "same sequence: as P12345"), ("P12345", "same sequence: as P12345")]


# --- redundancy ---------------------------------------------------------------------------------------------------


def test_the_fallback_groups_relatives():
    """Haemoglobin's two chains, the PAX proteins, and the flavodoxins, of which two families are far apart."""
    short = {name: sequence for name, sequence in SEQUENCES.items() if len(sequence) < 500}
    clusters = cluster_sequences(short, method="python")
    assert clusters["P68871"] == clusters["P69905"]
    assert clusters["P23760"] == clusters["P26367"] == clusters["Q02548"]
    assert clusters["P0A3D9"] == clusters["P0A3E0"] == clusters["P10340"]
    assert clusters["P62258"] == "P62258"
    assert set(clusters.values()) <= set(clusters)


@needs_mmseqs
@pytest.mark.slow
def test_the_fallback_agrees_with_mmseqs():
    """Pairs at E ≤ 1e-3 among all shipped entries: our statistic must tell relatives from strangers as theirs does."""
    ours, theirs = (
        {frozenset(pair) for pair in related_pairs(SEQUENCES, SEQUENCES, method=method) if len(set(pair)) == 2}
        for method in ("python", "mmseqs")
    )
    assert len(ours & theirs) / len(ours | theirs) > 0.8
    assert {frozenset(["P68871", "P69905"]), frozenset(["P0A3D9", "P0A3E0"])} <= ours & theirs
    strangers = {"P62258", "P07464", "P01563"}
    assert not any(pair & strangers for pair in ours | theirs)


@needs_mmseqs
@pytest.mark.slow
def test_mmseqs_keeps_together_what_the_fallback_groups():
    """Its clusters may be larger, because it joins them step by step, but they must not tear one of ours apart."""
    ours, theirs = (cluster_sequences(SEQUENCES, method=method) for method in ("python", "mmseqs"))
    together = [(name, leader) for name, leader in ours.items() if name != leader]
    assert len(together) >= 10
    assert all(theirs[name] == theirs[leader] for name, leader in together)


@needs_mmseqs
@pytest.mark.slow
def test_mmseqs_keeps_names_that_it_would_change(monkeypatch):
    monkeypatch.setattr(redundancy_module, "CLUSTERING", (*redundancy_module.CLUSTERING, "--single-step-clustering"))
    sequence = SEQUENCES["P62258"]
    names = {"sp|P1|A": sequence, "sp|P2|A": sequence, "with space": SEQUENCES["P68871"]}
    clusters = cluster_sequences(names, method="mmseqs")
    assert list(clusters) == list(names)
    assert clusters["sp|P1|A"] == clusters["sp|P2|A"] != clusters["with space"] == "with space"


def test_without_mmseqs(monkeypatch):
    monkeypatch.setattr(redundancy_module.shutil, "which", lambda name: None)
    with pytest.raises(RedundancyError, match="mmseqs is not on the PATH; install MMseqs2"):
        cluster_sequences({"a": "MKT"}, method="mmseqs")
    with pytest.raises(RedundancyError, match="501 sequences; expected at most 500 without MMseqs2"):
        cluster_sequences({str(number): "MKT" for number in range(501)})
    assert cluster_sequences({"a": "MKTAYIAKQR" * 5, "b": "MKTAYIAKQR" * 5}) == {"a": "a", "b": "a"}
    with pytest.raises(RedundancyError, match="method 'blast'; expected auto, mmseqs or python"):
        related_pairs({"a": "M"}, {"b": "M"}, method="blast")


def test_nothing_to_compare():
    assert cluster_sequences({}) == {}
    assert related_pairs({}, {"a": "MKT"}) == set()


# --- the data set -------------------------------------------------------------------------------------------------


def test_splits_share_no_relatives(chains):
    assert len(chains) == len({record.id for record in chains}) > 20
    assert len(chains.val) >= 1
    assert len(chains.test) >= 1
    assert not chains.reserved
    table = chains.table[chains.table["split"].isin(["train", "val", "test"])]
    assert (table.groupby("cluster")["split"].nunique() == 1).all()
    held_out = table[table["split"] != "train"]
    assert held_out["cluster"].is_unique
    of = {name: {record.id: record.sequence for record in chains.of(name)} for name in ("train", "val", "test")}
    for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
        assert related_pairs(of[one], of[other], method="python") == set()


def test_the_seed_decides(labelled):
    items = [item for item in labelled if len(item.entry) < 180]
    first, second, other = (split(items, val=0.3, test=0.3, seed=seed) for seed in (1, 1, 2))
    assert first.split == second.split != other.split


def test_records_keep_labels_and_masks(chains, labelled):
    known = {item.entry.accession: item.record for item in labelled}
    for record in chains:
        assert record.structure == known[record.id].structure
        assert np.array_equal(record.mask, known[record.id].mask)


def test_a_written_set_is_read_as_the_embedded_one(chains, tmp_path):
    path = write_chains(chains, tmp_path / "mine.tsv.xz")
    again = load_chains(path=path)
    assert again.records == chains.records
    assert (again.split, again.cluster, again.mini) == (chains.split, chains.cluster, chains.mini)
    assert all(np.array_equal(one.mask, other.mask) for one, other in zip(again, chains, strict=True))
    assert set(load_chains("mini", path).splits[0]) == {
        record for record, mini in zip(again, again.mini, strict=True) if mini and record in again.train
    }


def test_the_embedded_set_survives_writing(tmp_path):
    mini = load_chains("mini")
    again = load_chains(path=write_chains(mini, tmp_path / "mini.tsv.xz"))
    assert again.records == mini.records
    assert all(np.array_equal(a.accessibility, b.accessibility) for a, b in zip(again, mini, strict=True))


def test_a_set_without_small_proteins_has_no_mini(tmp_path):
    long = split(label_entries([entry(sequence="ACDEFGHIKLMNPQRSTVWY" * 20)]), val=0, test=0)
    path = write_chains(long, tmp_path / "long.tsv.xz")
    with pytest.raises(ChainDataError, match="the mini subset is empty"):
        load_chains("mini", path)


def test_a_model_trains_on_it(chains, tmp_path):
    """What the chapters do: loaders, fit, evaluate, predict; unknown residues are never scored."""
    chains = load_chains(path=write_chains(chains, tmp_path / "mine.tsv.xz"))
    assert list(chains.table.columns) == list(load_chains("mini").table.columns)
    train, val, test = (make_loader(split, batch_residues=2_000) for split in chains.splits)
    model = BiLSTM(hidden_size=4, num_layers=1, embedding_size=None)
    history = fit(model, train, val, max_epochs=1, progress=False, device="cpu")
    assert len(history.frame) == 1
    report = evaluate(model, test, device="cpu")
    assert report.residues == sum(int(record.mask.sum()) for record in chains.test)
    assert [len(found.states) for found in predict(model, chains.test, device="cpu")] == list(map(len, chains.test))


def test_unusual_letters_are_mapped():
    (record,) = split(label_entries([entry(sequence="UXB" + "ACDEFGHIKL" * 6)]), val=0, test=0)
    assert record.sequence.startswith("CXX")


def test_no_entries_or_one_twice():
    with pytest.raises(ChainDataError, match="no proteins; expected at least one"):
        split([])
    with pytest.raises(ChainDataError, match="P12345: occurs twice; expected each protein once"):
        split(label_entries([entry(), entry()]))


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.7, 0.7), (-0.1, 0.2)])
def test_shares_that_leave_nothing_to_train_on(shares):
    with pytest.raises(ChainDataError, match=r"expected shares that leave some clusters to train on"):
        split(label_entries([entry()]), val=shares[0], test=shares[1])


@pytest.mark.parametrize("full", ["mine.tsv.xz", "mine.tsv.xz.sha256"])
def test_a_full_disk_leaves_the_old_set_and_its_checksum(chains, tmp_path, full_disk, full):
    """Whichever of the two files finds no space: the old pair must still be readable."""
    path = write_chains(chains, tmp_path / "mine.tsv.xz")
    other = split(label_entries([entry()]), val=0, test=0)
    full_disk(full)
    with pytest.raises(FileError, match="No space left on device"):
        write_chains(other, path)
    assert load_chains(path=path).records == chains.records


def test_a_set_that_cannot_be_written(chains, tmp_path):
    Path(tmp_path, "file").write_text("")
    with pytest.raises(FileError, match=r"file[/\\]mine\.tsv\.xz\S*: not written"):
        write_chains(chains, tmp_path / "file" / "mine.tsv.xz")
