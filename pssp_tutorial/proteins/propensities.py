"""What the 20 amino acids like to be, measured in the test tube (chapter 13); `data/README.md` says where from.

Both are free energies in kcal/mol, in a helix or a strand that is there without the guest, at a site that water
reaches; **lower is better**. The zeros differ, so the two scales can't be compared with each other.
"""

# fmt: off
HELIX_PROPENSITIES: dict[str, float] = {
    "A": 0.00, "L": 0.21, "R": 0.21, "M": 0.24, "K": 0.26, "Q": 0.39, "E": 0.40, "I": 0.41, "W": 0.49, "S": 0.50,
    "Y": 0.53, "F": 0.54, "V": 0.61, "H": 0.61, "N": 0.65, "T": 0.66, "C": 0.68, "D": 0.69, "G": 1.00,
}
"""In the middle of a helix, against alanine; proline, which breaks it, is left out.

Pace and Scholtz 1998, doi 10.1016/s0006-3495(98)77529-0: the values of its abstract, from 11 peptides and proteins.
"""

STRAND_PROPENSITIES: dict[str, float] = {
    "A": -0.35, "L": -0.48, "R": -0.44, "M": -0.46, "K": -0.41, "Q": -0.40, "E": -0.41, "I": -0.56, "W": -0.48,
    "S": -0.39, "Y": -0.50, "F": -0.55, "V": -0.53, "H": -0.46, "N": -0.38, "T": -0.48, "C": -0.47, "D": -0.41,
    "G": 0.00, "P": -0.23,
}
"""In a strand of a zinc finger, against glycine.

Kim and Berg 1993, doi 10.1038/362267a0: the values of AAindex's entry KIMC930101.
"""
# fmt: on
