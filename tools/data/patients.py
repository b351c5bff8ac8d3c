"""Chapter 21: people with and without a fatty liver over the years, and visual fields measured twelve times.

    apt-get download r-cran-survival && dpkg -x r-cran-survival_*.deb survival
    pip download --no-deps pyvisualfields==2.0.9 && unzip pyvisualfields-2.0.9-*.whl -d pyvisualfields
    python tools/data/patients.py survival pyvisualfields data/applications

What is left out, and why: weight and height, which the body mass index sums up; every date of the visual fields, of
which the days since the first one stay; their two points at the blind spot; and the measurements named `chol` and
`dbp`, which in this version of the package are copies of `hdl` and `sbp`, value for value. The script checks that they
still are.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from r_objects import read_rdb
from tables import write_table

COPIES = {"chol": "hdl", "dbp": "sbp"}
UNKNOWN = -2147483648  # how R writes a missing integer
BLIND_SPOT = ("l26", "l35")


def columns(data: object) -> dict[str, object]:
    """The columns of an R data frame; whole numbers with gaps become decimal ones."""
    found = dict(zip(data.attributes["names"], data.value, strict=True))
    for name, values in found.items():
        if hasattr(values, "attributes"):
            found[name] = [values.attributes["levels"][code - 1] for code in values.value]
        elif isinstance(values, np.ndarray) and values.dtype == np.int32 and (values == UNKNOWN).any():
            found[name] = np.where(values == UNKNOWN, np.nan, values)
    return found


def check_copies(rows: list[tuple]) -> None:
    """Whatever stands under the one name stands under the other, on the same day, but for a single row."""
    by_test = {
        name: Counter((person, day, value) for person, day, test, value in rows if test == name)
        for name in (*COPIES, *COPIES.values())
    }
    for copy, original in COPIES.items():
        assert not by_test[copy] - by_test[original], f"{copy} is no longer a copy of {original}"


def write_people(folder: Path, target: Path) -> None:
    people, measurements, events = (columns(read_rdb(folder, f"nafld{number}")) for number in (1, 2, 3))
    bmi = np.where(np.isnan(people["bmi"]), np.nan, people["bmi"])  # R has a second kind of missing number
    write_table(
        target / "patients.csv.xz",
        {
            "id": people["id"],
            "age": people["age"],
            "male": people["male"],
            "bmi": np.round(bmi, 2),
            "matched_to": people["case.id"],
            "followed_days": people["futime"],
            "died": people["status"],
        },
    )
    plain = (values if isinstance(values, list) else values.tolist() for values in measurements.values())
    rows = sorted(zip(*plain, strict=True))
    check_copies(rows)
    kept = [row for row in rows if row[2] not in COPIES]
    write_table(target / "patients_measurements.csv.xz", dict(zip(measurements, zip(*kept, strict=True), strict=True)))
    plain = (values if isinstance(values, list) else values.tolist() for values in events.values())
    happened = sorted(zip(*plain, strict=True))
    write_table(target / "patients_events.csv.xz", dict(zip(events, zip(*happened, strict=True), strict=True)))


def write_visual_fields(path: Path, target: Path) -> None:
    fields = pd.read_pickle(path).sort_values(["id", "date"], kind="stable")
    points = [name for name in fields if name[0] == "l" and name[1:].isdigit() and name not in BLIND_SPOT]
    first = fields.groupby("id")["date"].transform("min")
    table = {name: fields[name].to_numpy() for name in ("id", "age")}
    table["days"] = (fields["date"] - first).dt.days.to_numpy()
    write_table(target / "visual_fields.csv.xz", table | {name: fields[name].to_numpy() for name in points})


def main(survival: Path, pyvisualfields: Path, target: Path) -> None:
    write_people(survival / "usr/lib/R/library/survival/data", target)
    write_visual_fields(pyvisualfields / "PyVisualFields/pkl_files/vfpwgRetest24d2.pkl", target)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
