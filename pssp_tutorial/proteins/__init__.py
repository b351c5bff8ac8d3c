"""Proteins: the alphabet, records, FASTA, the chain set and homology (chapters 1 and 4)."""
