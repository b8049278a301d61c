"""The image's entrypoint: SageMaker's training and serving contract, and any other command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from model_build import entrypoint

PROJECT = Path(__file__).resolve().parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "input" / "config").mkdir(parents=True)
    for channel in entrypoint.CHANNELS:
        (tmp_path / "input" / "data" / channel).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def run(root: Path) -> Run:
    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(PROJECT), "SM_ML_ROOT": str(root), **variables}
        command = [sys.executable, "-m", "model_build.entrypoint", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return run


def give(root: Path, **hyperparameters: object) -> None:
    (root / "input" / "config" / "hyperparameters.json").write_text(json.dumps(hyperparameters))


def test_training_arguments_name_every_folder_and_hyperparameter(root: Path) -> None:
    give(root, max_depth="6", rounds="10")
    arguments = entrypoint.training_arguments(root)
    assert dict(zip(arguments[0::2], arguments[1::2], strict=True)) == {
        "--train": str(root / "input/data/train"),
        "--validation": str(root / "input/data/validation"),
        "--preprocessing": str(root / "input/data/preprocessing"),
        "--model-dir": str(root / "model"),
        "--output-dir": str(root / "output/data"),
        "--checkpoint-dir": str(root / "checkpoints"),
        "--max_depth": "6",
        "--rounds": "10",
    }
    assert (root / "checkpoints").is_dir()


def test_hyperparameters_of_the_sdk_are_left_out_and_its_quotes_removed(root: Path) -> None:
    give(root, sagemaker_program="x.py", _tuning_objective_metric="auc", tree_method='"hist"', eta="0.1")
    assert entrypoint.read_hyperparameters(root) == {"tree_method": "hist", "eta": "0.1"}


def test_a_job_without_hyperparameters_uses_those_of_the_settings(root: Path) -> None:
    assert entrypoint.read_hyperparameters(root) == {}


@pytest.mark.parametrize("content", ["[1]", '{"rounds": 10}', "{"])
def test_unreadable_hyperparameters_are_refused_in_one_line(root: Path, content: str) -> None:
    (root / "input" / "config" / "hyperparameters.json").write_text(content)
    with pytest.raises(entrypoint.EntrypointError, match="hyperparameters.json: .*") as refusal:
        entrypoint.read_hyperparameters(root)
    assert "\n" not in str(refusal.value)


def test_a_missing_channel_is_the_reason_of_the_failure(run: Run, root: Path) -> None:
    (root / "input" / "data" / "validation").rmdir()
    result = run("train")
    assert result.returncode != 0
    assert "channel 'validation' is missing" in (root / "output" / "failure").read_text()
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_the_last_line_of_a_failed_training_is_its_reason(run: Run, root: Path) -> None:
    result = run("train")
    reason = (root / "output" / "failure").read_text()
    assert result.returncode != 0
    assert reason.strip() == result.stderr.strip().splitlines()[-1]
    assert len(reason) <= entrypoint.FAILURE_LENGTH + 1
    assert reason.count("\n") == 1


def test_a_training_that_succeeds_leaves_no_failure(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrypoint, "_run_step", lambda step, arguments: (0, ""))
    assert entrypoint.train(root) == 0
    assert not (root / "output" / "failure").exists()


def test_a_killed_training_says_that_memory_was_short(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    suicide = tmp_path / "python"
    suicide.write_text("#!/bin/sh\nkill -9 $$\n")
    suicide.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(suicide))
    assert entrypoint.train(root) == 137
    assert (root / "output" / "failure").read_text() == "train: ended by SIGKILL: most likely out of memory\n"


def test_any_other_command_runs_as_given_without_a_shell(run: Run) -> None:
    result = run("printf", "%s", "$HOME; *", "two words")
    assert (result.returncode, result.stdout) == (0, "$HOME; *two words")


def test_the_exit_code_of_another_command_is_passed_on(run: Run) -> None:
    assert run(sys.executable, "-c", "raise SystemExit(7)").returncode == 7


def test_a_command_that_does_not_exist_is_named(run: Run) -> None:
    result = run("no-such-command")
    assert (result.returncode, result.stderr) == (127, "no-such-command: No such file or directory\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"), [((), "no command given"), (("train", "--x"), "train takes no arguments")]
)
def test_bad_usage_is_one_line_and_exit_code_2(run: Run, arguments: tuple[str, ...], complaint: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "８０"])
def test_a_wrong_port_is_refused(run: Run, port: str) -> None:
    result = run("serve", SAGEMAKER_BIND_TO_PORT=port)
    assert result.returncode == 2
    assert "expected a port from 1 to 65535" in result.stderr


@pytest.mark.parametrize("variable", ["WEB_CONCURRENCY", "SERVING_MAX_PAYLOAD_MB"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "100000"])
def test_a_wrong_limit_of_the_server_is_refused(run: Run, variable: str, value: str) -> None:
    result = run("serve", **{variable: value})
    assert result.returncode == 2
    assert f"{variable} = {value!r}; expected a whole number from 1 to" in result.stderr
    assert result.stderr.count("\n") == 1


def test_sagemaker_may_choose_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    assert entrypoint.serving_port() == 8080
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", "9000")
    assert entrypoint.serving_port() == 9000
