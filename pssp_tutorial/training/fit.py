"""Training with early stopping, and picking a killed run up where it was (chapter 6)."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import torch
from torch import nn

from pssp_tutorial.batches.batch import BatchingError
from pssp_tutorial.batches.buckets import epoch_seed
from pssp_tutorial.batches.loader import BatchLoader
from pssp_tutorial.models.contract import restoring_modes
from pssp_tutorial.models.device import has_bfloat16, move, resolve_device
from pssp_tutorial.training.epoch import score_epoch, train_epoch
from pssp_tutorial.training.objectives import Objective, ScoreFunction, check_outputs
from pssp_tutorial.training.progress import progress_bar
from pssp_tutorial.training.run import Run, RunFile
from pssp_tutorial.training.settings import MODES, FitOptions, FitSettings
from pssp_tutorial.training.stopping import TrainingError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class History:
    """What happened in each epoch; ``best_epoch``, counted from 1, is the one whose weights the model has."""

    rows: tuple[dict[str, float], ...] = field(repr=False)
    best_epoch: int
    stopped_early: bool

    @property
    def frame(self) -> "pd.DataFrame":
        """One row per epoch: epoch, train_loss, train_accuracy, val_loss, val_accuracy, scores of your own,
        learning_rate (of the last batch), gradient_norm (mean over the batches, before clipping), seconds. Where
        numbers are predicted, the losses are mean squared errors, and there are no accuracies.
        """
        import pandas as pd

        return pd.DataFrame(self.rows)


def fit(
    model: nn.Module,
    train: BatchLoader,
    val: BatchLoader,
    settings: FitSettings | None = None,
    *,
    objective: Objective | None = None,
    scores: Mapping[str, ScoreFunction] | None = None,
    device: str | torch.device = "auto",
    checkpoint: str | Path | None = None,
    resume: bool = True,
    progress: bool | None = None,
    **options: Unpack[FitOptions],
) -> History:
    """Train with AdamW until the validation set stops getting better; the model is left with its best weights.

    The model moves to ``device`` and stays there. Each epoch draws its training batches anew, from the loader's
    ``seed``, whether or not the loader shuffles. Dropout draws from ``seed``; the global random state stays as it
    was. An interrupt (Ctrl-C, the stop button) reaches the caller after the best weights so far are put back.

    Parameters
    ----------
    train, val : loaders
        Of proteins, as :func:`make_loader` gives; :class:`SequenceLoader`, of anything else. Labels that are classes,
        one for each position or for each sequence, ask for logits; labels that are numbers ask for numbers.
    settings, **options
        See :class:`FitSettings`; an option, such as ``max_epochs=5``, counts more than the same setting.
    objective : callable, optional
        Lowered instead of the cross-entropy or squared error, as in :func:`train_epoch`; validation keeps these.
    scores : dict of str to callable, optional
        More columns of the history, ``val_`` and the name: functions of all scored labels of ``val`` and the model's
        outputs for them, logits [label, class] or numbers [label]. ``monitor`` may name one, with a ``mode``.
    checkpoint : path, optional
        File that holds the run after each epoch. A run that was killed at any moment, called again with the same
        arguments, ends with the same weights as one that was not: bit for bit on one CPU thread. A finished run
        returns at once. Only ``patience`` may change and, without the cosine schedule, ``max_epochs``. ``resume=False``
        starts over.
    progress : bool, optional
        Show a bar. If left out: only where somebody watches, in a terminal or an open notebook.

    Raises TrainingError for data, a model or settings that don't fit together; a loss that is not finite; another run's
    checkpoint.

    >>> from pssp_tutorial import BiLSTM, ProteinRecord, make_loader
    >>> train = make_loader([ProteinRecord("one", "GAKKL", "CHHHC")])
    >>> val = make_loader([ProteinRecord("two", "GSKKL", "CCHHC")])
    >>> history = fit(BiLSTM(hidden_size=4), train, val, max_epochs=2)
    >>> history.frame[["epoch", "learning_rate"]].values.tolist()
    [[1.0, 0.002], [2.0, 0.002]]
    """
    _check_kinds(model, settings, objective)
    settings, scores, device = replace(settings or FitSettings(), **options), scores or {}, resolve_device(device)
    _check_data(train, val)
    _check_settings(settings, train.classes, scores)
    move(model, device)
    check_outputs(model, train, val)
    weights = None if settings.class_weights is None else torch.tensor(settings.class_weights, device=device)
    train_on = partial(train_epoch, model, clip_norm=settings.clip_norm, class_weights=weights, objective=objective)
    run, file = Run(model, settings), RunFile(checkpoint, model, train, val, settings, scores)
    file.begin(run, resume=resume)
    try:
        bar = progress_bar(progress, run.epoch, settings.max_epochs)
        with restoring_modes(model), _precision(settings, device), bar:
            while not run.finished:
                started = time.perf_counter()
                with _seeded(epoch_seed(settings.seed, run.epoch), device):
                    trained = train_on(run.paced(train.shuffled(run.epoch), bar), run.optimizer)
                score, own = score_epoch(run.scored_model, val, scores, class_weights=weights)
                run.record(trained, score, own, time.perf_counter() - started)
                file.write(run)
                bar.set_postfix({name: f"{value:.3f}" for name, value in run.rows[-1].items() if name[:4] == "val_"})
    except TrainingError as error:
        raise TrainingError(f"epoch {run.epoch + 1}: {error}") from error
    finally:
        run.stopper.restore(model)
    return History(tuple(run.rows), run.stopper.best_epoch, run.stopper.stopped)


def _check_kinds(model: object, settings: object, objective: object) -> None:
    for name, value, fits, expected in (
        ("model", model, isinstance(model, nn.Module), "a module of PyTorch"),
        ("settings", settings, settings is None or isinstance(settings, FitSettings), "FitSettings"),
        ("objective", objective, objective is None or callable(objective), "a function, or None"),
    ):
        if not fits:
            raise TrainingError(f"{name} is {value!r:.60}; expected {expected}")


def _check_data(train: BatchLoader, val: BatchLoader) -> None:
    for name, loader in {"train": train, "val": val}.items():
        if not isinstance(loader, BatchLoader):
            raise TrainingError(
                f"{name} is a {type(loader).__name__}; expected a loader, as make_loader or SequenceLoader gives"
            )
        if not loader.scored:
            raise TrainingError(f"{name}: none of its labels is known; expected at least one")
    try:
        train.check_against(val)
    except BatchingError as error:
        raise TrainingError(str(error)) from error


def _check_settings(settings: FitSettings, classes: int | None, scores: Iterable[str]) -> None:
    columns = [name for name in MODES if classes is not None or not name.endswith("accuracy")]
    for column in (f"val_{name}" for name in scores):
        if column in MODES:
            raise TrainingError(f"a score of your own would be {column}; expected another name: fit has this column")
        columns.append(column)
    if settings.monitor not in columns:
        raise TrainingError(f"monitor is {settings.monitor!r}; expected one of {', '.join(map(repr, columns))}")
    if settings.direction is None:
        raise TrainingError(f"mode is None; expected 'min' or 'max': which {settings.monitor} is better?")
    weights = settings.class_weights
    if weights is not None and len(weights) != classes:
        raise TrainingError(f"{len(weights)} class weights; expected {classes or 'none'}, one per class")


def _precision(settings: FitSettings, device: torch.device) -> torch.autocast:
    """Without a cache, which would keep the weights in 16 bits as they were in an epoch's first step."""
    half = settings.bfloat16 and has_bfloat16(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=half, cache_enabled=False)


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from a seed of one's own; the global random state comes back at the end."""
    gpus = list(range(torch.cuda.device_count())) if device.type == "cuda" else []
    with torch.random.fork_rng(gpus):
        torch.default_generator.manual_seed(seed)
        if gpus:
            torch.cuda.manual_seed_all(seed)
        yield
