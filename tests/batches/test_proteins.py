"""Batches: every residue once, padding and unknown states masked, sizes bounded, order repeatable."""

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from pssp_tutorial.batches.batch import BatchingError
from pssp_tutorial.batches.buckets import epoch_seed
from pssp_tutorial.batches.proteins import collate, encode, make_loader
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX, RESIDUES, encode_residues, encode_states, reduce_states
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.proteins.record import ProteinRecord

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=40)
BUDGETS = st.integers(1, 200)


def random_record(name: str, length: int, seed: int = 0) -> ProteinRecord:
    generator = np.random.default_rng([seed, *name.encode()])
    sequence, structure = ("".join(generator.choice(list(letters), length)) for letters in (RESIDUES, "HGIEBTSC?"))
    return ProteinRecord(name, sequence, structure, resolved=generator.random(length) < 0.9)


def random_records(lengths: list[int]) -> list[ProteinRecord]:
    records = [random_record(f"p{number}", length) for number, length in enumerate(lengths)]
    return [ProteinRecord("known", "MKT", "HEC"), *records]  # at least one state to score


def expected_labels(record: ProteinRecord, classes: int) -> np.ndarray:
    structure = reduce_states(record.structure) if classes == 3 else record.structure
    return np.where(record.resolved if record.resolved is not None else True, encode_states(structure, classes), -100)


@given(LENGTHS, BUDGETS, st.booleans(), st.sampled_from([3, 8]))
@example([60, 1, 1], 1, True, 3)
def test_every_residue_comes_once_with_its_label(lengths, budget, shuffle, classes):
    """A residue lost or scored twice would bias every number in the book."""
    records = {record.id: record for record in random_records(lengths)}
    loader = make_loader(records.values(), budget, shuffle=shuffle, seed=3, classes=classes)
    seen = []
    for batch in loader:
        for inputs, length, labels, name in zip(*[batch.inputs, batch.lengths, batch.labels, batch.ids], strict=True):
            record = records[name]
            assert length == len(record)
            assert torch.equal(inputs[:length].argmax(1), torch.from_numpy(encode_residues(record.sequence)))
            assert torch.equal(inputs[:length].sum(1), torch.ones(length))
            assert labels[:length].tolist() == expected_labels(record, classes).tolist()
            assert not inputs[length:].any()
            assert (labels[length:] == IGNORE_INDEX).all()
            seen.append(name)
    assert sorted(seen) == sorted(records)
    assert sum(batch.residues for batch in loader) == sum(map(len, records.values()))
    scored = sum((expected_labels(record, classes) != IGNORE_INDEX).sum() for record in records.values())
    assert sum(int(batch.mask.sum()) for batch in loader) == loader.scored_residues == scored
    assert len(loader) == len(list(loader))


def test_shuffling_depends_on_seed_and_epoch_only():
    """A resumed run must see the same batches in the same order as the run that was killed."""
    records = random_records([20] * 30)

    def order(seed, epoch):
        loader = make_loader(records, 100, shuffle=True, seed=seed)
        loader.epoch = epoch
        first = [batch.ids for batch in loader]
        torch.rand(3)
        assert [batch.ids for batch in loader] == first
        return first

    assert order(0, 1) == order(0, 1)
    assert len({str(order(seed, epoch)) for seed in (0, 1, 2) for epoch in (0, 1, 2)}) == 9
    plain = make_loader(records, 100)
    assert [batch.ids for batch in plain] == [batch.ids for batch in plain]


def test_shuffling_leaves_the_global_random_state():
    before = torch.get_rng_state()
    list(make_loader(random_records([5, 6]), 10, shuffle=True))
    assert torch.equal(torch.get_rng_state(), before)
    assert len({epoch_seed(seed, epoch) for seed in range(30) for epoch in range(30)}) == 900


def test_collate_keeps_order_and_shapes():
    batch = collate([ProteinRecord("a", "MK"), ProteinRecord("b", "MKTV", "HGB?")])
    assert batch.ids == ("a", "b")
    assert batch.inputs.shape == (2, 4, 21)
    assert batch.inputs.dtype == torch.float32
    assert batch.lengths.dtype == batch.labels.dtype == torch.int64
    assert batch.labels.tolist() == [[IGNORE_INDEX] * 4, [0, 0, 1, IGNORE_INDEX]]
    strict = collate([ProteinRecord("b", "MKTV", "HGB?")], reduction="strict")
    assert strict.labels.tolist() == [[0, 2, 2, IGNORE_INDEX]]
    assert collate([ProteinRecord("b", "MKT", "SCB")], classes=8).labels.tolist() == [[6, 7, 4]]
    moved = batch.to("meta")
    assert {tensor.device.type for tensor in (moved.inputs, moved.lengths, moved.labels)} == {"meta"}


def test_unresolved_residues_are_masked():
    record = ProteinRecord("one", "MKTV", "HHEC", resolved=np.array([True, False, True, False]))
    assert collate([record]).mask.tolist() == [[True, False, True, False]]


def test_encode_equals_torch_one_hot():
    codes = torch.from_numpy(encode_residues(RESIDUES))
    assert torch.equal(encode(RESIDUES.lower()), torch.nn.functional.one_hot(codes, 21).float())


@pytest.mark.parametrize(
    ("records", "options", "message"),
    [
        ([], {}, "no records; expected at least one"),
        ([ProteinRecord("one", "MKT")], {}, "one: no structure"),
        (["MKT"], {}, "record 1 is a str; expected a ProteinRecord"),
        ("MKT", {}, "records is one str; expected several"),
        (ProteinRecord("one", "MKT", "HHH"), {}, "records is one ProteinRecord; expected several"),
        ([ProteinRecord("one", "MKT", "???")], {}, "none of 3 residues has a known state"),
        ([ProteinRecord("one", "MKT", "HHH")], {"batch_residues": 0}, "batch_residues is 0; expected 1 or more"),
    ],
)
def test_errors_say_what_is_wrong(records, options, message):
    with pytest.raises(BatchingError, match=message):
        list(make_loader(records, **options))


def test_other_errors_name_the_record():
    with pytest.raises(ValueError, match="odd: residue 3 is '1'"):
        make_loader([ProteinRecord("odd", "MK1", "HHH")])
    with pytest.raises(ValueError, match="void: no residues; expected at least one"):
        make_loader([ProteinRecord("void", "", "")])
    with pytest.raises(ValueError, match="4 classes"):
        make_loader([ProteinRecord("one", "MK", "HH")], classes=4)


def test_fingerprint_tells_data_and_settings_apart():
    records = random_records([9, 12])
    other = [*records[:-1], random_record("p1", 12, seed=1)]
    loaders = [
        make_loader(records, 50),
        make_loader(records, 60),
        make_loader(records, 50, seed=1),
        make_loader(records, 50, classes=8),
        make_loader(records[::-1], 50),
        make_loader(other, 50),
    ]
    prints = [loader.fingerprint for loader in loaders]
    assert make_loader(records, 50).fingerprint == prints[0]
    assert len({str(fingerprint) for fingerprint in prints}) == len(prints)


def test_a_whole_chain_set_is_no_split():
    with pytest.raises(BatchingError, match="every split; expected one of them, such as"):
        make_loader(load_chains("mini"))
