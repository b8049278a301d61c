"""The file that model-deploy's `smoke` uploads, through the batch as AWS would run it, in the image's own processes."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks.serving_model import PackagedModel

ROOT = Path(__file__).resolve().parents[2]
DEPLOY_PYTHON = Path(os.environ.get("PROJECT_DEPLOY_VENV", ROOT / ".venv-deploy")) / "bin" / "python"
UPLOADED = """
import sys
from pathlib import Path
from model_deploy.smoke.cases import Cases
Path(sys.argv[2]).write_bytes(Cases.read(Path(sys.argv[1])).csv(header=True))
"""
CHECKED = """
import os, sys
from pathlib import Path
from model_deploy.smoke.cases import Cases
from model_deploy.smoke import later

class Bucket:
    def get_object(self, Bucket, Key):
        return {"Body": (Path(Bucket) / Key).open("rb")}

cases = Cases.read(Path(sys.argv[1]))
os.chdir(sys.argv[2])
print(later._manifest(Bucket(), ".", "", cases))
print(later._batch_answers(Bucket(), ".", "", cases))
"""


def agent(project: Path) -> ModuleType:
    """The project's stand-in for Batch Transform: splits, filters, joins."""
    spec = importlib.util.spec_from_file_location("batch_transform", project / "tests" / "batch_transform.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def python(interpreter: str | Path, code: list[str], project: Path, *arguments: object) -> str:
    environment = {**os.environ, "PYTHONPATH": str(project)}
    command = [str(interpreter), *code, *map(str, arguments)]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_what_smoke_uploads_comes_back_with_the_answers_of_the_package(
    packaged: PackagedModel, server: Any, tmp_path: Path
) -> None:
    deploy, package = packaged.project.parent / "model-deploy", packaged.outputs / "package"
    source, prepared, transformed, output = (tmp_path / part for part in ("in", "prepared", "transformed", "out"))
    source.mkdir()
    smoke = package / "smoke.json"
    python(DEPLOY_PYTHON, ["-c", UPLOADED], deploy, smoke, source / "rows.csv")

    def step(name: str, *arguments: object) -> str:
        return python(packaged.job_python, ["-m", f"model_build.steps.{name}"], packaged.project, *arguments)

    def ask(body: bytes, headers: dict[str, str]) -> bytes:
        request = urllib.request.Request(f"{server.url}/invocations", body, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return bytes(answer.read())

    step("prepare_batch", "--input", source, "--model-package", package, "--output", prepared)
    requests = agent(packaged.project).transform(prepared, "part-", transformed, ask, max_payload_bytes=2_000)
    assert requests > 1
    step("reconcile_batch", "--prepared", prepared, "--transformed", transformed, "--output", output)
    rows = len(json.loads(smoke.read_text())["rows"])
    said = python(DEPLOY_PYTHON, ["-c", CHECKED], deploy, smoke, output)
    assert said.splitlines()[0] == f"{rows} rows in, {rows} out"
    assert len(said.splitlines()) == 2
