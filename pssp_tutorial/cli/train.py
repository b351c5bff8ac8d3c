"""``pssp train``: its options, and the steps that they and a recipe ask for."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pssp_tutorial.cli.options import add_parser
from pssp_tutorial.cli.recipe import places, read_recipe
from pssp_tutorial.cli.step import Step, add_options
from pssp_tutorial.core.errors import PSSPError, shown
from pssp_tutorial.core.files import FileError, check_targets
from pssp_tutorial.core.resources import own_digests

TRAIN = """Train a bidirectional LSTM on the training chains, stop by the validation chains, and write it to a file that
pssp predict and pssp_tutorial.load_pretrained read. The test chains are not touched.

  pssp train --out mine.safetensors
  pssp train --data mine.tsv.xz --hidden 128 --epochs 20 --checkpoint mine.run.pt --out mine.safetensors
  pssp train mine.toml

A recipe is a TOML file with the same options, without the two dashes: hidden = 128. Under [[step]], once for each,
stand those of several trainings, one after the other; what stands above the first belongs to all. An option on the
command line counts more than the recipe.

With a checkpoint, an interrupted run goes on where it stopped when the same command is given again."""


def add_command(commands: argparse._SubParsersAction, epilog: str) -> None:
    """Add ``train``."""
    absent = argparse.SUPPRESS  # what is not given here may stand in the recipe
    command = add_parser(
        commands, "train", run, "train a model of your own", TRAIN, epilog=epilog, argument_default=absent
    )
    command.add_argument("recipe", nargs="?", default=None, metavar="RECIPE", help="options in a TOML file")
    add_options(command)


def run(options: argparse.Namespace) -> None:
    """Take every step that the recipe and the command line ask for, after a look at what would fail at its end."""
    given = {name: value for name, value in vars(options).items() if name not in ("run", "recipe")}
    steps = read_recipe(options.recipe, given) if options.recipe else [Step(**given)]
    names = places(options.recipe, len(steps)) if options.recipe else [""]
    for name, step in zip(names, steps, strict=True):
        with _naming(name):
            _check_paths(step)
    check_targets(name for step in steps for name in (step.out, step.checkpoint))

    from pssp_tutorial.cli.train_step import check, take  # brings PyTorch, which the help does without

    for number, (name, step) in enumerate(zip(names, steps, strict=True)):
        with _naming(name):
            check(step, [earlier.out for earlier in steps[:number]])
    for name, step in zip(names, steps, strict=True):
        with _naming(name):
            take(step)


@contextmanager
def _naming(place: str) -> Iterator[None]:
    """Say of an error in which step of a recipe it is."""
    try:
        yield
    except PSSPError as error:
        if not place:
            raise
        kind = FileError if isinstance(error, FileError) else PSSPError
        raise kind(f"{place}: {error}") from error


def _check_paths(step: Step) -> None:
    out = Path(step.out)
    if not step.out:
        raise PSSPError("no file to write; expected --out mine.safetensors, or out = in the recipe")
    if out.suffix != ".safetensors" or out.is_dir():
        raise PSSPError(f"{shown(out)}: expected the name of a file that ends in .safetensors")
    check_targets(
        [out, step.checkpoint], [step.data, step.start, step.profiles, *step.teacher, *step.ensemble, *step.mean_of]
    )
    own_digests(out)
