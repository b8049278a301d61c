"""What one raw value means to a feature: the only home of that, for the server and for files scored in bulk.

Text loses the blanks around it; a null marker is a missing value, as text, and as a number whatever form that has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

# Unicode's white space; Python's own strip() also takes the separators \x1c to \x1f.
BLANKS = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
LARGEST = float(np.finfo(np.float32).max)
TRUTH = {"true": 1.0, "false": 0.0}
NAN = math.nan
EXPECTED = {
    "string": "text or no value",
    "integral": "a whole number or no value",
    "fractional": "a number or no value",
}


class Unreadable(Exception):
    """A value that is not of its feature's type."""


def text_reader(null_values: Collection[str]) -> Callable[[Any], str | None]:
    """A function from a raw value to its text, None where it is missing; it raises Unreadable."""
    markers = frozenset(null_values)

    def read(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise Unreadable
        text = value.strip(BLANKS)
        return None if text in markers else text

    return read


def number_reader(integral: bool, null_values: Collection[str]) -> Callable[[Any], float]:
    """A function from a raw value to its number, NaN where it is missing; it raises Unreadable.

    Args:
        integral: only whole numbers and true or false are read.
    """
    markers, numbers = frozenset(null_values), _numbers(null_values)

    def from_text(text: str) -> float:
        text = text.strip(BLANKS)
        if text in markers:
            return NAN
        try:
            return _parsed(text)
        except Unreadable:
            if integral and (truth := TRUTH.get(text.lower())) is not None:
                return truth
            raise

    def read(value: Any) -> float:
        kind = type(value)
        if kind is float or kind is int or (integral and kind is bool):
            number = float(value)
        elif kind is str:
            number = from_text(value)
        elif value is None:
            return NAN
        else:
            raise Unreadable
        if number != number or number in numbers:
            return NAN
        if -LARGEST <= number <= LARGEST and (not integral or number.is_integer()):
            return number
        raise Unreadable

    return read


def _numbers(null_values: Collection[str]) -> frozenset[float]:
    """What the null markers that are numbers stand for, so that -999 and -999.0 mean the same."""
    found = set()
    for marker in null_values:
        try:
            found.add(_parsed(marker))
        except Unreadable:
            continue
    return frozenset(found)


def _parsed(text: str) -> float:
    """Python's float() without what only Python takes for a number: 1_000, other scripts' digits, separators."""
    if "_" in text or not text.isascii() or not text.isprintable():
        raise Unreadable
    try:
        return float(text)
    except ValueError:
        raise Unreadable from None
