"""From sequences to predicted states, and the files they are written to (chapter 5)."""
