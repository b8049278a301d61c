"""Runs a month of EventBridge's schedules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_deploy.schedule import runs_a_month

DAYS = 1461 / 48


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [
        ("rate(12 hours)", 2 * DAYS),
        ("rate(1 day)", DAYS),
        ("rate(5 minutes)", 288 * DAYS),
        ("cron(0 3 * * ? *)", DAYS),
        ("cron(0 3 ? * * *)", DAYS),
        ("cron(0/15 * * * ? *)", 96 * DAYS),
        ("cron(0 9-17/2 * * ? *)", 5 * DAYS),
        ("cron(0,30 6 1 * ? *)", 2),
        ("cron(0 6 L * ? *)", 1),
        ("cron(0 6 15W * ? *)", 1),
        ("cron(0 6 31W * ? *)", 7 / 12),
        ("cron(0 6 31 * ? *)", 7 / 12),
        ("cron(0 6 29 FEB ? *)", 1 / 48),
        ("cron(0 6 1 1,7 ? *)", 2 / 12),
        ("cron(0 6 ? * 2#1 *)", 1),
        ("cron(0 6 ? * FRIL *)", 1),
        ("cron(0 6 ? * 6L *)", 1),
        ("cron(0 3 1 NOV-FEB ? *)", 4 / 12),
    ],
)
def test_every_form_that_eventbridge_documents_is_counted(schedule: str, runs: float) -> None:
    assert runs_a_month(schedule) == pytest.approx(runs)


def test_weekdays_are_counted_from_sunday_and_by_name() -> None:
    assert runs_a_month("cron(0 3 ? * MON-FRI *)") == runs_a_month("cron(0 3 ? * 2-6 *)") == pytest.approx(1043 / 48)
    assert runs_a_month("cron(0 3 ? * SUN *)") == runs_a_month("cron(0 3 ? * 1 *)") == pytest.approx(209 / 48)
    assert runs_a_month("cron(0 3 ? * L *)") == runs_a_month("cron(0 3 ? * SAT *)")
    assert runs_a_month("cron(0 3 ? * FRI-MON *)") == pytest.approx(835 / 48)


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "daily",
        "rate(0 days)",
        "cron(0 3 * * ? 2027)",
        "cron(0 3 * * * *)",
        "cron(0 3 ? * ? *)",
        "cron(60 3 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 3 L-3 * ? *)",
        "cron(0 3 ? * 8 *)",
        "cron(0 3 ? * XXX *)",
        "cron(0/0 3 * * ? *)",
        "cron(0 3 * * ?)",
        "at(2027-01-01T00:00:00)",
    ],
)
def test_what_cannot_be_counted_is_told_and_not_guessed(schedule: str) -> None:
    assert runs_a_month(schedule) is None


FIELD = st.text("0123456789*?/,-#LW MONFRI", max_size=8)


@given(st.builds("cron({})".format, st.lists(FIELD, min_size=5, max_size=6).map(" ".join)) | st.text())
def test_any_text_has_a_count_or_none(schedule: str) -> None:
    runs = runs_a_month(schedule)
    assert runs is None or 0 <= runs <= 60 * 24 * 31
