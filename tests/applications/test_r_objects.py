"""The reader of R's own format, on bytes written by hand after the manual *R Internals*."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "data" / "r_objects.py"


@pytest.fixture(scope="module")
def r_objects() -> ModuleType:
    specification = importlib.util.spec_from_file_location("r_objects", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in numbers)


def text(letters: str) -> bytes:
    return words(0x00040009, len(letters)) + letters.encode()


HEADER = b"X\n" + words(2, 0x00030600, 0x00020300)
NAMES = words(0x402, 1) + text("names")
INTEGERS, MISSING = words(13, 2, 1, 2), words(0x00000009, 0xFFFFFFFF)


def test_a_named_list_becomes_a_dict(r_objects: ModuleType) -> None:
    """list(a = 1:2, b = c("x", NA)): a list, two vectors, a missing text and the names as an attribute."""
    values = INTEGERS + words(16, 2) + text("x") + MISSING
    content = HEADER + words(0x213, 2) + values + NAMES + words(16, 2) + text("a") + text("b") + words(254)
    found = r_objects.Reader(content).read()
    assert found.keys() == {"a", "b"}
    np.testing.assert_array_equal(found["a"], [1, 2])
    assert found["b"] == ["x", None]


def test_a_symbol_is_written_once_and_then_named_by_its_number(r_objects: ModuleType) -> None:
    """list(c(a = 1L), c(b = 1L)): the second `names` is a reference; miscounted, every later name is wrong."""
    one = words(0x20D, 1, 1) + NAMES + words(16, 1) + text("a") + words(254)
    two = words(0x20D, 1, 1) + words(0x402, 0x1FF) + words(16, 1) + text("b") + words(254)
    assert r_objects.Reader(HEADER + words(19, 2) + one + two).read() == [{"a": 1}, {"b": 1}]


def test_other_attributes_stay_with_their_value(r_objects: ModuleType) -> None:
    """factor("u"): its codes mean nothing without their levels."""
    levels = words(0x402, 1) + text("levels") + words(16, 1) + text("u")
    kind = words(0x402, 1) + text("class") + words(16, 1) + text("factor")
    found = r_objects.Reader(HEADER + words(0x20D, 1, 1) + levels + kind + words(254)).read()
    assert found.value.tolist() == [1]
    assert found.attributes == {"levels": ["u"], "class": ["factor"]}


def test_a_type_that_is_not_known_is_an_error(r_objects: ModuleType) -> None:
    """Complex numbers (type 15) read as something else would be wrong numbers."""
    with pytest.raises(AssertionError, match="type 15"):
        r_objects.Reader(HEADER + words(15, 1, 0, 0, 0, 0)).read()
