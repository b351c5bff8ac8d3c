"""The LSTM and the models built from it, and their files (chapters 2 and 5)."""
