"""The parts of benchmarks/applications.py, one a task of Part IV."""
