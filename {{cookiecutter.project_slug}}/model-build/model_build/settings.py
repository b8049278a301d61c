"""`project.toml`, typed and checked."""

from __future__ import annotations

import dataclasses
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

PROJECT_ROOT = Path(__file__).resolve().parent.parent

ProblemType = Literal["binary_classification", "multiclass_classification", "regression"]
Inference = Literal["realtime", "serverless", "async", "batch", "realtime_and_batch"]
ContinuousIntegration = Literal["codepipeline", "github", "gitlab"]
Accounts = Literal["single", "multi"]

GATE_METRICS: dict[str, dict[str, Literal["higher", "lower"]]] = {
    "binary_classification": {"auc": "higher", "accuracy": "higher", "f1": "higher", "log_loss": "lower"},
    "multiclass_classification": {"accuracy": "higher", "macro_f1": "higher", "log_loss": "lower"},
    "regression": {"rmse": "lower", "mae": "lower", "r2": "higher"},
}


class SettingsError(ValueError):
    """A line a person can act on: where in which file, and what would be accepted."""


@dataclasses.dataclass(frozen=True)
class Project:
    name: str
    slug: str
    description: str
    owner: str
    cost_center: str
    problem_type: ProblemType
    inference: Inference
    ci: ContinuousIntegration
    accounts: Accounts


@dataclasses.dataclass(frozen=True)
class Splits:
    train: float
    validation: float
    test: float


@dataclasses.dataclass(frozen=True)
class Data:
    sample: str
    null_values: list[str]
    seed: int
    label: str
    positive: str
    exclude: list[str]
    sensitive: str
    advantaged: str
    strata: str
    weight: str
    group: str
    splits: Splits


@dataclasses.dataclass(frozen=True)
class Training:
    rounds: int
    early_stopping_rounds: int
    hyperparameters: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Gate:
    metric: str
    threshold: float


@dataclasses.dataclass(frozen=True)
class Bias:
    metric: str
    maximum: float


@dataclasses.dataclass(frozen=True)
class Pipeline:
    processing_instance_type: str
    training_instance_type: str
    volume_size_gb: int
    max_runtime_seconds: int
    cache_days: int
    require_kms: bool
    require_vpc: bool


@dataclasses.dataclass(frozen=True)
class Settings:
    project: Project
    data: Data
    training: Training
    gate: Gate
    bias: Bias
    pipeline: Pipeline
    tags: dict[str, str]

    @property
    def gate_direction(self) -> Literal["higher", "lower"]:
        return GATE_METRICS[self.project.problem_type][self.gate.metric]

    @property
    def checks_bias(self) -> bool:
        return bool(self.data.sensitive) and self.project.problem_type == "binary_classification"

    def pipeline_name(self, pipeline: str) -> str:
        return f"{self.project.slug}-{pipeline}"

    @property
    def model_package_group(self) -> str:
        return self.project.slug


def _build(cls: type[Any], table: dict[str, Any], where: str) -> Any:
    hints = get_type_hints(cls)
    unknown, missing = sorted(table.keys() - hints.keys()), sorted(hints.keys() - table.keys())
    if unknown or missing:
        complaint = f"unknown setting {unknown[0]!r}" if unknown else f"setting {missing[0]!r} is missing"
        raise SettingsError(f"project.toml: {complaint} in [{where}]; expected {', '.join(hints)}")
    return cls(**{name: _value(hints[name], table[name], f"{where}.{name}") for name in hints})


def _value(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise SettingsError(f"project.toml: {where} must be a table")
        return _build(hint, value, where)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise SettingsError(f"project.toml: {where} = {value!r}; expected one of {', '.join(get_args(hint))}")
        return value
    expected = get_origin(hint) or hint
    if expected is float and type(value) is int:
        value = float(value)
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise SettingsError(f"project.toml: {where} = {value!r}; expected {expected.__name__}")
    return value


def parse_settings(text: str) -> Settings:
    """Settings from the text of a `project.toml`.

    Raises:
        SettingsError: the text is not TOML, a setting is missing, unknown, of the wrong type or out of range.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"project.toml: {error}") from error
    hints = get_type_hints(Settings)
    unknown, missing = sorted(table.keys() - hints.keys()), sorted(hints.keys() - table.keys())
    if unknown or missing:
        raise SettingsError(f"project.toml: {'unknown' if unknown else 'missing'} table [{(unknown or missing)[0]}]")
    settings: Settings = Settings(**{name: _value(hint, table[name], name) for name, hint in hints.items()})
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    splits = dataclasses.astuple(settings.data.splits)
    if min(splits) <= 0 or abs(sum(splits) - 1) > 1e-9:
        raise SettingsError(
            f"project.toml: data.splits add up to {sum(splits):g}; expected three shares above 0 that add up to 1"
        )
    metrics = GATE_METRICS[settings.project.problem_type]
    if settings.gate.metric not in metrics:
        raise SettingsError(
            f"project.toml: gate.metric = {settings.gate.metric!r}; expected one of {', '.join(metrics)}"
        )
    if settings.project.problem_type == "binary_classification" and not settings.data.positive:
        raise SettingsError("project.toml: data.positive is empty; expected the label value that counts as 1")
    if settings.data.sensitive and not settings.data.advantaged:
        raise SettingsError("project.toml: data.advantaged is empty; expected the group the others are compared with")


@cache
def load_settings(root: Path = PROJECT_ROOT) -> Settings:
    """Settings of the project at `root`, the folder that holds `project.toml`."""
    return parse_settings((root / "project.toml").read_text(encoding="utf-8"))
