"""Training with early stopping (chapter 6)."""
