"""DSSP's rules: on geometry worked by hand, on the states of the database, and beside mkdssp."""

import numpy as np
import pytest
from dssp_parts import mkdssp

import pssp_tutorial as pssp
from pssp_tutorial.proteins.dssp import DSSPError, find_bridges, mark_strands

CHAINS = list(pssp.load_chains("mini"))
needs_mkdssp = pytest.mark.skipif(not mkdssp.installed(), reason="mkdssp is not installed (Debian: apt install dssp)")


@pytest.fixture(scope="module")
def backbones() -> dict[str, np.ndarray]:
    return pssp.load_backbones()


def place_atom(before: list[np.ndarray], length: float, angle: float, torsion: float) -> np.ndarray:
    """An atom from the three before it: bond length in Å, bond and torsion angle in degrees."""
    first, second, third = before[-3:]
    angle, torsion = np.radians([angle, torsion])
    along = (third - second) / np.linalg.norm(third - second)
    normal = np.cross(second - first, along)
    normal /= np.linalg.norm(normal)
    local = [-np.cos(angle), np.sin(angle) * np.cos(torsion), np.sin(angle) * np.sin(torsion)]
    return third + length * np.array(local) @ np.stack([along, np.cross(normal, along), normal])


def helix(length: int, phi: float, psi: float) -> np.ndarray:
    """A backbone with the same torsions at every residue, and ideal bonds."""
    chain = [np.zeros(3), np.array([1.458, 0, 0]), np.array([2.01, 1.42, 0])]  # N, CA and C of the first residue
    for _ in range(length):
        chain.append(place_atom(chain, 1.329, 116.6, psi))
        chain.append(place_atom(chain, 1.458, 121.7, 180))
        chain.append(place_atom(chain, 1.525, 111.0, phi))
    residues = []
    for place in range(0, 3 * length, 3):
        nitrogen, alpha, carbon = chain[place : place + 3]
        oxygen = place_atom([nitrogen, alpha, carbon], 1.231, 120.1, psi + 180)
        residues.append([nitrogen, alpha, carbon, oxygen])
    return np.array(residues)


def strand(length: int) -> np.ndarray:
    """A flat strand along z whose residues point their C=O and N-H to +x and -x in turn, 3.4 Å a residue."""
    side = np.where(np.arange(length) % 2, -1, 1)
    height = 3.4 * np.arange(length)
    zero = np.zeros(length)
    atoms = [
        (0.3 * side, zero, height - 1.2),
        (zero, 0.9 * side, height),
        (0.3 * side, zero, height + 1.25),
        (1.53 * side, zero, height + 1.25),
    ]
    return np.stack([np.stack(atom, axis=-1) for atom in atoms], axis=1)


def facing(backbone: np.ndarray) -> np.ndarray:
    """The strand turned by half a circle about the axis in the middle between it and its partner, 4.8 Å away."""
    middle = (backbone[0, 1, 2] + backbone[-1, 1, 2]) / 2
    return backbone * [-1, 1, -1] + [4.8, 0, 2 * middle]


@pytest.mark.parametrize(
    ("phi", "psi", "state"), [(-57, -47, "H"), (-49, -26, "G"), (-57, -70, "I")], ids=["alpha", "3-10", "pi"]
)
def test_ideal_helices(phi: float, psi: float, state: str) -> None:
    """Torsions from the textbooks. A helix begins with the residue after its first C=O and ends before its last H-N."""
    assert pssp.assign_dssp(helix(14, phi, psi), "A" * 14) == "C" + 12 * state + "C"


def test_proline_has_no_hydrogen() -> None:
    """The bond from residue 1 to the proline at 5 is missing: the helix begins two residues later, after a turn."""
    assert pssp.assign_dssp(helix(14, -57, -47), "AAAAAPAAAAAAAA") == "CTTHHHHHHHHHHC"


def test_a_break_ends_every_state() -> None:
    """Two halves of a helix, moved apart as one would pull it: each is a helix of its own."""
    halves = helix(16, -57, -47)
    halves[8:] += [0, 0, 30]
    assert pssp.assign_dssp(halves, "A" * 16) == "CHHHHHHC" * 2


def test_a_missing_atom_breaks_the_chain() -> None:
    """Its residue is unknown, and its neighbours no longer know one another: no bond reaches over the gap."""
    atoms = helix(17, -57, -47)
    atoms[8, 3] = np.nan
    assert pssp.assign_dssp(atoms, "A" * 17) == "CHHHHHHC?CHHHHHHC"


def test_antiparallel_strands() -> None:
    """Every residue but the ends has a partner; the ends lack the neighbour that a bridge needs."""
    first = strand(7)
    assert pssp.assign_dssp(np.concatenate([first, facing(first)]), "A" * 14) == "CEEEEEC" * 2


def test_parallel_strands() -> None:
    """Only every second residue is bridged; those between are in the ladder."""
    first = strand(7)
    assert pssp.assign_dssp(np.concatenate([first, first + np.array([4.8, 0, 0])]), "A" * 14) == "CEEEEEC" * 2


def test_strands_out_of_reach_are_none() -> None:
    first = strand(7)
    assert pssp.assign_dssp(np.concatenate([first, first + np.array([7.0, 0, 0])]), "A" * 14) == "C" * 14


def test_one_bridge_is_no_ladder() -> None:
    first = strand(3)
    assert pssp.assign_dssp(np.concatenate([first[[0, 1, 2]], facing(first)]), "AAA" * 2) == "CBC" * 2


@pytest.mark.parametrize(
    ("bonds", "kind", "bridge"),
    [
        ({(1, 10), (10, 3)}, 0, (2, 10)),  # C=O 1 to H-N 10, C=O 10 to H-N 3
        ({(9, 2), (2, 11)}, 0, (2, 10)),
        ({(2, 10), (10, 2)}, 1, (2, 10)),
        ({(1, 11), (9, 3)}, 1, (2, 10)),
    ],
)
def test_bridges_are_those_of_the_paper(bonds: set, kind: int, bridge: tuple[int, int]) -> None:
    """The four patterns of Kabsch and Sander's definition, written out."""
    found = find_bridges(bonds, np.zeros(14, dtype=int))
    assert found[kind] == {bridge}
    assert found[1 - kind] == set()


def test_a_bulge_is_in_its_ladder() -> None:
    """Two bridges that are 2 residues apart on one strand and 5 on the other; with 3 and 4 they are two bridges."""
    segment = np.zeros(40, dtype=int)

    def ladder(first: int, second: int) -> list[int]:
        pairs = ((5, 30), (5 + first, 30 - second))
        bonds = {bond for i, j in pairs for bond in ((i, j), (j, i))}
        return np.flatnonzero(mark_strands(bonds, segment)[1]).tolist()

    assert ladder(2, 5) == [5, 6, 7, 25, 26, 27, 28, 29, 30]
    assert ladder(3, 4) == []


def test_energy_of_one_bond() -> None:
    """C=O and H-N on a line, H 1.9 Å from O: 27.888 (1/2.9 + 1/3.13 - 1/1.9 - 1/4.13) = -2.904 kcal/mol."""
    atoms = np.full((3, 4, 3), 50.0)
    atoms[0, 2:, 0] = 0, 1.23
    atoms[0, 2:, 1:] = 0
    atoms[1, 2] = [6.4, 0, 0]  # the carbonyl before the donor: its C=O points away from the H
    atoms[1, 3] = [7.4, 0, 0]
    atoms[2, 0] = [4.13, 0, 0]
    energies = pssp.hydrogen_bond_energies(atoms, "AAA")
    assert energies[0, 2] == pytest.approx(-2.904, abs=0.001)
    assert pssp.hydrogen_bond_energies(atoms, "AAP")[0, 2] == 0


def test_states_do_not_depend_on_the_frame(backbones: dict[str, np.ndarray]) -> None:
    turn = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])
    for chain in CHAINS[:5]:
        atoms = backbones[chain.id].astype(float)
        assert pssp.assign_dssp(atoms @ turn, chain.sequence) == pssp.assign_dssp(atoms, chain.sequence)


@pytest.mark.parametrize("length", range(7))
def test_short_chains(length: int) -> None:
    assert len(pssp.assign_dssp(helix(length, -57, -47).reshape(-1, 4, 3), "A" * length)) == length


@pytest.mark.parametrize("shape", [(3, 4), (3, 3, 3), (4, 4, 3)])
def test_what_is_no_backbone_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DSSPError, match=r"expected \(3, 4, 3\)"):
        pssp.assign_dssp(np.zeros(shape), "AAA")


def test_agreement_with_the_database(backbones: dict[str, np.ndarray]) -> None:
    """On every chain, as benchmarks/dssp.py measured it; that file has a cause for each residue that differs."""
    measured = pssp.read_results("dssp")
    ours = [pssp.assign_dssp(backbones[chain.id], chain.sequence) for chain in CHAINS]
    differ = sum(
        one != other
        for chain, states in zip(CHAINS, ours, strict=True)
        for one, other in zip(chain.structure, states, strict=True)
    )
    assert differ == measured["database"]["differ"]
    assert sum(measured["causes"].values()) == differ
    assert "none" not in measured["causes"]
    assert measured["mkdssp"]["differ"] == measured["neighbours"]["differ_from_mkdssp"] == 0


@needs_mkdssp
@pytest.mark.parametrize("chain", CHAINS[::42], ids=lambda chain: chain.id)
def test_agreement_with_mkdssp(chain: pssp.ProteinRecord, backbones: dict[str, np.ndarray]) -> None:
    """The same chain whole, and cut where residues or atoms are taken out."""
    atoms = backbones[chain.id].astype(np.float64)
    assert pssp.assign_dssp(atoms, chain.sequence) == mkdssp.states(atoms, chain.sequence).replace("P", "C")
    for start in range(20, len(chain), 40):
        atoms[start : start + start % 3 + 1, start % 4 :] = np.nan
    assert pssp.assign_dssp(atoms, chain.sequence) == mkdssp.states(atoms, chain.sequence).replace("P", "C")


@needs_mkdssp
@pytest.mark.slow
def test_agreement_with_mkdssp_on_every_chain(backbones: dict[str, np.ndarray]) -> None:
    """No residue of 67,177 differs."""
    for chain in CHAINS:
        states = mkdssp.states(backbones[chain.id], chain.sequence).replace("P", "C")
        assert pssp.assign_dssp(backbones[chain.id], chain.sequence) == states, chain.id
