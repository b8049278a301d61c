"""deploy.toml: what is accepted, and what a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_deploy.errors import SettingsError
from model_deploy.settings import PROJECT_ROOT, load_settings, parse_settings
from tests.stages import settings_of, settings_text

MODES = ("realtime", "serverless", "async", "batch", "realtime_and_batch")


def test_this_projects_own_settings_are_accepted() -> None:
    assert load_settings(PROJECT_ROOT).stages.keys() == {"staging", "production"}


@pytest.mark.parametrize("inference", MODES)
def test_each_way_of_inference_has_its_own_tables(inference: str) -> None:
    stage = settings_of(inference).stages["production"]
    assert bool(stage.endpoint) == (inference in ("realtime", "async", "realtime_and_batch"))
    assert bool(stage.serverless) == (inference == "serverless")
    assert bool(stage.batch) == (inference in ("batch", "realtime_and_batch"))
    assert bool(stage.challenger) == (inference in ("realtime", "realtime_and_batch"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("instances = 2", "instances = 0", "endpoint.instances = 0; expected 1 to 1000; only async scales to zero"),
        ("instances = 2", "instances = true", "endpoint.instances = True; expected a whole number"),
        ("instances = 2", 'instances = "2"', "endpoint.instances = '2'; expected a whole number"),
        ("instances = 2", "instances = 5", "max_instances = 4; expected 5 to 1000; it is no less than instances"),
        ("instances = 2", "instances = 1", "or instances = 2 and more"),
        ('policy = "rolling"', 'policy = "slow"', "expected one of all_at_once, canary, linear, rolling"),
        ('"rolling", step_percent = 50', '"canary", step_percent = 60', "expected 1 to 50 with policy canary"),
        ('"rolling", step_percent = 50', '"linear", step_percent = 9', "expected 10 to 50 with policy linear"),
        ('"rolling", step_percent = 50', '"rolling", step_percent = 4', "expected 5 to 50 with policy rolling"),
        ("wait_seconds = 300", "wait_seconds = 3601", "rollout.wait_seconds = 3601; expected 0 to 3600"),
        ("wait_seconds = 300", "wait = 300", "unknown setting 'wait' in [stages.staging.endpoint.rollout]"),
        ("latency_p99_ms = 500, ", "", "setting 'latency_p99_ms' is missing in [stages.staging.endpoint.alarms]"),
        ('"ml.m5.large"', '"m5.large"', "expected an instance type such as ml.m5.large"),
        ("capture_percent = 100", "capture_percent = 101", "capture_percent = 101; expected 0 to 100"),
        ("weight = 0.1", "weight = 1.0", "weight = 1.0; expected a share above 0 and below 1"),
        ("weight = 0.1", "weight = nan", "expected a number"),
        ("version = 0", "version = 2", "expected version = 0, or another policy"),
        ("log_retention_days = 30", "log_retention_days = 31", "log_retention_days = 31; expected one of CloudWatch's"),
        ("[stages.production]", "[stages.prod]", "unknown table 'prod' in [stages]; expected staging, production"),
        ('slug = "census-income"', 'slug = "-census"', "project.slug = '-census'; expected up to 32 letters"),
        ("[tags]", '[tags]\n"aws:x" = "1"', "tags.aws:x"),
        ("[tags]", "[tags]\nx = 1", "tags.x = 1; expected text in quotes"),
        ('name = "Census Income"', 'name = "a\\nb"', "project.name = 'a\\nb'; expected text on one line"),
        (
            "[tags]",
            "[stages.staging.batch]\n[tags]",
            "unknown setting 'batch' in [stages.staging] with project.inference",
        ),
    ],
)
def test_a_mistake_is_named_with_what_would_be_accepted(old: str, new: str, told: str) -> None:
    text = settings_text("realtime")
    assert old in text
    with pytest.raises(SettingsError, match=r"^deploy\.toml: .*") as caught:
        parse_settings(text.replace(old, new))
    assert told in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("inference", "old", "new", "told"),
    [
        ("serverless", "memory_mb = 2048", "memory_mb = 1500", "memory_mb = 1500; expected 1024 to 6144, in steps"),
        ("serverless", "provisioned_concurrency = 0", "provisioned_concurrency = 3", "no more than max_concurrency"),
        ("batch", 'schedule = "cron(0 3 * * ? *)"', 'schedule = "daily"', "expected EventBridge's form in UTC"),
        ("batch", "max_payload_mb = 6", "max_payload_mb = 60", "a product with max_concurrent_transforms of up to 100"),
        ("async", "target_per_instance = 400", "capture_percent = 3\ntarget_per_instance = 4", "'async'; expected"),
    ],
)
def test_what_a_way_of_inference_demands_is_checked(inference: str, old: str, new: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(settings_text(inference).replace(old, new))
    assert told in str(caught.value)


def test_only_async_scales_to_zero() -> None:
    text = settings_text("async").replace("instances = 1\n", "instances = 0\n")
    assert parse_settings(text).stages["staging"].endpoint.instances == 0  # type: ignore[union-attr]


def test_a_folder_without_settings_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"deploy\.toml is not in"):
        load_settings(tmp_path)


@given(st.text() | st.builds(lambda text: settings_text() + text, st.text()))
def test_any_text_is_settings_or_one_line(text: str) -> None:
    try:
        parse_settings(text)
    except SettingsError as error:
        assert str(error).startswith("deploy.toml") and "\n" not in str(error)


@given(st.sampled_from(["staging", "production"]), st.text(min_size=1))
def test_any_schedule_is_accepted_or_named(stage: str, schedule: str) -> None:
    quoted = "".join(f"\\U{ord(letter):08x}" if not 0xD800 <= ord(letter) < 0xE000 else "x" for letter in schedule)
    text = settings_text("batch").replace('"cron(0 3 * * ? *)"', f'"{quoted}"')
    try:
        parse_settings(text)
    except SettingsError as error:
        assert "schedule" in str(error) and "\n" not in str(error)
