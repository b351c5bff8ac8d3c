"""The alphabet: codes are the model's channels and classes, so a silent change would break every checkpoint."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pssp_tutorial.proteins.alphabet import (
    AMINO_ACIDS,
    IGNORE_INDEX,
    REDUCTIONS,
    RESIDUES,
    STATES8,
    AlphabetError,
    decode_states,
    encode_residues,
    encode_states,
    normalise_sequence,
    reduce_states,
    residue_codes,
    states_of,
)
from pssp_tutorial.proteins.record import ProteinRecord


def test_order_is_fixed():
    assert RESIDUES == "ACDEFGHIKLMNPQRSTVWYX"
    assert states_of(3) == "HEC"
    assert states_of(8) == STATES8 == "HGIEBTSC"


def test_reductions_follow_the_literature():
    """Default: the CB513 and TS115 tables' reduction; strict: H and E alone."""
    assert reduce_states(STATES8) == "HHHEECCC"
    assert reduce_states(STATES8, "strict") == "HCCECCCC"
    assert all(set(table) == set(STATES8) for table in REDUCTIONS.values())


@given(st.text(RESIDUES, max_size=60))
def test_residue_codes_round_trip(sequence):
    assert "".join(RESIDUES[code] for code in encode_residues(sequence)) == sequence


@given(st.text("HEC?", max_size=60))
def test_state_codes_round_trip(structure):
    codes = encode_states(structure)
    assert decode_states(codes) == structure
    assert np.array_equal(codes == IGNORE_INDEX, [letter == "?" for letter in structure])


@given(st.text(max_size=30) | st.text(RESIDUES + RESIDUES.lower() + "UOBZJuobzj*-", max_size=30))
def test_any_text_is_mapped_or_refused(text):
    """No letter is dropped, added or mapped silently: same length, known letters, or an error."""
    try:
        letters = normalise_sequence(text)
    except AlphabetError as error:
        refused = str(error)
        assert not set(text.upper()) <= set(RESIDUES + "UOBZJ") or not text.isascii()
        with pytest.raises(AlphabetError, match=re.escape(refused)):
            residue_codes(text)
    else:
        assert np.array_equal(residue_codes(text), encode_residues(letters))
        assert len(letters) == len(text)
        assert set(letters) <= set(RESIDUES)


def test_the_polyproline_helices_of_dssp_4_are_coil():
    """DSSP 4 wrote P where earlier versions left the coil's blank; data made with either must give the same labels."""
    assert reduce_states("PPGGE?") == reduce_states("CCGGE?") == "CCHHE?"
    assert encode_states("HPC", 8).tolist() == encode_states("HCC", 8).tolist() == [0, 7, 7]
    assert ProteinRecord("four", "MPPK", "TPPH") == ProteinRecord("four", "MPPK", "TCCH")


def test_unusual_letters_follow_the_policy():
    assert normalise_sequence("acUOBZJX") == "ACCKXXXX"
    with pytest.raises(AlphabetError, match="P1: residue 3 is 'u'"):
        normalise_sequence("ACu", name="P1", unusual="error")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: normalise_sequence("MK*T", name="P2"), r"P2: residue 3 is '\*'; expected one of " + AMINO_ACIDS),
        (lambda: normalise_sequence("MK T"), "residue 3 is ' '"),
        (lambda: normalise_sequence("ſß"), "residue 1 is 'ſ'"),
        (lambda: encode_residues("AU"), "residue 2 is 'U'"),
        (lambda: encode_states("HEG"), "state 3 is 'G'; expected one of HEC"),
        (lambda: reduce_states("PHZ"), "state 3 is 'Z'"),
        (lambda: encode_states("HP"), "state 2 is 'P'; expected one of HEC"),
        (lambda: reduce_states("H", "mild"), "'mild'; expected one of default, strict"),
        (lambda: states_of(4), "4 classes; expected 3 or 8"),
        (lambda: decode_states([3]), "code 3 at position 1; expected 0 to 2"),
        (lambda: normalise_sequence("A", unusual="drop"), "'drop'; expected 'map' or 'error'"),
    ],
)
def test_errors_name_place_value_and_expectation(call, message):
    with pytest.raises(AlphabetError, match=message):
        call()
