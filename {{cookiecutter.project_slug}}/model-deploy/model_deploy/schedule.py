"""How often EventBridge runs a schedule, counted over the calendar.

The form is that of EventBridge Scheduler's user guide, "Schedule types": six fields, minutes to years, days of the week
from 1, Sunday. Counted are four years with one leap day, so that a month is 30.4 days.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable, Iterator

MONTHS = {
    name: number
    for number, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
    )
}
WEEKDAYS = {name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], 1)}
FIRST_DAY, COUNTED_DAYS, COUNTED_MONTHS = datetime.date(2025, 1, 1), 1461, 48
MINUTES_IN_MONTH = COUNTED_DAYS * 1440 / COUNTED_MONTHS
RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
CRON = re.compile(r"cron\(([^()]*)\)")

Days = Callable[[datetime.date], bool]


class NotCountedError(ValueError):
    """A schedule in a form that this module can't count."""


def runs_a_month(schedule: str) -> float | None:
    """Runs in an average month; None where that can't be told: single years, or a form EventBridge doesn't have."""
    if rate := RATE.fullmatch(schedule):
        every = int(rate[1]) * {"minute": 1, "hour": 60, "day": 1440}[rate[2]]
        return MINUTES_IN_MONTH / every if every else None
    cron = CRON.fullmatch(schedule)
    if not cron:
        return None
    try:
        return _cron(cron[1].split())
    except NotCountedError:
        return None


def _cron(fields: list[str]) -> float:
    if len(fields) != 6 or fields[5] != "*":
        raise NotCountedError
    minutes, hours = _numbers(fields[0], 0, 59), _numbers(fields[1], 0, 23)
    months = _numbers(fields[3], 1, 12, MONTHS)
    if (fields[2] == "?") == (fields[4] == "?"):
        raise NotCountedError
    matches = _days_of_month(fields[2]) if fields[4] == "?" else _days_of_week(fields[4])
    days = (FIRST_DAY + datetime.timedelta(days=number) for number in range(COUNTED_DAYS))
    count = sum(day.month in months and matches(day) for day in days)
    return count * len(minutes) * len(hours) / COUNTED_MONTHS


def _days_of_month(field: str) -> Days:
    if field == "L":
        return lambda day: day.day == _last(day)
    if nearest := re.fullmatch(r"(\d{1,2})W", field):
        wanted = _number(nearest[1], 1, 31, {})
        return lambda day: wanted <= _last(day) and day == _nearest_weekday(day.replace(day=wanted))
    numbers = _numbers(field, 1, 31)
    return lambda day: day.day in numbers


def _days_of_week(field: str) -> Days:
    if last := re.fullmatch(r"(\w{1,3})L", field):
        wanted = _number(last[1], 1, 7, WEEKDAYS)
        return lambda day: _weekday(day) == wanted and day.day + 7 > _last(day)
    if nth := re.fullmatch(r"(\w{1,3})#([1-5])", field):
        wanted, week = _number(nth[1], 1, 7, WEEKDAYS), int(nth[2])
        return lambda day: _weekday(day) == wanted and (day.day + 6) // 7 == week
    numbers = {7} if field == "L" else _numbers(field, 1, 7, WEEKDAYS)
    return lambda day: _weekday(day) in numbers


def _numbers(field: str, least: int, most: int, names: dict[str, int] | None = None) -> set[int]:
    return {number for part in field.split(",") for number in _range(part, least, most, names or {})}


def _range(part: str, least: int, most: int, names: dict[str, int]) -> Iterator[int]:
    """`*`, `3`, `MON-FRI`, `9-17/2`, `0/15`."""
    span, slash, step_text = part.partition("/")
    step = _number(step_text, 1, most, {}) if slash else 1
    first, dash, last = span.partition("-")
    start = least if first == "*" and not dash else _number(first, least, most, names)
    end = most if first == "*" or slash else start
    end = _number(last, least, most, names) if dash else end
    if end < start:
        yield from range(start, most + 1, step)
        start = least
    yield from range(start, end + 1, step)


def _number(text: str, least: int, most: int, names: dict[str, int]) -> int:
    number = names.get(text.upper(), int(text) if re.fullmatch(r"[0-9]{1,4}", text) else -1)
    if not least <= number <= most:
        raise NotCountedError
    return number


def _weekday(day: datetime.date) -> int:
    return day.isoweekday() % 7 + 1


def _last(day: datetime.date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: datetime.date) -> datetime.date:
    """Monday to Friday, within the same month."""
    moved = {6: -1, 7: 1}.get(day.isoweekday(), 0)
    if (day.day, moved) == (1, -1):
        moved = 2
    if (day.day, moved) == (_last(day), 1):
        moved = -2
    return day + datetime.timedelta(days=moved)
