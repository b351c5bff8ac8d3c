"""Each task of Part IV trains with the one `fit`, in seconds on a part of its data, and learns something."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch
from application_parts.cpgs import LevelTagger, cpg_loader
from sklearn.metrics import average_precision_score, roc_auc_score

import pssp_tutorial as pssp
from pssp_tutorial.applications.cpgs import CpGSequences
from pssp_tutorial.applications.scores import outputs_in_order, rmse
from pssp_tutorial.applications.trajectories import TrajectoryScale, trajectory_loader


@pytest.fixture(autouse=True)
def one_thread_and_a_seed() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def first(parts: Any, count: int) -> Any:
    return replace(parts, **{part.name: getattr(parts, part.name)[:count] for part in fields(parts)})


def test_methylation() -> None:
    """On a tenth of the windows a BiLSTM ranks the methylated ones far above chance, which is their share."""
    splits = pssp.methylation_splits(pssp.load_methylation())
    train = pssp.window_loader(splits.train, 11, negatives=4, batch_windows=64)
    val = pssp.window_loader(splits.val.iloc[::4], 11)
    model = pssp.with_hidden_head(pssp.BiLSTM(16, 1, 2, input_size=4, embedding_size=None, dropout=0.1), 32)

    def precision(labels: torch.Tensor, logits: torch.Tensor) -> float:
        return average_precision_score(labels, logits[:, 1] - logits[:, 0])

    options = {"monitor": "val_ap", "mode": "max", "learning_rate": 1e-2}
    history = pssp.fit(model, train, val, max_epochs=4, scores={"ap": precision}, **options)
    assert history.frame["val_ap"].max() > 0.5
    assert splits.val["methylated"].mean() < 0.02


def test_cpgs() -> None:
    """Hidden levels are told better from their neighbours than by the mean of all."""
    parts: dict[str, CpGSequences] = {
        name: first(part, 300) for name, part in pssp.cpg_sequences(pssp.load_cpgs()).items()
    }
    val = cpg_loader(parts["val"])
    model = LevelTagger(4, 16)
    history = pssp.fit(model, cpg_loader(parts["train"], draws=2), val, max_epochs=4, learning_rate=1e-2)
    hidden = parts["val"].hidden
    mean = parts["train"].levels.mean()
    told = np.stack([levels.numpy() for levels in outputs_in_order(model, val)])
    error = rmse(parts["val"].levels[hidden], told[hidden])
    assert error == pytest.approx(history.frame["val_loss"].min() ** 0.5, rel=1e-3)
    assert error < rmse(parts["val"].levels[hidden], np.full(hidden.sum(), mean)) - 0.01


def test_expression() -> None:
    """The next value is told better than by the last one, in an experiment and for genes that were not learnt from."""
    split = pssp.hold_out_experiment(pssp.load_expression(), "elu")
    model = pssp.Forecaster(1, 16)
    train, val = pssp.course_loader(split.train), pssp.course_loader(split.val)
    pssp.fit(model, train, val, max_epochs=5, learning_rate=1e-2)
    told = np.stack([values.numpy() for values in outputs_in_order(model, pssp.course_loader([split.test]))])[:, :, 0]
    values = np.where(split.test.observed, split.test.values, np.nan)
    assert rmse(values[:, 3:], told[:, 2:]) < rmse(values[:, 3:], split.test.values[:, 2:-1])


def test_image_series() -> None:
    """Ten runs are learnt from; another one is told above chance, which is one in eight."""
    blocks = pssp.task_blocks(pssp.load_image_series())
    train, val, test = next(pssp.leave_one_run_out(blocks.runs))
    model = pssp.SequenceClassifier(530, 8, 16, projection=16, dropout=0.2)
    loaders = [pssp.block_loader(blocks, rows) for rows in (train, val, np.concatenate([val, test]))]
    pssp.fit(model, *loaders[:2], max_epochs=20, patience=20, learning_rate=5e-3)
    told = torch.stack(outputs_in_order(model, loaders[2])).argmax(dim=1)
    assert (told.numpy() == blocks.categories[np.concatenate([val, test])]).mean() > 0.3
    with pytest.raises(pssp.PSSPError, match="run 1: its id is in train and in val"):
        pssp.fit(model, pssp.block_loader(blocks, np.concatenate([train, val])), loaders[1], max_epochs=1)


def test_systems() -> None:
    """The next ten minutes first, then forty looks ahead in a closed loop: better than to stay."""
    courses = pssp.load_trajectories(150, 40)
    scale = TrajectoryScale.of(courses["train"])
    train, val = (trajectory_loader(courses[name], scale, batch_courses=25) for name in ("train", "val"))
    model = pssp.Forecaster(3, 24)
    pssp.fit(model, train, val, max_epochs=10, learning_rate=1e-2)
    model.seen = 20
    pssp.fit(model, train, val, max_epochs=4, learning_rate=3e-3)
    truth, known = scale.apply(courses["val"].proteins), scale.apply(courses["val"].proteins[:, 19:20])
    told = np.stack([values.numpy() for values in outputs_in_order(model, val)])
    assert rmse(truth[:, 20:], told[:, 19:]) < 0.8 * rmse(truth[:, 20:], np.broadcast_to(known, truth[:, 20:].shape))


def test_patients() -> None:
    """Death within five years is told from visits and age; a matched set is never on both sides."""
    parts = pssp.patient_parts(pssp.load_patients(), "death")
    model = pssp.SequenceClassifier(15, 2, 12, pooling="last", dropout=0.1)
    pssp.fit(model, parts["train"].loader, parts["val"].loader, max_epochs=2, learning_rate=1e-2)
    logits = torch.stack(outputs_in_order(model, parts["val"].loader))
    happened, weights = parts["val"].happened, parts["val"].weights
    assert roc_auc_score(happened, logits[:, 1] - logits[:, 0], sample_weight=weights) > 0.75
    with pytest.raises(pssp.PSSPError, match=r"matched set \d+: its id is in train and in val"):
        pssp.fit(model, parts["train"].loader, parts["train"].loader, max_epochs=1)
