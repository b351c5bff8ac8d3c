"""What a run carries from epoch to epoch, and the file that it can be taken up from (chapter 6)."""

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pssp_tutorial.batches.batch import Batch
from pssp_tutorial.batches.loader import BatchLoader
from pssp_tutorial.training.checkpoints import load_checkpoint, save_checkpoint
from pssp_tutorial.training.epoch import Score, TrainScore
from pssp_tutorial.training.settings import FitSettings
from pssp_tutorial.training.stopping import TrainingError

if TYPE_CHECKING:
    from tqdm.auto import tqdm


class Run:
    """A model in training: its optimiser, the running mean of its weights, early stopping, and a row for each epoch."""

    def __init__(self, model: nn.Module, settings: FitSettings) -> None:
        self.settings = settings
        self.rows: list[dict[str, float]] = []
        self.stopper = settings.stopper()
        self.optimizer = torch.optim.AdamW(
            model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.scored_model = model  # or the mean of its weights
        self.parts: dict[str, Any] = {"model": model, "optimizer": self.optimizer, "stopper": self.stopper}
        if settings.average:
            self.parts["average"] = mean = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(settings.average))
            self.scored_model = mean.module
            self.optimizer.register_step_post_hook(lambda *_: mean.update_parameters(model))

    @property
    def epoch(self) -> int:
        """Number of finished epochs."""
        return len(self.rows)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or patience has run out."""
        return self.epoch >= self.settings.max_epochs or self.stopper.stopped

    def paced(self, batches: BatchLoader, bar: "tqdm") -> Iterator[Batch]:
        """The batches of the next epoch, each with its learning rate set."""
        for number, batch in enumerate(batches):
            done = self.epoch + (number + 0.5) / len(batches)  # in epochs
            self.optimizer.param_groups[0]["lr"] = self.settings.rate(done, self.stopper.misses)
            yield batch
            bar.update(1 / len(batches))

    def record(self, trained: TrainScore, score: Score, scores: dict[str, float], seconds: float) -> None:
        """Add the row of an epoch; its weights are kept if they are the best so far."""
        row = {
            **{"epoch": self.epoch + 1, "train_loss": trained.loss, "train_accuracy": trained.accuracy},
            **{"val_loss": score.loss, "val_accuracy": score.accuracy},
            **{f"val_{name}": value for name, value in scores.items()},
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "gradient_norm": trained.gradient_norm,
            "seconds": seconds,
        }
        if math.isnan(score.accuracy):  # numbers have none
            del row["train_accuracy"], row["val_accuracy"]
        for name in {"val_loss", self.settings.monitor}:
            if not math.isfinite(row[name]):
                raise TrainingError(f"{name} is {row[name]}; expected a finite number")
        self.rows.append(row)
        self.stopper.update(row[self.settings.monitor], self.scored_model)


class RunFile:
    """The file that holds a run after each epoch, or no file; a run can only be taken up by one that is the same.

    Only ``patience`` may differ and, without the cosine schedule, ``max_epochs``.
    """

    def __init__(
        self,
        path: str | Path | None,
        model: nn.Module,
        train: BatchLoader,
        val: BatchLoader,
        settings: FitSettings,
        scores: Iterable[str],
    ) -> None:
        self.path = path
        self.identity: dict[str, Any] = asdict(settings) | {"scores": sorted(scores)}
        del self.identity["patience"]
        if settings.schedule != "cosine":
            del self.identity["max_epochs"]
        self.identity["model"] = f"{type(model).__name__} {getattr(model, 'config', model)}"
        for split, loader in {"train": train, "val": val}.items():
            self.identity |= {f"{split} {name}": value for name, value in loader.fingerprint.items()}

    def begin(self, run: Run, *, resume: bool) -> None:
        """Take up the run that the file holds, if it holds one; else write the file, which shows that it can be."""
        if resume and self.path is not None and os.path.exists(self.path):  # noqa: PTH110 (Path.exists fails for a long name)
            self._read(run)
        else:
            self.write(run)

    def write(self, run: Run) -> None:
        """Write the file whole: a kill leaves the old one or the new one."""
        if self.path is not None:
            states = {name: part.state_dict() for name, part in run.parts.items()}
            save_checkpoint(self.path, {"settings": self.identity, "rows": run.rows, **states})

    def _read(self, run: Run) -> None:
        assert self.path is not None
        kept = load_checkpoint(self.path)
        if kept.keys() != {"settings", "rows", *run.parts}:
            raise TrainingError(
                f"{self.path}: not a checkpoint of fit; expected one, or another file (in Python, resume=False)"
            )
        before = kept["settings"]
        for name in [*self.identity, *(before.keys() - self.identity.keys())]:
            was, now = before.get(name), self.identity.get(name)
            if was != now:
                raise TrainingError(
                    f"{self.path}: {name} was {was} and is {now}; expected the same, or another file to start over "
                    "(in Python, resume=False)"
                )
        for name, part in run.parts.items():
            part.load_state_dict(kept[name])
        run.rows = kept["rows"]
