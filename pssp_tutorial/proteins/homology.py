"""Related sequences: clusters and hits, by MMseqs2 or, for small sets, in Python (chapters 3 and 4).

MMseqs2 is what the embedded chain set was split with. Where it is not installed, sequences are compared by local
alignment (BLOSUM62, gaps 11 and 1), each pair of them, which is slow: seconds for fifty sequences, minutes for
five hundred. Two filters come first. A pair whose lengths differ too much to cover each other is never a pair of one
cluster; this loses nothing. A pair without two common words of three residues is taken for unrelated; this misses
some relatives below about 30% identity, so that the fallback is for learning and for small sets. MMseqs2 also joins
clusters step by step: its clusters can be larger than the fallback's, whose members all align with the representative.
"""

import math
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.alphabet import normalise_sequence
from pssp_tutorial.proteins.cleaning import clean_sequence, short

Method = Literal["auto", "mmseqs", "python"]
LARGEST_PYTHON = 500
"""Sequences that the fallback accepts."""
COVERAGE = 0.5  # of both sequences of a cluster, by their alignment
CLUSTERING = ("--cov-mode", 0, "-s", 7.5)
"""Options of MMseqs2's easy-cluster, those of the embedded chain set."""

_WORD, _COMMON_WORDS = 3, 2
# Gapped statistics of BLOSUM62 with gap costs 11 and 1: Altschul et al. 1997, doi 10.1093/nar/25.17.3389.
_LAMBDA, _K = 0.267, 0.041


class RedundancyError(PSSPError):
    """Sequences cannot be compared as asked."""


def cluster_sequences(
    sequences: Mapping[str, str], *, identity: float = 0.25, method: Method = "auto"
) -> dict[str, str]:
    """Group sequences, given by id; the answer names the representative of each one's cluster.

    Two sequences belong together if at least ``identity`` of the aligned positions, 0 to 1, are equal, the alignment
    covers at least half of both, and its E-value is at most 1e-3. ``method="auto"`` takes MMseqs2 if ``mmseqs`` is on
    the PATH.

    Raises RedundancyError if MMseqs2 is asked for and missing or fails, or if there are too many sequences for the
    fallback.

    >>> cluster_sequences({"a": "MKTAYIAKQRQISFVKSHFSRQ" * 2, "b": "MKTAYIAKQRQISFVKSHFSRQ" * 2, "c": "GPLSPDE" * 6},
    ...                   method="python")
    {'a': 'a', 'b': 'a', 'c': 'c'}
    """
    return clusters_of(_clean(sequences), identity, method)


def clusters_of(sequences: Mapping[str, str], identity: float, method: Method) -> dict[str, str]:
    """As :func:`cluster_sequences`, of clean sequences in the letters of ``RESIDUES``."""
    if not sequences:
        return {}
    if _chosen(method, len(sequences)) == "mmseqs":
        return _mmseqs_clusters(sequences, identity)
    residues = sum(map(len, sequences.values()))
    found: dict[str, str] = {}
    representatives: list[str] = []
    for name in sorted(sequences, key=lambda name: (-len(sequences[name]), name)):
        for other in representatives:
            if len(sequences[name]) < COVERAGE * len(sequences[other]):
                continue
            hit = _alignment(sequences[name], sequences[other], residues, 1e-3)
            if hit is not None and hit[0] >= identity and min(hit[1:]) >= COVERAGE:
                found[name] = other
                break
        else:
            representatives.append(name)
            found[name] = name
    return {name: found[name] for name in sequences}


def related_pairs(
    queries: Mapping[str, str], targets: Mapping[str, str], *, evalue: float = 1e-3, method: Method = "auto"
) -> set[tuple[str, str]]:
    """Pairs (query, target) with a local alignment of at most this E-value, whatever its length and identity.

    >>> targets = {"b": "GGMKTAYIAKQRQISFVKSHFSRQ", "c": "GPLSPDEGPLS"}
    >>> related_pairs({"a": "MKTAYIAKQRQISFVKSHFSRQ"}, targets, method="python")
    {('a', 'b')}
    """
    return pairs_of(_clean(queries), _clean(targets), evalue, method)


def pairs_of(
    queries: Mapping[str, str], targets: Mapping[str, str], evalue: float, method: Method
) -> set[tuple[str, str]]:
    """As :func:`related_pairs`, of clean sequences in the letters of ``RESIDUES``."""
    if not queries or not targets:
        return set()
    if _chosen(method, max(len(queries), len(targets))) == "mmseqs":
        return _mmseqs_pairs(queries, targets, evalue)
    residues = sum(map(len, targets.values()))
    return {
        (query, target)
        for query, sequence in queries.items()
        for target, other in targets.items()
        if _alignment(sequence, other, residues, evalue) is not None
    }


def _chosen(method: Method, count: int) -> str:
    if method not in ("auto", "mmseqs", "python"):
        raise RedundancyError(f"method {method!r}; expected auto, mmseqs or python")
    installed = shutil.which("mmseqs") is not None
    if method == "mmseqs" and not installed:
        raise RedundancyError("mmseqs is not on the PATH; install MMseqs2 (Debian: mmseqs2, conda: mmseqs2)")
    if installed and method != "python":
        return "mmseqs"
    if count > LARGEST_PYTHON:
        expected = f"expected at most {LARGEST_PYTHON} without MMseqs2. Install it (Debian: mmseqs2)"
        raise RedundancyError(f"{count} sequences; {expected}")
    return "python"


def _clean(sequences: Mapping[str, str]) -> dict[str, str]:
    clean = {name: clean_sequence(text, name=short(name), on_warning=None) for name, text in sequences.items()}
    return {name: normalise_sequence(sequence) for name, sequence in clean.items()}


# --- in Python ------------------------------------------------------------------------------------------------


@cache
def _aligner() -> Any:
    from Bio.Align import PairwiseAligner, substitution_matrices

    # A gap of n residues costs 11 + n, and Biopython counts its first residue in the opening.
    aligner = PairwiseAligner(mode="local", open_gap_score=-12, extend_gap_score=-1)
    aligner.substitution_matrix = substitution_matrices.load("BLOSUM62")
    return aligner


@cache
def _words(sequence: str) -> frozenset[str]:
    return frozenset(sequence[start : start + _WORD] for start in range(len(sequence) - _WORD + 1))


def _alignment(query: str, target: str, residues: int, evalue: float) -> tuple[float, float, float] | None:
    """Identity, and coverage of query and target, of the best local alignment; None if it is not significant."""
    if len(_words(query) & _words(target)) < _COMMON_WORDS:
        return None
    aligner = _aligner()
    score = aligner.score(query, target)
    if _K * len(query) * residues * math.exp(-_LAMBDA * score) > evalue:
        return None
    best = aligner.align(query, target)[0]
    (query_start, query_end), (target_start, target_end) = best.coordinates[:, [0, -1]].tolist()
    identity = best.counts().identities / best.length
    return identity, (query_end - query_start) / len(query), (target_end - target_start) / len(target)


# --- MMseqs2 --------------------------------------------------------------------------------------------------


def _write(path: Path, sequences: Mapping[str, str]) -> dict[str, str]:
    """Write FASTA under names that MMseqs2 cannot change; the answer turns them back."""
    names = {f"s{number}": name for number, name in enumerate(sequences)}
    path.write_text("".join(f">{given}\n{sequences[name]}\n" for given, name in names.items()), encoding="ascii")
    return names


def _mmseqs(folder: Path, *arguments: object) -> None:
    command = ["mmseqs", *map(str, arguments), "-v", "1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise RedundancyError(f"mmseqs {arguments[0]} stopped with {done.returncode}: {''.join(said)}")


def _mmseqs_clusters(sequences: Mapping[str, str], identity: float) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = _write(folder / "all.fasta", sequences)
        options = ("--min-seq-id", identity, "-c", COVERAGE, *CLUSTERING)
        _mmseqs(folder, "easy-cluster", "all.fasta", "clusters", "tmp", *options)
        lines = (folder / "clusters_cluster.tsv").read_text(encoding="ascii").splitlines()
    found = {names[member]: names[leader] for leader, member in (line.split("\t") for line in lines)}
    return {name: found[name] for name in sequences}


def _mmseqs_pairs(queries: Mapping[str, str], targets: Mapping[str, str], evalue: float) -> set[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        left, right = _write(folder / "query.fasta", queries), _write(folder / "target.fasta", targets)
        options = ("-s", 7.5, "-e", evalue, "--max-seqs", 100_000, "--format-output", "query,target")
        _mmseqs(folder, "easy-search", "query.fasta", "target.fasta", "hits.tsv", "tmp", *options)
        lines = (folder / "hits.tsv").read_text(encoding="ascii").splitlines()
    return {(left[query], right[target]) for query, target in (line.split("\t") for line in lines)}
