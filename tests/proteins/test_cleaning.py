"""One rule cleans a sequence, whichever way it comes in: to predict, to make batches, to compare, to split."""

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch

import pssp_tutorial as pssp
from pssp_tutorial.batches.batch import BatchingError
from pssp_tutorial.cli.main import main
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins import homology
from pssp_tutorial.proteins.alphabet import RESIDUES
from pssp_tutorial.proteins.cleaning import clean_record
from pssp_tutorial.proteins.record import ProteinRecord

DIRTY, CLEAN = "MK tV\tRQER\nLKSI VRILERSKEPVSGAQ*\n", "MKTVRQERLKSIVRILERSKEPVSGAQ"
MODEL = pssp.BiLSTM(hidden_size=4, num_layers=1, embedding_size=None)
PROFILES = {"mine": np.full((len(CLEAN), 20), 0.05, np.float32)}


def labelled(sequence: str) -> ProteinRecord:
    return ProteinRecord("mine", sequence, "H" * len(sequence))


def read(inputs: torch.Tensor) -> str:
    return "".join(RESIDUES[code] for code in inputs[..., :21].argmax(dim=-1).flatten().tolist())


def first(loader: pssp.BatchLoader) -> str:
    return read(loader.batch([0]).inputs)


def compared(sequence: str) -> str:
    """The same as the clean sequence, if the two are found to be one cluster, and a hit of each other."""
    pair = {"mine": sequence}, {"clean": CLEAN * 2}
    assert pssp.related_pairs(*pair, method="python") == {("mine", "clean")}
    assert set(pssp.cluster_sequences(pair[0] | pair[1], method="python").values()) == {"clean"}
    return CLEAN


WAYS: dict[str, Callable[[str], str]] = {
    "predict": lambda text: pssp.predict(MODEL, labelled(text)).sequence,
    "encode, text": lambda text: read(pssp.encode(text)),
    "encode, record": lambda text: read(pssp.encode(labelled(text))),
    "collate": lambda text: read(pssp.collate([labelled(text)]).inputs),
    "make_loader": lambda text: first(pssp.make_loader([labelled(text)])),
    "ResidueLoader": lambda text: first(pssp.ResidueLoader([labelled(text)])),
    "FusedLoader": lambda text: first(pssp.FusedLoader([labelled(text)], profiles=PROFILES)),
    "feature_loader": lambda text: first(pssp.feature_loader([labelled(text)], [np.zeros((len(CLEAN), 2))])),
    "NGram": lambda text: CLEAN[: len(pssp.NGram([text], 2, 1.0).losses(text))],
    "split_by_homology": lambda text: pssp.split_by_homology([labelled(text)], val=0, test=0).train[0].sequence,
    "cluster_sequences, related_pairs": compared,
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_residues_come_in_by_every_way(way: str) -> None:
    """Once, what could be predicted could not be trained on."""
    assert WAYS[way](DIRTY).upper() == CLEAN


def test_they_come_in_by_the_command_line(tmp_path, capsys) -> None:
    pssp.save_pretrained(MODEL, tmp_path / "tiny.safetensors")
    (tmp_path / "mine.fasta").write_text(f">mine\n{DIRTY}")
    assert main(["predict", str(tmp_path / "mine.fasta"), "--model", str(tmp_path / "tiny.safetensors")]) == 0
    assert json.loads(capsys.readouterr().out)["sequence"].upper() == CLEAN


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("MK-TV", "residue 3 is '-'"),
        ("M K*TV", r"residue 3 is '\*'"),
        (" *\n", "no residues; expected at least one"),
        ("MetAlaGlySer", "three letters for each residue; expected one: MAGS"),
    ],
)
def test_the_same_is_refused_by_every_way(way: str, text: str, message: str) -> None:
    with pytest.raises(PSSPError, match=message):
        WAYS[way](text)


def test_what_is_known_of_a_residue_stays_beside_it() -> None:
    """A space that goes without its place would move every state after it to the wrong residue."""
    seen, exposed = np.array([True, False, True, False, True, True]), np.float32([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    record = clean_record(ProteinRecord("mine", "M KT\t*", "H?ECT?", resolved=seen, accessibility=exposed))
    assert (record.sequence, record.structure, record.resolved.tolist()) == ("MKT", "HEC", [True, True, False])
    np.testing.assert_array_equal(record.accessibility, np.float32([0.1, 0.3, 0.4]))
    clean = ProteinRecord("mine", "MKT")
    assert clean_record(clean) is clean


def test_a_leak_behind_a_space_is_found() -> None:
    records = ProteinRecord("a", "MKTV", "HHHH"), ProteinRecord("b", "MK TV", "HH?HH")
    train, val = (pssp.make_loader([record]) for record in records)
    with pytest.raises(BatchingError, match="b: its sequence is in train and in val"):
        train.check_against(val)


def test_a_split_cleans_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the door records are trusted: comparing them five times needs no second look at their letters."""
    monkeypatch.setattr(homology, "_clean", lambda sequences: pytest.fail("cleaned again"))
    chains = pssp.split_by_homology(pssp.load_chains("mini").test[:10], val=0.2, test=0.2, method="python")
    assert len(chains) == 10
