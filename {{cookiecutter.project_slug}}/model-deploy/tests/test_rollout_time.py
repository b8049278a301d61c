"""How long a rollout takes, and that one which can't be followed to its end is refused."""

from __future__ import annotations

import dataclasses

import pytest

from model_deploy.errors import SettingsError
from model_deploy.rollout_time import MOST_SECONDS, START_SECONDS, longest_wait, rollout_seconds
from model_deploy.settings import Endpoint, Policy, Rollout, parse_settings
from tests.stages import settings_of, settings_text


def endpoint(policy: Policy, step: int, wait: int, instances: int = 2, most: int = 4) -> Endpoint:
    found = settings_of().stages["production"].endpoint
    assert found is not None
    rollout = Rollout(policy, step, wait)
    return dataclasses.replace(found, instances=instances, max_instances=most, rollout=rollout)


@pytest.mark.parametrize(
    ("policy", "step", "wait", "seconds"),
    [
        ("all_at_once", 50, 120, START_SECONDS + 120 + 120),
        ("canary", 10, 600, START_SECONDS + 2 * 600 + 600),
        ("linear", 50, 300, START_SECONDS + 2 * 300 + 300),
        ("linear", 30, 300, START_SECONDS + 4 * 300 + 300),
        ("linear", 10, 300, START_SECONDS + 10 * 300 + 300),
        ("rolling", 50, 0, 3 * START_SECONDS),  # 3 instances of up to 4 go one by one
        ("rolling", 25, 300, 4 * (START_SECONDS + 300)),
    ],
)
def test_a_rollout_takes_its_starts_watches_and_last_wait(policy: Policy, step: int, wait: int, seconds: int) -> None:
    assert rollout_seconds(endpoint(policy, step, wait)) == seconds


@pytest.mark.parametrize(("instances", "most", "batches"), [(2, 2, 2), (2, 4, 3), (10, 10, 2), (20, 40, 3)])
def test_rolling_batches_are_counted_for_the_fleet_that_needs_the_most(instances: int, most: int, batches: int) -> None:
    assert rollout_seconds(endpoint("rolling", 50, 0, instances, most)) == batches * START_SECONDS


@pytest.mark.parametrize("policy", ["all_at_once", "canary", "linear", "rolling"])
def test_the_longest_wait_is_just_in_time(policy: Policy) -> None:
    longest = longest_wait(endpoint(policy, 50, 0))
    assert rollout_seconds(endpoint(policy, 50, longest)) <= MOST_SECONDS
    assert rollout_seconds(endpoint(policy, 50, longest + 1)) > MOST_SECONDS


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            '"rolling", step_percent = 50, wait_seconds = 3600',
            "takes about 195 min; expected at most 50 min",
        ),
        (
            '"linear", step_percent = 10, wait_seconds = 300',
            "60 min; expected at most 50 min: wait_seconds up to 245",
        ),
        ('"canary", step_percent = 50, wait_seconds = 901', "expected at most 50 min: wait_seconds up to 900"),
        ('"all_at_once", step_percent = 50, wait_seconds = 3600', "wait_seconds up to 1350"),
    ],
)
def test_a_rollout_of_about_an_hour_is_refused_with_what_would_be_accepted(changed: str, told: str) -> None:
    text = settings_text().replace('"rolling", step_percent = 50, wait_seconds = 300', changed)
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)
    assert "stages.production.endpoint.rollout.wait_seconds" in str(caught.value)
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_where_no_wait_is_short_enough_only_larger_steps_are_advised() -> None:
    text = (
        settings_text()
        .replace("max_instances = 4", "max_instances = 40")
        .replace('"rolling", step_percent = 50', '"rolling", step_percent = 5')
    )
    with pytest.raises(SettingsError, match="expected at most 50 min: a larger step_percent$"):
        parse_settings(text)
