from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_pipelines import (
    BUCKET,
    compare,
    condition,
    definition,
    fail,
    get,
    json_get,
    output_of,
    parameter,
    processing,
)

from model_build import cli
from model_build.laptop import laptop_image
from model_build.pipelines import compile as compiling
from model_build.settings import Settings, load_settings

HERE = ("compile", "run", "list", "approve", "reject", "diagram", "image-uri", "serve", "invoke", "openapi")
COMMANDS = (*HERE, "upsert", "start", "status")
WRITE = (
    "import json, pathlib, sys; target = pathlib.Path(sys.argv[-1])\n"
    "rows = (pathlib.Path(sys.argv[1]) / 'data.csv').read_text()\n"
    "(target / 'model.tar.gz').write_text(rows)\n"
    "(target / 'report.json').write_text(json.dumps({'gate': {'metric': 'auc', 'value': 0.93}}))\n"
)

Answer = tuple[int, str, str]
Run = Callable[..., Answer]


def pipeline(settings: Settings) -> dict[str, Any]:
    def below(name: str) -> dict[str, Any]:
        return {"Std:Join": {"On": "/", "Values": [output_of("Make"), name]}}

    register = {
        "Name": "Register",
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": settings.model_package_group,
            "InferenceSpecification": {"Containers": [{"Image": "image", "ModelDataUrl": below("model.tar.gz")}]},
            "ModelMetrics": {"ModelQuality": {"Statistics": {"S3Uri": below("report.json")}}},
            "CustomerMetadataProperties": {"git-commit": get("Parameters.GitCommit")},
        },
    }
    gate = compare(json_get("Make", "Report", "gate.value"), "GreaterThanOrEqualTo", get("Parameters.GateThreshold"))
    return definition(
        processing("Make", WRITE, inputs={"in": get("Parameters.InputData")}, cache="P1D"),
        condition("Gate", gate, then=[register], otherwise=[fail("GateFailed", "auc is too low")]),
        parameters=[
            parameter("InputData", "String", f"{BUCKET}/data"),
            parameter("GateThreshold", "Float", 0.9),
            parameter("GitCommit", "String", "unknown"),
            {"Name": "DataVersion", "Type": "String"},
        ],
    )


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """The command line in a project of its own, whose compiled pipeline is small and written by hand."""
    settings = load_settings()
    (tmp_path / settings.data.sample).mkdir()
    (tmp_path / settings.data.sample / "data.csv").write_text("sample")
    compiled = tmp_path / "training.json"
    compiled.write_text(json.dumps(pipeline(settings)))
    monkeypatch.setattr(cli, "PROJECT_ROOT", tmp_path)
    monkeypatch.setattr(compiling, "compile_pipeline", lambda *_, **__: compiled)
    monkeypatch.setenv("MODEL_BUILD_JOB_PYTHON", sys.executable)

    def answer(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["model_build", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return answer


def test_a_run_tells_where_model_and_registry_entry_are_and_what_comes_next(run: Run, tmp_path: Path) -> None:
    code, out, err = run("run")
    told = dict(
        line.split(maxsplit=1) for line in out.splitlines() if line.startswith(("Model", "Registered", "Entry", "Next"))
    )
    group = load_settings().model_package_group
    assert (code, err) == (0, "")
    assert Path(told["Model"]).read_text() == "sample"
    assert told["Registered"] == f"{group} version 1, PendingManualApproval"
    assert json.loads(Path(told["Entry"]).read_text())["ModelApprovalStatus"] == "PendingManualApproval"
    assert told["Next"] == "python -m model_build approve 1"
    assert (tmp_path / "docs" / "training-pipeline.svg").read_text().startswith("<svg")


def test_a_run_reads_data_that_an_earlier_one_brought_here(run: Run, tmp_path: Path) -> None:
    assert run("run")[0] == 0
    (brought,) = (tmp_path / ".local" / "s3").glob("*/data/*")
    uri = f"s3://{brought.relative_to(tmp_path / '.local' / 's3').as_posix()}"
    assert run("run", "--set", f"InputData={uri}")[0] == 0


def test_another_run_takes_the_cache_and_other_data_or_no_cache_do_not(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "data.csv").write_text("mine")
    assert "Make: from cache" not in run("run")[1]
    assert "Make: from cache" in run("run")[1]
    assert "Make: from cache" not in run("run", "--no-cache")[1]
    assert "Make: from cache" not in run("run", "--data", str(tmp_path / "mine"))[1]
    assert "Make: kept\n" in run("run", "--from", "Gate")[1]
    assert "Make: from cache" in run("run")[1]


def test_a_gate_that_is_not_reached_ends_with_1_and_its_message(run: Run) -> None:
    code, out, _ = run("run", "--set", "GateThreshold=0.95")
    assert code == 1
    assert "GateFailed failed: auc is too low\n" in out
    assert "execution.json" in out


def test_models_are_listed_approved_and_rejected(run: Run) -> None:
    assert "No models in" in run("list")[1]
    run("run")
    run("run")
    group = load_settings().model_package_group
    assert run("approve", "2", "--reason", "better") == (0, f"{group} version 2: Approved\n", "")
    assert run("reject", "1") == (0, f"{group} version 1: Rejected\n", "")
    rows = [line.split() for line in run("list")[1].splitlines()[1:]]
    assert [row[:4] for row in rows] == [["1", "Rejected", "auc", "0.9300"], ["2", "Approved", "auc", "0.9300"]]
    assert "better" in rows[1]


BAD: list[tuple[tuple[str, ...], str]] = [
    (("approve", "7"), "has no version 7; it is empty"),
    (("reject", "7"), "has no version 7; it is empty"),
    (("run", "--set", "Threshold=1"), "unknown parameter 'Threshold'; expected one of InputData, GateThreshold"),
    (("run", "--set", "GateThreshold=high"), "GateThreshold=high is not accepted; expected a number"),
    (("run", "--set", "GateThreshold"), "'GateThreshold' is not accepted; expected Name=Value"),
    (("run", "--from", "Gate"), "run it whole first"),
    (("run", "--from", "Nowhere"), "no step 'Nowhere'; expected one of Make, Gate, Register, GateFailed"),
    (("run", "--data", "/nowhere"), "/nowhere is no folder; expected one with CSV or Parquet files"),
    (("run", "--data", ".", "--set", "InputData=s3://b/k"), "say different things"),
    (("compile", "--bindings", "moon"), "--bindings moon is not accepted; expected laptop or aws"),
]


@pytest.mark.parametrize(("arguments", "complaint"), BAD)
def test_bad_usage_is_one_line_and_exit_code_2(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and complaint in err and err.count("\n") == 1
    assert not (tmp_path / ".local" / "executions").exists()


def test_a_missing_interpreter_for_jobs_is_answered_with_the_command_that_makes_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MODEL_BUILD_JOB_PYTHON")
    monkeypatch.setenv("JOB_VENV", str(tmp_path / "none"))
    code, _, err = run("run")
    assert code == 2
    assert "no interpreter for jobs" in err and "`make setup`" in err


def test_a_container_run_without_engine_or_image_says_what_is_missing(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER", str(engine(tmp_path, "exit 1")))
    assert "its engine does not answer" in run("run", "--container")[2]
    monkeypatch.setenv("DOCKER", str(engine(tmp_path, 'test "$1" = ps')))
    missing = f"image {laptop_image(load_settings())} is not here; build it with `make image`"
    assert run("run", "--container")[2] == f"error: {missing}\n"
    monkeypatch.setenv("DOCKER", str(tmp_path / "none"))
    assert run("run", "--container")[2].startswith("error: no container engine found")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_container_run_isolates_the_job_and_mounts_its_folder(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER", str(engine(tmp_path, f'echo "$@" >> {tmp_path}/calls; test "$1" != run')))
    code, _, _ = run("run", "--container")
    line = next(call for call in (tmp_path / "calls").read_text().splitlines() if call.startswith("run "))
    assert code == 1
    assert " --network none " in line
    assert "/Make/ml:/opt/ml " in line
    assert " --user 0:" not in line
    assert f" --entrypoint python {laptop_image(load_settings())} -c " in line
    assert "--env AWS" not in line


def engine(folder: Path, script: str) -> Path:
    path = folder / "engine"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(run: Run, command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"  python -m model_build {command}" in out


def test_help_is_there_at_once_because_nothing_heavy_is_imported() -> None:
    heavy = "{'boto3', 'botocore', 'matplotlib', 'numpy', 'pandas', 'polars', 'rich', 'sagemaker', 'xgboost'}"
    code = f"import sys, model_build.cli; print(sorted({heavy} & set(sys.modules)))"
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    assert subprocess.check_output([sys.executable, "-c", code], env=environ, text=True) == "[]\n"
