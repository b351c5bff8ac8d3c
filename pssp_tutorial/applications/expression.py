"""Gene expression over the cell cycle of yeast, in four experiments (chapter 18)."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np

from pssp_tutorial.applications.tables import ApplicationDataError, read_table
from pssp_tutorial.batches.sequences import SequenceLoader

EXPERIMENTS = ("alpha", "cdc15", "cdc28", "elu")
PHASES = ("M/G1", "G1", "S", "G2", "M")
EVEN_MINUTES = {"cdc15": (70, 250)}
"""Where an experiment was sampled at even steps, if not all of it was."""
HELD_OUT_GENES, CHOICE_GENES = 200, 100
MOST_MISSING = 0.1
START = 6
"""Times from whose mean a course is counted; what comes later is scored."""


@dataclass(frozen=True, eq=False)
class Expression:
    """Log2 ratios, to an unsynchronised culture, of 800 genes that Spellman et al. called periodic.

    Each gene is counted from its mean over the experiment.
    """

    genes: tuple[str, ...]  # systematic names
    phases: tuple[str, ...]  # in which each gene peaks, one of PHASES
    minutes: dict[str, np.ndarray]  # by experiment, when it was sampled, float32[time]
    values: dict[str, np.ndarray]  # by experiment, float32[gene, time]; nan where missing


@dataclass(frozen=True, eq=False)
class Courses:
    """Some genes in one experiment, without gaps.

    A missing value is the last one before it, or 0 at the beginning: nothing is taken from the future.
    """

    experiment: str
    genes: np.ndarray  # indices into Expression.genes, int64[gene]
    minutes: np.ndarray  # evenly spaced, float32[time]
    values: np.ndarray  # float32[gene, time]
    observed: np.ndarray  # False where a value was missing: nothing is scored there, bool[gene, time]


@dataclass(frozen=True, eq=False)
class ExpressionSplit:
    """Some genes in three experiments to learn from, others to choose by; further genes in the fourth to test on.

    ``peek`` is what a fair model never sees: the training genes in the test experiment.
    """

    train: tuple[Courses, ...]
    val: tuple[Courses, ...]
    test: Courses
    peek: Courses


def load_expression(folder: str | PathLike | None = None) -> Expression:
    """The four experiments, read with their checksum.

    Raises ReadError or ApplicationDataError if the file is missing, damaged or another one.

    >>> expression = load_expression()
    >>> {name: values.shape for name, values in expression.values.items()}
    {'alpha': (800, 18), 'cdc15': (800, 24), 'cdc28': (800, 17), 'elu': (800, 14)}
    """
    table = read_table("expression.csv.xz", {"gene": "str", "phase": "str"}, "float32", folder)
    names = {name: [column for column in map(str, table) if column.startswith(f"{name}_")] for name in EXPERIMENTS}
    return Expression(
        tuple(table["gene"]),
        tuple(table["phase"]),
        {name: np.array([column.split("_")[1] for column in names[name]], dtype=np.float32) for name in EXPERIMENTS},
        {name: table[names[name]].to_numpy() for name in EXPERIMENTS},
    )


def fill_forward(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fill gaps from the past alone; the answer is the filled values and which of them were observed.

    >>> filled, observed = fill_forward(np.array([[np.nan, 0.5, np.nan, -1.0]]))
    >>> filled.tolist(), observed.tolist()
    ([[0.0, 0.5, 0.5, -1.0]], [[False, True, False, True]])
    """
    observed = ~np.isnan(values)
    last = np.maximum.accumulate(np.where(observed, np.arange(values.shape[1]), -1), axis=1)
    filled = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return np.where(last < 0, np.zeros_like(values), filled), observed


def courses(expression: Expression, experiment: str, genes: np.ndarray, start: int | None = START) -> Courses:
    """Those genes in one experiment, where it was sampled evenly; a gene with over a tenth missing is left out.

    Each course is counted from the mean of its first ``start`` times. In the file it is counted from its mean over the
    whole experiment, so that its beginning tells its end; None leaves it so, to show what that does.

    >>> courses(load_expression(), "cdc15", np.arange(10)).values.shape
    (10, 19)
    """
    if experiment not in EXPERIMENTS:
        raise ApplicationDataError(f"experiment {experiment!r}; expected one of {', '.join(EXPERIMENTS)}")
    minutes = expression.minutes[experiment]
    first, last = EVEN_MINUTES.get(experiment, (0, np.inf))
    even = (minutes >= first) & (minutes <= last)
    values = expression.values[experiment][np.ix_(genes, even)]
    kept = np.isnan(values).mean(axis=1) <= MOST_MISSING
    values = values[kept]
    if start is not None:
        values = values - np.nanmean(values[:, :start], axis=1, keepdims=True)
    return Courses(experiment, np.asarray(genes)[kept], minutes[even], *fill_forward(values))


def hold_out_experiment(
    expression: Expression, experiment: str, seed: int = 0, *, start: int | None = START
) -> ExpressionSplit:
    """Hold out an experiment and 200 of the genes: neither occurs in what is learnt from or chosen by.

    Raises ApplicationDataError for another experiment. ``start`` as in :func:`courses`.

    >>> split = hold_out_experiment(load_expression(), "alpha")
    >>> [course.experiment for course in split.train], split.test.experiment
    (['cdc15', 'cdc28', 'elu'], 'alpha')
    """
    order = np.random.default_rng(seed).permutation(len(expression.genes))
    test, val, train = np.split(order, [HELD_OUT_GENES, HELD_OUT_GENES + CHOICE_GENES])
    held_out = courses(expression, experiment, test, start)
    others = [name for name in EXPERIMENTS if name != experiment]
    return ExpressionSplit(
        tuple(courses(expression, name, train, start) for name in others),
        tuple(courses(expression, name, val, start) for name in others),
        held_out,
        courses(expression, experiment, train, start),
    )


def course_loader(
    parts: Sequence[Courses], first: int = START, *, seed: int = 0, batch_courses: int = 64
) -> SequenceLoader:
    """Batches of courses, one gene in one experiment each: from all values but the last, each time the next one.

    The parts may be of different lengths; ``first`` is the index of the first time that is scored, where it is known.

    >>> loader = course_loader(hold_out_experiment(load_expression(), "alpha").train)
    >>> next(iter(loader)).inputs.shape[1:], next(iter(loader)).labels.shape[1:]
    (torch.Size([13, 1]), torch.Size([13, 1]))
    """
    inputs: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    for part in parts:
        wanted = np.where(part.observed, part.values, np.nan)
        wanted[:, :first] = np.nan
        inputs.extend(part.values[:, :-1, None])
        labels.extend(wanted[:, 1:, None].astype(np.float32))
    longest = max(len(values) for values in inputs)
    return SequenceLoader(inputs, labels, batch_positions=batch_courses * longest, seed=seed)
