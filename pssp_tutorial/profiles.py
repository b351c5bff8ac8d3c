"""Learning from a chain's relatives: evolutionary profiles as input, as augmentation and as a second task.

A profile says how often each amino acid stands at each residue in the chain's relatives. A model may read it (the
teacher), or learn from it while it reads one sequence only (the release model): relatives drawn from the profile have
the same structure, and what the profile allows at a residue is worth predicting beside its state.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, nll_loss

from pssp_tutorial.alphabet import AMINO_ACIDS, IGNORE_INDEX
from pssp_tutorial.batching import ONE_HOT, Batch, BatchingError, Loader
from pssp_tutorial.errors import PSSPError
from pssp_tutorial.models import BiLSTM, evaluating


class ProfileError(PSSPError):
    """Profiles are missing, or are not those of the records."""


@dataclass(frozen=True, eq=False)
class ProfileBatch(Batch):
    """A batch with more to learn from.

    Parameters
    ----------
    profile : float32[batch, length, 20]
        Frequencies of the amino acids; zeros at padding.
    accessibility : float32[batch, length]
        Relative solvent accessibility, 0 to 1.
    teacher : float32[batch, length, class]
        A teacher's probabilities; the last dimension is 0 long without a teacher.
    """

    profile: Tensor
    accessibility: Tensor
    teacher: Tensor


def read_profiles(path: str | PathLike) -> dict[str, np.ndarray]:
    """Read what ``data/build/profiles.py`` wrote: uint8[length, 20] by the chain's id.

    Raises ProfileError for a file that is missing or not of this form.
    """
    from pssp_tutorial.chains import load_chains

    try:
        with np.load(path) as archive:
            ids, frequencies = archive["ids"].tolist(), archive["frequencies"]
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise ProfileError(f"{path}: {error}; expected the file that data/build/profiles.py writes") from error
    chains = load_chains()
    ends = np.cumsum([len(chains[chain]) for chain in ids])
    if not ids or ends[-1] != len(frequencies):
        raise ProfileError(f"{path}: {len(frequencies)} residues; expected those of the {len(ids)} chains it names")
    return dict(zip(ids, np.split(frequencies, ends[:-1]), strict=True))


@dataclass(eq=False)
class ProfileLoader(Loader):
    """A loader whose batches carry profiles; the training set's residues may be drawn from them.

    Parameters
    ----------
    profiles : dict of str to uint8[length, 20]
        By the record's id: see :func:`read_profiles`.
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
                raise ProfileError(f"{record.id}: no profile of {len(record)} residues; expected one for each record")
            if record.accessibility is None:
                raise BatchingError(f"{record.id}: no solvent accessibility; expected one, to learn from")
        self._profiles = np.concatenate([self.profiles[record.id] for record in self.records])
        self._accessibility = np.concatenate([record.accessibility for record in self.records])
        teacher = self.teacher or {record.id: np.zeros((len(record), 0), np.float16) for record in self.records}
        self._teacher = np.concatenate([teacher[record.id] for record in self.records])

    @property
    def fingerprint(self) -> dict[str, str | int | float]:
        """As a plain loader's, with the settings of this one."""
        return super().fingerprint | {name: getattr(self, name) for name in ("as_input", "relatives", "fading")}

    def batch(self, indices: Iterable[int]) -> ProfileBatch:
        """The batch of these records; residues are drawn anew, from PyTorch's global generator, at every call."""
        plain = super().batch(indices)
        places, padding = self.layout(indices)
        real = torch.from_numpy(~padding)
        profile = torch.from_numpy(self._profiles[places]).float() * real[..., None]  # [batch, length, 20]
        profile = profile / profile.sum(dim=-1, keepdim=True).clamp(min=1)
        inputs = plain.inputs
        relatives = self.relatives * max(0.0, 1 - self.epoch / self.fading) if self.fading else self.relatives
        if relatives:
            share = relatives * torch.rand(len(inputs), 1)
            drawn = (torch.rand(*real.shape, 1) > profile.cumsum(dim=-1)).sum(dim=-1).clamp(max=len(AMINO_ACIDS) - 1)
            swap = (torch.rand(real.shape) < share) & real
            inputs = torch.where(swap[..., None], ONE_HOT[drawn], inputs)
        if self.as_input:
            inputs = torch.cat([inputs, profile], dim=-1)
        accessibility = torch.from_numpy(self._accessibility[places])
        teacher = torch.from_numpy(self._teacher[places]).float()
        return ProfileBatch(inputs, plain.lengths, plain.labels, plain.ids, profile, accessibility, teacher)


class MultiTask(nn.Module):
    """A model in training: two more heads read its features, and are left behind when it is saved.

    Parameters: `model` to train; `teacher_weight` share of the loss on the states that follows the teacher instead of
    the labels; `profile_weight`, `accessibility_weight` factors of the two other tasks' losses.
    """

    def __init__(
        self,
        model: BiLSTM,
        *,
        teacher_weight: float = 0.5,
        profile_weight: float = 0.25,
        accessibility_weight: float = 0.25,
    ) -> None:
        super().__init__()
        self.model, self.num_classes = model, model.num_classes
        self.weights = (teacher_weight, profile_weight, accessibility_weight)
        self.config = {**model.config, "tasks": self.weights}
        width = model.classifier.in_features
        self.profile = nn.Linear(width, len(AMINO_ACIDS))
        self.accessibility = nn.Linear(width, 1)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The model's logits [batch, length, class]."""
        return self.model(inputs, lengths)

    def loss(self, batch: ProfileBatch) -> tuple[Tensor, Tensor]:
        """The sum of the three losses over the scored residues, and the logits [batch, length, class]."""
        teacher_weight, profile_weight, accessibility_weight = self.weights
        features = self.model.features(batch.inputs, batch.lengths)
        logits = self.model.classifier(features).float()
        mask = batch.mask
        scores = logits[mask].log_softmax(dim=-1)  # [residue, class]
        loss = nll_loss(scores, batch.labels[mask], ignore_index=IGNORE_INDEX, reduction="sum")
        if batch.teacher.shape[-1]:
            loss = (1 - teacher_weight) * loss - teacher_weight * (batch.teacher[mask] * scores).sum()
        if profile_weight:
            allowed = self.profile(features).float()[mask].log_softmax(dim=-1)
            loss = loss - profile_weight * (batch.profile[mask] * allowed).sum()
        if accessibility_weight:
            exposed = self.accessibility(features).float().squeeze(-1)[mask]
            target = batch.accessibility[mask]
            loss = loss + accessibility_weight * binary_cross_entropy_with_logits(exposed, target, reduction="sum")
        return loss, logits


def teach(teachers: Iterable[BiLSTM], loader: ProfileLoader) -> dict[str, np.ndarray]:
    """The mean probabilities of teachers for every chain of a loader, float16[length, class] by the record's id."""
    teachers = list(teachers)
    taught: dict[str, np.ndarray] = {}
    for bucket in loader.buckets(shuffle=False):
        batch = loader.batch(bucket)
        mean = torch.zeros(*batch.labels.shape, teachers[0].num_classes)
        for model in teachers:
            with evaluating(model), torch.inference_mode():
                mean += model(batch.inputs, batch.lengths).float().softmax(dim=-1) / len(teachers)
        for row, (chain, length) in enumerate(zip(batch.ids, batch.lengths.tolist(), strict=True)):
            taught[chain] = mean[row, :length].numpy().astype(np.float16)
    return taught
