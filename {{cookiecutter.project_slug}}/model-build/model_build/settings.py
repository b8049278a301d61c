"""`project.toml`, typed and checked."""

from __future__ import annotations

import dataclasses
import math
import re
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
BIAS_METRICS = ("DPPL", "DCA", "DCR", "RD", "SD", "DAR", "DRR", "AD", "CDDPL")
SLUG = re.compile(r"[a-z](-*[a-z0-9]){0,31}")
INSTANCE_TYPE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9]+")


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
    if expected is float and not math.isfinite(value):
        raise SettingsError(f"project.toml: {where} = {value!r}; expected a finite number")
    if get_args(hint)[-1:] == (str,):
        _check_texts(value, where)
    return value


def _check_texts(value: list[Any] | dict[str, Any], where: str) -> None:
    named = {f"{where}.{name}": member for name, member in value.items()} if isinstance(value, dict) else {}
    for name, member in named.items() or ((where, member) for member in value):
        if not isinstance(member, str):
            raise SettingsError(f"project.toml: {name} holds {member!r}; expected text in quotes")


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
    for check in (_check_project, _check_data, _check_training, _check_gates, _check_pipeline):
        check(settings)


def _require(holds: object, setting: str, value: object, expected: str) -> None:
    if not holds:
        raise SettingsError(f"project.toml: {setting} = {value!r}; expected {expected}")


def _check_project(settings: Settings) -> None:
    slug = settings.project.slug
    accepted = "up to 32 small letters and digits, a letter first, with hyphens between them"
    _require(SLUG.fullmatch(slug) and len(slug) <= 32, "project.slug", slug, accepted)


def _check_data(settings: Settings) -> None:
    data, splits = settings.data, dataclasses.astuple(settings.data.splits)
    if min(splits) <= 0 or abs(sum(splits) - 1) > 1e-9:
        raise SettingsError(
            f"project.toml: data.splits add up to {sum(splits):g}; expected three shares above 0 that add up to 1"
        )
    _require(0 <= data.seed < 2**63, "data.seed", data.seed, "a whole number from 0")
    _require(data.label, "data.label", data.label, "the column to predict")
    _require(data.label not in data.exclude, "data.exclude", data.exclude, "columns beside the label")
    if settings.project.problem_type == "binary_classification" and not data.positive:
        raise SettingsError("project.toml: data.positive is empty; expected the label value that counts as 1")
    if data.sensitive and not data.advantaged:
        raise SettingsError("project.toml: data.advantaged is empty; expected the group the others are compared with")


def _check_training(settings: Settings) -> None:
    from model_build.analysis.errors import DataError
    from model_build.analysis.hyperparameters import OWN, parse_hyperparameters

    training = settings.training
    own = {f"training.{name}": {name: getattr(training, name)} for name in OWN}
    for name, value in training.hyperparameters.items():
        if name in OWN:
            raise SettingsError(f"project.toml: training.hyperparameters.{name}; expected it in [training]")
        own[f"training.hyperparameters.{name}"] = {name: value}
    for setting, given in own.items():
        try:
            parse_hyperparameters(given)
        except DataError as error:
            raise SettingsError(f"project.toml: {setting}: {error}") from error


def _check_gates(settings: Settings) -> None:
    metrics, bias = GATE_METRICS[settings.project.problem_type], settings.bias
    _require(settings.gate.metric in metrics, "gate.metric", settings.gate.metric, f"one of {', '.join(metrics)}")
    _require(bias.metric in BIAS_METRICS, "bias.metric", bias.metric, f"one of {', '.join(BIAS_METRICS)}")
    without_strata = settings.checks_bias and bias.metric == "CDDPL" and not settings.data.strata
    _require(not without_strata, "bias.metric", bias.metric, "data.strata to be set for it, or another metric")


def _check_pipeline(settings: Settings) -> None:
    pipeline = settings.pipeline
    for name in ("processing_instance_type", "training_instance_type"):
        value = getattr(pipeline, name)
        _require(INSTANCE_TYPE.fullmatch(value), f"pipeline.{name}", value, "an instance type such as ml.m5.xlarge")
    for name in ("volume_size_gb", "max_runtime_seconds", "cache_days"):
        _require(getattr(pipeline, name) >= 1, f"pipeline.{name}", getattr(pipeline, name), "a whole number from 1")


@cache
def load_settings(root: Path = PROJECT_ROOT) -> Settings:
    """Settings of the project at `root`, the folder that holds `project.toml`.

    Raises:
        SettingsError: as `parse_settings`, or the file is not UTF-8.
    """
    try:
        text = (root / "project.toml").read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"project.toml: {error}; expected UTF-8") from error
    return parse_settings(text)
