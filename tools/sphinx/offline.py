"""Keep scripts from elsewhere out of the pages."""

import re

from sphinx.application import Sphinx


def plain_citations(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Take away docutils' roles of the bibliography, a list without list items, which puzzles screen readers."""
    if "body" not in context:  # the page of the search
        return
    body = context["body"].replace('<div role="list" class="citation-list">', '<div class="citation-list">')
    context["body"] = re.sub(r'(<div class="citation"[^>]*) role="doc-biblioentry"', r"\1", body)


def setup(app: Sphinx) -> dict[str, bool]:
    """Undo what sphinx_thebe, which Jupyter Book always loads before this, has connected."""
    for listeners in app.events.listeners.values():
        listeners[:] = [one for one in listeners if one.handler.__module__ != "sphinx_thebe"]
    app.registry.css_files[:] = [one for one in app.registry.css_files if one[0] != "sphinx-thebe.css"]
    app.connect("html-page-context", plain_citations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
