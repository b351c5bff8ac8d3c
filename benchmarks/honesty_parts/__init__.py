"""The parts of benchmarks/honesty.py: how a number about a model can mislead, measured."""
