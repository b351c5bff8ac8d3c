"""The command as a process of its own, and proteins for it."""

import sys

PSSP = [sys.executable, "-c", "import sys; from pssp_tutorial.cli.main import main; sys.exit(main())"]
GOOD = ">one first\nMKTVRQ\nERLK\n>two\ngagaU\n>three\nMKTVRQERLKSIVRILERSKEPVSGAQ\n"
BAD = ">one first\nMKTVRQ\nERLK\n>gap\nMK-TV\n>void\n>two\ngagaU\n"


def accessions(table):
    """The first column below the head."""
    return [line.split("\t")[0] for line in table.decode().splitlines()[1:]]
