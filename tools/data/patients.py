"""Chapter 21: people with and without a fatty liver over the years, and visual fields measured twelve times.

    apt-get download r-cran-survival && dpkg -x r-cran-survival_*.deb survival
    pip install rdata
    pip download --no-deps pyvisualfields==2.0.9 && unzip pyvisualfields-2.0.9-*.whl -d pyvisualfields
    python tools/data/patients.py survival pyvisualfields data/applications

What is left out, and why: weight and height, which the body mass index sums up; every date of the visual fields, of
which the days since the first one stay; their two points at the blind spot; and the measurements named `chol` and
`dbp`, which in this version of the package are copies of `hdl` and `sbp`, value for value. The script checks that they
still are.
"""

import lzma
import sys
import zlib
from collections import Counter
from pathlib import Path

import pandas as pd
import rdata
from tables import write_table

COPIES = {"chol": "hdl", "dbp": "sbp"}
BLIND_SPOT = ("l26", "l35")


def read_rdb(folder: Path, name: str) -> pd.DataFrame:
    """A table of an installed package's ``Rdata.rdb``: its place is in ``Rdata.rdx``."""
    index = rdata.conversion.convert(rdata.parser.parse_data(zlib.decompress((folder / "Rdata.rdx").read_bytes(), 47)))
    start, length = (int(number) for number in index["variables"][name])
    packed = (folder / "Rdata.rdb").read_bytes()[start : start + length]
    assert packed[4:5] == b"Z", f"{name}: not packed with LZMA"
    content = lzma.decompress(packed[5:], lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2}])
    return rdata.conversion.convert(rdata.parser.parse_data(content))


def check_copies(rows: list[tuple]) -> None:
    """Whatever stands under the one name stands under the other, on the same day, but for a single row."""
    by_test = {
        name: Counter((person, day, value) for person, day, test, value in rows if test == name)
        for name in (*COPIES, *COPIES.values())
    }
    for copy, original in COPIES.items():
        assert not by_test[copy] - by_test[original], f"{copy} is no longer a copy of {original}"


def write_people(folder: Path, target: Path) -> None:
    people, measurements, events = (read_rdb(folder, f"nafld{number}") for number in (1, 2, 3))
    write_table(
        target / "patients.csv.xz",
        {
            "id": people["id"].tolist(),
            "age": people["age"].tolist(),
            "male": people["male"].tolist(),
            "bmi": people["bmi"].round(2).tolist(),
            "matched_to": people["case.id"].astype(float).tolist(),
            "followed_days": people["futime"].tolist(),
            "died": people["status"].tolist(),
        },
    )
    rows = sorted_rows(measurements)
    check_copies(rows)
    kept = [row for row in rows if row[2] not in COPIES]
    write_table(target / "patients_measurements.csv.xz", dict(zip(measurements, zip(*kept, strict=True), strict=True)))
    happened = sorted_rows(events)
    write_table(target / "patients_events.csv.xz", dict(zip(events, zip(*happened, strict=True), strict=True)))


def sorted_rows(table: pd.DataFrame) -> list[tuple]:
    return sorted(zip(*(table[name].tolist() for name in table), strict=True))


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
