"""The counts of Part IV's data in data/README.md are prose: they must say what the files hold."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pssp_tutorial as pssp
from pssp_tutorial.core.resources import resource

README = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf-8")


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(resource("data", f"applications/{name}"))


@cache
def counts() -> dict[str, str]:
    """What each sentence says, with the numbers taken from the files."""
    splits = pssp.methylation_splits(pssp.load_methylation())
    plasmids = table("plasmids.csv.xz").set_index("contig")["sequence"].str.len()
    pathway = pssp.load_glycolysis()
    patients, fields = table("patients.csv.xz"), table("visual_fields.csv.xz")
    measured, events = table("patients_measurements.csv.xz"), table("patients_events.csv.xz")
    pressures = measured.loc[measured["test"] == "sbp", "value"]
    cases = (patients["id"] == patients["matched_to"]).sum()
    last = fields.groupby("id")["days"].max()
    said = {
        "plasmids": f"({plasmids['contig_3']:,} and {plasmids['contig_2']:,} nucleotides)",
        "adenines": f"one row for each of {len(table('adenines.csv.xz')):,} adenines",
        "windows": f"of {len(splits.test) + len(splits.shared):,} windows of 41",
        "shared": f"{len(splits.shared):,} share 21 nucleotides",
        "cpgs": f"{len(table('cpgs.csv.xz')):,} rows, in order",
        "volumes": f"{len(table('image_series.csv.xz').columns) - 1:,} volumes",
        "glycolysis": f"{len(pathway.species)} species\nthat change and {len(pathway.laws)} reactions",
        "people": f"{len(patients):,} people, of whom {cases:,} had a fatty liver",
        "bmi": f"{patients['bmi'].isna().sum():,} missing",
        "measurements": f"| `patients_measurements.csv.xz` | {len(measured):,} |",
        "events": f"| `patients_events.csv.xz` | {len(events):,} |",
        "pressure": f"up to {pressures.max():,.0f}",
        "fields": f"tested twelve times in {last.min()} to\n{last.max()} days",
    }
    expression = table("expression.csv.xz")
    for experiment in ("alpha", "cdc15", "cdc28", "elu"):
        columns = [name for name in expression if name.startswith(f"{experiment}_")]
        share = np.isnan(expression[columns].to_numpy()).mean()
        said[experiment] = f"| `{experiment}` | {len(columns)} |"
        said[f"{experiment} missing"] = f"| {share:.1%} |"
    return said


@pytest.mark.parametrize("name", counts())
def test_the_readme_says_what_the_files_hold(name: str) -> None:
    assert counts()[name] in README
