"""Steps as programs: their help, their exit codes, their one-line errors."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from step_outputs import SETTINGS, StepOutputs, preprocess_arguments

from model_build.analysis.errors import DataError
from model_build.analysis.hyperparameters import parse_hyperparameters
from model_build.settings import PROJECT_ROOT
from model_build.steps import bias, evaluate, preprocess, train
from model_build.steps.command import BAD_USAGE, FAILED, StepError, run

TRAINING_STEPS = ["preprocess", "check_contract", "baseline", "train", "evaluate", "bias", "package"]
STEPS = [*TRAINING_STEPS, "prepare_batch", "reconcile_batch"]


@pytest.mark.parametrize("step", STEPS)
def test_help_shows_an_example_of_every_step(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(f"model_build.steps.{step}")
    with pytest.raises(SystemExit) as ended:
        module.main(["--help"])
    assert ended.value.code == 0
    assert f"python -m model_build.steps.{step} --" in capsys.readouterr().out


@pytest.mark.parametrize("step", STEPS)
def test_a_missing_option_is_one_line_and_bad_usage(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"model_build.steps.{step}").main([])
    assert ended.value.code == BAD_USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{step}: the following arguments are required: --")


def test_a_step_started_as_a_program_fails_with_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model_build.steps.baseline", "--data", str(tmp_path), "--output", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    result = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT_ROOT, env=environment, check=False)
    assert result.returncode == BAD_USAGE
    assert result.stdout == ""
    expected = f"baseline: {tmp_path}/data.parquet does not exist; expected the output of an earlier step"
    assert result.stderr.splitlines() == [expected]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [(StepError("no"), FAILED), (StepError("no", BAD_USAGE), BAD_USAGE), (DataError("no"), FAILED)],
)
def test_expected_errors_become_exit_codes(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        run(main, "step")
    assert ended.value.code == code
    assert capsys.readouterr().err == "step: no\n"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (
            {"max_dept": 3},
            "unknown hyperparameter 'max_dept'; expected one of rounds, early_stopping_rounds, max_depth",
        ),
        ({"max_depth": "deep"}, "hyperparameter max_depth = deep; expected a whole number from 0 up to 64"),
        ({"max_depth": "3.5"}, "hyperparameter max_depth = 3.5; expected a whole number from 0 up to 64"),
        ({"eta": 0}, "hyperparameter eta = 0; expected a number above 0 up to 1"),
        ({"eta": "nan"}, "hyperparameter eta = nan; expected a number above 0 up to 1"),
        ({"gamma": "inf"}, "hyperparameter gamma = inf; expected a number from 0"),
        ({"min_child_weight": -1}, "hyperparameter min_child_weight = -1; expected a number from 0"),
    ],
)
def test_a_wrong_hyperparameter_says_what_is_accepted(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(DataError) as failure:
        parse_hyperparameters(given)
    assert str(failure.value).startswith(complaint)


def test_hyperparameters_come_typed_from_text() -> None:
    assert parse_hyperparameters({"max_depth": "4", "eta": "0.3", "rounds": 10}) == {
        "max_depth": 4,
        "eta": 0.3,
        "rounds": 10,
    }


@pytest.mark.parametrize(
    ("rest", "complaint"),
    [
        (["--max_depth"], "--max_depth has no value; expected --NAME VALUE"),
        (["max_depth", "3"], "unexpected argument 'max_depth'; expected --NAME VALUE"),
        (["--depth", "3"], "unknown hyperparameter 'depth'"),
    ],
)
def test_wrong_training_arguments_are_bad_usage(rest: list[str], complaint: str) -> None:
    with pytest.raises(StepError) as failure:
        train.read_hyperparameters(rest, SETTINGS)
    assert failure.value.exit_code == BAD_USAGE
    assert str(failure.value).startswith(complaint)


def test_given_hyperparameters_win_over_the_projects() -> None:
    found = train.read_hyperparameters(["--max_depth", "2"], SETTINGS)
    assert (found["max_depth"], found["rounds"]) == (2, SETTINGS.training.rounds)


def test_training_uses_the_cores_that_sagemaker_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SM_NUM_CPUS", "7")
    assert train.thread_count() == 7


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "high"])
def test_a_threshold_is_a_finite_number(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    folders = ["--model", "m", "--test", "t", "--output", "o", "--predictions", "p"]
    with pytest.raises(SystemExit) as ended:
        evaluate.main([*folders, f"--gate-threshold={text}"])
    assert ended.value.code == BAD_USAGE
    with pytest.raises(SystemExit) as ended:
        bias.main(["--predictions", "p", "--train", "t", "--output", "o", f"--maximum={text}"])
    assert ended.value.code == BAD_USAGE
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(f"{text!r}; expected a finite number" in line for line in lines)


def test_too_few_rows_are_refused_and_nothing_is_written(steps: StepOutputs, tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    pl.read_parquet(steps.test / "data.parquet").head(10).write_csv(tmp_path / "input" / "few.csv")
    outputs = StepOutputs(tmp_path / "outputs")
    with pytest.raises(DataError, match="the data has 10 rows; expected at least 50"):
        preprocess.main(["--input", str(tmp_path / "input"), *preprocess_arguments(outputs)])
    assert not outputs.root.exists()


def test_a_missing_label_is_named(steps: StepOutputs, tmp_path: Path) -> None:
    label = SETTINGS.data.label
    pl.read_parquet(steps.test / "data.parquet").drop(label).write_csv(tmp_path / "a.csv")
    with pytest.raises(DataError, match=f"a.csv: column '{label}' is missing; found "):
        preprocess.main(["--input", str(tmp_path), *preprocess_arguments(StepOutputs(tmp_path / "outputs"))])
