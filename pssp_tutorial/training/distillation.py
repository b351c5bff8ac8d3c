"""Learning from teachers, from other networks and from tasks beside the states: how the release model was trained."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, nll_loss

from pssp_tutorial.batches.profiles import ProfileBatch, ProfileLoader
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import evaluation_twin
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS, IGNORE_INDEX


class MultiTask(nn.Module):
    """A model in training: two more heads read its features, and are left behind when it is saved.

    Parameters: `model` to train; `teacher_weight` share of the loss on the states that follows the teacher instead of
    the labels; `profile_weight`, `accessibility_weight` factors of the two other tasks' losses; `ensemble` of networks
    whose mean probabilities for the very residues of the batch, drawn ones too, replace half of what the labels and the
    teacher say: one network learns the function of several (Hinton et al. 2015, arXiv 1503.02531; Beyer et al. 2022,
    doi:10.1109/CVPR52688.2022.01065).
    """

    def __init__(
        self,
        model: BiLSTM,
        *,
        teacher_weight: float = 0.5,
        profile_weight: float = 0.25,
        accessibility_weight: float = 0.25,
        ensemble: Iterable[nn.Module] = (),
    ) -> None:
        super().__init__()
        self.model, self.num_classes = model, model.num_classes
        self.weights = (teacher_weight, profile_weight, accessibility_weight)
        self.ensemble = tuple(evaluation_twin(each) for each in ensemble)  # in a tuple, so that none of them is trained
        self.config = {**model.config, "tasks": self.weights}
        if self.ensemble:
            self.config["ensemble"] = [getattr(each, "name", type(each).__name__) for each in self.ensemble]
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
        if self.ensemble:
            with torch.no_grad():
                mean = mean_probabilities(self.ensemble, batch.inputs, batch.lengths)
            loss = 0.5 * loss - 0.5 * (mean[mask] * scores).sum()
        if profile_weight:
            allowed = self.profile(features).float()[mask].log_softmax(dim=-1)
            loss = loss - profile_weight * (batch.profile[mask] * allowed).sum()
        if accessibility_weight:
            exposed = self.accessibility(features).float().squeeze(-1)[mask]
            target = batch.accessibility[mask]
            loss = loss + accessibility_weight * binary_cross_entropy_with_logits(exposed, target, reduction="sum")
        return loss, logits


def mean_probabilities(models: Sequence[nn.Module], inputs: Tensor, lengths: Tensor) -> Tensor:
    """The mean of the models' probabilities, [batch, length, class]; each reads as many channels as it has."""
    read = [inputs[..., : vars(model).get("input_size")] for model in models]
    answers = [model(each, lengths).float().softmax(dim=-1) for model, each in zip(models, read, strict=True)]
    return torch.stack(answers).mean(dim=0)


def teach(teachers: Iterable[nn.Module], loader: ProfileLoader) -> dict[str, np.ndarray]:
    """The mean probabilities of teachers for every chain of a loader, float16[length, class] by the record's id.

    A teacher of 21 channels reads the residues alone, one of 41 the profile too, if the loader adds it.
    """
    teachers = [evaluation_twin(teacher) for teacher in teachers]
    taught: dict[str, np.ndarray] = {}
    for bucket in loader.buckets(shuffle=False):
        batch = loader.batch(bucket)
        with torch.inference_mode():
            mean = mean_probabilities(teachers, batch.inputs, batch.lengths)
        for row, (chain, length) in enumerate(zip(batch.ids, batch.lengths.tolist(), strict=True)):
            taught[chain] = mean[row, :length].numpy().astype(np.float16)
    return taught
