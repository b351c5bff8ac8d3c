"""Visual fields measured again and again: a series in which the mean is the answer (chapter 21)."""

from dataclasses import dataclass
from os import PathLike

import numpy as np

from pssp_tutorial.applications.tables import ApplicationDataError, read_table


@dataclass(frozen=True, eq=False)
class VisualFields:
    """One eye of 30 people with glaucoma, tested twelve times in two to seventeen months.

    ``sensitivity`` is the faintest light seen, in decibels (higher is fainter), at the 52 points of the 24-2 grid
    beside the blind spot.
    """

    sensitivity: np.ndarray  # int16[person, test, point]
    days: np.ndarray  # from the person's first test, int32[person, test]
    age: np.ndarray  # in years, int32[person]


def load_visual_fields(folder: str | PathLike | None = None) -> VisualFields:
    """The tests, read with their checksum.

    Raises ReadError or ApplicationDataError if the file is missing, damaged or another one.

    >>> load_visual_fields().sensitivity.shape
    (30, 12, 52)
    """
    first = {"id": "int32", "age": "int32", "days": "int32"}
    table = read_table("visual_fields.csv.xz", first, "int16", folder)
    people = table["id"].nunique()
    if len(table) % people:
        raise ApplicationDataError(f"{len(table)} tests of {people} people; expected as many of each")
    shape = (people, len(table) // people)
    return VisualFields(
        table.iloc[:, len(first) :].to_numpy().reshape(*shape, -1),
        table["days"].to_numpy().reshape(shape),
        table["age"].to_numpy().reshape(shape)[:, 0],
    )
