"""Training with early stopping, and picking a killed run up where it was (chapter 6)."""

import math
import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pssp_tutorial.batches.batch import Batch
from pssp_tutorial.batches.buckets import epoch_seed
from pssp_tutorial.batches.proteins import Loader
from pssp_tutorial.models.contract import evaluation_twin, restoring_modes
from pssp_tutorial.models.device import has_bfloat16, resolve_device
from pssp_tutorial.training.checkpoints import load_checkpoint, save_checkpoint
from pssp_tutorial.training.epoch import Objective, TrainingError, train_epoch, validate
from pssp_tutorial.training.stopping import EarlyStopping

if TYPE_CHECKING:
    import pandas as pd
    from tqdm.auto import tqdm

__all__ = ["EarlyStopping", "History", "TrainingError", "fit", "train_epoch", "validate"]

# What a resumed run must have in common with the run before it, besides the model and the data.
STOPPING = ("min_delta", "monitor", "seed")
OPTIMISING = (
    "learning_rate",
    "schedule",
    "warmup_epochs",
    "weight_decay",
    "clip_norm",
    "class_weights",
    "average",
    "bfloat16",
)
# A notebook that a person has open sets one of these; one that is executed to build the book sets none.
NOTEBOOK_IN_USE = ("JPY_SESSION_NAME", "COLAB_RELEASE_TAG", "VSCODE_PID")


@dataclass(frozen=True)
class History:
    """What happened in each epoch; ``best_epoch``, counted from 1, is the one whose weights the model has."""

    rows: tuple[dict[str, float], ...] = field(repr=False)
    best_epoch: int
    stopped_early: bool

    @property
    def frame(self) -> "pd.DataFrame":
        """One row an epoch: epoch, train_loss, train_accuracy, val_loss, val_accuracy, learning_rate (of the last
        batch), gradient_norm (mean over the batches, before clipping), seconds.
        """
        import pandas as pd

        return pd.DataFrame(self.rows)


def fit(
    model: nn.Module,
    train: Loader,
    val: Loader,
    *,
    max_epochs: int = 20,
    patience: int = 3,
    min_delta: float = 0.0,
    monitor: Literal["val_loss", "val_accuracy"] = "val_loss",
    learning_rate: float = 2e-3,
    schedule: Literal["cosine", "plateau"] | None = None,
    warmup_epochs: float = 0.0,
    weight_decay: float = 0.01,
    clip_norm: float = 1.0,
    class_weights: Sequence[float] | None = None,
    objective: Objective | None = None,
    average: float = 0.0,
    bfloat16: bool = False,
    seed: int = 0,
    device: str | torch.device = "auto",
    checkpoint: str | Path | None = None,
    resume: bool = True,
    progress: bool | None = None,
) -> History:
    """Train with AdamW until the validation set stops getting better; the model is left with its best weights.

    The model moves to ``device`` and stays there. Each epoch draws its training batches anew, from the loader's
    ``seed``, whether or not the loader shuffles. Dropout draws from ``seed``; the global random state stays as it
    was. An interrupt (Ctrl-C, the stop button) reaches the caller after the best weights so far are put back.

    Parameters
    ----------
    max_epochs, patience, min_delta
        When to stop: see :class:`EarlyStopping`.
    monitor : str
        The column of the history that decides.
    learning_rate : float
        Largest rate. It stays; or with ``schedule="cosine"`` it falls to 0 at ``max_epochs``; or with ``"plateau"``
        it halves after each epoch that was not better. During ``warmup_epochs`` it rises from 0.
    weight_decay, clip_norm, class_weights
        Of AdamW; the others as in :func:`train_epoch`. Class weights weigh both losses.
    objective : callable, optional
        Lowered instead of the cross-entropy, as in :func:`train_epoch`; validation keeps the cross-entropy.
    average : float
        Decay of a running mean of the weights, such as 0.999; the mean is validated, kept and returned. 0: none.
    bfloat16 : bool
        Compute with 16 bits where PyTorch deems it safe: faster. A device without bfloat16 computes with 32 bits.
    checkpoint : path, optional
        File that holds the run after each epoch. A run that was killed at any moment, called again with the same
        arguments, ends with the same weights as one that was not: bit for bit on one CPU thread. A finished run
        returns at once. Only ``patience`` may change and, without the cosine schedule, ``max_epochs``. ``resume=False``
        starts over.
    progress : bool, optional
        Show a bar. If left out: only where somebody watches, in a terminal or an open notebook.

    Raises
    ------
    TrainingError
        For data, a model or settings that don't fit together; a loss that is not finite; another run's checkpoint.

    >>> from pssp_tutorial import BiLSTM, ProteinRecord, make_loader
    >>> train = make_loader([ProteinRecord("one", "GAKKL", "CHHHC")])
    >>> val = make_loader([ProteinRecord("two", "GSKKL", "CCHHC")])
    >>> history = fit(BiLSTM(hidden_size=4), train, val, max_epochs=2)
    >>> history.frame[["epoch", "learning_rate"]].values.tolist()
    [[1.0, 0.002], [2.0, 0.002]]
    """
    class_weights = None if class_weights is None else [float(weight) for weight in class_weights]
    settings = {name: value for name, value in locals().items() if name in STOPPING + OPTIMISING}
    device = resolve_device(device)
    _check_data(model.to(device), train, val)
    _check_settings(settings | {"max_epochs": max_epochs}, train.classes)
    stopper = EarlyStopping(patience, min_delta, "min" if monitor == "val_loss" else "max")
    weights = None if class_weights is None else torch.tensor(class_weights, device=device)
    optimizer = torch.optim.AdamW(model.parameters(), learning_rate, weight_decay=weight_decay)

    rows: list[dict[str, float]] = []
    parts = {"model": model, "optimizer": optimizer, "stopper": stopper}
    scored_model = model
    if average:
        parts["average"] = mean = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(average))
        scored_model = mean.module
        optimizer.register_step_post_hook(lambda *_: mean.update_parameters(model))
    # Without a cache, which would keep the weights in 16 bits as they were in the epoch's first step.
    half = bfloat16 and has_bfloat16(device)
    precision = torch.autocast(device.type, torch.bfloat16, enabled=half, cache_enabled=False)
    settings["model"] = f"{type(model).__name__} {getattr(model, 'config', model)}"
    if schedule == "cosine":
        settings["max_epochs"] = max_epochs
    for split, loader in {"train": train, "val": val}.items():
        settings |= {f"{split} {name}": value for name, value in loader.fingerprint.items()}
    if checkpoint is not None and resume and Path(checkpoint).exists():
        rows = _read_run(checkpoint, settings, parts)
    elif checkpoint is not None:
        _write_run(checkpoint, settings, parts, rows)

    def batches() -> Iterator[Batch]:
        epoch = train.shuffled(len(rows))
        for number, batch in enumerate(epoch):
            done = len(rows) + (number + 0.5) / len(epoch)  # in epochs
            cosine = (1 + math.cos(math.pi * done / max_epochs)) / 2
            factor = {None: 1.0, "cosine": cosine, "plateau": 0.5**stopper.misses}[schedule]
            warmth = min(1.0, done / warmup_epochs) if warmup_epochs else 1.0
            optimizer.param_groups[0]["lr"] = learning_rate * warmth * factor
            yield batch
            bar.update(1 / len(epoch))

    try:
        with restoring_modes(model), _progress_bar(progress, len(rows), max_epochs) as bar:
            while len(rows) < max_epochs and not stopper.stopped:
                started = time.perf_counter()
                with _seeded(epoch_seed(seed, len(rows)), device), precision:
                    trained = train_epoch(
                        model, batches(), optimizer, clip_norm=clip_norm, class_weights=weights, objective=objective
                    )
                with precision:
                    scored = validate(scored_model, val, class_weights=weights)
                if not math.isfinite(scored.loss):
                    raise TrainingError(f"the validation loss is {scored.loss}; expected a finite number")
                rows.append(
                    {
                        **{"epoch": len(rows) + 1, "train_loss": trained.loss, "train_accuracy": trained.accuracy},
                        **{"val_loss": scored.loss, "val_accuracy": scored.accuracy},
                        "learning_rate": optimizer.param_groups[0]["lr"],
                        "gradient_norm": trained.gradient_norm,
                        "seconds": time.perf_counter() - started,
                    }
                )
                stopper.update(rows[-1][monitor], scored_model)
                if checkpoint is not None:
                    _write_run(checkpoint, settings, parts, rows)
                bar.set_postfix(val_loss=f"{scored.loss:.3f}", val_accuracy=f"{scored.accuracy:.3f}")
    except TrainingError as error:
        raise TrainingError(f"epoch {len(rows) + 1}: {error}") from error
    finally:
        stopper.restore(model)
    return History(tuple(rows), stopper.best_epoch, stopper.stopped)


def _check_settings(settings: dict[str, Any], classes: int) -> None:
    choices = {"monitor": ("val_loss", "val_accuracy"), "schedule": (None, "cosine", "plateau")}
    for name, allowed in choices.items():
        if settings[name] not in allowed:
            raise TrainingError(f"{name} is {settings[name]!r}; expected one of {', '.join(map(repr, allowed))}")
    for name in ("max_epochs", "learning_rate", "clip_norm"):
        if not settings[name] > 0:
            raise TrainingError(f"{name} is {settings[name]}; expected more than 0")
    if not settings["warmup_epochs"] >= 0:
        raise TrainingError(f"warmup_epochs is {settings['warmup_epochs']}; expected 0 or more")
    if not 0 <= settings["average"] < 1:
        raise TrainingError(f"average is {settings['average']}; expected a decay from 0 to below 1")
    if settings["max_epochs"] % 1:
        raise TrainingError(f"max_epochs is {settings['max_epochs']}; expected a whole number")
    if settings["class_weights"] is not None and not min(settings["class_weights"], default=0) >= 0:
        raise TrainingError(f"class_weights are {settings['class_weights']}; expected 0 or more")
    if settings["class_weights"] is not None and len(settings["class_weights"]) != classes:
        raise TrainingError(f"{len(settings['class_weights'])} class weights; expected {classes}, one a class")


def _check_data(model: nn.Module, train: Loader, val: Loader) -> None:
    for name, loader in {"train": train, "val": val}.items():
        if not isinstance(loader, Loader):
            raise TrainingError(f"{name} is a {type(loader).__name__}; expected a Loader, as make_loader gives")
        if not loader.scored_residues:
            raise TrainingError(f"{name}: none of its residues has a known state; expected at least one")
    ours, theirs = ((loader.classes, loader.reduction) for loader in (train, val))
    if ours != theirs:
        raise TrainingError(f"classes and reduction of train are {ours}, of val {theirs}; expected the same")
    for key in ("id", "sequence"):
        shared = {getattr(record, key) for record in train.records} & {getattr(record, key) for record in val.records}
        if shared:
            record = next(record for record in val.records if getattr(record, key) in shared)
            raise TrainingError(f"{record.id}: its {key} is in train and in val ({len(shared)} such); expected none")
    batch = val.batch([int(val.lengths.argmin())]).to(next(model.parameters()).device)
    with torch.inference_mode():
        logits = evaluation_twin(model)(batch.inputs, batch.lengths)
    expected = [*batch.labels.shape, val.classes]
    if list(logits.shape) != expected:
        raise TrainingError(
            f"the model gives the shape {list(logits.shape)}; expected {expected}, [batch, length, class]"
        )
    if (logits >= 0).all() and torch.allclose(logits.sum(dim=-1), torch.ones(()).to(logits)):
        raise TrainingError("the model gives probabilities; expected logits: the loss holds the softmax already")


def _write_run(path: str | Path, settings: dict[str, Any], parts: dict[str, Any], rows: list) -> None:
    states = {name: part.state_dict() for name, part in parts.items()}
    save_checkpoint(path, {"settings": settings, "rows": rows, **states})


def _read_run(path: str | Path, settings: dict[str, Any], parts: dict[str, Any]) -> list[dict[str, float]]:
    run = load_checkpoint(path)
    if run.keys() != {"settings", "rows", *parts}:
        raise TrainingError(f"{path}: not a checkpoint of fit; expected one, or another file (in Python, resume=False)")
    for name in [*settings, *(run["settings"].keys() - settings.keys())]:
        before, now = run["settings"].get(name), settings.get(name)
        if before != now:
            raise TrainingError(
                f"{path}: {name} was {before} and is {now}; expected the same, or another file to start over "
                "(in Python, resume=False)"
            )
    for name, part in parts.items():
        part.load_state_dict(run[name])
    return run["rows"]


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from a seed of one's own; the global random state comes back at the end."""
    gpus = list(range(torch.cuda.device_count())) if device.type == "cuda" else []
    with torch.random.fork_rng(gpus):
        torch.default_generator.manual_seed(seed)
        if gpus:
            torch.cuda.manual_seed_all(seed)
        yield


def _progress_bar(progress: bool | None, done: int, max_epochs: int) -> "tqdm":
    """One bar for the run, gone at its end: the history says what happened."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm asks for ipywidgets, and does without
        from tqdm.auto import tqdm
    if progress is None:
        progress = sys.stderr.isatty() or any(name in os.environ for name in NOTEBOOK_IN_USE)
    layout = "{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
    return tqdm(total=max_epochs, initial=done, disable=not progress, leave=False, bar_format=layout)
