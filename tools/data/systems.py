"""Chapter 20: the repressilator, a published model in SBML, copied as it is.

pip download --no-deps sbmlutils==0.15.0 && unzip sbmlutils-0.15.0-*.whl -d sbmlutils
python tools/data/systems.py sbmlutils data/applications
"""

import sys
from pathlib import Path

from pssp_tutorial.core.resources import write_checked

SOURCE = "sbmlutils/resources/models/repressilator/BIOMD0000000012_urn.xml"


def main(sbmlutils: Path, target: Path) -> None:
    model = (sbmlutils / SOURCE).read_bytes()
    assert b"creativecommons.org/publicdomain/zero" in model, "the model no longer says that it is CC0"
    print(f"repressilator.xml: {len(model):,} bytes, SHA-256 {write_checked(target / 'repressilator.xml', model)}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
