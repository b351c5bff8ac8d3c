"""The parts of benchmarks/inside.py."""
