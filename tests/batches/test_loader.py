"""Batches of sequences that are no proteins: bases, windows, measurements, images."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pssp_tutorial.batches.batch import Batch, BatchingError
from pssp_tutorial.batches.loader import BatchLoader
from pssp_tutorial.batches.proteins import make_loader
from pssp_tutorial.batches.sequences import SequenceLoader
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX
from pssp_tutorial.proteins.record import ProteinRecord


def random_sequences(lengths, channels=3, kind="position", seed=0):
    """Inputs and labels: a class for each position, a class for each sequence, or a value for each position."""
    generator = np.random.default_rng(seed)
    inputs = [generator.normal(size=(length, channels)) for length in lengths]
    if kind == "sequence":
        return inputs, generator.integers(0, 2, len(lengths))
    labels = [generator.integers(0, 2, length) for length in lengths]
    labels[0][0] = 1
    return inputs, labels if kind == "position" else [values / 3 for values in labels]


@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=12),
    st.integers(1, 50),
    st.booleans(),
    st.sampled_from(["position", "sequence", "value"]),
)
def test_every_position_comes_once_with_its_label(lengths, budget, shuffle, kind):
    """What was given comes back, whatever the batches: a label beside the wrong input would train on noise."""
    inputs, labels = random_sequences(lengths, kind=kind)
    names = [f"s{number}" for number in range(len(lengths))]
    loader = SequenceLoader(inputs, labels, ids=names, batch_positions=budget, shuffle=shuffle)
    seen = []
    for batch in loader:
        assert batch.positions == batch.lengths.sum() == sum(lengths[names.index(name)] for name in batch.ids)
        for row, name in enumerate(batch.ids):
            number, length = names.index(name), int(batch.lengths[row])
            torch.testing.assert_close(batch.inputs[row, :length], torch.tensor(inputs[number], dtype=torch.float32))
            assert not batch.inputs[row, length:].any()
            if kind == "sequence":
                assert batch.labels[row] == labels[number]
                assert batch.mask[row]
            else:
                expected = torch.as_tensor(labels[number]).to(batch.labels.dtype)
                assert torch.equal(batch.labels[row, :length], expected)
                assert batch.mask[row].tolist() == [True] * length + [False] * (batch.mask.shape[1] - length)
            seen.append(name)
    assert sorted(seen) == sorted(names)
    assert len(loader) == len(list(loader))
    assert loader.scored == sum(int(batch.mask.sum()) for batch in loader)
    assert loader.classes is None if kind == "value" else loader.classes in (1, 2)


def test_unknown_labels_are_masked():
    """A patient without a diagnosis and a site that was not measured must count nowhere."""
    inputs = [np.zeros((2, 1)), np.zeros((1, 1))]
    classes = SequenceLoader(inputs, [1, IGNORE_INDEX])
    assert next(iter(classes)).mask.tolist() == [False, True]
    values = SequenceLoader(inputs, [[0.5, np.nan], [1.0]])
    assert next(iter(values)).mask.tolist() == [[True, False], [True, False]]
    assert (classes.scored, values.scored) == (1, 2)


def test_images_keep_their_shape():
    """A series of images is a sequence too: what follows the channels stays as it is."""
    series = SequenceLoader([torch.ones(2, 1, 4, 5), torch.ones(3, 1, 4, 5)], [0, 1])
    assert next(iter(series)).inputs.shape == (2, 3, 1, 4, 5)


def test_an_epoch_is_a_loader_of_its_own():
    """fit draws the batches of each epoch, and the caller's loader must stay as it was."""
    loader = SequenceLoader(*random_sequences([5] * 20), ids=[str(number) for number in range(20)], batch_positions=20)
    plain = [batch.ids for batch in loader]
    epochs = [[batch.ids for batch in loader.shuffled(epoch)] for epoch in (0, 1, 0)]
    assert epochs[0] == epochs[2] != epochs[1]
    assert [batch.ids for batch in loader] == plain
    assert (loader.epoch, loader.shuffle) == (0, False)


def test_counting_the_batches_draws_them_once(monkeypatch):
    """A loop that asks for the length at each batch would bucket the whole data set as often."""
    loader, calls = SequenceLoader(*random_sequences([5] * 20), batch_positions=20), []
    monkeypatch.setattr(SequenceLoader, "buckets", lambda self: calls.append(1) or [[0]] * (self.epoch + 1))
    assert [len(loader) for _ in range(3)] == [1, 1, 1]
    assert len(calls) == 1
    loader.epoch = 1
    assert len(loader) == 2


def test_a_batch_may_score_less_than_it_knows():
    """An explicit mask only takes away: it can't make an unknown label count."""
    inputs, lengths = torch.zeros(1, 3, 1), torch.tensor([3])
    only = torch.tensor([[True, False, True]])
    batch = Batch(inputs, lengths, torch.tensor([[1, 1, IGNORE_INDEX]]), scored=only)
    assert batch.mask.tolist() == [[True, False, False]]
    assert batch.to("meta").scored.device.type == "meta"
    with pytest.raises(BatchingError, match=r"scored has the shape \[3\]; expected \[1, 3\]"):
        Batch(inputs, lengths, torch.zeros(1, 3), scored=only[0])
    with pytest.raises(BatchingError, match=r"shapes \[1, 3, 1\], \[2\] and \[1, 3\]; expected \[batch, length"):
        Batch(inputs, torch.tensor([3, 3]), torch.zeros(1, 3))


def test_fingerprint_tells_data_and_settings_apart():
    inputs, labels = random_sequences([4, 5])
    others = [
        SequenceLoader(inputs, labels),
        SequenceLoader(inputs[::-1], labels[::-1]),
        SequenceLoader(inputs, [1 - values for values in labels]),
        SequenceLoader([values + 1 for values in inputs], labels),
        SequenceLoader(inputs, labels, ids=["a", "b"]),
        SequenceLoader(inputs, labels, seed=1),
        SequenceLoader(inputs, labels, batch_positions=5),
    ]
    assert len({str(loader.fingerprint) for loader in others}) == len(others)
    assert SequenceLoader(inputs, labels).fingerprint == others[0].fingerprint


ZEROS = [np.zeros((2, 3)), np.zeros((4, 3))]


@pytest.mark.parametrize(
    ("inputs", "labels", "options", "message"),
    [
        ([], [], {}, "no sequences; expected at least one"),
        (ZEROS, [0], {}, "2 sequences, 1 with labels and 0 ids; expected as many"),
        (ZEROS, [0, 1], {"ids": ["a"]}, "2 sequences, 2 with labels and 1 ids"),
        (
            [ZEROS[0], np.zeros((4, 2))],
            [0, 1],
            {},
            r"sequence 2: its inputs have the shape \[4, 2\]; expected \[length, 3\]",
        ),
        ([np.zeros(4)], [0], {}, r"sequence 1: its inputs have the shape \[4\]; expected \[length, channel\]"),
        ([np.zeros((0, 3))], [0], {}, r"shape \[0, 3\].*each 1 or more"),
        ([np.full((2, 3), np.nan)], [0], {}, "sequence 1: an input of position 1 is not finite"),
        (
            ZEROS,
            [[0, 1], [0, 1]],
            {"ids": "ab"},
            r"b: its labels have the shape \[2\]; expected \[4\], one for each pos",
        ),
        (ZEROS, [0, [0, 1, 1, 1]], {}, r"sequence 2: its labels have the shape \[4\]; expected one number"),
        (ZEROS, [0, -1], {}, "sequence 2: a label is -1; expected 0 to 0, or -100 where it is unknown"),
        (ZEROS, [0, 2], {"classes": 2}, "sequence 2: a label is 2; expected 0 to 1"),
        (ZEROS, [0.5, 1], {"classes": 2}, "classes is 2, and the labels are numbers"),
        (ZEROS, [0, 1], {"batch_positions": 0}, "batch_residues is 0"),
    ],
)
def test_errors_say_what_is_wrong(inputs, labels, options, message):
    with pytest.raises(BatchingError, match=message):
        list(SequenceLoader(inputs, labels, **options))


def test_what_train_and_val_must_not_share():
    """The same patient in both is the commonest leak; windows without names can't be told apart."""
    inputs, labels = random_sequences([4, 5])
    train = SequenceLoader(inputs, labels, ids=["Ann", "Bob"])
    train.check_against(SequenceLoader(inputs, labels, ids=["Cid", "Dan"]))
    train.check_against(SequenceLoader(inputs, labels))
    with pytest.raises(BatchingError, match="Bob: its id is in train and in val"):
        train.check_against(SequenceLoader(inputs, labels, ids=["Cid", "Bob"]))
    with pytest.raises(BatchingError, match="the labels of train are classes, of val numbers"):
        train.check_against(SequenceLoader(inputs, [0.5, 0.1]))
    proteins = make_loader([ProteinRecord("one", "MKT", "HHH")])
    with pytest.raises(BatchingError, match="train has proteins, and val is a SequenceLoader"):
        proteins.check_against(train)


def test_a_loader_of_ones_own():
    """A data set that is read from disk batch by batch derives from BatchLoader; nothing else is asked of it."""

    class OnDisk(BatchLoader):
        lengths, batch_positions, shuffle, seed, epoch, classes = np.array([3, 2, 3]), 6, False, 0, 0, 2
        ids, scored, fingerprint = (), 8, {"files": "three"}

        def batch(self, indices):
            lengths = torch.from_numpy(self.lengths[np.asarray(indices)])
            mask = torch.arange(int(lengths.max())) < lengths[:, None]
            return Batch(mask[..., None].float(), lengths, torch.where(mask, 1, IGNORE_INDEX))

    assert [batch.positions for batch in OnDisk()] == [5, 3]
    assert len(OnDisk().shuffled(3)) == 2
