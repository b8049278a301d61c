"""Settings that can't work are refused before any job runs, in one line that names them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from model_build.settings import PROJECT_ROOT, SettingsError, load_settings, parse_settings

SETTINGS = load_settings()
TEXT = (PROJECT_ROOT / "project.toml").read_text(encoding="utf-8")
WRONG: dict[str, list[Any]] = {
    "project.slug": ["", "-a", "a-", "a_b", "a b", "é", "A", "x" * 33, "a\n"],
    "project.problem_type": ["ranking", 1],
    "data.null_values": ["?", [1], ["", True]],
    "data.seed": [-1, 2**63, 1.5, True],
    "data.label": ["", 3],
    "data.exclude": [[1], [SETTINGS.data.label]],
    "data.splits.train": [float("nan"), float("inf"), "most"],
    "training.rounds": [0, -1, 10**6],
    "training.early_stopping_rounds": [0, -5],
    "training.hyperparameters.max_dept": [3],
    "training.hyperparameters.rounds": [10],
    "training.hyperparameters.max_depth": [-1, "deep", True, 3.5, [3]],
    "training.hyperparameters.eta": [0, 2, float("nan"), float("inf")],
    "training.hyperparameters.min_child_weight": [float("inf"), -1],
    "gate.metric": ["DPPL", ""],
    "gate.threshold": [float("nan"), float("-inf"), "0.9"],
    "bias.metric": ["auc", "CDDL", "dppl", ""],
    "bias.maximum": [float("nan"), float("inf"), True],
    "pipeline.processing_instance_type": ["m5.xlarge", "ml.m5", "ml.M5.xlarge", "", "ml.m5.xlarge "],
    "pipeline.training_instance_type": ["local", "ml..xlarge"],
    "pipeline.volume_size_gb": [0, -30, 1.5],
    "pipeline.max_runtime_seconds": [0],
    "pipeline.cache_days": [0],
    "pipeline.require_kms": [1, "yes"],
    "tags.owner": [1, True, ["me"]],
}


def changed(setting: str, value: object) -> str:
    """Text of project.toml with another value."""
    table = tomllib.loads(TEXT)
    *folders, name = setting.split(".")
    target = table
    for folder in folders:
        target = target[folder]
    target[name] = value
    return "\n".join(toml_lines(table))


def toml_lines(table: dict[str, Any], prefix: str = "") -> list[str]:
    lines = [f"{name} = {toml_value(value)}" for name, value in table.items() if not isinstance(value, dict)]
    for name, value in table.items():
        if isinstance(value, dict):
            lines += [f"[{prefix}{name}]", *toml_lines(value, f"{prefix}{name}.")]
    return lines


def toml_value(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(member) for member in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if not isinstance(value, str) else '"' + value.replace("\n", "\\n") + '"'


@pytest.mark.parametrize(
    ("setting", "value"), [(setting, value) for setting, values in WRONG.items() for value in values]
)
def test_a_setting_that_can_not_work_is_named_in_one_line(setting: str, value: object) -> None:
    with pytest.raises(SettingsError) as refusal:
        parse_settings(changed(setting, value))
    (line,) = str(refusal.value).splitlines()
    assert line.startswith("project.toml: ")
    assert setting in line
    assert "expected" in line


def test_the_projects_own_settings_survive_being_written_anew() -> None:
    assert parse_settings(changed("project.name", SETTINGS.project.name)) == SETTINGS


@pytest.mark.parametrize("slug", ["a", "a1", "a-b--c", "x" * 32])
def test_slugs_that_every_service_accepts_are_accepted(slug: str) -> None:
    assert parse_settings(changed("project.slug", slug)).project.slug == slug


@pytest.mark.skipif(not SETTINGS.checks_bias, reason="this project measures no bias")
def test_a_metric_that_compares_within_strata_needs_them() -> None:
    text = changed("bias.metric", "CDDPL")
    assert parse_settings(text).bias.metric == "CDDPL"
    with pytest.raises(SettingsError, match=r"bias\.metric = 'CDDPL'; expected data\.strata to be set"):
        parse_settings(text.replace(f'strata = "{SETTINGS.data.strata}"', 'strata = ""'))


def test_settings_that_are_no_utf8_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "project.toml").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="expected UTF-8"):
        load_settings(tmp_path)


def test_reading_settings_loads_no_heavy_library() -> None:
    code = (
        "import sys; from model_build.settings import load_settings; load_settings(); "
        "print(sorted({'numpy', 'polars', 'xgboost', 'pandera', 'sagemaker'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT_ROOT, check=True)
    assert result.stdout == "[]\n"
