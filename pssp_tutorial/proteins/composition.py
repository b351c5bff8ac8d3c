"""What a sequence is likely to be when its letters alone say protein, since every letter of A to Z does (chapter 4)."""

import re
from collections.abc import Sequence

from Bio.Data.PDBData import protein_letters_3to1

NUCLEOTIDES = set("ACGTU")
AMBIGUOUS = set("RYSWKMBDHVNX")  # what stands for several nucleotides
RARE = set("UOBZJ")  # words are full of them, proteins almost without
PHOSPHORYLATED = re.compile(r"p[STY]")
STATES = set("HGIEBTSCP")  # of DSSP
MISSING = ("None", "none", "NaN", "nan", "null")  # as tables hold it
LEAST = 10  # letters, below which composition says nothing


def doubt(sequence: str) -> str | None:
    """Why a sequence is perhaps not the protein that its letters spell; None where nothing speaks against it.

    >>> doubt("MKTVRQERLKSI"), doubt("ATGGCCAARTAYNNN"), doubt("AKpSPEKRDKpTAAE")
    (None, 'looks like DNA or RNA', 'has a mark before a residue (pS), whose p is read as proline')
    >>> doubt("thequickbrownfoxjumps")
    'looks like a text in words'
    """
    letters = set(sequence.upper())
    if sequence in MISSING:
        return "is how a missing value is written"
    if len(sequence) >= LEAST and letters <= set("NX"):
        return "has nothing but N or X, as an unknown sequence has"
    if len(sequence) >= LEAST and letters <= STATES and len(letters & set("HEC")) > 1:
        return "looks like the states of a protein"
    if looks_like_dna(sequence):
        return "looks like DNA or RNA"
    if mark := _phosphorylation(sequence):
        return f"has a mark before a residue ({mark}), whose p is read as proline"
    rare = sum(map(sequence.upper().count, RARE))
    if len(sequence) >= LEAST and rare > 2 and rare > 0.1 * len(sequence):
        return "looks like a text in words"
    return None


def looks_like_dna(sequence: str) -> bool:
    """Whether ten letters or more are nucleotides, some of them perhaps ambiguous or unknown.

    All of these are letters of amino acids too; but a protein with four in five of its letters from A, C, G, T and U,
    and three of them or more, is hard to find.

    >>> looks_like_dna("ATGGCCAAATAA"), looks_like_dna("MKTVRQERLKSI"), looks_like_dna("GAGAGAGAGAGA")
    (True, False, False)
    """
    letters = sequence.upper()
    found = set(letters)
    if len(letters) < LEAST or not found <= NUCLEOTIDES | AMBIGUOUS or len(found & NUCLEOTIDES) < 3:
        return False
    known = len(letters) - letters.count("N") - letters.count("X")
    return sum(map(letters.count, NUCLEOTIDES)) >= 0.8 * known


def from_three_letters(sequence: str) -> str | None:
    """The one-letter sequence of one in three letters per residue; None if it is not one.

    Four residues or more, since a short protein may begin like a name: of longer ones, none is written so by chance.

    >>> from_three_letters("MetAlaGlySer"), from_three_letters("METALAGLYSER"), from_three_letters("METAL")
    ('MAGS', 'MAGS', None)
    """
    names = [sequence[start : start + 3].upper() for start in range(0, min(len(sequence), 60), 3)]
    if len(sequence) % 3 or len(names) < 4 or not set(names) <= protein_letters_3to1.keys():
        return None
    return "".join(protein_letters_3to1[name] for name in names)


def is_prose(words: Sequence[str]) -> bool:
    """Whether the words of a line are a sentence, not a sequence in blocks.

    >>> is_prose("END OF THE FILE".split()), is_prose("MKTVRQERLK SIVRILERSK EPVSG".split())
    (True, False)
    """
    blocks = len({len(word) for word in words[:-1]}) == 1
    if len(words) < 3 or blocks:
        return False
    text = "".join(words)
    return bool(RARE & set(text.upper())) or sum(map(str.islower, text)) > len(text) / 2


def _phosphorylation(sequence: str) -> str | None:
    """The first mark of a phosphorylated residue, where small letters stand nowhere but in such marks."""
    marks = [] if sequence.isupper() else PHOSPHORYLATED.findall(sequence)
    return marks[0] if marks and len(marks) == sum(map(str.islower, sequence)) else None
