"""Chapter 17: the adenines of two Geobacillus plasmids, and the CpGs of human chromosome 22.

    pip download --no-deps nanomotif==1.1.2 && unzip nanomotif-1.1.2-*.whl -d nanomotif
    apt-get download r-bioc-bsseq && dpkg -x r-bioc-bsseq_*.deb bsseq
    pip install rdata
    python tools/data/methylation.py nanomotif bsseq data/applications

From nanomotif's bedMethyl table (modkit, 18 columns) the rows of 6mA stay whose reference base is an adenine of that
strand. From bsseq's object the CpGs stay that 10 reads or more cover, both replicates together.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import rdata
from tables import write_table

MINIMUM_READS = 10


def read_sequences(path: Path) -> dict[str, str]:
    blocks = path.read_text().split(">")[1:]
    return {block.split()[0]: "".join(block.split("\n")[1:]) for block in blocks}


def adenines(folder: Path) -> tuple[dict[str, list], dict[str, list]]:
    """The sequences, and one row for each adenine that was measured."""
    sequences = read_sequences(folder / "geobacillus-plasmids.assembly.fasta")
    sites: dict[str, list] = {name: [] for name in ("contig", "strand", "position", "modified", "coverage")}
    with (folder / "geobacillus-plasmids.pileup.bed").open() as lines:
        for line in lines:
            contig, start, _, modification, _, strand, _, _, _, coverage, _, modified = line.split("\t")[:12]
            if modification != "a" or sequences[contig][int(start)] != {"+": "A", "-": "T"}[strand]:
                continue
            for name, value in zip(sites, (contig, strand, int(start) + 1, int(modified), int(coverage)), strict=True):
                sites[name].append(value)
    return {"contig": list(sequences), "sequence": list(sequences.values())}, sites


def slot(slots: Any, name: str, *inside: str) -> Any:
    """A slot of an R object, or one inside of it; `rdata` parses the classes of Bioconductor, and converts none."""
    while (slots.tag.referenced_object or slots.tag).value.value != name.encode():
        slots = slots.value[1]
    return slot(slots.value[0].attributes, *inside) if inside else slots.value[0]


def cpgs(path: Path) -> dict[str, np.ndarray]:
    """Distance to the CpG before, and the reads of both replicates together."""
    experiment = slot(rdata.parser.parse_file(path).object, "BS.chr22").attributes
    positions = slot(experiment, "rowRanges", "ranges", "start").value.astype(np.int64)
    reads = slot(experiment, "assays", "data", "listData")
    assert rdata.conversion.convert(slot(reads.attributes, "names")).tolist() == ["M", "Cov"]
    methylated, coverage = (one.value.reshape(2, -1).sum(axis=0) for one in reads.value)
    kept = coverage >= MINIMUM_READS
    return {
        "gap": np.diff(positions[kept], prepend=0),
        "methylated": methylated[kept],
        "unmethylated": (coverage - methylated)[kept],
    }


def main(nanomotif: Path, bsseq: Path, target: Path) -> None:
    sequences, sites = adenines(nanomotif / "nanomotif/datasets")
    write_table(target / "plasmids.csv.xz", sequences)
    write_table(target / "adenines.csv.xz", sites)
    write_table(target / "cpgs.csv.xz", cpgs(bsseq / "usr/lib/R/site-library/bsseq/data/BS.chr22.rda"))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
