"""Looking inside a trained model (chapter 13)."""
