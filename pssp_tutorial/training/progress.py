"""A bar for those who watch a run."""

import os
import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm.auto import tqdm

# A notebook that a person has open sets one of these; one that is executed to build the book sets none.
NOTEBOOK_IN_USE = ("JPY_SESSION_NAME", "COLAB_RELEASE_TAG", "VSCODE_PID")


def progress_bar(shown: bool | None, done: int, epochs: int) -> "tqdm":
    """One bar for the run, gone at its end: the history says what happened.

    With None it is shown only where somebody watches, in a terminal or an open notebook.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm asks for ipywidgets, and does without
        from tqdm.auto import tqdm
    if shown is None:
        shown = sys.stderr.isatty() or any(name in os.environ for name in NOTEBOOK_IN_USE)
    layout = "{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
    return tqdm(total=epochs, initial=done, disable=not shown, leave=False, bar_format=layout)
