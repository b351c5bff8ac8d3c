"""``python -m pssp_tutorial.cli`` is the command ``pssp``."""

import sys

from pssp_tutorial.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
