"""Colab and the download button give the plain notebooks, which need nothing from the site to be read.

Colab opens them from a branch of their own, `notebooks_branch`; Binder has JupyterLab and keeps the chapters. The
button at the head of a page gives the file in `_sources`: when the site is ready, the plain notebooks take the places
of the chapters there.
"""

import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

sys.path.append(str(Path(__file__).resolve().parents[1] / "book"))


def open_plain(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Let the buttons for Colab name the branch of the plain notebooks."""
    options = app.config.html_theme_options
    chapters = "/".join(("/blob", options["repository_branch"], options["path_to_docs"].strip("/"))).rstrip("/")
    for group in context.get("header_buttons", ()):
        for button in group.get("buttons", ()):
            if "colab" in button.get("url", ""):
                button["url"] = button["url"].replace(f"{chapters}/", f"/blob/{app.config.notebooks_branch}/")


def give_plain(app: Sphinx, exception: Exception | None) -> None:
    """Put the plain notebooks where the pages' download buttons find them."""
    if exception is not None or app.builder.name != "html":
        return
    import plain  # here, so that a build of other pages needs nothing of it

    try:
        plain.main(Path(app.outdir) / "_sources", Path(app.outdir), replace=True)
    except (KeyError, ValueError) as error:
        logging.getLogger(__name__).warning("plain notebooks: %s", error)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("notebooks_branch", "notebooks", "html")
    app.connect("html-page-context", open_plain, priority=900)  # after the theme has made its buttons
    app.connect("build-finished", give_plain, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
