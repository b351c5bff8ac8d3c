"""Trained models that travel with the package: safetensors, checked on every read (chapter 7).

A file holds the weights as float16 and, as metadata, the model's class, its settings and its card: where it comes
from and how good it is. Reading it runs no code that a file could hold.
"""

import hashlib
import json
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import write_atomically
from pssp_tutorial.core.resources import resource
from pssp_tutorial.models.article import ProteinSecondaryStructurePrediction
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.checkpoints import CheckpointError, load_checkpoint, save_checkpoint
from pssp_tutorial.models.contract import ModelError
from pssp_tutorial.models.convolution import ConvBiLSTM
from pssp_tutorial.models.device import resolve_device

MODELS: dict[str, type[nn.Module]] = {
    model.__name__: model for model in (ProteinSecondaryStructurePrediction, BiLSTM, ConvBiLSTM)
}

SUFFIX = ".safetensors"
HEADER = "pssp_tutorial"


def save_pretrained(model: nn.Module, path: str | PathLike, *, card: dict[str, Any] | None = None) -> str:
    """Write a model for `load_pretrained`: its weights as float16, its settings and its card; return the SHA-256.

    Beside the file, ``<path>.sha256`` holds the checksum that reading compares.

    Parameters
    ----------
    model : Module
        One of ``MODELS``, with weights that float16 can hold: finite, and no larger than 65,504.
    card : dict, optional
        What a user should know, as JSON can hold it: name, recipe, data, numbers, licence.

    Raises
    ------
    ModelError
        For another ending of the name, another class of model, weights out of range, or a card that JSON cannot hold.
    FileError
        If the file cannot be written; the old one is as it was.

    >>> import tempfile
    >>> from pssp_tutorial import BiLSTM
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     digest = save_pretrained(BiLSTM(hidden_size=8), Path(folder, "tiny.safetensors"), card={"data": "none"})
    ...     model = load_pretrained(Path(folder, "tiny.safetensors"))
    >>> model.card, model.name == f"tiny@{digest[:8]}", model.training
    ({'data': 'none'}, True, False)
    """
    if Path(path).suffix != SUFFIX:
        raise ModelError(f"{path}: expected the name of a file that ends in {SUFFIX}")
    name = type(model).__name__
    if MODELS.get(name) is not type(model):
        raise ModelError(f"the model is a {name}; expected one of {', '.join(MODELS)}")
    tensors = {key: _as(torch.float16, tensor).cpu() for key, tensor in model.state_dict().items()}
    for key, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise ModelError(f"{key} holds a number that float16 cannot; expected finite ones up to 65,504")
    try:
        header = {"model": name, "config": model.config, "card": card or {}}
        metadata = {HEADER: json.dumps(header, sort_keys=True)}  # one key: several would be written in any order
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"the card cannot be written as JSON ({error}); expected text, numbers, lists and dicts"
        ) from error
    data = save(tensors, metadata)
    path, digest = Path(path), hashlib.sha256(data).hexdigest()
    with write_atomically(path) as handle:
        handle.write(data)
    with write_atomically(_digest_path(path)) as handle:
        handle.write(f"{digest}  {path.name}\n".encode())
    return digest


def load_pretrained(name: str | PathLike = "release", *, device: str | torch.device = "cpu") -> nn.Module:
    """Read a trained model: float32, in evaluation mode; each call gives a new one.

    Its attribute ``card`` tells where it comes from, ``name`` is the file's name with the first 8 digits of its
    SHA-256, so that a prediction can say which weights made it.

    Parameters
    ----------
    name : str or path
        A model that comes with the package (``release``: the book's best), or the path of a ``.safetensors`` file
        that :func:`save_pretrained` wrote.

    Raises
    ------
    CheckpointError
        For a file that is missing, damaged, or holds no model of this package.

    >>> load_pretrained("realease")
    Traceback (most recent call last):
    pssp_tutorial.models.checkpoints.CheckpointError: no model 'realease'; expected ...
    """
    path = _find(name)
    digest = _checked_digest(path)
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})[HEADER])
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        model = MODELS[header["model"]](**header["config"])
        model.load_state_dict({key: _as(torch.float32, tensor) for key, tensor in weights.items()})
        model.card = header["card"]
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError, PSSPError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise CheckpointError(
            f"{path}: holds no model of this package ({reason}); expected a file that save_pretrained wrote"
        ) from error
    model.name = f"{path.stem}@{digest[:8]}"
    return model.eval().to(resolve_device(device))


def _as(kind: torch.dtype, tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers in another precision, in memory of their own; whole numbers stay."""
    return tensor.detach().to(kind if tensor.is_floating_point() else tensor.dtype, copy=True).contiguous()


def _find(name: str | PathLike) -> Path:
    path = Path(name)
    if isinstance(name, str) and path.name == name and not path.suffix:
        path = resource("models") / f"{name}{SUFFIX}"
        if not path.is_file():
            known = sorted(model.stem for model in resource("models").glob(f"*{SUFFIX}"))
            raise CheckpointError(
                f"no model {name!r}; expected one of {', '.join(known) or '(none is installed)'}, "
                f"or the path of a {SUFFIX} file"
            )
    if path.is_dir():
        raise CheckpointError(f"{path}: is a directory; expected a {SUFFIX} file")
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; expected a {SUFFIX} file, or the name of a model of the package")
    if path.suffix != SUFFIX:
        raise CheckpointError(
            f"{path}: expected a {SUFFIX} file that save_pretrained wrote; of a file of save_model make one with "
            f'save_pretrained(load_model("{path.name}"), "{path.stem}{SUFFIX}")'
        )
    return path


def _checked_digest(path: Path) -> str:
    """SHA-256 of the file, which must be the one beside it."""
    beside, remedy = _digest_path(path), "restore both files from where they came"
    try:
        expected = beside.read_text(encoding="utf-8").split()[0]
        with path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
    except (OSError, IndexError, UnicodeDecodeError) as error:
        missing = getattr(error, "filename", None) or beside
        raise CheckpointError(f"{missing}: missing, empty or not readable; {remedy}") from error
    if digest != expected:
        raise CheckpointError(f"{path}: damaged: its SHA-256 is {digest[:16]}…, expected {expected[:16]}…; {remedy}")
    return digest


def _digest_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def save_model(model: nn.Module, path: str | Path) -> None:
    """Write a model, its settings and weights, to one file: whole or not at all. `load_model` reads it."""
    name = type(model).__name__
    if MODELS.get(name) is not type(model):
        raise ModelError(f"the model is a {name}; expected one of {', '.join(MODELS)} (else use save_checkpoint)")
    save_checkpoint(path, {"model": name, "config": model.config, "weights": model.state_dict()})


def load_model(path: str | Path) -> nn.Module:
    """Read a model that `save_model` wrote: on the CPU, in evaluation mode.

    Raises CheckpointError for a file that is missing, damaged, or holds no model.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(BiLSTM(hidden_size=8), Path(folder, "model.pt"))
    ...     load_model(Path(folder, "model.pt")).config["hidden_size"]
    8
    """
    payload = load_checkpoint(path)
    try:
        model = MODELS[payload["model"]](**payload["config"])
        model.load_state_dict(payload["weights"], assign=True)  # keeps the stored precision
    except (KeyError, TypeError, RuntimeError, PSSPError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise CheckpointError(
            f"{path}: holds no model of this package ({reason}); expected a file that save_model wrote"
        ) from error
    return model.eval()
