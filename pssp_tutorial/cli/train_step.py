"""What a step of ``pssp train`` does: train a model, or take the mean of two, and write it with its card."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from pssp_tutorial.batches.profiles import ProfileLoader, read_profiles
from pssp_tutorial.batches.proteins import Loader, make_loader
from pssp_tutorial.cli.options import tell
from pssp_tutorial.cli.step import Step
from pssp_tutorial.core.errors import shown
from pssp_tutorial.core.results import save_results
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import ModelError, count_parameters
from pssp_tutorial.models.convolution import ConvBiLSTM
from pssp_tutorial.models.device import has_bfloat16, resolve_device
from pssp_tutorial.models.storage import load_pretrained, save_pretrained
from pssp_tutorial.prediction.evaluate import evaluate
from pssp_tutorial.proteins.alphabet import STATES3, UNKNOWN_STATE
from pssp_tutorial.proteins.chains import ChainSet, load_chains
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.training.distillation import MultiTask, teach
from pssp_tutorial.training.epoch import validate
from pssp_tutorial.training.fit import History, fit
from pssp_tutorial.training.objectives import Objective
from pssp_tutorial.training.settings import FitSettings

NOT_ON_THE_CARD = ("out", "quiet", "mean_of", "results")
MOST_PARAMETERS = 1_000_000_000  # with the optimiser's numbers 16 GB
SHARES = 10  # parts of the way from the first model of a mean to the second


def check(step: Step, earlier: Sequence[str]) -> None:
    """Look at all that a step needs, before any step is taken; models that an ``earlier`` one writes are not there yet.

    Raises PSSPError for a value that training would refuse, a device that is not there, or a file that cannot be read.
    """
    resolve_device(step.device)
    _settings(step)
    with torch.device("meta"):  # whose tensors take no memory
        model = _untrained(step)
    if count_parameters(model) > MOST_PARAMETERS:
        raise ModelError(f"a model of {count_parameters(model):,} weights; expected at most {MOST_PARAMETERS:,}")
    load_chains(path=step.data)
    if step.profiles:
        read_profiles(step.profiles)
    written = {Path(name).resolve() for name in earlier}
    for name in (step.start, *step.teacher, *step.ensemble, *step.mean_of):
        if name and Path(name).resolve() not in written:
            found = load_pretrained(name)
            if name == step.start:
                _check_start(step, found, model.config)
            if name in (*step.teacher, *step.ensemble):
                _check_teacher(step, name, found)


def take(step: Step) -> None:
    """Do what a step says, and write its model."""
    if step.threads:
        torch.set_num_threads(step.threads)
    if step.mean_of:
        average(step)
    else:
        train(step)


def train(step: Step) -> None:
    """Train a model and write it with a card that tells how it was made."""
    chains = load_chains(path=step.data)
    if step.states == 8 and all(set(record.structure or "") <= {*STATES3, UNKNOWN_STATE} for record in chains.train):
        raise ModelError(f"{step.data}: its chains have three states; expected eight, or --states 3")
    train_loader, val_loader = _loaders(step, chains)
    model = _model(step)
    if step.bfloat16 and not has_bfloat16(resolve_device(step.device)):
        tell("pssp: this device has no bfloat16: computing with 32 bits, as without --bfloat16", quiet=step.quiet)
    history = _fit(step, model, train_loader, val_loader)
    best = history.frame.iloc[history.best_epoch - 1]
    numbers = {"val_loss": float(best["val_loss"]), f"val_q{step.states}": float(best["val_accuracy"])}
    card = {
        "data": _shown(step.data) or "the embedded chains: data/README.md",
        "train_chains": len(chains.train),
        "options": {name: _shown(value) for name, value in asdict(step).items() if name not in NOT_ON_THE_CARD},
        "best_epoch": history.best_epoch,
        **numbers,
    }
    save_pretrained(model.cpu(), step.out, card=card)
    scores = ", ".join(f"{name} {value:.4f}" for name, value in numbers.items())
    tell(f"{step.out}: {scores}, epoch {history.best_epoch} of {len(history.rows)}", quiet=step.quiet)


def _loaders(step: Step, chains: ChainSet) -> tuple[Loader, Loader]:
    """The batches to train on, and those to stop by."""
    settings: dict[str, Any] = {"classes": step.states, "seed": step.seed}
    if not step.profiles:
        return (
            make_loader(chains.train, step.batch_residues, **settings),
            make_loader(chains.val, step.batch_residues, **settings),
        )
    profiles, taught = read_profiles(step.profiles), None
    if step.teacher:
        reading = ProfileLoader(chains.train, 16_000, classes=step.states, profiles=profiles, as_input=True)
        taught = teach([_teacher(step, name) for name in step.teacher], reading)
    settings |= {"batch_residues": step.batch_residues, "profiles": profiles, "as_input": step.read_profile}
    drawing: dict[str, Any] = {"relatives": step.relatives, "fading": step.fading, "teacher": taught}
    return ProfileLoader(chains.train, **settings, **drawing), ProfileLoader(chains.val, **settings)


def _model(step: Step) -> BiLSTM:
    """The model before training, of random weights or those that it begins with."""
    torch.manual_seed(step.seed)
    model = _untrained(step)
    if step.start:
        start = load_pretrained(step.start)
        _check_start(step, start, model.config)
        model.load_state_dict(start.state_dict())
    return model


def _untrained(step: Step) -> BiLSTM:
    sizes = step.hidden, step.layers, step.states
    input_size = 41 if step.read_profile else 21
    settings: dict[str, Any] = {"embedding_size": step.embedding, "dropout": step.dropout, "input_size": input_size}
    return ConvBiLSTM(*sizes, kernel_size=step.kernel, **settings) if step.kernel else BiLSTM(*sizes, **settings)


def _check_start(step: Step, start: nn.Module, config: dict[str, Any]) -> None:
    if {**_config(start), "dropout": step.dropout} != config:
        raise ModelError(f"{step.start}: its sizes are {_config(start)}; expected {config}")


def _teacher(step: Step, name: str) -> nn.Module:
    """A model to learn from, which an earlier step may have written only now."""
    model = load_pretrained(name)
    _check_teacher(step, name, model)
    return model


def _check_teacher(step: Step, name: str, model: nn.Module) -> None:
    """Raise ModelError for one with other states, or for one of an ensemble that reads what the batches don't have."""
    states, channels = _config(model).get("num_classes"), _config(model).get("input_size", 21)
    if states != step.states:
        raise ModelError(f"{shown(name)}: predicts {states} states; expected {step.states}, as the network to train")
    if name in step.ensemble and channels > (41 if step.read_profile else 21):
        raise ModelError(
            f"{shown(name)}: reads profiles; expected one that reads the sequence alone, or --read-profile"
        )


def _config(model: nn.Module) -> dict[str, Any]:
    return vars(model)["config"]


def _settings(step: Step) -> FitSettings:
    return FitSettings(
        max_epochs=step.epochs,
        patience=step.patience,
        learning_rate=step.learning_rate,
        schedule="cosine",
        warmup_epochs=step.warmup,
        average=step.average,
        bfloat16=step.bfloat16,
        seed=step.seed,
    )


def _fit(step: Step, model: BiLSTM, train_loader: Loader, val_loader: Loader) -> History:
    """Train, alone or with the tasks that profiles allow."""
    trained: nn.Module = model
    if step.profiles:
        trained = MultiTask(
            model,
            teacher_weight=0.5 if step.teacher else 0.0,
            profile_weight=step.profile_weight,
            accessibility_weight=step.accessibility_weight,
            ensemble=[_teacher(step, name).to(resolve_device(step.device)) for name in step.ensemble],
        )
    return fit(
        trained,
        train_loader,
        val_loader,
        _settings(step),
        objective=cast(Objective, MultiTask.loss) if step.profiles else None,
        device=step.device,
        checkpoint=step.checkpoint,
        progress=False if step.quiet else None,
    )


def average(step: Step) -> None:
    """Write the weighted mean of two models that validation likes best.

    Such means were called a model soup: Wortsman et al. 2022, arXiv 2203.05482.
    """
    mean, first, second = (load_pretrained(name) for name in (step.mean_of[0], *step.mean_of))
    if {**_config(first), "dropout": 0} != {**_config(second), "dropout": 0}:
        raise ModelError(f"{step.mean_of[1]}: its sizes are {_config(second)}; expected {_config(first)}")
    val = load_chains(path=step.data).val
    share = _best_share(step, mean, first, second, val)
    _mix(mean, first, second, share)
    cards = [vars(model)["card"] for model in (first, second)]
    card = {
        **{name: cards[0][name] for name in ("data", "train_chains") if name in cards[0]},
        "mean_of": cards,
        "share_of_the_second": share,
        "val_q3": evaluate(mean, make_loader(val, 16_000)).q3,
    }
    save_pretrained(mean, step.out, card=card)
    tell(f"{step.out}: val_q3 {card['val_q3']:.4f}, share of the second {share}", quiet=step.quiet)


def _best_share(
    step: Step, mean: nn.Module, first: nn.Module, second: nn.Module, val: Sequence[ProteinRecord]
) -> float:
    """The share of the second with the lowest validation loss, of those from 0 to 1 in tenths."""
    three, own = (make_loader(val, 16_000, classes=classes) for classes in (3, _config(first)["num_classes"]))
    losses, q3 = [], []
    for part in range(SHARES + 1):
        _mix(mean, first, second, part / SHARES)
        losses.append(validate(mean, own).loss)
        q3.append(evaluate(mean, three).q3)
        tell(f"{part / SHARES}: loss {losses[-1]:.4f}, Q3 {q3[-1]:.4f}", quiet=step.quiet)
    best = losses.index(min(losses))
    if step.results:
        scores = {"first_q3": q3[0], "half_q3": q3[SHARES // 2], "second_q3": q3[-1], "mean_q3": q3[best]}
        values = {"share": best / SHARES, **scores, "loss": losses, "q3": q3}
        save_results(step.results, values, command=f"pssp train --mean-of FIRST SECOND --results {step.results}")
    return best / SHARES


def _mix(mean: nn.Module, first: nn.Module, second: nn.Module, share: float) -> None:
    """Give a model the weights that lie this share of the way from the first to the second."""
    pairs = zip(first.state_dict().items(), second.state_dict().values(), strict=True)
    mean.load_state_dict({name: torch.lerp(one, other, share) for (name, one), other in pairs})


def _shown(value: Any) -> Any:
    """An option as the card keeps it: of a path the file's name only, for a folder says nothing to other people."""
    if isinstance(value, list | tuple):
        return [_shown(part) for part in value]
    return Path(value).name if isinstance(value, str) else value
