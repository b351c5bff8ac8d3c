"""Class numbers of a few proteins, drawn by chance, for the tests of scores."""

import numpy as np
from hypothesis import strategies as st

from pssp_tutorial.proteins.alphabet import IGNORE_INDEX


@st.composite
def labelled_proteins(draw, choices=(3, 8)):
    """Class numbers of a few proteins, true (masked in places) and predicted; at least one residue counts."""
    classes = draw(st.sampled_from(choices))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    used = draw(st.integers(1, classes))  # fewer than all: classes that never occur
    given_too = draw(st.integers(1, classes))  # and classes that are never predicted
    true = [np.repeat(rng.integers(0, used, 12), 1 + rng.integers(0, 4, 12)) for _ in range(draw(st.integers(1, 5)))]
    noise = draw(st.sampled_from([0.0, 0.2, 1.0]))
    predicted = [np.where(rng.random(t.size) < noise, rng.integers(0, given_too, t.size), t) for t in true]
    for labels in true:
        labels[rng.random(labels.size) < draw(st.sampled_from([0.0, 0.3]))] = IGNORE_INDEX
    true[0][0] = predicted[0][0] = 0
    return classes, true, predicted


def flat(true, predicted):
    true, predicted = np.concatenate(true), np.concatenate(predicted)
    return true[true != IGNORE_INDEX], predicted[true != IGNORE_INDEX]
