"""Scores, segments, intervals and calibration (chapters 7 and 8)."""
