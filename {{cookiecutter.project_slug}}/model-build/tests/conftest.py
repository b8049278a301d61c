from __future__ import annotations

from pathlib import Path

import pytest
from local_pipelines import Laptop
from step_outputs import StepOutputs, run_steps


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    """A workspace of its own, that does not exist yet."""
    return Laptop(tmp_path)


@pytest.fixture(scope="session")
def steps(tmp_path_factory: pytest.TempPathFactory) -> StepOutputs:
    """Outputs of every step, run once on the project's sample data."""
    return run_steps(tmp_path_factory.mktemp("steps"))
