"""What holds for every test: no network, one thread, and the options that say how hard chance is tried."""

import os
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pssp_tutorial.core import files

collect_ignore_glob = ["conftest.py", "*/conftest.py"]  # every room may have one; they hold no doctests
BUILT = [Path(__file__).parents[1] / "build" / name / "_build" / "html" for name in ("checked-site", "site")]
# Nothing listens at the discard port: whoever asks for another machine is refused at once.
NO_NETWORK = "http://127.0.0.1:9"
# The only reasons to skip in CI.
NOT_INSTALLABLE = ("needs a CUDA device", "this processor has no", "no /dev/full", "Windows has no", "macOS has no")
SYSTEM = {"win32": "Windows", "darwin": "macOS"}.get(sys.platform, "Linux")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("the book")
    group.addoption("--site", metavar="FOLDER", help="the built site to look at (default: the one built last)")
    group.addoption("--fuzz-examples", metavar="N", type=int, default=150, help="inputs per fuzz test (default: 150)")
    group.addoption("--kills", metavar="N", type=int, default=20, help="how often a download is killed (default: 20)")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse the network to the tests and to the kernels that run the chapters, and give each one thread."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy"):
        os.environ[name] = os.environ[name.upper()] = NO_NETWORK
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1,::1"
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: two workers share two cores
    examples = config.getoption("--fuzz-examples")
    settings.register_profile("fuzz", max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    settings.register_profile("busy", deadline=None)  # on a machine that does something else too, time says nothing
    settings.load_profile("busy")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens the site, confirm what chapters measure, and begin with the files that take long.

    Two workers that begin with these end at about the same time.
    """
    for item in items:
        if {"browser", "site"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
    if any(item.path.suffix == ".ipynb" for item in items):
        from confirmations import with_confirmations

        items[:] = with_confirmations(items)
    long = {item.path for item in items if item.path.suffix == ".ipynb" or item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs something that the system has not, as the marker ``posix`` says."""
    for mark in item.iter_markers("posix"):
        if SYSTEM == "Windows" or (SYSTEM == "macOS" and not mark.kwargs.get("macos", True)):
            pytest.skip(f"{SYSTEM} has no {mark.args[0]}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI=true a skipped test fails: there nothing may be missing that can be installed."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        reason = report.longrepr[2]
        if not any(words in reason for words in NOT_INSTALLABLE):
            report.outcome, report.longrepr = "failed", f"{reason} (CI=true allows no skipped test)"
    return report


@pytest.fixture
def full_device() -> Path:
    """A file of the system that refuses every byte, as a full disk does."""
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("this system has no /dev/full")
    return device


@pytest.fixture
def full_disk(full_device: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Call it with a file's name: from then on the system refuses every byte for it, as on a full disk."""
    create = files.create_beside

    def fill(name: str) -> None:
        def led_away(path: Path) -> object:
            handle = create(path)
            if path.name == name:
                os.dup2(os.open(full_device, os.O_WRONLY), handle.fileno())
            return handle

        monkeypatch.setattr(files, "create_beside", led_away)

    return fill


@pytest.fixture(scope="session")
def site(pytestconfig: pytest.Config) -> Path:
    named = pytestconfig.getoption("--site")
    folders = [Path(named).resolve()] if named else BUILT
    built = [folder for folder in folders if (folder / "index.html").exists()]
    if not built:
        pytest.skip("there is no built site: make test or make book builds it")
    return max(built, key=lambda folder: (folder / "index.html").stat().st_mtime)
