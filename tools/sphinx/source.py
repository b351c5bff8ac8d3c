"""Links from the text to lines of the package, which also work offline.

    ```{package-module} models/lstm.py                    on the page `code`: the whole module, each line with an anchor
    ```
    {source}`models/lstm.py: eq. (forget-gate)`   a link to the one line that holds this text, "models/lstm.py, line 57"

A module that does not exist, or a text that is not found on exactly one line, is a warning, and so fails
a build with -W.
"""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

PACKAGE = Path(__file__).parents[2] / "pssp_tutorial"
PAGE = "code"


def anchor(module: str) -> str:
    """The anchors of a module's lines begin with this; a hyphen and the line's number follow.

    >>> anchor("models/lstm.py")
    'source-models-lstm'
    """
    return "source-" + module.removesuffix(".py").replace("/", "-")


def find_line(source: str, text: str) -> int:
    """The number, from 1, of the only line that holds the text.

    >>> find_line("f = 1  # eq. (forget-gate)\\nc = 2", "eq. (forget-gate)")
    1
    """
    numbers = [number for number, line in enumerate(source.splitlines(), start=1) if text in line]
    if len(numbers) != 1:
        raise ValueError(f"{text!r} is on {len(numbers)} lines; one is needed")
    return numbers[0]


class SourceRole(SphinxRole):
    """A link to one line of the package."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        module, _, text = (part.strip() for part in self.text.partition(":"))
        self.env.note_dependency(str(PACKAGE / module))
        try:
            line = find_line((PACKAGE / module).read_text(encoding="utf-8"), text)
        except (OSError, ValueError) as error:
            message = self.inliner.reporter.warning(f"source {self.text!r}: {error}", line=self.lineno)
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        page = self.env.app.builder.get_relative_uri(self.env.docname, PAGE)
        label = f"{module}, line {line}"
        link = nodes.reference("", "", nodes.literal(label, label), internal=True)
        link["refuri"] = f"{page}#{anchor(module)}-{line}"
        return [link], []


class PackageModule(SphinxDirective):
    """A module of the package in full."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        path = PACKAGE / self.arguments[0]
        self.env.note_dependency(str(path))
        try:
            source = path.read_text(encoding="utf-8")
        except OSError as error:
            raise self.error(f"module {self.arguments[0]}: {error.strerror}") from error
        block = nodes.literal_block(source, source, language="python", linenos=True, classes=["module-source"])
        block["highlight_args"] = {"lineanchors": anchor(self.arguments[0])}
        return [block]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_role("source", SourceRole())
    app.add_directive("package-module", PackageModule)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
