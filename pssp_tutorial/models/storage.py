"""Trained models that travel with the package: safetensors, checked on every read (chapter 7).

A file holds the weights and, as metadata, the model's class, its settings and its card: where it comes from and how
good it is. Reading it runs no code that a file could hold.
"""

import hashlib
import json
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from pssp_tutorial.core.errors import PSSPError, shown
from pssp_tutorial.core.files import ReadError, reading_problem
from pssp_tutorial.core.resources import read_checked, resource, write_checked
from pssp_tutorial.models.article import ProteinSecondaryStructurePrediction
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import ModelError
from pssp_tutorial.models.convolution import ConvBiLSTM
from pssp_tutorial.models.device import resolve_device

MODELS: dict[str, type[nn.Module]] = {
    model.__name__: model for model in (ProteinSecondaryStructurePrediction, BiLSTM, ConvBiLSTM)
}

SUFFIX = ".safetensors"
HEADER = "pssp_tutorial"


def save_pretrained(
    model: nn.Module,
    path: str | PathLike,
    *,
    card: dict[str, Any] | None = None,
    precision: Literal["float16", "float32"] = "float16",
) -> str:
    """Write a model for `load_pretrained`: its weights, its settings and its card; return the SHA-256.

    Beside the file, ``<path>.sha256`` holds the checksum that reading compares. The model is one of ``MODELS``; the
    card holds what a user should know, as JSON can hold it: name, recipe, data, numbers, licence. In ``float16`` the
    weights, up to 65,504, are rounded to 11 bits: the file has half the size, and the logits change in the third digit.

    Raises ModelError for another ending of the name, another class of model, weights out of range, or a card that JSON
    cannot hold; FileError if the file cannot be written: the old one is as it was.

    >>> import tempfile
    >>> from pssp_tutorial import BiLSTM
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     digest = save_pretrained(BiLSTM(hidden_size=8), Path(folder, "tiny.safetensors"), card={"data": "none"})
    ...     model = load_pretrained(Path(folder, "tiny.safetensors"))
    >>> model.card, model.name == f"tiny@{digest[:8]}", model.training
    ({'data': 'none'}, True, False)
    """
    if not isinstance(model, nn.Module) or not isinstance(path, str | PathLike):
        kinds = f"model is a {type(model).__name__} and path a {type(path).__name__}"
        raise ModelError(f"{kinds}; expected a model, and then the name of a file")
    if Path(path).suffix != SUFFIX:
        raise ModelError(f"{shown(path)}: expected the name of a file that ends in {SUFFIX}")
    name = type(model).__name__
    if MODELS.get(name) is not type(model):
        raise ModelError(f"the model is a {name}; expected one of {', '.join(MODELS)}")
    if precision not in ("float16", "float32"):
        raise ModelError(f"precision is {precision!r}; expected 'float16' or 'float32'")
    kind = getattr(torch, precision)
    tensors = {key: _as(kind, tensor).cpu() for key, tensor in model.state_dict().items()}
    for key, tensor in tensors.items():
        if not tensor.isfinite().all():
            largest = f"{torch.finfo(kind).max:,.0f}"
            raise ModelError(f"{key} holds a number that {precision} cannot; expected finite ones up to {largest}")
    try:
        header = json.dumps({"model": name, "config": model.config, "card": card or {}}, sort_keys=True)
    except (TypeError, ValueError) as error:
        problem = f"the card cannot be written as JSON ({error}); expected text, numbers, lists and dicts"
        raise ModelError(problem) from error
    return write_checked(path, save(tensors, {HEADER: header}))  # one key: several would be written in any order


def load_pretrained(name: str | PathLike = "release", *, device: str | torch.device = "cpu") -> nn.Module:
    """Read a trained model: float32, in evaluation mode; each call gives a new one.

    It is one that comes with the package (``release``: the book's best), or that of a ``.safetensors`` file, by its
    path, that :func:`save_pretrained` wrote. Its attribute ``card`` tells where it comes from, ``name`` is the file's
    name with the first 8 digits of its SHA-256, so that a prediction can say which weights made it.

    Raises ModelError for a file that is missing, damaged, or holds no model of this package.

    >>> load_pretrained("realease")
    Traceback (most recent call last):
    pssp_tutorial.models.contract.ModelError: no model 'realease'; expected ...
    """
    path = _find(name)
    try:
        data = read_checked(path)
    except ReadError as error:
        raise ModelError(str(error)) from error
    try:
        header = json.loads(_metadata(data)[HEADER])
        model = MODELS[header["model"]](**header["config"])
        model.load_state_dict({key: _as(torch.float32, tensor) for key, tensor in load(data).items()})
        card = header["card"]
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError, RuntimeError, PSSPError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise ModelError(
            f"{shown(path)}: holds no model of this package ({reason}); expected a file that save_pretrained wrote"
        ) from error
    vars(model).update(card=card, name=f"{path.stem}@{hashlib.sha256(data).hexdigest()[:8]}")
    return model.eval().to(resolve_device(device))


def _metadata(data: bytes) -> dict[str, str]:
    """What a safetensors file says beside its tensors; its first 8 bytes hold the length of that part."""
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__", {})


def _as(kind: torch.dtype, tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers in another precision, in memory of their own; whole numbers stay."""
    return tensor.detach().to(kind if tensor.is_floating_point() else tensor.dtype, copy=True).contiguous()


def _find(name: str | PathLike) -> Path:
    path = Path(name)
    if isinstance(name, str) and path.name == name and not path.suffix:
        path = resource("models") / f"{name}{SUFFIX}"
        known = sorted(model.stem for model in resource("models").glob(f"*{SUFFIX}"))
        if name not in known:
            raise ModelError(
                f"no model {name!r}; expected one of {', '.join(known) or '(none is installed)'}, "
                f"or the path of a {SUFFIX} file"
            )
    if problem := reading_problem(path):
        raise ModelError(f"{shown(path)}: {problem}; expected a {SUFFIX} file, or the name of a model of the package")
    if path.suffix != SUFFIX:
        raise ModelError(f"{shown(path)}: expected a {SUFFIX} file that save_pretrained wrote")
    return path
