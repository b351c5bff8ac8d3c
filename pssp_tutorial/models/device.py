"""The device to compute on, and what it can do (chapter 5)."""

from __future__ import annotations

from itertools import chain

import torch
from torch import nn

from pssp_tutorial.models.contract import ModelError


def resolve_device(device: str | torch.device = "auto") -> torch.device:
    """Name the device to compute on: "auto" is CUDA where there is one, else the CPU.

    Raises ModelError for a device that PyTorch doesn't know or this machine hasn't.

    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        found = torch.empty(0, device=device)
        found.cpu()  # which the meta device, whose tensors hold no numbers, cannot
        return found.device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ModelError(f"device is {str(device)!r}; expected 'auto', 'cpu' or one that this machine has") from error


def move(model: nn.Module, device: torch.device) -> None:
    """Move a model to a device; one that is there stays untouched, since another thread may be copying it.

    >>> layer = nn.Linear(21, 3)
    >>> move(layer, torch.device("cpu"))
    >>> layer.weight.device
    device(type='cpu')
    """
    if any(tensor.device != device for tensor in chain(model.parameters(), model.buffers())):
        model.to(device)


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device computes with bfloat16 by itself: a processor that must imitate it is far slower, or fails.

    >>> has_bfloat16(torch.device("meta"))
    False
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    flags: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # older PyTorch can't tell
    return device.type == "cpu" and any(flags.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
