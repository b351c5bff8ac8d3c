"""The rules that conftest.py sets for every other test."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPED = """
import pytest

def test_without_a_tool():
    pytest.skip("mmseqs is not installed")

@pytest.mark.skipif(True, reason="Chromium is not installed")
def test_without_another(): pass

@pytest.mark.skipif(True, reason="needs a CUDA device")
def test_on_a_device(): pass
"""

MARKED = """
import pytest

@pytest.mark.posix("fork")
def test_everywhere_but_on_windows(): pass

@pytest.mark.posix("names that are no text", macos=False)
def test_on_linux_only(): pass
"""


def summary(folder: Path, tests: str, ci: str, more: str = "") -> str:
    """The last line of a run of these tests under our conftest.py, with more lines at its end."""
    conftest = (Path(__file__).parents[1] / "conftest.py").read_text(encoding="utf-8")
    (folder / "conftest.py").write_text(conftest + more, encoding="utf-8")
    (folder / "test_these.py").write_text(tests, encoding="utf-8")
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--disable-warnings", folder)
    environment = os.environ | {"CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    return re.sub(r" in .*|, \d+ warnings?", "", done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("ci", "expected"), [("true", "1 failed, 1 skipped, 1 error"), ("false", "3 skipped")])
def test_ci_skips_nothing_silently(tmp_path: Path, ci: str, expected: str) -> None:
    """A missing tool would otherwise switch its tests off for good, and the run would still end well."""
    assert summary(tmp_path, SKIPPED, ci) == expected


@pytest.mark.parametrize(
    ("system", "expected"), [("Linux", "2 passed"), ("macOS", "1 passed, 1 skipped"), ("Windows", "2 skipped")]
)
def test_what_a_system_lacks_is_skipped_there_and_nowhere_else(tmp_path: Path, system: str, expected: str) -> None:
    """Also with CI=true, for nobody can install it."""
    assert summary(tmp_path, MARKED, "true", f"SYSTEM = {system!r}\n") == expected
