"""The parts of benchmarks/dssp.py."""
