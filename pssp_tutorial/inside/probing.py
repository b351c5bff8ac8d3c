"""Linear probes: what can be read off a model's features, and a control for what the probe itself learns (chapter 13).

Source: Hewitt and Liang 2019, Designing and interpreting probes with control tasks, arXiv 1909.03368.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pssp_tutorial.inside.log_odds import InsideError

WORD = 3  # residues that name a word of the control task


def linear_probe(features: Tensor, classes: Tensor, *, penalty: float = 1e-3, steps: int = 100) -> nn.Linear:
    """Fit a linear classifier on frozen features; the answer gives its logits for other residues.

    The features are ``float32[residue, channel]``, the classes ``int64[residue]``, numbers from 0. The ``penalty`` is
    on the squared weights, when each channel has a spread of 1, so that rare channels are not learned by heart. L-BFGS
    takes ``steps`` at most; the loss has one minimum, so the answer hardly depends on where it starts.

    Raises InsideError where features and classes differ in number.

    >>> values = torch.linspace(-1, 1, 100)[:, None]
    >>> probe = linear_probe(values, (values[:, 0] > 0).long())
    >>> probe(torch.tensor([[-0.5], [0.5]])).argmax(dim=1)
    tensor([0, 1])
    """
    if len(features) != len(classes):
        raise InsideError(f"{len(features)} residues have features and {len(classes)} a class; expected as many")
    mean, spread = features.mean(dim=0), features.std(dim=0).clamp(min=1e-6)
    inputs = (features - mean) / spread
    probe = nn.Linear(inputs.shape[1], int(classes.max()) + 1)
    nn.init.zeros_(probe.weight)
    nn.init.zeros_(probe.bias)
    optimiser = torch.optim.LBFGS(probe.parameters(), max_iter=steps, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = cross_entropy(probe(inputs), classes) + penalty * probe.weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    with torch.no_grad():  # from standard channels to the features as they are
        probe.weight.div_(spread)
        probe.bias.sub_(probe.weight @ mean)
    return probe.requires_grad_(False)


def control_labels(sequences: Sequence[str], *, seed: int = 0, classes: int = 2) -> list[np.ndarray]:
    """Labels without a meaning: each word of three residues has one, drawn at random, wherever it stands.

    A residue's label is that of the word around it, so that a probe can learn the words by heart but nothing else. At
    the ends of a chain a word has two residues.

    >>> first, second = control_labels(["ACDAC", "GACD"], seed=1)
    >>> bool(first[1] == second[2])  # ACD both times
    True
    """
    rng = np.random.default_rng(seed)
    words: dict[str, int] = {}
    labels = []
    for sequence in sequences:
        padded = f"-{sequence}-"
        around = [padded[start : start + WORD] for start in range(len(sequence))]
        labels.append(np.array([words.setdefault(word, int(rng.integers(classes))) for word in around]))
    return labels
