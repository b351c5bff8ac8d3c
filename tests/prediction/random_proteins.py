"""Proteins drawn by chance."""

import numpy as np

from pssp_tutorial.proteins.alphabet import AMINO_ACIDS


def random_sequence(length: int, seed: int = 0) -> str:
    return "".join(np.random.default_rng(seed).choice(list(AMINO_ACIDS), length))
