"""Recipes of ``pssp train``: files that say what its command line would, for one training or for several."""

import argparse
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from os import PathLike
from typing import Any, NoReturn

from pssp_tutorial.core.errors import PSSPError, shown
from pssp_tutorial.core.files import open_text

STEP = "step"
NEED_PROFILES = ("read_profile", "relatives", "fading", "teacher", "profile_weight", "accessibility_weight")


@dataclass(frozen=True)
class Step:
    """One training, or one mean of two models: the options of ``pssp train``, whose help says what they are.

    Raises PSSPError for options that need another one.
    """

    out: str = ""
    data: str | None = None
    start: str | None = None
    checkpoint: str | None = None
    seed: int = 0
    threads: int | None = None
    device: str = "auto"
    quiet: bool = False

    states: int = 3
    hidden: int = 64
    layers: int = 2
    embedding: int = 32
    kernel: int = 0
    dropout: float = 0.3

    epochs: int = 20
    patience: int = 3
    learning_rate: float = 4e-3
    warmup: float = 0.5
    batch_residues: int = 8_000
    average: float = 0.0
    bfloat16: bool = False

    profiles: str | None = None
    read_profile: bool = False
    relatives: float = 0.0
    fading: int = 0
    teacher: Sequence[str] = ()
    profile_weight: float = 0.0
    accessibility_weight: float = 0.0

    mean_of: Sequence[str] = ()
    share: float | None = None
    results: str | None = None

    def __post_init__(self) -> None:
        if not self.profiles:
            for name in NEED_PROFILES:
                if getattr(self, name):
                    raise PSSPError(f"--{name.replace('_', '-')} is given; expected --profiles with it")
        if not self.mean_of and (self.share is not None or self.results):
            raise PSSPError("--share or --results is given; expected --mean-of with it")


DEFAULTS = {field.name.replace("_", "-"): field.default for field in fields(Step)}


def read_recipe(
    path: str | PathLike, add_options: Callable[[argparse.ArgumentParser], None], given: Mapping[str, Any]
) -> list[Step]:
    """The steps of a recipe, a TOML file: the options of all steps, and in each table ``[[step]]`` those of one.

    Without a table there is one step. The checks of the values are those of the command line, whose options
    ``add_options`` adds; those that are ``given`` there count more. Files are named from the folder of the command.

    Raises PSSPError, naming the file and the step, for a file that is not TOML, an unknown option, or a value that it
    cannot have.

    >>> import tempfile
    >>> from pssp_tutorial.cli.train import add_options
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/mine.toml"
    ...     _ = open(path, "w").write('hidden = 128\\n[[step]]\\nout = "a"\\n[[step]]\\nout = "b"\\nepochs = 5')
    ...     steps = read_recipe(path, add_options, {"seed": 1})
    >>> [(step.out, step.hidden, step.epochs, step.seed) for step in steps]
    [('a', 128, 20, 1), ('b', 128, 5, 1)]
    """
    try:
        with open_text(path) as handle:
            document = tomllib.loads(handle.read())
    except tomllib.TOMLDecodeError as error:
        raise PSSPError(f"{shown(path)}: not TOML ({error}); expected lines such as hidden = 128") from error
    tables = document.pop(STEP, [{}])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise PSSPError(f"{shown(path)}: {STEP} is {tables!r}; expected tables under [[{STEP}]]")
    steps = []
    for number, table in enumerate(tables, start=1):
        place = f"{shown(path)}: step {number}" if len(tables) > 1 else shown(path)
        parser = _Parser(place)
        add_options(parser)
        said = vars(parser.parse_args(_arguments(document | table, place)))
        try:
            steps.append(Step(**{**said, **given}))
        except PSSPError as error:
            raise PSSPError(f"{place}: {error}") from error
    return steps


class _Parser(argparse.ArgumentParser):
    """Checks a recipe's options; what is wrong is told with the place in the recipe."""

    def __init__(self, place: str) -> None:
        super().__init__(place, argument_default=argparse.SUPPRESS, add_help=False, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise PSSPError(f"{self.prog}: {message}")


def _arguments(table: Mapping[str, Any], place: str) -> list[str]:
    """The command line that says the same as a recipe's table."""
    arguments: list[str] = []
    for key, value in table.items():
        if key not in DEFAULTS:
            raise PSSPError(f"{place}: {key!r} is no option; expected one of {', '.join(sorted(DEFAULTS))}")
        several, flag = isinstance(DEFAULTS[key], tuple), isinstance(DEFAULTS[key], bool)
        values = value if several and isinstance(value, list) else [value]
        if not all(isinstance(part, bool if flag else str | int | float) for part in values):
            raise PSSPError(f"{place}: {key} is {value!r}; expected {_expected(several, flag)}")
        if flag:
            arguments += [f"--{key}"] * value
        elif several:
            arguments += [f"--{key}", *map(str, values)]
        else:
            arguments.append(f"--{key}={value}")
    return arguments


def _expected(several: bool, flag: bool) -> str:
    return "true or false" if flag else "a text, or several in brackets" if several else "a number or a text"
