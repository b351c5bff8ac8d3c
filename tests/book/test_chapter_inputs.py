"""A chapter is executed again when something that it uses has changed, and only then."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import inputs
import pytest

BOOK = inputs.REPOSITORY / "book"
CHAPTERS = [path.stem for path in sorted(BOOK.glob("*.ipynb"))]
LOADED = """
import re, sys
import pssp_tutorial as pssp

for name in re.findall(r"pssp((?:\\.\\w+)+)", sys.stdin.read()):
    value = pssp
    for part in name.split(".")[1:]:
        value = getattr(value, part, None)
print(*(name for name in sys.modules if name.partition(".")[0] == "pssp_tutorial"))
"""


def code_of(chapter: str) -> str:
    return "\n".join(inputs.code_of(BOOK / f"{chapter}.ipynb"))


@pytest.mark.parametrize("chapter", ["02_lstm", "03_uniprot", "06_training"])
@pytest.mark.slow
def test_what_python_loads_is_among_the_inputs(chapter: str) -> None:
    """An independent truth: the modules that a fresh Python has loaded once all names of the chapter are looked up."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], input=code_of(chapter), capture_output=True, text=True, check=True
    )
    loaded = {inputs.path_of(name) for name in done.stdout.split()}
    assert len(loaded) > 10
    assert loaded - set(inputs.files(chapter, code_of(chapter))) == set()


def test_other_rooms_are_not_among_the_inputs() -> None:
    rooms = {path.parent.name for path in inputs.files("02_lstm", code_of("02_lstm"))}
    assert {"models", "batches", "proteins", "checks"} <= rooms
    assert not {"cli", "uniprot", "training", "prediction", "evaluation"} & rooms


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_results_and_quizzes_of_a_chapter_are_its_own(chapter: str) -> None:
    read = [path for path in inputs.files(chapter, code_of(chapter)) if path.suffix == ".json"]
    quizzes = [path.name for path in read if path.parent.name == "quizzes"]
    assert quizzes == [f"chapter_{int(chapter[:2])}.json"]
    measured = sorted(path.stem for path in read if path.parent.name == "results")
    assert measured == sorted(set(re.findall(r'read_results\("(\w+)"', code_of(chapter))))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that a test may change, beside what it reads."""
    shutil.copytree(inputs.PACKAGE, tmp_path / "pssp_tutorial", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("data", "book", "benchmarks"):
        (tmp_path / name).symlink_to(inputs.REPOSITORY / name)
    return tmp_path / "pssp_tutorial"


def digest_with(package: Path, chapter: str) -> str:
    script = "import sys, inputs; print(inputs.digest(sys.argv[1], inputs.code_of(inputs.Path(sys.argv[2]))))"
    command = (sys.executable, "-c", script, chapter, BOOK / f"{chapter}.ipynb")
    variables = os.environ | {"PYTHONPATH": str(Path(inputs.__file__).parent)}
    folder = package.parent  # Python looks there first
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.posix("symbolic links that everybody may make")
@pytest.mark.slow
def test_only_a_change_of_what_is_imported_counts(package: Path) -> None:
    """Chapter 2 builds an LSTM: the command line is none of its business, and models/lstm.py is."""
    before = digest_with(package, "02_lstm")
    for path in (package / "cli").glob("*.py"):
        path.write_text(path.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert digest_with(package, "02_lstm") == before
    changed = package / "models" / "lstm.py"
    changed.write_text(changed.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert digest_with(package, "02_lstm") != before
