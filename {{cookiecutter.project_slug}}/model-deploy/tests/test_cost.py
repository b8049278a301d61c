"""What the estimate holds, and what it says of what it can't compute."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from model_deploy import cost_report
from model_deploy.cost import Estimate, Line, Prices, estimate
from model_deploy.settings import parse_settings
from tests.stages import settings_text

HOUR, HOURS = 0.115, 730


def of(text: str, stage: str = "staging") -> Estimate:
    return estimate(parse_settings(text), "production" if stage == "production" else "staging", Prices.load())


def line(lines: tuple[Line, ...], what: str) -> Line:
    return next(found for found in lines if found.what == what)


@pytest.mark.parametrize("mode", ["shadow", "ab"])
def test_a_challengers_instances_are_in_the_idle_cost(mode: str) -> None:
    text = settings_text("realtime")
    first, _, last = text.partition("[stages.production]")
    challenged = (
        first.replace("version = 0", "version = 2").replace('"shadow"', f'"{mode}"') + "[stages.production]" + last
    )
    before, after = of(text), of(challenged)
    assert line(after.idle, "challenger").usd == pytest.approx(HOUR * HOURS)
    assert before.idle_usd is not None and after.idle_usd == pytest.approx(before.idle_usd + HOUR * HOURS)
    assert not [found for found in before.idle if found.what == "challenger"]


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [("cron(0 3 * * ? *)", 1461 / 48), ("cron(0 3 ? * MON-FRI *)", 1043 / 48), ("rate(6 hours)", 4 * 1461 / 48)],
)
def test_a_schedule_costs_its_runs(schedule: str, runs: float) -> None:
    found = of(settings_text("batch").replace("cron(0 3 * * ? *)", schedule))
    once = line(found.used, "1 batch run").usd
    assert once is not None and line(found.used, "batch schedule").usd == pytest.approx(once * runs)


def test_a_schedule_that_cannot_be_counted_says_so() -> None:
    settings = parse_settings(settings_text("batch").replace("cron(0 3 * * ? *)", "cron(0 3 * * ? 2027)"))
    written = io.StringIO()
    cost_report.show(settings, "staging", False, "", Console(file=written, width=200))
    (told,) = [text for text in written.getvalue().splitlines() if "batch schedule" in text]
    assert "not computed" in told and "cron(0 3 * * ? 2027)" in told


def test_no_schedule_no_line() -> None:
    found = of(settings_text("batch").replace("cron(0 3 * * ? *)", ""))
    assert not [each for each in found.used if each.what == "batch schedule"]
