"""The definitions that the schema tests read."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PROBLEM_TYPES = ("binary_classification", "multiclass_classification", "regression")
Definitions = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def definitions(bake: Callable[..., Path]) -> Definitions:
    python = Path(os.environ.get("PROJECT_VENV", HERE.parents[1] / ".venv-project")) / "bin" / "python"

    projects = [bake(problem_type=problem_type) / "model-build" for problem_type in PROBLEM_TYPES]

    def compiled(project: Path) -> Definitions:
        command = [str(python), str(HERE / "compile_all.py"), str(project)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        found: Definitions = json.loads(done.stdout)
        return found

    with ThreadPoolExecutor(2) as pool:
        return {name: found for part in pool.map(compiled, projects) for name, found in part.items()}
