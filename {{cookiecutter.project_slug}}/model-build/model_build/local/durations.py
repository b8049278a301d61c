"""ISO 8601 durations, as step caches write them."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(
    r"P?(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)


def parse_duration(text: str) -> timedelta:
    """A duration such as `P30D`, or `30dT5h` as the SageMaker guide writes it; a year is 365 days, a month 30.

    Raises:
        ValueError: the text is no duration, or an empty one.
    """
    match = _DURATION.fullmatch(text)
    parts = {unit: int(number) for unit, number in match.groupdict().items() if number} if match else {}
    if not parts:
        raise ValueError(f"{text!r} is no ISO 8601 duration; expected something like P30D or PT12H")
    days = 365 * parts.pop("years", 0) + 30 * parts.pop("months", 0) + parts.pop("days", 0)
    return timedelta(days=days, **parts)
