"""Chapter 6: the trained model beside its baselines, overfitting, and the spread over seeds."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"seed": 0, "threads": 1, "command": "make chapters CHAPTERS=06_training"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    final, scores = chapter.overfit.iloc[-1], chapter.scores
    return {
        "test_q3": chapter.reports["BiLSTM"].q3,
        "val_q3": chapter.history.frame["val_accuracy"][chapter.history.best_epoch - 1],
        "best_epoch": chapter.history.best_epoch,
        "epochs": len(chapter.history.rows),
        "window_test_q3": scores["window of 17 residues"],
        "residue_test_q3": scores["one residue"],
        "majority_test_q3": scores["most common state"],
        "dropout_on_val_q3": chapter.dropping,
        "overfit_train_accuracy": final["train_accuracy"],
        "overfit_val_accuracy": final["val_accuracy"],
        "seed_spread": max(chapter.best) - min(chapter.best),
        "flattery": chapter.flattery,
    }


def check(chapter: SimpleNamespace) -> None:
    """Early stopping ends the chapter's own run, and a patience of 1 would have ended the overfitting one too soon."""
    assert chapter.history.stopped_early
    losses = chapter.overfit["val_loss"]
    first_bump = next(epoch for epoch in losses.index[1:] if losses[epoch] >= losses[epoch - 1])
    assert losses.min() < losses[:first_bump].min()
