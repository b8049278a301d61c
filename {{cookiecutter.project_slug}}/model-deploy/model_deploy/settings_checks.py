"""What settings must be beyond their types: ranges, and what goes together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from model_deploy.errors import SettingsError
from model_deploy.reading import require
from model_deploy.rollout_time import MOST_SECONDS, longest_wait, rollout_seconds

if TYPE_CHECKING:
    from model_deploy.settings import Alarms, Batch, Challenger, Endpoint, Rollout, Serverless, Settings, Stage

SLUG = re.compile(r"(?=.{1,32}\Z)[a-zA-Z](-*[a-zA-Z0-9])*")
INSTANCE_TYPE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9]+")
SCHEDULE = re.compile(r"cron\(\S+( \S+){5}\)|rate\([1-9]\d{0,3} (minute|hour|day)s?\)")
LOG_RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288)
LOG_RETENTION_DAYS = (*LOG_RETENTION, 3653)
MOST_TAGS = 40
SHARES = {"canary": (1, 50), "linear": (10, 50), "rolling": (5, 50)}


def check_settings(settings: Settings) -> None:
    """Hold the settings against what AWS accepts and against each other.

    Raises:
        SettingsError: the first contradiction found.
    """
    slug = settings.project.slug
    require(
        SLUG.fullmatch(slug),
        "project.slug",
        slug,
        "up to 32 letters and digits, a letter first, with hyphens between them",
    )
    for name, stage in settings.stages.items():
        _check_stage(stage, f"stages.{name}", settings.project.inference)
    _check_tags(settings.tags)


def _check_tags(tags: dict[str, str]) -> None:
    require(len(tags) <= MOST_TAGS, "tags", f"{len(tags)} tags", f"at most {MOST_TAGS}")
    for key, value in tags.items():
        free = re.fullmatch(r"[\w .:/=+@-]{1,128}", key) and not re.match(r"(?i)aws:|sagemaker:", key)
        require(free, f"tags.{key}", key, "letters, digits and _ . : / = + @ - (not aws: or sagemaker: in front)")
        require(
            re.fullmatch(r"[\w .:/=+@-]{0,256}", value),
            f"tags.{key}",
            value,
            "up to 256 letters, digits and _ . : / = + @ -",
        )


def _check_stage(stage: Stage, where: str, inference: str) -> None:
    _range(stage.monthly_budget_usd, 1, 10_000_000, f"{where}.monthly_budget_usd")
    days = stage.log_retention_days
    listed = ", ".join(map(str, LOG_RETENTION_DAYS))
    require(days in LOG_RETENTION_DAYS, f"{where}.log_retention_days", days, f"one of CloudWatch's: {listed}")
    if stage.endpoint:
        _check_endpoint(stage.endpoint, f"{where}.endpoint", inference)
        _check_rollout(stage.endpoint.rollout, stage.endpoint.instances, f"{where}.endpoint.rollout")
        _check_duration(stage.endpoint, f"{where}.endpoint.rollout")
    if stage.alarms:
        _check_alarms(stage.alarms, f"{where}.{'endpoint' if stage.endpoint else 'serverless'}.alarms")
    if stage.challenger:
        _check_challenger(stage.challenger, stage, where)
    if stage.serverless:
        _check_serverless(stage.serverless, f"{where}.serverless")
    if stage.batch:
        _check_batch(stage.batch, f"{where}.batch")


def _check_endpoint(endpoint: Endpoint, where: str, inference: str) -> None:
    _instance_type(endpoint.instance_type, f"{where}.instance_type")
    least = 0 if inference == "async" else 1
    reason = "" if inference == "async" else "; only async scales to zero"
    _range(endpoint.instances, least, 1000, f"{where}.instances", reason)
    least = max(endpoint.instances, 1)
    _range(endpoint.max_instances, least, 1000, f"{where}.max_instances", "; it is no less than instances")
    _range(endpoint.target_per_instance, 1, 1_000_000, f"{where}.target_per_instance")
    if endpoint.capture_percent is not None:
        _range(endpoint.capture_percent, 0, 100, f"{where}.capture_percent")


def _check_rollout(rollout: Rollout, instances: int, where: str) -> None:
    _range(rollout.wait_seconds, 0, 3600, f"{where}.wait_seconds")
    _range(rollout.step_percent, 1, 100, f"{where}.step_percent")
    if rollout.policy == "all_at_once":
        return
    expected = f"all_at_once with {instances} instance{'s' * (instances != 1)}, or instances = 2 and more"
    require(instances >= 2, f"{where}.policy", rollout.policy, expected)
    least, most = SHARES[rollout.policy]
    _range(rollout.step_percent, least, most, f"{where}.step_percent", f" with policy {rollout.policy}")


def _check_duration(endpoint: Endpoint, where: str) -> None:
    """A rollout that takes longer than an hour can't be followed to its end; some of that hour is for the rest."""
    seconds, longest = rollout_seconds(endpoint), longest_wait(endpoint)
    if seconds <= MOST_SECONDS:
        return
    rollout, minutes = endpoint.rollout, -(-seconds // 60)
    accepted = [f"wait_seconds up to {longest}"] if longest >= 0 else []
    accepted += ["a larger step_percent"] if rollout.policy in ("linear", "rolling") else []
    raise SettingsError(
        f"deploy.toml: {where}.wait_seconds = {rollout.wait_seconds} with policy = {rollout.policy!r} and "
        f"step_percent = {rollout.step_percent} takes about {minutes} min; "
        f"expected at most {MOST_SECONDS // 60} min: {' or '.join(accepted)}"
    )


def _check_alarms(alarms: Alarms, where: str) -> None:
    _range(alarms.latency_p99_ms, 1, 3_600_000, f"{where}.latency_p99_ms")
    _range(alarms.errors_5xx, 1, 1_000_000, f"{where}.errors_5xx")
    _range(alarms.errors_model, 1, 1_000_000, f"{where}.errors_model")


def _check_challenger(challenger: Challenger, stage: Stage, where: str) -> None:
    _range(challenger.version, 0, 1_000_000_000, f"{where}.challenger.version")
    weight = challenger.weight
    require(0 < weight < 1, f"{where}.challenger.weight", weight, "a share above 0 and below 1")
    policy = stage.endpoint.rollout.policy if stage.endpoint else ""
    if challenger.version and policy == "rolling":
        raise SettingsError(
            f"deploy.toml: {where}.challenger.version = {challenger.version} with {where}.endpoint.rollout.policy = "
            "'rolling', which SageMaker has for one model only; expected version = 0, or another policy"
        )


def _check_serverless(serverless: Serverless, where: str) -> None:
    memory, most = serverless.memory_mb, serverless.max_concurrency
    require(memory in range(1024, 6145, 1024), f"{where}.memory_mb", memory, "1024 to 6144, in steps of 1024")
    _range(most, 1, 200, f"{where}.max_concurrency")
    warm = serverless.provisioned_concurrency
    _range(warm, 0, most, f"{where}.provisioned_concurrency", "; it is no more than max_concurrency")


def _check_batch(batch: Batch, where: str) -> None:
    _instance_type(batch.instance_type, f"{where}.instance_type")
    _range(batch.instances, 1, 1000, f"{where}.instances")
    _range(batch.max_payload_mb, 1, 100, f"{where}.max_payload_mb")
    _range(batch.max_concurrent_transforms, 1, 100, f"{where}.max_concurrent_transforms")
    product = batch.max_payload_mb * batch.max_concurrent_transforms
    expected = "a product with max_concurrent_transforms of up to 100, as SageMaker demands"
    require(product <= 100, f"{where}.max_payload_mb", batch.max_payload_mb, expected)
    _range(batch.max_runtime_seconds, 60, 5 * 24 * 3600, f"{where}.max_runtime_seconds")
    scheduled = not batch.schedule or SCHEDULE.fullmatch(batch.schedule)
    accepted = 'EventBridge\'s form in UTC, such as "cron(0 3 * * ? *)" or "rate(12 hours)", or "" for none'
    require(scheduled, f"{where}.schedule", batch.schedule, accepted)


def _instance_type(value: str, where: str) -> None:
    require(INSTANCE_TYPE.fullmatch(value), where, value, "an instance type such as ml.m5.large")


def _range(value: int, least: int, most: int, where: str, reason: str = "") -> None:
    require(least <= value <= most, where, value, f"{least} to {most}{reason}")
