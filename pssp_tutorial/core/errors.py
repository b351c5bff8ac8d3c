"""The one base class of every error that a user's input can cause."""


class PSSPError(ValueError):
    """Bad input: the message says where it is, what was found and what was expected.

    >>> from pssp_tutorial import normalise_sequence
    >>> try:
    ...     normalise_sequence("MK*")
    ... except PSSPError as error:
    ...     print(error)
    sequence: residue 3 is '*'; expected one of ACDEFGHIKLMNPQRSTVWY, XUOBZJ
    """
