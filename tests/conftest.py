"""What holds for every test: no network, and what comes last."""

import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from pssp_tutorial.core import files

# Nothing listens at the discard port: whoever asks for another machine is refused at once.
NO_NETWORK = "http://127.0.0.1:9"
# The only reasons to skip in CI.
NOT_INSTALLABLE = ("needs a CUDA device", "this processor has no", "no /dev/full", "Windows has no")
LAST = ("test_measured.py", "test_site.py")  # they look at what the other tests and `make test` have made


def pytest_configure() -> None:
    """Refuse the network to the tests and to the kernels that run the chapters."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy"):
        os.environ[name] = os.environ[name.upper()] = NO_NETWORK
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1,::1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name in LAST)


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
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Call it with a file's name: from then on the system refuses every byte for it, as on a full disk."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    create = files.create_beside

    def fill(name: str) -> None:
        def led_away(path: Path) -> object:
            handle = create(path)
            if path.name == name:
                os.dup2(os.open("/dev/full", os.O_WRONLY), handle.fileno())
            return handle

        monkeypatch.setattr(files, "create_beside", led_away)

    return fill
