"""Models that label every residue, and how they are saved and read (chapter 5).

Every model obeys one contract: ``forward(inputs [batch, length, channel], lengths [batch])`` gives the logits
[batch, length, class], and padding never changes a real residue's logits. The values at padding must be finite;
the logits there mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from pssp_tutorial.checkpoints import CheckpointError, load_checkpoint, save_checkpoint
from pssp_tutorial.errors import PSSPError

AnyModule = TypeVar("AnyModule", bound=nn.Module)

CACHED_RESIDUES = 4_000  # whose values stay in a processor's cache


class ModelError(PSSPError):
    """A model was given a setting, a batch or a device that it can't work with."""


class ProteinSecondaryStructurePrediction(nn.Module):
    """The source article's model, corrected: it labels every residue, not the chain's end only, and gives logits.

    The LSTM reads from the first residue on, so that a label depends on no later residue; `BiLSTM` reads both ways.

    Parameters: `input_size` channels in; `hidden_size` and `num_layers` of the LSTM; `num_classes` states.
    Raises ModelError for a size that is no whole number of 1 or more.

    >>> model = ProteinSecondaryStructurePrediction(input_size=21, hidden_size=64, num_layers=2, num_classes=3)
    >>> model(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 3])
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int, num_classes: int) -> None:
        super().__init__()
        self.config = _sizes(
            input_size=input_size, hidden_size=hidden_size, num_layers=num_layers, num_classes=num_classes
        )
        self.input_size, self.num_classes = input_size, num_classes
        self.lstm = nn.LSTM(input_size, hidden_size, num_layers, batch_first=True)
        self.classifier = nn.Linear(hidden_size, num_classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits [batch, length, class] of `inputs` [batch, length, channel]; `lengths` [batch]."""
        _check_batch(inputs, lengths, self.input_size)
        outputs, _ = self.lstm(inputs)  # [batch, length, hidden]; padding comes after a chain's last residue
        return self.classifier(outputs)


class BidirectionalLSTM(nn.Module):
    """One LSTM layer that reads every chain both ways and never reads padding.

    Its parameters are those of `nn.LSTM(bidirectional=True)`, held in `lstm`. There are two exact ways to run them:
    packed, as PyTorch's own layer does, and a fast form on the CPU, which calls PyTorch's quicker kernel for padded
    input once for each direction.

    Parameters: `input_size` channels in; `hidden_size` channels out for each direction; `packed` the way to run,
    chosen by the device when None.

    >>> layer = BidirectionalLSTM(21, 16)
    >>> layer(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 32])
    """

    def __init__(self, input_size: int, hidden_size: int, *, packed: bool | None = None) -> None:
        super().__init__()
        _sizes(input_size=input_size, hidden_size=hidden_size)
        self.packed = packed
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs [batch, length, 2 hidden] of `inputs` [batch, length, channel]; `lengths` [batch]."""
        _check_batch(inputs, lengths, self.lstm.input_size)
        packed = inputs.is_cuda if self.packed is None else self.packed
        if packed:
            chains = pack_padded_sequence(inputs, lengths.cpu(), batch_first=True, enforce_sorted=False)
            return pad_packed_sequence(self.lstm(chains)[0], batch_first=True, total_length=inputs.shape[1])[0]
        if torch.is_grad_enabled():
            return self._both_ways(inputs, lengths)
        chains = max(1, CACHED_RESIDUES // inputs.shape[1])  # at a time: in prediction a larger part is slower
        parts = zip(inputs.split(chains), lengths.split(chains), strict=True)
        return torch.cat([self._both_ways(*part) for part in parts])

    def _both_ways(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Run each direction on its own; backwards, every chain is reversed within its own length."""
        forwards, backwards = self.lstm.all_weights
        mirror = _mirror(lengths.to(inputs.device), inputs.shape[1])
        ahead = self._run(inputs, forwards)
        back = self._run(_rows(inputs, mirror), backwards)
        return torch.cat([ahead, _rows(back, mirror)], dim=-1)

    def _run(self, inputs: Tensor, weights: list[nn.Parameter]) -> Tensor:
        """Run one direction: what `nn.LSTM` calls for padded input."""
        zeros = inputs.new_zeros(1, len(inputs), self.lstm.hidden_size)
        return torch.lstm(inputs, (zeros, zeros), tuple(weights), True, 1, 0.0, self.training, False, True)[0]


class BiLSTM(nn.Module):
    """The book's model: embedding, layers of `BidirectionalLSTM`, dropout after each, and a linear classifier.

    Parameters: `hidden_size` channels of each direction; `num_layers`; `num_classes` 3 or 8 for secondary structure;
    `input_size` channels in; `embedding_size` channels that a residue becomes, or None to feed the one-hot input
    straight to the first layer; `dropout` the share of values dropped in training, from 0 to below 1.
    Raises ModelError for a setting outside these.

    >>> model = BiLSTM(hidden_size=64, num_classes=8)
    >>> model(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self,
        hidden_size: int = 64,
        num_layers: int = 2,
        num_classes: int = 3,
        *,
        input_size: int = 21,
        embedding_size: int | None = 32,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise ModelError(f"dropout is {dropout!r}; expected a share from 0 to below 1")
        sizes = _sizes(hidden_size=hidden_size, num_layers=num_layers, num_classes=num_classes, input_size=input_size)
        self.config: dict[str, Any] = {**sizes, "embedding_size": embedding_size, "dropout": dropout}
        self.input_size, self.num_classes = input_size, num_classes
        self.embedding: nn.Module = nn.Identity()
        if embedding_size is not None:
            _sizes(embedding_size=embedding_size)
            self.embedding = nn.Linear(input_size, embedding_size, bias=False)  # on one-hot input, a table look-up
        widths = [embedding_size or input_size, *[2 * hidden_size] * num_layers]
        self.layers = nn.ModuleList(BidirectionalLSTM(width, hidden_size) for width in widths[:-1])
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(widths[-1], num_classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits [batch, length, class] of `inputs` [batch, length, channel]; `lengths` [batch]."""
        return self.classifier(self.features(inputs, lengths))

    def features(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what the classifier reads, [batch, length, 2 hidden]: other tasks can read it too."""
        _check_batch(inputs, lengths, self.input_size)
        values = self.embed(inputs, lengths)  # [batch, length, embedding]
        for layer in self.layers:
            values = self.dropout(layer(values, lengths))  # [batch, length, 2 hidden]
        return values

    def embed(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what the first layer reads, [batch, length, embedding]."""
        return self.embedding(inputs)


class ConvBiLSTM(BiLSTM):
    """A `BiLSTM` whose first layer reads each residue together with its neighbours, through a convolution.

    Parameters: as `BiLSTM`, and `kernel_size`, the residues that the convolution sees: an odd number. What it finds
    is added to the embedding.
    Raises ModelError for a setting outside these.

    >>> model = ConvBiLSTM(hidden_size=64, num_classes=8, kernel_size=7)
    >>> model(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self, hidden_size: int = 64, num_layers: int = 2, num_classes: int = 3, *, kernel_size: int = 7, **settings: Any
    ) -> None:
        super().__init__(hidden_size, num_layers, num_classes, **settings)
        _sizes(kernel_size=kernel_size)
        if not kernel_size % 2:
            raise ModelError(f"kernel_size is {kernel_size}; expected an odd number: as many residues on either side")
        self.config["kernel_size"] = kernel_size
        width = self.layers[0].lstm.input_size
        self.convolution = nn.Conv1d(width, width, kernel_size, padding=kernel_size // 2)

    def embed(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the embedding and what the convolution finds in it, [batch, length, embedding]."""
        real = torch.arange(inputs.shape[1], device=inputs.device) < lengths.to(inputs.device)[:, None]
        values = super().embed(inputs, lengths).where(real[..., None], 0)  # the convolution must not see padding
        return values + self.convolution(values.transpose(1, 2)).transpose(1, 2).relu()


MODELS: dict[str, type[nn.Module]] = {
    model.__name__: model for model in (ProteinSecondaryStructurePrediction, BiLSTM, ConvBiLSTM)
}


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


@contextmanager
def evaluating(model: AnyModule) -> Iterator[AnyModule]:
    """Put a model in evaluation mode inside a `with`, and each of its parts back in the mode it was in.

    >>> model = BiLSTM(hidden_size=8)
    >>> with evaluating(model):
    ...     model.training
    False
    >>> model.training
    True
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, mode in modes:
            module.training = mode


def count_parameters(model: nn.Module) -> int:
    """Count the numbers that training can change.

    >>> count_parameters(nn.Linear(21, 3))
    66
    """
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


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


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device computes with bfloat16 by itself: a processor that must imitate it is far slower, or fails.

    >>> has_bfloat16(torch.device("meta"))
    False
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    flags = getattr(torch.cpu, "get_capabilities", dict)()  # older PyTorch can't tell
    return device.type == "cpu" and any(flags.get(name, False) for name in ("avx512_bf16", "amx_bf16"))


def _mirror(lengths: Tensor, length: int) -> Tensor:
    """Rows of a batch, one chain after another, when each is reversed in place and padding stays: [batch x length]."""
    position = torch.arange(length, device=lengths.device)
    mirrored = torch.where(position < lengths[:, None], lengths[:, None] - 1 - position, position)
    return (mirrored + length * torch.arange(len(lengths), device=lengths.device)[:, None]).flatten()


def _rows(values: Tensor, rows: Tensor) -> Tensor:
    """The values [batch, length, channel] in another order of rows: whole rows are copied, so that it costs little."""
    return values.flatten(0, 1).index_select(0, rows).view_as(values)


def _check_batch(inputs: Tensor, lengths: Tensor, input_size: int) -> None:
    if inputs.dim() != 3 or 0 in inputs.shape or inputs.shape[2] != input_size:
        raise ModelError(
            f"inputs have the shape {list(inputs.shape)}; expected [batch, length, channel] with {input_size} channels"
        )
    batch, length = inputs.shape[:2]
    if lengths.shape != (batch,) or lengths.is_floating_point():
        raise ModelError(
            f"lengths are {lengths.dtype} of shape {list(lengths.shape)}; expected whole numbers of shape [{batch}]"
        )
    shortest, longest = lengths.min().item(), lengths.max().item()
    if shortest < 1 or longest > length:
        raise ModelError(f"lengths run from {shortest} to {longest}; expected 1 to {length}, the inputs' length")


def _sizes(**sizes: int) -> dict[str, int]:
    for name, size in sizes.items():
        if type(size) is not int or size < 1:
            raise ModelError(f"{name} is {size!r}; expected a whole number, 1 or more")
    return sizes
