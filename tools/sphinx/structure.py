"""The scripts of `pssp.view_structure`, on the pages that show a structure and on no other."""

from sphinx.application import Sphinx

from pssp_tutorial.plots.view_html import LIBRARY, SCRIPTS, STYLE_SHEET


def add_scripts(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    if 'class="structure-view"' in context.get("body", ""):
        app.add_css_file(STYLE_SHEET)
        for name in (LIBRARY, *SCRIPTS):
            app.add_js_file(name)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
