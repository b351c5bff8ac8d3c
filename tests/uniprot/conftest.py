"""A server of entries on this machine, and a fetch from it."""

import pytest
from uniprot_server import UniProtServer

from pssp_tutorial.uniprot.client import QUERY
from pssp_tutorial.uniprot.fetch import fetch_uniprot


@pytest.fixture
def server():
    with UniProtServer().running() as running:
        yield running


@pytest.fixture
def fetch(server, tmp_path):
    """Fetch into out.dat with a cache of the test's own."""

    def run(name="out.dat", query=None, settings=None, **options):
        query = query or (QUERY if "accessions" in options else "any")
        options = {"cache": tmp_path / "cache", "progress": False} | options
        return fetch_uniprot(tmp_path / name, query, settings=settings or server.settings(), **options)

    return run
