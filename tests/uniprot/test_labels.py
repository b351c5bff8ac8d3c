"""UniProt's entries become labels: each position right, nothing called coil that no structure shows."""

import numpy as np
import pytest
from uniprot_entries import ENTRIES, made

from pssp_tutorial import LabelReport, label_entries, label_entry
from pssp_tutorial.uniprot.entry import PDBStructure, UniProtError


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


def test_every_line_of_the_mask_is_boolean():
    labelled = label_entry(ENTRIES["P04439"])
    assert labelled.record.mask.dtype == np.asarray(labelled.record.resolved).dtype == np.bool_
    assert len(labelled.structures) == len(
        {pdb_id for feature in labelled.entry.features for pdb_id in feature.structures}
    )
