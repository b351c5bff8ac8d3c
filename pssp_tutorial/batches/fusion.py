"""Batches that hold more than a chain's residues: its profile, and its accessibility (chapter 10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from pssp_tutorial.batches.batch import BatchingError
from pssp_tutorial.batches.loader import digest
from pssp_tutorial.batches.proteins import Loader, ProteinBatch
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS


@dataclass(eq=False)
class FusedLoader(Loader):
    """A loader whose inputs are the one-hot residues, the profile, and the accessibility if there is one.

    The channels stand in this order: 21, 20 and 1. A chain without relatives has a profile all the same, that of an
    alignment of itself alone, which is its own one-hot sequence; ``missing`` is the share of chains, drawn anew for
    each batch, that get such a profile on purpose.

    Profiles, float32[length, 20], and accessibility, float32[length] from 0 to 1, are given by the record's id: see
    :func:`~pssp_tutorial.load_profiles`. Accessibility is predicted, never measured on the structure whose states are
    asked for.

    Raises BatchingError if a record has no profile or accessibility of its own length.

    >>> from pssp_tutorial import ProteinRecord
    >>> record = ProteinRecord("tiny", "MKT", "CHH")
    >>> loader = FusedLoader([record], profiles={"tiny": np.full((3, 20), 0.05, np.float32)})
    >>> loader.batch([0]).inputs.shape
    torch.Size([1, 3, 41])
    """

    profiles: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    accessibility: Mapping[str, np.ndarray] | None = field(default=None, repr=False)
    missing: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        more = {"profile": self.profiles}
        if self.accessibility is not None:
            more["accessibility"] = self.accessibility
        for name, values in more.items():
            for record in self.records:
                if len(values.get(record.id, ())) != len(record):
                    raise BatchingError(f"{record.id}: no {name} of {len(record)} residues; expected one")
        self._more = {name: [torch.tensor(values[chain]) for chain in self.ids] for name, values in more.items()}

    @property
    def fingerprint(self) -> Mapping[str, str | int | float | None]:
        """As a plain loader's, with what stands beside the residues."""
        own = {name: digest((), [each.numpy() for each in values]) for name, values in self._more.items()}
        return {**super().fingerprint, **own, "missing": self.missing}

    def batch(self, indices: Sequence[int]) -> ProteinBatch:
        """The batch of these records; what is missing is drawn from PyTorch's global generator, at every call."""
        plain = super().batch(indices)
        profile, *exposure = (
            pad_sequence([values[index] for index in indices], batch_first=True).float()
            for values in self._more.values()
        )
        if self.missing:
            alone = torch.rand(len(indices), 1, 1) < self.missing
            profile = torch.where(alone, plain.inputs[..., : len(AMINO_ACIDS)], profile)
        inputs = torch.cat([plain.inputs, profile, *(each[..., None] for each in exposure)], dim=-1)
        return ProteinBatch(inputs, plain.lengths, plain.labels, plain.ids)
