"""The base class of every error that a user's input can cause, and names as its messages show them."""

NO_TORCH = (
    "PyTorch is not installed; for a CPU: "
    "python -m pip install --extra-index-url https://download.pytorch.org/whl/cpu torch"
)


class PSSPError(ValueError):
    """Bad input: the message says where it is, what was found and what was expected.

    >>> from pssp_tutorial import normalise_sequence
    >>> try:
    ...     normalise_sequence("MK*")
    ... except PSSPError as error:
    ...     print(error)
    sequence: residue 3 is '*'; expected one of ACDEFGHIKLMNPQRSTVWY, XUOBZJ
    """


def shown(name: object) -> str:
    """A file's name for a message: letters that no terminal or file can hold are written as escapes.

    >>> print(shown("caf\\udce9.fasta"), shown("two\\nlines"))
    caf\\udce9.fasta two\\nlines
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(name))
