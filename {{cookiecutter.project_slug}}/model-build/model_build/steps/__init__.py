"""Jobs of the pipelines: each is a program, `python -m model_build.steps.<step> --help`."""

import os

# Threads that wait by spinning make training three times slower on a machine that others use too.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
