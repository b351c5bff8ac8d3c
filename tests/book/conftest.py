import pytest
from confirmations import with_confirmations


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = with_confirmations(items)
