"""The rules that conftest.py sets for every other test."""

import os
import re
import shutil
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


@pytest.mark.parametrize(("ci", "expected"), [("true", "1 failed, 1 skipped, 1 error"), ("false", "3 skipped")])
def test_ci_skips_nothing_silently(tmp_path: Path, ci: str, expected: str) -> None:
    """A missing tool would otherwise switch its tests off for good, and the run would still end well."""
    shutil.copy(Path(__file__).parents[1] / "conftest.py", tmp_path)
    (tmp_path / "test_skipped.py").write_text(SKIPPED)
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path)
    done = subprocess.run(
        command,
        env=os.environ | {"CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert re.sub(r" in .*", "", done.stdout.splitlines()[-1]) == expected
