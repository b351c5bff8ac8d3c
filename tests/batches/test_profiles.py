"""Profiles: the batches carry what belongs to each residue, and drawing relatives follows the profile."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from pssp_tutorial.batches.batch import BatchingError
from pssp_tutorial.batches.profiles import ProfileLoader, read_profiles
from pssp_tutorial.batches.proteins import Loader
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.training.distillation import MultiTask, teach
from pssp_tutorial.training.fit import fit

RECORDS = load_chains("mini").train[:6]


def profiles_of(records, seed=0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        record.id: (255 * generator.dirichlet(np.full(20, 0.3), len(record))).astype(np.uint8) for record in records
    }


def loader(records=RECORDS, **settings) -> ProfileLoader:
    return ProfileLoader(tuple(records), 2_000, classes=8, profiles=profiles_of(records), **settings)


def test_a_batch_carries_the_profile_and_accessibility_of_its_own_residues():
    """A shift by one residue, or by one chain, would still train: only this comparison would notice."""
    chosen = loader()
    batch = chosen.batch([4, 1])
    for row, index in enumerate((4, 1)):
        record, length = RECORDS[index], len(RECORDS[index])
        expected = chosen.profiles[record.id].astype(float)
        expected /= np.maximum(expected.sum(axis=1, keepdims=True), 1)
        np.testing.assert_allclose(batch.profile[row, :length].numpy(), expected, atol=1e-6)
        np.testing.assert_array_equal(batch.accessibility[row, :length].numpy(), record.accessibility)
        assert batch.profile[row, length:].abs().sum() == 0


def test_without_relatives_the_residues_are_those_of_the_plain_loader():
    """The release model's validation must not be drawn from profiles."""
    plain = Loader(tuple(RECORDS), 2_000, classes=8).batch([0, 2])
    batch = loader().batch([0, 2])
    assert torch.equal(batch.inputs, plain.inputs)
    assert torch.equal(batch.labels, plain.labels)


def test_relatives_follow_the_profile():
    """With a share of 1, over many draws, a residue's mean is a mixture of itself and the profile's frequencies."""
    chosen = loader(RECORDS[:1], relatives=1.0)
    torch.manual_seed(0)
    draws = torch.stack([chosen.batch([0]).inputs[0] for _ in range(3_000)]).mean(dim=0)  # [length, 21]
    batch = chosen.batch([0])
    native = torch.eye(21)[[AMINO_ACIDS.index(letter) for letter in RECORDS[0].sequence]]
    share = 0.5  # the mean of a share drawn between 0 and 1
    expected = (1 - share) * native[:, :20] + share * batch.profile[0]
    torch.testing.assert_close(draws.sum(dim=1), torch.ones(len(draws)))
    assert (draws[:, :20] - expected).abs().max() < 0.05


def test_the_share_of_relatives_fades():
    """The last epochs must be trained on the chains that predictions are made for: real ones."""
    chosen, plain = loader(relatives=1.0, fading=4), loader().batch([0, 1, 2]).inputs
    swapped = []
    for chosen.epoch in range(6):
        torch.manual_seed(0)
        swapped.append(float((chosen.batch([0, 1, 2]).inputs != plain).sum()))
    assert swapped[0] > swapped[1] > swapped[2] > swapped[3] > 0
    assert swapped[4:] == [0, 0]


def test_the_profile_as_input_adds_twenty_channels():
    batch = loader(as_input=True).batch([0, 1])
    assert batch.inputs.shape[-1] == 41
    assert torch.equal(batch.inputs[..., 21:], batch.profile)


def test_the_loss_without_other_tasks_is_the_cross_entropy():
    """The tasks must add to the loss that everyone else minimises, not replace it."""
    model = MultiTask(BiLSTM(8, 1, 8), teacher_weight=0, profile_weight=0, accessibility_weight=0).eval()
    batch = loader().batch([0, 3])
    loss, logits = model.loss(batch)
    expected = cross_entropy(logits.flatten(0, 1), batch.labels.flatten(), reduction="sum")
    torch.testing.assert_close(loss, expected)
    assert torch.equal(logits, model(batch.inputs, batch.lengths))


def test_a_teacher_that_knows_the_labels_gives_the_same_loss():
    """One-hot probabilities of the true states teach exactly what the labels do."""
    plain = loader()
    sure = {
        record.id: np.eye(8, dtype=np.float16)[plain.batch([row]).labels[0].numpy()]
        for row, record in enumerate(RECORDS)
    }
    batch = loader(teacher=sure).batch([0, 3])
    model = BiLSTM(8, 1, 8).eval()
    losses = [
        MultiTask(model, teacher_weight=share, profile_weight=0, accessibility_weight=0).loss(batch)[0]
        for share in (0.0, 0.5, 1.0)
    ]
    torch.testing.assert_close(losses[0], losses[1])
    torch.testing.assert_close(losses[0], losses[2])


def test_teachers_give_each_chain_its_own_mean_probabilities():
    torch.manual_seed(0)
    teachers = [BiLSTM(8, 1, 8, input_size=41) for _ in range(2)]
    reading = loader(as_input=True)
    taught = teach(teachers, reading)
    assert {chain: rows.shape for chain, rows in taught.items()} == {r.id: (len(r), 8) for r in RECORDS}
    alone = reading.batch([3])
    mean = sum(teacher.eval()(alone.inputs, alone.lengths).softmax(dim=-1) for teacher in teachers)[0] / 2
    np.testing.assert_allclose(taught[RECORDS[3].id], mean.detach().numpy(), atol=1e-3)


def test_a_teacher_that_reads_one_sequence_teaches_beside_one_that_reads_profiles():
    torch.manual_seed(0)
    plain, profiled = BiLSTM(8, 1, 8).eval(), BiLSTM(8, 1, 8, input_size=41).eval()
    reading = loader(as_input=True)
    batch = reading.batch([3])
    answers = plain(batch.inputs[..., :21], batch.lengths), profiled(batch.inputs, batch.lengths)
    mean = sum(each.softmax(dim=-1) for each in answers)[0] / 2
    np.testing.assert_allclose(teach([plain, profiled], reading)[RECORDS[3].id], mean.detach().numpy(), atol=1e-3)


def test_an_ensemble_is_asked_about_the_residues_that_were_drawn():
    """Its answer for the chain as it is would teach the student a function that no network has."""
    torch.manual_seed(0)
    ensemble, student = [BiLSTM(8, 1, 8), BiLSTM(8, 1, 8)], BiLSTM(8, 1, 8).eval()
    batch = loader(relatives=1.0).batch([0, 3])
    tasks = {"teacher_weight": 0.0, "profile_weight": 0.0, "accessibility_weight": 0.0}
    labels, logits = MultiTask(student, **tasks).loss(batch)
    both = MultiTask(student, **tasks, ensemble=ensemble)
    mean = sum(each.eval()(batch.inputs, batch.lengths).softmax(dim=-1) for each in ensemble) / 2
    against = -(mean * logits.log_softmax(dim=-1))[batch.mask].sum()
    torch.testing.assert_close(both.loss(batch)[0], (labels + against) / 2)
    both.loss(batch)[0].backward()
    assert all(weight.grad is None for each in both.ensemble for weight in each.parameters())
    assert len(list(both.parameters())) == len(list(MultiTask(student).parameters()))


@pytest.mark.parametrize("bfloat16", [False, True])
def test_all_tasks_train_together_and_resume(tmp_path, bfloat16):
    """The release's run: interrupted after two epochs, it ends with the weights of one that was not."""
    val = ProfileLoader(
        tuple(load_chains("mini").val[:4]), 2_000, classes=8, profiles=profiles_of(load_chains("mini").val)
    )

    def run(epochs, path):
        torch.manual_seed(0)
        model = MultiTask(BiLSTM(8, 1, 8))
        settings = {"objective": MultiTask.loss, "average": 0.5, "bfloat16": bfloat16, "progress": False}
        return model, fit(model, loader(relatives=1.0), val, max_epochs=epochs, checkpoint=tmp_path / path, **settings)

    run(2, "cut.pt")
    resumed, history = run(4, "cut.pt")
    whole, _ = run(4, "whole.pt")
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name
    losses = history.frame["train_loss"].tolist()
    assert losses[-1] < losses[0]


def test_a_missing_profile_is_named():
    with pytest.raises(BatchingError, match=f"{RECORDS[1].id}: no profile of {len(RECORDS[1])} residues"):
        ProfileLoader(tuple(RECORDS[:2]), profiles=profiles_of(RECORDS[:1]))


def test_profiles_are_read_by_chain(tmp_path):
    """The file holds chains one after another: the cuts must fall between them."""
    path, profiles = tmp_path / "profiles.npz", profiles_of(RECORDS)
    np.savez_compressed(path, ids=np.array(list(profiles)), frequencies=np.concatenate(list(profiles.values())))
    read = read_profiles(path)
    assert all(np.array_equal(read[chain], rows) for chain, rows in profiles.items())
    np.savez_compressed(path, ids=np.array(list(profiles)), frequencies=np.zeros((3, 20), np.uint8))
    with pytest.raises(BatchingError, match="3 residues; expected those of the 6 chains"):
        read_profiles(path)
    whole = path.read_bytes()
    for broken in (b"", whole[: len(whole) // 2], b"x" * 100):
        path.write_bytes(broken)
        with pytest.raises(BatchingError, match=r"profiles\.npz: .*expected the file that tools/data/profiles\.py"):
            read_profiles(path)
    with pytest.raises(BatchingError, match=r"expected the file that tools/data/profiles\.py writes"):
        read_profiles(tmp_path / "none.npz")
