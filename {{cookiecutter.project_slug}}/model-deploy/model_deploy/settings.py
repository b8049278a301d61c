"""`deploy.toml`, typed and checked: how the model is served, stage by stage."""

from __future__ import annotations

import dataclasses
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from model_deploy.errors import SettingsError
from model_deploy.reading import build, only_for, read_table, read_value
from model_deploy.settings_checks import check_settings

PROJECT_ROOT = Path(__file__).resolve().parent.parent

ProblemType = Literal["binary_classification", "multiclass_classification", "regression"]
Inference = Literal["realtime", "serverless", "async", "batch", "realtime_and_batch"]
ContinuousIntegration = Literal["codepipeline", "github", "gitlab"]
InfrastructureKind = Literal["cloudformation", "terraform"]
Accounts = Literal["single", "multi"]
StageName = Literal["staging", "production"]
Policy = Literal["all_at_once", "canary", "linear", "rolling"]
STAGES: tuple[StageName, ...] = get_args(StageName)


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
    infrastructure: InfrastructureKind
    accounts: Accounts


@dataclasses.dataclass(frozen=True)
class Rollout:
    """How a new model replaces the old one; `wait_seconds` after each step, while the alarms are watched."""

    policy: Policy
    step_percent: int
    wait_seconds: int


@dataclasses.dataclass(frozen=True)
class Alarms:
    """What undoes a rollout: milliseconds, and errors a minute."""

    latency_p99_ms: int
    errors_5xx: int
    errors_model: int


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """Instances behind an endpoint; `target_per_instance` is requests a minute, or waiting requests of async."""

    instance_type: str
    instances: int
    max_instances: int
    target_per_instance: int
    rollout: Rollout
    alarms: Alarms
    capture_percent: int | None = only_for("realtime", "realtime_and_batch")


@dataclasses.dataclass(frozen=True)
class Challenger:
    version: int
    mode: Literal["shadow", "ab"]
    weight: float


@dataclasses.dataclass(frozen=True)
class Serverless:
    memory_mb: int
    max_concurrency: int
    provisioned_concurrency: int
    alarms: Alarms


@dataclasses.dataclass(frozen=True)
class Batch:
    instance_type: str
    instances: int
    max_payload_mb: int
    max_concurrent_transforms: int
    max_runtime_seconds: int
    schedule: str
    on_new_data: bool


@dataclasses.dataclass(frozen=True)
class Stage:
    """Of `endpoint`, `challenger`, `serverless` and `batch`, those are there that the way of inference needs."""

    monthly_budget_usd: int
    log_retention_days: int
    endpoint: Endpoint | None = only_for("realtime", "async", "realtime_and_batch")
    challenger: Challenger | None = only_for("realtime", "realtime_and_batch")
    serverless: Serverless | None = only_for("serverless")
    batch: Batch | None = only_for("batch", "realtime_and_batch")

    @property
    def alarms(self) -> Alarms | None:
        served = self.endpoint or self.serverless
        return served.alarms if served else None


@dataclasses.dataclass(frozen=True)
class Settings:
    project: Project
    stages: dict[StageName, Stage]
    tags: dict[str, str]

    @property
    def model_package_group(self) -> str:
        return self.project.slug

    def name(self, stage: str, what: str = "") -> str:
        """Name of what this project has in a stage; the endpoint's own without `what`."""
        return "-".join(part for part in (self.project.slug, stage, what) if part)


def parse_settings(text: str) -> Settings:
    """Settings from the text of a `deploy.toml`.

    Raises:
        SettingsError: the text is not TOML, a setting is missing, unknown, of the wrong type or out of range.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"deploy.toml: {error}") from error
    _expect_tables(table, ("project", "stages", "tags"), "the file")
    project: Project = build(Project, read_table(table["project"], "project"), "project")
    stages = read_table(table["stages"], "stages")
    _expect_tables(stages, STAGES, "[stages]")
    settings = Settings(
        project,
        {name: build(Stage, _stage(stages, name), f"stages.{name}", project.inference) for name in STAGES},
        read_value(dict[str, str], table["tags"], "tags"),
    )
    check_settings(settings)
    return settings


def _stage(stages: dict[str, Any], name: StageName) -> dict[str, Any]:
    return read_table(stages[name], f"stages.{name}")


def _expect_tables(table: dict[str, Any], expected: tuple[str, ...], where: str) -> None:
    unknown, missing = sorted(table.keys() - set(expected)), [name for name in expected if name not in table]
    if unknown or missing:
        complaint = f"unknown table {unknown[0]!r}" if unknown else f"table {missing[0]!r} is missing"
        raise SettingsError(f"deploy.toml: {complaint} in {where}; expected {', '.join(expected)}")


@cache
def load_settings(root: Path = PROJECT_ROOT) -> Settings:
    """Settings of the project at `root`, the folder that holds `deploy.toml`.

    Raises:
        SettingsError: as `parse_settings`, or the file is absent or not UTF-8.
    """
    try:
        text = (root / "deploy.toml").read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"deploy.toml: {error}; expected UTF-8") from error
    except FileNotFoundError as error:
        raise SettingsError(f"deploy.toml is not in {root}; expected it there") from error
    return parse_settings(text)
