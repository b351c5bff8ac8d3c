"""The command ``pssp``."""
