"""Comparing what an answer gives with what it should give, and saying where they differ."""

from numbers import Real
from typing import Any

import numpy as np

TOLERANCE = 1e-4  # relative; a reader may work in float32
SHORT = 8  # items; that many are shown side by side


def plain(value: Any) -> Any:
    """Tensors as arrays; all else as it is."""
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def same(one: Any, other: Any) -> bool:
    """Whether two values agree: numbers within a tolerance, lists, tuples and arrays by their elements.

    >>> same([1, 2], np.array([1.0, 2.0])), same("HEC", "HEC"), same({"A": 1}, {"A": 2}), same(None, 0)
    (True, True, False, False)
    """
    one, other = plain(one), plain(other)
    try:
        if isinstance(one, str | dict | None) or isinstance(other, str | dict | None):
            return _same_exactly(one, other)
        if _is_ragged(one) or _is_ragged(other):
            return len(one) == len(other) and all(map(same, one, other))
        one, other = np.asarray(one), np.asarray(other)
        if one.dtype.kind in "OU" or other.dtype.kind in "OU":
            return one.shape == other.shape and bool((one == other).all())
        return one.shape == other.shape and np.allclose(one, other, rtol=TOLERANCE, atol=1e-6, equal_nan=True)
    except (TypeError, ValueError):
        return False


def _same_exactly(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


def _is_ragged(value: Any) -> bool:
    """A list or tuple of things that are not all single values."""
    return isinstance(value, list | tuple) and any(np.ndim(plain(item)) or isinstance(item, str) for item in value)


def describe(value: Any) -> str:
    """A value in a few words: itself if it is short, else its kind and shape.

    >>> describe(np.array(0.61234567)), describe(np.zeros((5, 21))), describe("CHH")
    ('0.6123', 'an array of shape [5, 21]', "'CHH'")
    """
    value = plain(value)
    if isinstance(value, np.ndarray) and not value.ndim:
        value = value.item()
    if value is None:
        return "nothing"
    if isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=3, separator=", ") if value.size <= 8 and value.ndim == 1 else ""
        return text or f"an array of shape {list(value.shape)}"
    if isinstance(value, list | tuple):
        items = ", ".join(map(describe, value))
        return f"({items})" if len(items) <= 90 else f"{len(value)} items"
    return _shortened(repr(value))


def _shortened(text: str, limit: int = 90) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def difference(given: Any, wanted: Any) -> str:
    """How a wrong value differs from the right one; of long ones, where they differ first.

    >>> difference(np.zeros((2, 3)), np.zeros((3, 2)))
    'an array of shape [2, 3], expected an array of shape [3, 2]'
    >>> difference(np.zeros(50), np.eye(50)[7])
    'element [7] of the array of shape [50] is 0, expected 1'
    >>> difference([("HELIX", "4", 17)] * 12, [("HELIX", 3, 17)] * 12)
    "item [0] of 12 is ('HELIX', '4', 17), expected ('HELIX', 3, 17)"
    """
    one, other = plain(given), plain(wanted)
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        index = next(index for index, pair in enumerate(zip(one, other, strict=True)) if not same(*pair))
        return f"part {index + 1} of the result: {difference(one[index], other[index])}"
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and one.shape == other.shape and one.ndim:
        place = tuple(int(axis[0]) for axis in np.nonzero(~_close(one, other)))
        values = describe(one[place]), describe(other[place])
        return "element {} of the array of shape {} is {}, expected {}".format(list(place), list(one.shape), *values)
    long = isinstance(one, list | tuple | str) and isinstance(other, list | tuple | str) and len(one) > SHORT
    if long and len(one) == len(other) and isinstance(one, str) == isinstance(other, str):
        index = next(index for index, pair in enumerate(zip(one, other, strict=True)) if not same(*pair))
        what = "letter" if isinstance(one, str) else "item"
        return f"{what} [{index}] of {len(one)} is {describe(one[index])}, expected {describe(other[index])}"
    return f"{describe(given)}, expected {describe(wanted)}"


def slip(given: Any, wanted: Any) -> str:
    """A hint for a value that is right but for its form, or nothing.

    >>> slip(83.3, 5 / 6), slip(2, 3)
    ('You give percent; a share, from 0 to 1, is expected.', '')
    >>> slip(["H", "C"], "HC")
    'You give a list; a string is expected: `"".join` makes one.'
    >>> slip([("HELIX", "3")], [("HELIX", 3)])
    'You give numbers as text: `int` makes a number of it.'
    """
    one, other = plain(given), plain(wanted)
    if isinstance(other, str):
        listed = isinstance(one, list | tuple) or getattr(one, "ndim", 0) == 1
        joined = listed and "".join(map(str, one)) == other
        return 'You give a list; a string is expected: `"".join` makes one.' if joined else ""
    numbers = isinstance(one, Real) and isinstance(other, Real)
    if numbers and 0 < float(other) <= 1 and abs(float(one) / float(other) - 100) < 1:
        return "You give percent; a share, from 0 to 1, is expected."
    return "You give numbers as text: `int` makes a number of it." if same(_numbers(one), other) else ""


def _numbers(value: Any) -> Any:
    """A value with every text of digits in it as a number."""
    if isinstance(value, list | tuple):
        return [_numbers(item) for item in value]
    return int(value) if isinstance(value, str) and value.removeprefix("-").isdecimal() else value


def _close(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if one.dtype.kind in "OU" or other.dtype.kind in "OU":
        return one == other
    return np.isclose(one, other, rtol=TOLERANCE, atol=1e-6, equal_nan=True)
