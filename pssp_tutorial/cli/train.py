"""``pssp train``: its options, and the steps that they and a recipe ask for."""

import argparse
from pathlib import Path

from pssp_tutorial.cli.options import add_parser, positive, threads, whole_number
from pssp_tutorial.cli.recipe import Step, read_recipe
from pssp_tutorial.core.errors import PSSPError, shown
from pssp_tutorial.core.files import check_targets
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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a step; :class:`Step` has their defaults."""
    _add_run_options(parser)

    group = parser.add_argument_group("model").add_argument
    group("--states", type=int, choices=(3, 8), help=f"states to tell apart (default {Step.states})")
    group("--hidden", type=positive, metavar="N", help=f"units of each direction (default {Step.hidden})")
    group("--layers", type=positive, metavar="N", help=f"(default {Step.layers})")
    group("--embedding", type=positive, metavar="N", help=f"channels that a residue becomes (default {Step.embedding})")
    group("--kernel", type=int, metavar="N", help="residues that a convolution sees first (default 0: none)")
    group("--dropout", type=float, metavar="X", help=f"share of values dropped (default {Step.dropout})")

    group = parser.add_argument_group("training").add_argument
    group("--epochs", type=int, metavar="N", help=f"at most (default {Step.epochs})")
    group("--patience", type=int, metavar="N", help=f"epochs without a better loss (default {Step.patience})")
    group("--learning-rate", type=float, metavar="X", help=f"falls along a cosine (default {Step.learning_rate})")
    group("--warmup", type=float, metavar="X", help=f"epochs in which it rises (default {Step.warmup})")
    group("--batch-residues", type=int, metavar="N", help=f"residues of a batch (default {Step.batch_residues})")
    group("--average", type=float, metavar="X", help="decay of a mean of the weights, such as 0.999")
    group("--bfloat16", action="store_true", help="16 bits where the device has them: faster from 128 units on")

    group = parser.add_argument_group("profiles, for the release model").add_argument
    group("--profiles", metavar="FILE", help="what tools/data/profiles.py wrote: adds the tasks below")
    group("--read-profile", action="store_true", help="make a teacher: it reads profiles, which pssp predict cannot")
    group("--relatives", type=float, metavar="X", help="largest share of residues drawn from the profile")
    group("--fading", type=int, metavar="N", help="epochs in which that share falls to 0 (default: none)")
    group("--teacher", nargs="*", metavar="FILE", help="learn half of the states from these teachers")
    group("--profile-weight", type=float, metavar="X", help="of predicting the profile (default 0)")
    group("--accessibility-weight", type=float, metavar="X", help="of predicting exposure (default 0)")

    group = parser.add_argument_group("a mean of two models, in place of training").add_argument
    group("--mean-of", nargs=2, metavar="FILE", help="a model, and one that was trained on from it")
    group("--share", type=float, metavar="X", help="of the second, 0 to 1 (default: that with the lowest loss)")
    group("--results", metavar="NAME", help="keep the numbers of that search in the folder PSSP_RESULTS")


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--out", metavar="FILE", help="the model to write, for example mine.safetensors")
    add("--data", metavar="FILE", help="a data set, as pssp uniprot build makes it (default: the embedded chains)")
    add("--start", metavar="FILE", help="begin with the weights of this model, of the same sizes, not with random ones")
    add("--checkpoint", metavar="FILE", help="keep the run here after every epoch, and go on from it")
    add("--seed", type=whole_number(0), metavar="N", help="of the first weights, the batches and dropout (default 0)")
    add("--threads", type=threads, metavar="N", help="processor cores to use (default: all)")
    add("--device", help="cpu, cuda or auto (default)")
    add("--quiet", action="store_true", help="no progress and no report on standard error")


def run(options: argparse.Namespace) -> None:
    """Take every step that the recipe and the command line ask for, after a look at what would fail at its end."""
    given = {name: value for name, value in vars(options).items() if name not in ("run", "recipe")}
    steps = read_recipe(options.recipe, add_options, given) if options.recipe else [Step(**given)]
    for step in steps:
        _check_paths(step)
    check_targets(name for step in steps for name in (step.out, step.checkpoint))

    from pssp_tutorial.cli.train_step import take  # brings PyTorch, which the help does without

    for step in steps:
        take(step)


def _check_paths(step: Step) -> None:
    out = Path(step.out)
    if not step.out:
        raise PSSPError("no file to write; expected --out mine.safetensors, or out = in the recipe")
    if out.suffix != ".safetensors" or out.is_dir():
        raise PSSPError(f"{shown(out)}: expected the name of a file that ends in .safetensors")
    check_targets([out, step.checkpoint], [step.data, step.start, step.profiles, *step.teacher, *step.mean_of])
    own_digests(out)
