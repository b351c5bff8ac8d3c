"""Chapter 18: 800 genes of yeast over the cell cycle, in four experiments.

apt-get download r-cran-kohonen && dpkg -x r-cran-kohonen_*.deb kohonen
python tools/data/expression.py kohonen data/applications
"""

import sys
from pathlib import Path

from r_objects import read_rda
from tables import write_table

EXPERIMENTS = ("alpha", "cdc15", "cdc28", "elu")


def main(kohonen: Path, target: Path) -> None:
    yeast = read_rda(kohonen / "usr/lib/R/site-library/kohonen/data/yeast.rda")["yeast"]
    genes = yeast["alpha"].attributes["dimnames"][0]
    phases = yeast["class"].attributes["levels"]
    columns = {"gene": genes, "phase": [phases[code - 1] for code in yeast["class"].value]}
    for name in EXPERIMENTS:
        rows, times = yeast[name].attributes["dimnames"]
        assert rows == genes, f"{name}: other genes"
        for time, values in zip(times, yeast[name].value.reshape(len(times), len(genes)), strict=True):
            columns[f"{name}_{time.removeprefix(name).lstrip('_')}"] = values
    write_table(target / "expression.csv.xz", columns)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
