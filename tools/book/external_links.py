"""List the links that lead out of the built site and the pages they stand on; with --check, ask each for an answer
and list those that give none.

python tools/book/external_links.py build/site/_build/html
python tools/book/external_links.py build/site/_build/html --check        # needs a network
"""

import argparse
import re
import sys
from pathlib import Path

import requests

LINK = re.compile(r'<a\b[^>]*\bhref="(https?://[^"#]+)')
TIMEOUT = 20  # seconds


def external_links(site: Path) -> dict[str, list[str]]:
    """Each address, and the pages that link to it."""
    found: dict[str, list[str]] = {}
    for page in sorted(site.glob("*.html")):
        for address in sorted(set(LINK.findall(page.read_text(encoding="utf-8")))):
            found.setdefault(address.replace("&amp;", "&"), []).append(page.name)
    return dict(sorted(found.items()))


def fault(address: str) -> str:
    """What is wrong with an address; nothing if it answers. A refusal of programs (403, 429) is an answer too."""
    try:
        status = requests.get(address, timeout=TIMEOUT, stream=True, headers={"User-Agent": "Mozilla/5.0"}).status_code
    except requests.RequestException as error:
        return type(error).__name__
    return "" if status < 400 or status in (403, 429) else str(status)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path, help="the folder with index.html")
    parser.add_argument("--check", action="store_true", help="ask each address; exit with 1 if one does not answer")
    arguments = parser.parse_args()
    faults = 0
    for address, pages in external_links(arguments.site).items():
        problem = fault(address) if arguments.check else ""
        faults += bool(problem)
        if problem or not arguments.check:
            print(address, f"{len(pages)} pages" if len(pages) > 3 else ", ".join(pages), problem, sep="\t")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
