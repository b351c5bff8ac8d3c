"""Recipes of ``pssp train``: files that say what its command line would, for one training or for several."""

import argparse
import tomllib
from collections.abc import Mapping
from os import PathLike
from typing import Any, NoReturn

from pssp_tutorial.cli.step import DEFAULTS, Step, add_options
from pssp_tutorial.core.errors import PSSPError, shown
from pssp_tutorial.core.files import open_text

STEP = "step"


def read_recipe(path: str | PathLike, given: Mapping[str, Any]) -> list[Step]:
    """The steps of a recipe, a TOML file: the options of all steps, and in each table ``[[step]]`` those of one.

    Without a table there is one step. The checks of the values are those of the command line; options that are
    ``given`` there count more. Files are named from the folder of the command.

    Raises PSSPError, naming the file and the step, for a file that is not TOML, an unknown option, or a value that it
    cannot have.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/mine.toml"
    ...     _ = open(path, "w").write('hidden = 128\\n[[step]]\\nout = "a"\\n[[step]]\\nout = "b"\\nepochs = 5')
    ...     steps = read_recipe(path, {"seed": 1})
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
    if not tables:
        raise PSSPError(f"{shown(path)}: no step; expected tables under [[{STEP}]], or none for one step")
    steps = []
    for place, table in zip(places(path, len(tables)), tables, strict=True):
        parser = _Parser(place)
        add_options(parser)
        said = vars(parser.parse_args(_arguments(document | table, place)))
        try:
            steps.append(Step(**{**said, **given}))
        except PSSPError as error:
            raise PSSPError(f"{place}: {error}") from error
    return steps


def places(path: str | PathLike, steps: int) -> list[str]:
    """What messages call the steps of a recipe.

    >>> places("mine.toml", 1), places("mine.toml", 2)
    (['mine.toml'], ['mine.toml: step 1', 'mine.toml: step 2'])
    """
    return [f"{shown(path)}: step {number}" for number in range(1, steps + 1)] if steps > 1 else [shown(path)]


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
        if any("\0" in str(part) or (several and str(part).startswith("-")) for part in values):
            raise PSSPError(
                f"{place}: {key} is {value!r}; expected no zero byte, and ./ before a name that begins with -"
            )
        if flag:
            arguments += [f"--{key}"] * value
        elif several:
            arguments += [f"--{key}", *map(str, values)]
        else:
            arguments.append(f"--{key}={value}")
    return arguments


def _expected(several: bool, flag: bool) -> str:
    return "true or false" if flag else "a text, or several in brackets" if several else "a number or a text"
