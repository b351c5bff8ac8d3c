"""The options of a step of ``pssp train``: each stands here once, for the command line and for recipes."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from pssp_tutorial.cli.options import positive, thread_count, whole_number
from pssp_tutorial.core.errors import PSSPError

NEED_PROFILES = ("read_profile", "relatives", "fading", "teacher", "ensemble", "profile_weight", "accessibility_weight")
SIZE = whole_number(1, 4_096)  # beyond which no layer of these models fits into a memory
METAVARS = {int: "N", float: "X", str: "FILE"}


def option(default: Any, help: str, **settings: Any) -> Any:
    """A field of :class:`Step`: its default, which stands in the help for {}, and what argparse must know of it."""
    return field(default=default, metadata={"help": help.format(default), **settings})


@dataclass(frozen=True)
class Step:
    """One training, or one mean of two models. Raises PSSPError for options that need another one."""

    out: str = option("", "the model to write, for example mine.safetensors")
    data: str | None = option(None, "a data set, as pssp uniprot build makes it (default: the embedded chains)")
    start: str | None = option(None, "begin with the weights of this model, of the same sizes, not with random ones")
    checkpoint: str | None = option(None, "keep the run here after every epoch, and go on from it")
    seed: int = option(0, "of the first weights, the batches and dropout (default {})", type=whole_number(0))
    threads: int | None = option(None, "processor cores to use (default: all)", type=thread_count, metavar="N")
    device: str = option("auto", "cpu, cuda or auto (default)", metavar=None)
    quiet: bool = option(False, "no progress and no report on standard error")

    states: int = option(3, "states to tell apart (default {})", choices=(3, 8), metavar=None, group="model")
    hidden: int = option(64, "units of each direction (default {})", type=SIZE)
    layers: int = option(2, "(default {})", type=whole_number(1, 64))
    embedding: int = option(32, "channels that a residue becomes (default {})", type=SIZE)
    kernel: int = option(0, "residues that a convolution sees first (default {}: none)", type=whole_number(0, 4_096))
    dropout: float = option(0.3, "share of values dropped (default {})")

    epochs: int = option(20, "at most (default {})", group="training")
    patience: int = option(3, "epochs without a better loss (default {})")
    learning_rate: float = option(4e-3, "falls along a cosine (default {})")
    warmup: float = option(0.5, "epochs in which it rises (default {})")
    batch_residues: int = option(8_000, "residues of a batch (default {})", type=positive)
    average: float = option(0.0, "decay of a mean of the weights, such as 0.999")
    bfloat16: bool = option(False, "16 bits where the device has them: faster from 128 units on")

    profiles: str | None = option(
        None, "what tools/data/profiles.py wrote: adds the tasks below", group="profiles, for the release model"
    )
    read_profile: bool = option(False, "make a teacher: it reads profiles, which pssp predict cannot")
    relatives: float = option(0.0, "largest share of residues drawn from the profile")
    fading: int = option(0, "epochs in which that share falls to 0 (default: none)")
    teacher: Sequence[str] = option((), "learn half of the states from these teachers", nargs="*")
    ensemble: Sequence[str] = option(
        (), "half of what labels and teachers say becomes the mean of these models, reading the same", nargs="*"
    )
    profile_weight: float = option(0.0, "of predicting the profile (default 0)")
    accessibility_weight: float = option(0.0, "of predicting exposure (default 0)")

    mean_of: Sequence[str] = option(
        (), "a model, and one that was trained on from it", nargs=2, group="a mean of two models, in place of training"
    )
    results: str | None = option(None, "keep the numbers of that search in the folder PSSP_RESULTS", metavar="NAME")

    def __post_init__(self) -> None:
        if not self.profiles:
            for name in NEED_PROFILES:
                if getattr(self, name):
                    raise PSSPError(f"--{name.replace('_', '-')} is given; expected --profiles with it")
        if self.results and not self.mean_of:
            raise PSSPError("--results is given; expected --mean-of with it")


DEFAULTS = {one.name.replace("_", "-"): one.default for one in fields(Step)}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a step, in their groups."""
    group: argparse._ActionsContainer = parser
    for one in fields(Step):
        settings = dict(one.metadata)
        if title := settings.pop("group", None):
            group = parser.add_argument_group(title)
        if isinstance(one.default, bool):
            settings["action"] = "store_true"
        else:
            kind = type(one.default) if isinstance(one.default, int | float) else str
            settings = {"type": kind, "metavar": METAVARS[kind]} | settings
        group.add_argument(f"--{one.name.replace('_', '-')}", **settings)
