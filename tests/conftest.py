"""What holds for every test: no network, and what comes last."""

import os

import pytest

# Nothing listens at the discard port: whoever asks for another machine is refused at once.
NO_NETWORK = "http://127.0.0.1:9"
LAST = ("test_measured.py", "test_site.py")  # they look at what the other tests and `make test` have made


def pytest_configure() -> None:
    """Refuse the network to the tests and to the kernels that run the chapters."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy"):
        os.environ[name] = os.environ[name.upper()] = NO_NETWORK
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1,::1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name in LAST)


def missing(what: str) -> None:
    """Skip with the reason; fail under CI=true, where nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and CI=true allows no skipped test")
    pytest.skip(what)
