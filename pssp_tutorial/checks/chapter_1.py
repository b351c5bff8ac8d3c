"""Graders of chapter 1: proteins and their secondary structure."""

import re

import numpy as np

from pssp_tutorial.checks.grading import Cases, by_cases
from pssp_tutorial.proteins.alphabet import RESIDUES
from pssp_tutorial.proteins.by_chain import load_backbones

OTHER_ORDER = "ARNDCQEGHILKMFPSTWYV"  # by name, as many tables have it


def helices(structure: str, pattern: str = "[HGI]+") -> list[int]:
    """The helices' lengths."""
    return [len(run) for run in re.findall(pattern, structure)]


@by_cases(
    "1.1",
    cases={
        "two helices": ("CCHHHHTTHHHHHHHSEE",),
        "an α-helix that goes on as a 3-10 helix": ("CHHHHGGGCCHHHHHC",),
        "a π-helix": ("CCIIIIICHHHC",),
        "a helix at the chain's end": ("CHHHCCEEECHHHHHH",),
        "a chain without a helix": ("CCEEEEESSTT",),
    },
    mistakes={
        "You count all residues in helices. Cut the string into its segments first, then take the longest.": (
            lambda structure: sum(helices(structure))
        ),
        "You look for the letter H alone. By the default reduction G and I are helix as well.": (
            lambda structure: max(helices(structure, "H+"), default=0)
        ),
        "You count the helices, not their residues.": lambda structure: len(helices(structure)),
        "A helix that runs to the last residue is never closed. Close it after the loop.": (
            lambda structure: max(helices(structure, "[HGI]+(?=[^HGI])"), default=0)
        ),
    },
    hint="Reduce to three states, split at everything that is not H, and take the length of the longest piece.",
)
def exercise_1_1(structure: str) -> int:
    """``longest_helix(structure)``: residues of the longest helix in a string of DSSP's eight letters; 0 without one.

    >>> exercise_1_1(lambda structure: sum(map(structure.count, "HGI"))).hint
    'You count all residues in helices. Cut the string into its segments first, then take the longest.'
    """
    return max(helices(structure), default=0)


def hits(true: str, predicted: str) -> int:
    """Residues at which the two agree."""
    return sum(map(str.__eq__, true, predicted))


def mean_over_classes(true: str, predicted: str) -> float:
    """The mean of the states' accuracies."""
    pairs = list(zip(true, predicted, strict=True))
    shares = [pairs.count((state, state)) / true.count(state) for state in set(true) - {"?"}]
    return sum(shares) / len(shares)


@by_cases(
    "1.2",
    cases={
        "all right": ("HHHCC", "HHHCC"),
        "half right": ("HHEECC", "HHHHCE"),
        "two unknown residues": ("CHHHE??C", "CHHCEHHC"),
        "unknown residues predicted as coil": ("??HHHEE??C", "CCHHCEECCC"),
    },
    mistakes={
        "An unknown residue is no error: it counts neither above nor below the line.": (
            lambda true, predicted: hits(true, predicted) / len(true)
        ),
        "You read the unknown state as coil. Nobody knows what it is: leave these residues out.": (
            lambda true, predicted: hits(true.replace("?", "C"), predicted) / len(true)
        ),
        "That is a percentage. In this book every score is a fraction from 0 to 1.": (
            lambda true, predicted: 100 * hits(true, predicted) / len(true.replace("?", ""))
        ),
        "That is the mean over the classes. Q3 is a mean over residues: count the hits, count the residues, "
        "divide once.": mean_over_classes,
    },
    hint="Count the residues where both strings agree, and divide by the number of residues of known state.",
)
def exercise_1_2(true: str, predicted: str) -> float:
    """``q3(true, predicted)``: share of the residues of known state that are predicted right.

    Both are strings of H, E and C; where no experiment saw the residue, ``true`` has ``?``.
    """
    return hits(true, predicted) / len(true.replace("?", ""))


def curve(coefficients: np.ndarray, letter: str, state: int = 0, order: str = RESIDUES) -> np.ndarray:
    """The weights of a letter for a state at each place, [place]."""
    return coefficients.reshape(3, -1, 21)[state, :, order.index(letter)]


def window_weights() -> Cases:
    generator = np.random.default_rng(0)
    return {
        "proline in a window of 17": (generator.normal(size=(3, 17 * 21)), "P"),
        "lysine in a window of 5": (generator.normal(size=(3, 5 * 21)), "K"),
        "aspartate in a window of 9": (generator.normal(size=(3, 9 * 21)), "D"),
    }


@by_cases(
    "1.3",
    cases=window_weights,
    mistakes={
        "The axes are swapped: a row holds one block of 21 residues for each place, so it is `[class, place, "
        "residue]`.": lambda coefficients, letter: coefficients.reshape(3, 21, -1)[0, RESIDUES.index(letter)],
        "These are the weights for coil. The classes stand in the order H, E, C.": (
            lambda coefficients, letter: curve(coefficients, letter, 2)
        ),
        "These are the weights for strand. Counting begins at 0, and the first class is helix.": (
            lambda coefficients, letter: curve(coefficients, letter, 1)
        ),
        "That is another residue. The channels stand in the order of `pssp.RESIDUES`, by one-letter code.": (
            lambda coefficients, letter: curve(coefficients, letter, order=OTHER_ORDER)
        ),
    },
    hint="Reshape to `[class, place, residue]`; `pssp.AMINO_ACIDS.index(letter)` is the residue's channel.",
)
def exercise_1_3(coefficients: np.ndarray, letter: str) -> np.ndarray:
    """``helix_curve(coefficients, letter)``: the weight for helix at each place of the window, ``float[place]``.

    ``coefficients`` is what scikit-learn's classifier has in ``coef_``: ``[class, place x residue]`` with the classes
    H, E, C and blocks of 21 residues.
    """
    return curve(coefficients, letter)


def windows(probabilities: np.ndarray, half: int, shift: int = 0, mode: str = "constant") -> np.ndarray:
    """Each residue with its neighbours, [length, place, class]."""
    padded = np.pad(probabilities, ((half, half + shift), (0, 0)), mode=mode)  # type: ignore[call-overload]
    rows = range(shift, shift + len(probabilities))
    return np.stack([padded[row : row + 2 * half + 1] for row in rows])


def chains() -> Cases:
    generator = np.random.default_rng(0)
    return {
        f"{length} residues, {half} neighbours on each side": (generator.dirichlet(np.ones(3), length), half)
        for length, half in ((12, 2), (30, 7), (40, 3))
    }


@by_cases(
    "1.4",
    cases=chains,
    mistakes={
        "The axes are swapped: `sliding_window_view` puts the window last. It belongs before the class.": (
            lambda probabilities, half: windows(probabilities, half).transpose(0, 2, 1)
        ),
        "The chain's ends have no row. Every residue needs one: put zeros before the first and after the last "
        "residue.": lambda probabilities, half: windows(probabilities, half)[half:-half],
        "Beyond the ends you repeat the last probabilities. There is no residue there: use zeros.": (
            lambda probabilities, half: windows(probabilities, half, mode="edge")
        ),
        "The window is shifted by one. The residue itself stands in the middle, at place `half`.": (
            lambda probabilities, half: windows(probabilities, half, shift=1)
        ),
    },
    hint="Pad the residues' axis with `half` zeros on both sides; row i then holds the places i to i + 2 half.",
)
def exercise_1_4(probabilities: np.ndarray, half: int) -> np.ndarray:
    """``probability_windows(probabilities, half)``: each residue with its neighbours, ``[length, 2 half + 1, 3]``.

    ``probabilities`` is ``[length, 3]``; beyond the ends of the chain there are zeros.
    """
    return windows(probabilities, half)


def bonds() -> Cases:
    backbone = load_backbones()["1H75_A"]  # NrdH, which the chapter shows
    return {
        "a bond in the first helix": (backbone, 11, 15),
        "a bond between two strands": (backbone, 52, 5),
        "the same two residues the other way round": (backbone, 5, 52),
        "two residues far apart": (backbone, 20, 60),
    }


def energy(
    backbone: np.ndarray, i: int, j: int, *, before: int = -1, along: float = 1.0, scaled: bool = True, power: int = 1
) -> float:
    """The energy of a pair, with an H that may be placed wrongly."""
    (_, _, carbon, oxygen), nitrogen = backbone[i], backbone[j, 0]
    direction = backbone[j + before, 2] - backbone[j + before, 3]
    hydrogen = nitrogen + along * direction / (np.linalg.norm(direction) if scaled else 1)

    def inverse(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.linalg.norm(one - other)) ** -power

    repulsion = inverse(oxygen, nitrogen) + inverse(carbon, hydrogen)
    attraction = inverse(oxygen, hydrogen) + inverse(carbon, nitrogen)
    return 0.42 * 0.20 * 332 * (repulsion - attraction)


@by_cases(
    "1.5",
    cases=bonds,
    mistakes={
        "Your H lies on the side of the O. It points the opposite way: from O to C, that is C minus O.": (
            lambda backbone, i, j: energy(backbone, i, j, along=-1)
        ),
        "You place the H with the C=O of residue j itself. The peptide bond of its N is that of residue j - 1.": (
            lambda backbone, i, j: energy(backbone, i, j, before=0)
        ),
        "Your H lies too far from N. C=O is longer than 1 Å: divide the vector by its own length.": (
            lambda backbone, i, j: energy(backbone, i, j, scaled=False)
        ),
        "The sign is turned round: attraction makes an energy negative, and a bond has a negative energy.": (
            lambda backbone, i, j: -energy(backbone, i, j)
        ),
        "Residue i gives the C=O and residue j the H-N. You have them the other way round.": (
            lambda backbone, i, j: energy(backbone, j, i)
        ),
        "The factor 332 is missing: it turns charges and distances in Å into kcal/mol.": (
            lambda backbone, i, j: energy(backbone, i, j) / 332
        ),
        "Charges attract by one over the distance, not by one over its square.": (
            lambda backbone, i, j: energy(backbone, i, j, power=2)
        ),
    },
    hint="Place H, take the four distances, and put them into the equation. Print H first: it lies 1 Å from N.",
)
def exercise_1_5(backbone: np.ndarray, i: int, j: int) -> float:
    """``bond_energy(backbone, i, j)``: the energy between the C=O of residue i and the H-N of residue j, in kcal/mol.

    ``backbone`` is ``[length, 4, 3]``: N, CA, C and O of each residue, in Å. Source: Kabsch and Sander 1983, doi
    10.1002/bip.360221211.
    """
    return energy(backbone, i, j)
