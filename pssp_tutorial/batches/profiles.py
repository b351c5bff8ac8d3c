"""Batches with evolutionary profiles, as input, as augmentation and as a second task.

A profile says how often each amino acid stands at each residue in the chain's relatives. A model may read it (the
teacher), or learn from it while it reads one sequence only (the release model): relatives drawn from the profile have
the same structure, and what the profile allows at a residue is worth predicting beside its state.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from pssp_tutorial.batches.batch import BatchingError
from pssp_tutorial.batches.proteins import ONE_HOT, Loader, ProteinBatch
from pssp_tutorial.core.errors import shown
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS


@dataclass(frozen=True, eq=False, kw_only=True)
class ProfileBatch(ProteinBatch):
    """A batch with more to learn from; padding has zeros."""

    profile: Tensor  # frequencies of the amino acids, float32[batch, length, 20]
    accessibility: Tensor  # relative solvent accessibility, 0 to 1, float32[batch, length]
    teacher: Tensor  # a teacher's probabilities, float32[batch, length, class]; without one, 0 classes


def read_profiles(path: str | PathLike) -> dict[str, np.ndarray]:
    """Read what ``tools/data/profiles.py`` wrote: uint8[length, 20] by the chain's id.

    Raises BatchingError for a file that is missing or not of this form.
    """
    from pssp_tutorial.proteins.chains import load_chains

    try:
        with np.load(path) as archive:
            ids, frequencies = archive["ids"].tolist(), archive["frequencies"]
    except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile, zlib.error) as error:
        raise BatchingError(f"{shown(path)}: {error}; expected the file that tools/data/profiles.py writes") from error
    chains = load_chains()
    ends = np.cumsum([len(chains[chain]) for chain in ids])
    if not ids or ends[-1] != len(frequencies):
        expected = f"those of the {len(ids)} chains it names"
        raise BatchingError(f"{shown(path)}: {len(frequencies)} residues; expected {expected}")
    return dict(zip(ids, np.split(frequencies, ends[:-1]), strict=True))


@dataclass(eq=False)
class ProfileLoader(Loader):
    """A loader whose batches carry profiles; the training set's residues may be drawn from them.

    Parameters
    ----------
    profiles : dict of str to uint8 or float32[length, 20]
        By the record's id: see :func:`read_profiles` and :func:`~pssp_tutorial.load_profiles`.
    as_input : bool
        Add the profile to the one-hot residues: 41 input channels.
    relatives : float
        Of each chain, in each epoch, a share of the residues between 0 and this one is drawn from the profile.
    fading : int
        The number of epochs in which ``relatives`` falls to nothing, evenly; with 0 it stays as it is.
    teacher : dict of str to float16[length, class], optional
        Probabilities to learn from: see :func:`teach`.
    """

    profiles: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    as_input: bool = False
    relatives: float = 0.0
    fading: int = 0
    teacher: dict[str, np.ndarray] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        for record in self.records:
            if len(self.profiles.get(record.id, ())) != len(record):
                raise BatchingError(f"{record.id}: no profile of {len(record)} residues; expected one for each record")
            if record.accessibility is None:
                raise BatchingError(f"{record.id}: no solvent accessibility; expected one, to learn from")
        self._profiles = [torch.tensor(self.profiles[record.id]) for record in self.records]
        self._accessibility = [torch.tensor(record.accessibility) for record in self.records]
        teacher = self.teacher or {record.id: np.zeros((len(record), 0), np.float16) for record in self.records}
        self._teacher = [torch.tensor(teacher[record.id]) for record in self.records]

    @property
    def fingerprint(self) -> Mapping[str, str | int | float | None]:
        """As a plain loader's, with the settings of this one."""
        own = {name: getattr(self, name) for name in ("as_input", "relatives", "fading")}
        return {**super().fingerprint, **own}

    def batch(self, indices: Sequence[int]) -> ProfileBatch:
        """The batch of these records; residues are drawn anew, from PyTorch's global generator, at every call."""
        plain = super().batch(indices)
        profile, accessibility, teacher = (
            pad_sequence([values[index] for index in indices], batch_first=True).float()
            for values in (self._profiles, self._accessibility, self._teacher)
        )
        profile = profile / profile.sum(dim=-1, keepdim=True).clamp(min=1)
        inputs = plain.inputs
        if relatives := self.relatives * max(0.0, 1 - self.epoch / self.fading) if self.fading else self.relatives:
            inputs = _with_relatives(inputs, plain.lengths, profile, relatives)
        if self.as_input:
            inputs = torch.cat([inputs, profile], dim=-1)
        more = {"profile": profile, "accessibility": accessibility, "teacher": teacher}
        return ProfileBatch(inputs, plain.lengths, plain.labels, plain.ids, **more)


def _with_relatives(inputs: Tensor, lengths: Tensor, profile: Tensor, relatives: float) -> Tensor:
    """The residues [batch, length, 21], up to a share of each chain drawn anew from its profile."""
    real = torch.arange(inputs.shape[1]) < lengths[:, None]
    share = relatives * torch.rand(len(inputs), 1)
    drawn = (torch.rand(*real.shape, 1) > profile.cumsum(dim=-1)).sum(dim=-1).clamp(max=len(AMINO_ACIDS) - 1)
    swap = (torch.rand(real.shape) < share) & real
    return torch.where(swap[..., None], ONE_HOT[drawn], inputs)
