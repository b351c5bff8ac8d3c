"""Graders of chapter 1: proteins and their secondary structure."""

import re
from collections.abc import Callable

import numpy as np

from pssp_tutorial.checks.grading import Verdict, grade
from pssp_tutorial.proteins.alphabet import RESIDUES

OTHER_ORDER = "ARNDCQEGHILKMFPSTWYV"  # by name, as many tables have it


def exercise_1_1(longest_helix: Callable[[str], int]) -> Verdict:
    """``longest_helix(structure)``: residues of the longest helix in a string of DSSP's eight letters; 0 without one.

    >>> exercise_1_1(lambda structure: sum(map(structure.count, "HGI"))).hint
    'You count all residues in helices. Cut the string into its segments first, then take the longest.'
    """

    def runs(structure: str, letters: str) -> list[int]:
        return [len(run) for run in re.findall(f"[{letters}]+", structure)]

    cases = {
        "two helices": ("CCHHHHTTHHHHHHHSEE",),
        "an α-helix that goes on as a 3-10 helix": ("CHHHHGGGCCHHHHHC",),
        "a π-helix": ("CCIIIIICHHHC",),
        "a helix at the chain's end": ("CHHHCCEEECHHHHHH",),
        "a chain without a helix": ("CCEEEEESSTT",),
    }
    mistakes = [
        (
            lambda text: sum(runs(text, "HGI")),
            "You count all residues in helices. Cut the string into its segments first, then take the longest.",
        ),
        (
            lambda text: max(runs(text, "H"), default=0),
            "You look for the letter H alone. By the default reduction G and I are helix as well.",
        ),
        (
            lambda text: len(runs(text, "HGI")),
            "You count the helices, not their residues.",
        ),
        (
            lambda text: max([len(run) for run in re.findall("[HGI]+(?=[^HGI])", text)], default=0),
            "A helix that runs to the last residue is never closed. Close it after the loop.",
        ),
    ]
    hint = "Reduce to three states, split at everything that is not H, and take the length of the longest piece."
    return grade("1.1", longest_helix, lambda text: max(runs(text, "HGI"), default=0), cases, mistakes, hint)


def exercise_1_2(q3: Callable[[str, str], float]) -> Verdict:
    """``q3(true, predicted)``: share of the residues of known state that are predicted right.

    Both are strings of H, E and C; where no experiment saw the residue, ``true`` has ``?``.

    >>> exercise_1_2(lambda true, predicted: sum(map(str.__eq__, true, predicted)) / len(true)).passed
    False
    """

    def hits(true: str, predicted: str) -> int:
        return sum(a == b for a, b in zip(true, predicted, strict=True))

    def known(true: str) -> int:
        return len(true) - true.count("?")

    def by_class(true: str, predicted: str) -> float:
        pairs = list(zip(true, predicted, strict=True))
        states = sorted(set(true) - {"?"})
        return float(np.mean([sum(a == b == state for a, b in pairs) / true.count(state) for state in states]))

    cases = {
        "all right": ("HHHCC", "HHHCC"),
        "half right": ("HHEECC", "HHHHCE"),
        "two unknown residues": ("CHHHE??C", "CHHCEHHC"),
        "unknown residues predicted as coil": ("??HHHEE??C", "CCHHCEECCC"),
    }
    mistakes = [
        (
            lambda true, predicted: hits(true, predicted) / len(true),
            "An unknown residue is no error: it counts neither above nor below the line.",
        ),
        (
            lambda true, predicted: hits(true.replace("?", "C"), predicted) / len(true),
            "You read the unknown state as coil. Nobody knows what it is: leave these residues out.",
        ),
        (
            lambda true, predicted: 100 * hits(true, predicted) / known(true),
            "That is a percentage. In this book every score is a fraction from 0 to 1.",
        ),
        (
            by_class,
            "That is the mean over the classes. Q3 is a mean over residues: count the hits, count the residues, "
            "divide once.",
        ),
    ]
    hint = "Count the residues where both strings agree, and divide by the number of residues of known state."
    return grade("1.2", q3, lambda true, predicted: hits(true, predicted) / known(true), cases, mistakes, hint)


def exercise_1_3(helix_curve: Callable[[np.ndarray, str], np.ndarray]) -> Verdict:
    """``helix_curve(coefficients, letter)``: the weight for helix at each place of the window, ``float[place]``.

    ``coefficients`` is what scikit-learn's classifier has in ``coef_``: ``[class, place x residue]`` with the classes
    H, E, C and blocks of 21 residues.

    >>> exercise_1_3(lambda coefficients, letter: coefficients.reshape(3, 21, -1)[0, 0]).passed
    False
    """

    def curve(coefficients: np.ndarray, letter: str, state: int = 0, order: str = RESIDUES) -> np.ndarray:
        return coefficients.reshape(3, -1, 21)[state, :, order.index(letter)]

    generator = np.random.default_rng(0)
    cases = {
        "proline in a window of 17": (generator.normal(size=(3, 17 * 21)), "P"),
        "lysine in a window of 5": (generator.normal(size=(3, 5 * 21)), "K"),
        "aspartate in a window of 9": (generator.normal(size=(3, 9 * 21)), "D"),
    }
    mistakes = [
        (
            lambda c, letter: c.reshape(3, 21, -1)[0, RESIDUES.index(letter)],
            "The axes are swapped: a row holds one block of 21 residues for each place, so it is `[class, place, "
            "residue]`.",
        ),
        (
            lambda c, letter: curve(c, letter, 2),
            "These are the weights for coil. The classes stand in the order H, E, C.",
        ),
        (
            lambda c, letter: curve(c, letter, 1),
            "These are the weights for strand. Counting begins at 0, and the first class is helix.",
        ),
        (
            lambda c, letter: curve(c, letter, 0, OTHER_ORDER),
            "That is another residue. The channels stand in the order of `pssp.RESIDUES`, by one-letter code.",
        ),
    ]
    hint = "Reshape to `[class, place, residue]`; `pssp.AMINO_ACIDS.index(letter)` is the residue's channel."
    return grade("1.3", helix_curve, curve, cases, mistakes, hint)


def exercise_1_4(probability_windows: Callable[[np.ndarray, int], np.ndarray]) -> Verdict:
    """``probability_windows(probabilities, half)``: each residue with its neighbours, ``[length, 2 half + 1, 3]``.

    ``probabilities`` is ``[length, 3]``; beyond the ends of the chain there are zeros.

    >>> exercise_1_4(lambda probabilities, half: probabilities).passed
    False
    """

    def windows(probabilities: np.ndarray, half: int, **padding: str) -> np.ndarray:
        padded = np.pad(probabilities, ((half, half), (0, 0)), **padding)
        return np.stack([padded[start : start + 2 * half + 1] for start in range(len(probabilities))])

    def without_ends(probabilities: np.ndarray, half: int) -> np.ndarray:
        return windows(probabilities, half)[half : len(probabilities) - half]

    def late(probabilities: np.ndarray, half: int) -> np.ndarray:
        padded = np.pad(probabilities, ((half, half + 1), (0, 0)))
        return np.stack([padded[start + 1 : start + 2 * half + 2] for start in range(len(probabilities))])

    generator = np.random.default_rng(0)
    cases = {
        f"{length} residues, {half} neighbours on each side": (generator.dirichlet(np.ones(3), length), half)
        for length, half in ((12, 2), (30, 7), (40, 3))
    }
    mistakes = [
        (
            lambda p, half: windows(p, half).transpose(0, 2, 1),
            "The axes are swapped: `sliding_window_view` puts the window last. It belongs before the class.",
        ),
        (
            without_ends,
            "The chain's ends have no row. Every residue needs one: put zeros before the first and after the last"
            " residue.",
        ),
        (
            lambda p, half: windows(p, half, mode="edge"),
            "Beyond the ends you repeat the last probabilities. There is no residue there: use zeros.",
        ),
        (
            late,
            "The window is shifted by one. The residue itself stands in the middle, at place `half`.",
        ),
    ]
    hint = "Pad the residues' axis with `half` zeros on both sides; row i then holds the places i to i + 2 half."
    return grade("1.4", probability_windows, windows, cases, mistakes, hint)
