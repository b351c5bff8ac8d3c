"""Part IV measured: baselines and LSTMs on each task, three seeds, intervals over what is independent, and the leaks.

    OMP_NUM_THREADS=1 PSSP_RESULTS=benchmarks/results python benchmarks/applications.py [PART ...]

The parts are methylation, cpgs, expression, image_series, systems, systems_leak, pathway, patients, patients_leak and
visual_fields; without one, all. Each writes applications_<part>.json.
"""

from application_parts.cpgs import cpgs
from application_parts.expression import expression
from application_parts.image_series import image_series
from application_parts.methylation import methylation
from application_parts.pathway import pathway
from application_parts.patients import patients
from application_parts.patients_leak import patients_leak
from application_parts.systems import systems
from application_parts.systems_leak import systems_leak
from application_parts.visual_fields import visual_fields
from parts import run_parts

if __name__ == "__main__":
    with_leak = patients, patients_leak
    run_parts(methylation, cpgs, expression, image_series, systems, systems_leak, pathway, *with_leak, visual_fields)
