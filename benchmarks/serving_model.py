"""A stamped-out project and its packaged model, for what talks to the server."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from renderer import render

PACKAGE = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
import step_outputs
step_outputs.FEW_ROUNDS = sys.argv[2]
step_outputs.run_steps(Path(sys.argv[1]))
"""
ROWS = """
import sys, polars as pl
frame = pl.concat([pl.read_parquet(path) for path in sys.argv[3:]]).with_columns(pl.col(pl.Enum).cast(pl.String))
frame.head(int(sys.argv[2])).write_json(sys.argv[1])
"""


class PackagedModel:
    """The default project's model, trained in `folder` by the project's own steps.

    Args:
        job_python: interpreter of the environment that the image holds.
        rounds: most boosting rounds; the settings' early stopping holds.
    """

    def __init__(self, folder: Path, job_python: str, rounds: int = 600) -> None:
        self.project = render({"project_slug": "serving"}, folder) / "model-build"
        self.folder = folder / "model"
        self.job_python = job_python
        self.outputs = folder / "steps"
        self._run(PACKAGE, self.outputs, rounds)
        with tarfile.open(self.outputs / "package" / "model.tar.gz") as archive:
            archive.extractall(self.folder, filter="data")
        self.signature: dict[str, Any] = json.loads((self.folder / "signature.json").read_text())

    def rows(self, most: int) -> list[dict[str, Any]]:
        """Rows that the model has not seen, features only; null where missing."""
        target = self.outputs / "rows.json"
        self._run(ROWS, target, most, self.outputs / "test" / "data.parquet")
        names = [feature["name"] for feature in self.signature["features"]]
        return [{name: row[name] for name in names} for row in json.loads(target.read_text())]

    def environment(self, port: int) -> dict[str, str]:
        """Variables for the image's entrypoint."""
        own = {"SM_MODEL_DIR": str(self.folder), "SAGEMAKER_BIND_TO_PORT": str(port), "SERVING_HOST": "127.0.0.1"}
        return {**os.environ, "PYTHONPATH": str(self.project), **own}

    def _run(self, code: str, *arguments: object) -> None:
        command = [self.job_python, "-c", code, *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(self.project)}
        done = subprocess.run(command, cwd=self.project, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"no model could be made: {done.stderr[-2000:]}")
