"""Chapter 18: 800 genes of yeast over the cell cycle, in four experiments.

apt-get download r-cran-kohonen && dpkg -x r-cran-kohonen_*.deb kohonen
pip install rdata
python tools/data/expression.py kohonen data/applications
"""

import sys
from pathlib import Path

import rdata
from tables import write_table

EXPERIMENTS = ("alpha", "cdc15", "cdc28", "elu")


def main(kohonen: Path, target: Path) -> None:
    yeast = rdata.read_rda(kohonen / "usr/lib/R/site-library/kohonen/data/yeast.rda")["yeast"]
    genes = yeast["alpha"].indexes["dim_0"]
    columns = {"gene": genes.tolist(), "phase": yeast["class"].tolist()}
    for name in EXPERIMENTS:
        assert yeast[name].indexes["dim_0"].equals(genes), f"{name}: other genes"
        for time, values in yeast[name].to_pandas().items():
            columns[f"{name}_{time.removeprefix(name).lstrip('_')}"] = values.tolist()
    write_table(target / "expression.csv.xz", columns)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
