"""How a number about a model can mislead: measured on chapter 6's model, or one of its size.

    PSSP_RESULTS=benchmarks/results python benchmarks/honesty.py [seeds] [where] [leak] [bugs]

One thread; about 20 minutes for all parts. A killed run goes on where it was: trainings keep their checkpoints in
build/honesty. `leak` needs MMseqs2.
"""

from honesty_parts.bugs import bugs
from honesty_parts.leak import leak
from honesty_parts.seeds import seeds, where
from parts import run_parts

if __name__ == "__main__":
    run_parts(seeds, where, leak, bugs)
