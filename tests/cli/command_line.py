"""The command as a process of its own, and proteins for it."""

import subprocess
import sys

PSSP = [sys.executable, "-c", "import sys; from pssp_tutorial.cli.main import main; sys.exit(main())"]
GOOD = ">one first\nMKTVRQ\nERLK\n>two\ngagaU\n>three\nMKTVRQERLKSIVRILERSKEPVSGAQ\n"
BAD = ">one first\nMKTVRQ\nERLK\n>gap\nMK-TV\n>void\n>two\ngagaU\n"


def process(*arguments, **options) -> subprocess.CompletedProcess:
    """A run of its own; what it says is kept, unless the options of ``subprocess.run`` lead it elsewhere."""
    kept = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "check": False}
    return subprocess.run([*PSSP, *arguments], **kept | options)


def accessions(table):
    """The first column below the head."""
    return [line.split("\t")[0] for line in table.decode().splitlines()[1:]]
