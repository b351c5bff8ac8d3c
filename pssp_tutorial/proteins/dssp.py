"""Secondary structure from coordinates: the rules of DSSP (chapter 1).

DSSP reads structure off the hydrogen bonds of the backbone. A bond ``(i, j)`` is one from the C=O of residue ``i`` to
the H-N of residue ``j``. Helices are bonds that reach a fixed number of residues ahead, strands are pairs of bonds that
tie two stretches together, and a bend is the one state that needs no bond.

Sources: Kabsch and Sander 1983, doi 10.1002/bip.360221211; for π-helices, the bulge without a step and the rounding of
energies, the program mkdssp 4.2, with which every rule was compared.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.alphabet import UNKNOWN_STATE

COUPLING = 332 * 0.42 * 0.20  # kcal·Å/mol: the charges on C=O and N-H, in units of the electron's
CUTOFF = -0.5  # kcal/mol: a hydrogen bond is stronger than this
STRONGEST = -9.9  # kcal/mol: nothing counts as stronger
NEAREST = 0.5  # Å: nothing counts as nearer
BREAK = 2.5  # Å: a longer distance from C to the next N breaks the chain; a peptide bond has 1.33
BEND = 70  # degrees
HELICES = (("H", 4), ("G", 3), ("I", 5))  # state and residues that its bonds reach ahead, in the order of assignment
MAY_BECOME = {"H": "CBEH", "G": "CG", "I": "CHI"}
"""The states that a helix may overwrite."""
STEPS = tuple((ours, theirs) for ours in range(1, 6) for theirs in range(6) if min(ours, theirs) <= 2)
"""Residues on the two strands from one bridge to the next of its ladder: 1 and 1, or more where a strand bulges."""
BLOCK = 256  # donors whose energies are computed at once, so that memory grows with the length and not its square

Bonds = set[tuple[int, int]]  # numbers of the residues whose C=O and H-N are bonded
Pairs = set[tuple[int, int]]  # numbers of two residues in a bridge, the smaller one first


class DSSPError(PSSPError):
    """A backbone that is not one, or that does not belong to its sequence."""


def assign_dssp(backbone: np.ndarray, sequence: str) -> str:
    """The eight states of DSSP, one of ``HGIEBTSC`` or ``?`` for each residue, from its backbone (chapter 1).

    Of the states that apply to a residue it gets the first of: I if it would otherwise be H or free, H, E, B, G if the
    whole turn is free, T, S, and C. A residue without all its atoms gets ``?`` and breaks the chain, as does a long
    distance from C to the next N: no state reaches over a break, but strands pair across it. Chains of one complex may
    be concatenated.

    The backbone, float[length, 4, 3], holds N, CA, C and O in ångström, nan where an atom is missing; the sequence
    tells where proline is, which has no hydrogen on its N.

    Raises DSSPError if the backbone has another shape or length than this.

    >>> from pssp_tutorial import load_backbones, load_chains
    >>> chain = load_chains("mini")["1A12_C"]
    >>> assign_dssp(load_backbones()[chain.id], chain.sequence)[30:60]
    'CCEEEEEEETTEEEEEETTCCEEEEECCTT'
    """
    atoms = _checked(backbone, sequence)
    segment = number_segments(atoms)
    bonds = hydrogen_bonds(atoms, sequence)
    bridges, ladders = mark_strands(bonds, segment)
    state = np.full(len(atoms), "C")
    state[bridges], state[ladders] = "B", "E"
    for letter, reach in HELICES:
        assign_helices(state, letter, turn_starts(bonds, reach, segment))
    coil = state == "C"
    state[coil & mark_bends(atoms[:, 1], segment)] = "S"
    for _, reach in HELICES:
        for start in turn_starts(bonds, reach, segment):
            inside = slice(start + 1, start + reach)
            state[inside][coil[inside]] = "T"
    state[np.isnan(atoms).any(axis=(1, 2))] = UNKNOWN_STATE
    return "".join(state)


def hydrogen_bond_energies(backbone: np.ndarray, sequence: str) -> np.ndarray:
    """Energy between each C=O (row) and each H-N (column) of a backbone, float64[length, length] (chapter 1).

    It is in kcal/mol, to three decimals: below -0.5 they are bonded. It is 0 where there is no hydrogen (proline, the
    first residue, the one after a break), where an atom is missing, within one residue and within one peptide bond.
    Parameters and errors as in :func:`assign_dssp`.

    >>> from pssp_tutorial import load_backbones, load_chains
    >>> chain = load_chains("mini")["1A12_C"]
    >>> energies = hydrogen_bond_energies(load_backbones()[chain.id], chain.sequence)
    >>> energies.shape, int((energies < CUTOFF).sum())
    ((212, 212), 117)
    """
    atoms = _checked(backbone, sequence)
    return _energies(atoms, place_hydrogens(atoms, sequence), np.arange(len(atoms)))


def _checked(backbone: np.ndarray, sequence: str) -> np.ndarray:
    """The backbone in float64, where a residue without all its atoms has none."""
    atoms = np.array(backbone, dtype=np.float64)
    if atoms.shape != (len(sequence), 4, 3):
        raise DSSPError(
            f"backbone has the shape {atoms.shape}; expected ({len(sequence)}, 4, 3): N, CA, C and O of each residue"
        )
    atoms[~np.isfinite(atoms).all(axis=(1, 2))] = np.nan
    return atoms


def number_segments(atoms: np.ndarray) -> np.ndarray:
    """Number of the unbroken stretch that each residue is in, ``int64[length]``."""
    joined = _lengths(atoms[1:, 0] - atoms[:-1, 2]) <= BREAK  # never at an atom that is nan
    return np.concatenate([np.zeros(min(len(atoms), 1), dtype=np.int64), np.cumsum(~joined)])


def place_hydrogens(atoms: np.ndarray, sequence: str) -> np.ndarray:
    """Amide hydrogens, ``float64[length, 3]``: 1 Å from N, away from the O of the residue before; nan if there is none.

    Proline has none, and the first residue of a stretch lacks the residue that places it.
    """
    hydrogens = np.full((len(atoms), 3), np.nan)
    carbonyl = atoms[:-1, 2] - atoms[:-1, 3]
    hydrogens[1:] = atoms[1:, 0] + carbonyl / _lengths(carbonyl)[:, None]
    first = np.diff(number_segments(atoms), prepend=-1) > 0
    hydrogens[first | (np.array(list(sequence), dtype="U1") == "P")] = np.nan
    return hydrogens


def _energies(atoms: np.ndarray, hydrogens: np.ndarray, donors: np.ndarray) -> np.ndarray:
    """Energies between every C=O and the H-N of the donors, ``float64[length, donor]``."""
    carbon, oxygen = atoms[:, 2], atoms[:, 3]
    nitrogen, hydrogen = atoms[donors, 0], hydrogens[donors]
    attraction = 1 / _distances(oxygen, hydrogen) + 1 / _distances(carbon, nitrogen)
    repulsion = 1 / _distances(oxygen, nitrogen) + 1 / _distances(carbon, hydrogen)
    energies = np.nan_to_num(COUPLING * (repulsion - attraction), nan=0.0)
    column = np.arange(len(donors))
    energies[donors, column] = 0  # within a residue
    energies[(donors - 1)[donors > 0], column[donors > 0]] = 0  # within a peptide bond
    return np.maximum(energies.round(3), STRONGEST)


def hydrogen_bonds(atoms: np.ndarray, sequence: str) -> Bonds:
    """All bonds: each H-N has at most two, to the C=O groups that attract it most."""
    hydrogens = place_hydrogens(atoms, sequence)
    bonds: Bonds = set()
    for start in range(0, len(atoms), BLOCK):
        donors = np.arange(start, min(start + BLOCK, len(atoms)))
        energies = _energies(atoms, hydrogens, donors)
        for _ in range(2):
            acceptors = energies.argmin(axis=0)
            bonded = energies[acceptors, donors - start] < CUTOFF
            bonds.update(zip(acceptors[bonded].tolist(), donors[bonded].tolist(), strict=True))
            energies[acceptors, donors - start] = 0
    return bonds


def find_bridges(bonds: Bonds, segment: np.ndarray) -> tuple[Pairs, Pairs]:
    """Parallel and antiparallel bridges: pairs of residues, three or more apart, that bonds on either side tie.

    Both residues need neighbours on both sides in their stretch.
    """
    parallel = {(i + 1, j) for i, j in bonds if (j, i + 2) in bonds}
    facing = {(i, j) for i, j in bonds if (j, i) in bonds}
    between = {(i + 1, j - 1) for i, j in bonds if (j - 2, i + 2) in bonds}
    inner = np.zeros(len(segment), dtype=bool)
    inner[1:-1] = segment[2:] == segment[:-2]

    def ordered(pairs: Pairs) -> Pairs:
        return {(min(pair), max(pair)) for pair in pairs if abs(pair[0] - pair[1]) >= 3 and inner[list(pair)].all()}

    return ordered(parallel), ordered(facing | between)


def mark_strands(bonds: Bonds, segment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which residues are in a bridge and which in a ladder, each ``bool[length]``.

    A ladder is two bridges or more of one kind, a step apart; the residues between them, a bulge's too, are in it.
    """
    bridges, ladders = np.zeros((2, len(segment)), dtype=bool)
    for pairs, direction in zip(find_bridges(bonds, segment), (1, -1), strict=True):
        for (i, j), (next_i, next_j) in _ladder_steps(pairs, direction):
            if segment[i] == segment[next_i] and segment[j] == segment[next_j]:
                ladders[i : next_i + 1] = True
                ladders[min(j, next_j) : max(j, next_j) + 1] = True
        bridges[[residue for pair in pairs for residue in pair]] = True
    return bridges, ladders


def _ladder_steps(pairs: Pairs, direction: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Each two bridges that follow one another, where the second strand runs in this direction."""
    for i, j in pairs:
        for ours, theirs in STEPS:
            following = (i + ours, j + direction * theirs)
            if following in pairs:
                yield (i, j), following


def turn_starts(bonds: Bonds, reach: int, segment: np.ndarray) -> list[int]:
    """Residues whose C=O is bonded to the H-N ``reach`` residues ahead in the same stretch, ascending."""
    return sorted(i for i, j in bonds if j == i + reach and segment[i] == segment[j])


def assign_helices(state: np.ndarray, letter: str, starts: Iterable[int]) -> None:
    """Write a helix wherever two turns begin one after the other, if every residue of the second may become it."""
    reach = dict(HELICES)[letter]
    begun = set(starts)
    for start in sorted(begun):
        inside = slice(start, start + reach)
        if start - 1 in begun and np.isin(state[inside], list(MAY_BECOME[letter])).all():
            state[inside] = letter


def mark_bends(alphas: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """Where the chain turns by more than 70 degrees from CA(i-2)-CA(i) to CA(i)-CA(i+2), ``bool[length]``."""
    bends = np.zeros(len(alphas), dtype=bool)
    chords = alphas[2:] - alphas[:-2]
    chords /= _lengths(chords)[:, None]
    cosines = (chords[:-2] * chords[2:]).sum(axis=-1)
    bends[2:-2] = (cosines < np.cos(np.radians(BEND))) & (segment[4:] == segment[:-4])
    return bends


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(vectors).sum(axis=-1))


def _distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distances between all points of both, ``float64[point, other]``, none below :data:`NEAREST`."""
    squares = sum(np.subtract.outer(points[:, axis], others[:, axis]) ** 2 for axis in range(3))
    return np.sqrt(np.maximum(squares, NEAREST**2))
