"""The options of ``pssp train``, and the run behind them."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pssp_tutorial.cli.options import threads
from pssp_tutorial.core.files import check_targets
from pssp_tutorial.proteins.alphabet import STATES3, UNKNOWN_STATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pssp_tutorial.batches.proteins import Loader
    from pssp_tutorial.proteins.record import ProteinRecord

TRAIN = """Train a bidirectional LSTM on the training chains, stop by the validation chains, and write it to a file that
pssp predict and pssp_tutorial.load_pretrained read. The test chains are not touched.

  pssp train --out mine.safetensors
  pssp train --data mine.tsv.xz --hidden 128 --epochs 20 --checkpoint mine.run.pt --out mine.safetensors

With --checkpoint, an interrupted run goes on where it stopped when the same command is given again.

The release model learns from profiles too, which the repository does not hold: make release shows the commands."""


def add_command(commands: argparse._SubParsersAction, epilog: str) -> None:
    """Add ``train``."""
    command = commands.add_parser(
        "train",
        help="train a model of your own",
        description=TRAIN,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run_train)
    add = command.add_argument
    add("--out", required=True, metavar="FILE", help="the model to write, for example mine.safetensors")
    add("--data", metavar="FILE", help="a data set, as pssp uniprot build makes it (default: the embedded chains)")
    add("--start", metavar="FILE", help="begin with the weights of this model, of the same sizes, not with random ones")
    add("--checkpoint", metavar="FILE", help="keep the run here after every epoch, and go on from it")
    add("--seed", type=_seed, default=0, metavar="N", help="of the first weights, the batches and dropout (default 0)")
    add("--threads", type=threads, metavar="N", help="processor cores to use (default: all)")
    add("--device", default="auto", help="cpu, cuda or auto (default)")
    add("--quiet", action="store_true", help="no progress and no report on standard error")

    group = command.add_argument_group("model").add_argument
    group("--states", type=int, choices=(3, 8), default=3, help="states to tell apart (default 3)")
    group("--hidden", type=int, default=64, metavar="N", help="units of each direction (default 64)")
    group("--layers", type=int, default=2, metavar="N", help="(default 2)")
    group("--embedding", type=int, default=32, metavar="N", help="channels that a residue becomes (default 32)")
    group("--kernel", type=int, default=0, metavar="N", help="residues that a convolution sees first (default 0: none)")
    group("--dropout", type=float, default=0.3, metavar="X", help="share of values dropped (default 0.3)")

    group = command.add_argument_group("training").add_argument
    group("--epochs", type=int, default=20, metavar="N", help="at most (default 20)")
    group("--patience", type=int, default=3, metavar="N", help="epochs without a better validation loss (default 3)")
    group("--learning-rate", type=float, default=4e-3, metavar="X", help="falls along a cosine (default 0.004)")
    group("--warmup", type=float, default=0.5, metavar="X", help="epochs in which it rises (default 0.5)")
    group("--batch-residues", type=int, default=8_000, metavar="N", help="residues of a batch (default 8000)")
    group("--average", type=float, default=0.0, metavar="X", help="decay of a mean of the weights, such as 0.999")
    group("--bfloat16", action="store_true", help="16 bits where the device has them: faster from 128 units on")

    group = command.add_argument_group("profiles, for the release model").add_argument
    group("--profiles", metavar="FILE", help="what tools/data/profiles.py wrote: adds the tasks below")
    group("--read-profile", action="store_true", help="make a teacher: it reads profiles, which pssp predict cannot")
    group("--relatives", type=float, default=0.0, metavar="X", help="largest share of residues drawn from the profile")
    group("--fading", type=int, default=0, metavar="N", help="epochs in which that share falls to 0 (default: none)")
    group("--teacher", nargs="*", default=[], metavar="FILE", help="learn half of the states from these teachers")
    group("--profile-weight", type=float, default=0.0, metavar="X", help="of predicting the profile (default 0)")
    group("--accessibility-weight", type=float, default=0.0, metavar="X", help="of predicting exposure (default 0)")


def run_train(options: argparse.Namespace) -> None:
    """Train as the options say, and write the model with a card that tells how it was made."""
    import torch

    from pssp_tutorial.models.bilstm import BiLSTM
    from pssp_tutorial.models.contract import ModelError
    from pssp_tutorial.models.convolution import ConvBiLSTM
    from pssp_tutorial.models.device import has_bfloat16, resolve_device
    from pssp_tutorial.models.storage import load_pretrained, save_pretrained
    from pssp_tutorial.proteins.chains import load_chains
    from pssp_tutorial.training.distillation import MultiTask
    from pssp_tutorial.training.fit import fit

    out = Path(options.out)  # looked at before the work, not after a night
    if out.suffix != ".safetensors" or out.is_dir():
        raise ModelError(f"{out}: expected the name of a file that ends in .safetensors")
    check_targets([out, options.checkpoint], [options.data, options.start, options.profiles, *options.teacher])
    if options.threads:
        torch.set_num_threads(options.threads)
    chains = load_chains(path=options.data)
    if options.states == 8 and all(set(record.structure or "") <= {*STATES3, UNKNOWN_STATE} for record in chains.train):
        raise ModelError(f"{options.data}: its chains have three states; expected eight, or --states 3")
    train, val = _loaders(options, chains.train, chains.val)
    torch.manual_seed(options.seed)
    sizes = options.hidden, options.layers, options.states
    settings: dict[str, Any] = {
        "input_size": 41 if options.read_profile else 21,
        "embedding_size": options.embedding,
        "dropout": options.dropout,
    }
    model = ConvBiLSTM(*sizes, kernel_size=options.kernel, **settings) if options.kernel else BiLSTM(*sizes, **settings)
    if options.start:
        start = load_pretrained(options.start)
        if start.config != model.config | {"dropout": start.config["dropout"]}:
            raise ModelError(f"{options.start}: its sizes are {start.config}; expected {model.config}")
        model.load_state_dict(start.state_dict())
    trained, objective = model, None
    if options.profiles:
        trained = MultiTask(
            model,
            teacher_weight=0.5 if options.teacher else 0.0,
            profile_weight=options.profile_weight,
            accessibility_weight=options.accessibility_weight,
        )
        objective = MultiTask.loss
    if options.bfloat16 and not options.quiet and not has_bfloat16(resolve_device(options.device)):
        print("pssp: this device has no bfloat16: computing with 32 bits, as without --bfloat16", file=sys.stderr)
    history = fit(
        trained,
        train,
        val,
        max_epochs=options.epochs,
        patience=options.patience,
        learning_rate=options.learning_rate,
        schedule="cosine",
        warmup_epochs=options.warmup,
        objective=objective,
        average=options.average,
        bfloat16=options.bfloat16,
        seed=options.seed,
        device=options.device,
        checkpoint=options.checkpoint,
        progress=False if options.quiet else None,
    )
    best = history.frame.iloc[history.best_epoch - 1]
    numbers = {"val_loss": float(best["val_loss"]), f"val_q{options.states}": float(best["val_accuracy"])}
    card: dict[str, Any] = {
        "data": _shown(options.data) or "the embedded chains: data/README.md",
        "train_chains": len(chains.train),
        "options": {key: _shown(value) for key, value in vars(options).items() if key not in ("run", "out", "quiet")},
        "best_epoch": history.best_epoch,
        **numbers,
    }
    save_pretrained(model.cpu(), options.out, card=card)
    if not options.quiet:
        scores = ", ".join(f"{name} {value:.4f}" for name, value in numbers.items())
        print(f"{options.out}: {scores}, epoch {history.best_epoch} of {len(history.rows)}", file=sys.stderr)


def _seed(text: str) -> int:
    value = int(text) if text.isdecimal() else -1
    if not 0 <= value < 1 << 63:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a whole number from 0")
    return value


def _shown(value: Any) -> Any:
    """An option as the card keeps it: of a path the file's name only, for a folder says nothing to other people."""
    if isinstance(value, list):
        return [_shown(part) for part in value]
    return Path(value).name if isinstance(value, str) else value


def _loaders(
    options: argparse.Namespace, train: "Sequence[ProteinRecord]", val: "Sequence[ProteinRecord]"
) -> "tuple[Loader, Loader]":
    from pssp_tutorial.batches.profiles import ProfileLoader, read_profiles
    from pssp_tutorial.batches.proteins import make_loader
    from pssp_tutorial.core.errors import PSSPError
    from pssp_tutorial.models.storage import load_pretrained
    from pssp_tutorial.training.distillation import teach

    if not options.profiles:
        for name in ("read_profile", "relatives", "fading", "teacher", "profile_weight", "accessibility_weight"):
            if getattr(options, name):
                raise PSSPError(f"--{name.replace('_', '-')} is given; expected --profiles with it")
        return tuple(
            make_loader(records, options.batch_residues, classes=options.states, seed=options.seed)
            for records in (train, val)
        )
    settings = {"batch_residues": options.batch_residues, "classes": options.states, "seed": options.seed}
    settings["profiles"] = profiles = read_profiles(Path(options.profiles))
    taught = None
    if options.teacher:
        reading = ProfileLoader(tuple(train), 16_000, classes=options.states, profiles=profiles, as_input=True)
        taught = teach(map(load_pretrained, options.teacher), reading)
    return (
        ProfileLoader(
            tuple(train),
            **settings,
            as_input=options.read_profile,
            relatives=options.relatives,
            fading=options.fading,
            teacher=taught,
        ),
        ProfileLoader(tuple(val), **settings, as_input=options.read_profile),
    )
