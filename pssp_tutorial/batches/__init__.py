"""Padded batches of sequences, of proteins and of profiles (chapter 4)."""
