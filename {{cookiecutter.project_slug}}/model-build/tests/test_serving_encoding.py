"""Values of a request become the numbers that the preprocess step and polars make of them."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model_build.analysis.features import Feature
from model_build.serving.cells import BLANKS, LARGEST
from model_build.serving.encoding import Encoder
from model_build.serving.formats import RequestError

NULL_VALUES = ["", "?", "NA", "-999"]
CATEGORIES = ("Private", "Gov", "ÄÖ", "a b")
NUMBER = st.one_of(
    st.floats(width=64).map(str),
    st.integers(-(10**20), 10**20).map(str),
    st.from_regex(r"[+-]?[0-9]{0,4}\.?[0-9]{0,4}([eE][+-]?[0-9]{0,3})?", fullmatch=True),
    st.sampled_from([*NULL_VALUES, "nan", "-nan", "inf", "Infinity", "1_0", "١", "0x1", "1e38", "true", "1d5", "NaN1"]),
    st.text(max_size=5),
)
BLANK = st.text(st.sampled_from(BLANKS + "\x1c\x1f\u200b"), max_size=2)
TEXT = st.one_of(st.sampled_from([*CATEGORIES, *NULL_VALUES]), st.text(max_size=6))


def encoded(kind: str, value: object) -> float | None:
    """The code of one value; None where it is refused."""
    feature = Feature("x", kind, CATEGORIES if kind == "string" else None)  # type: ignore[arg-type]
    try:
        return float(Encoder([feature], NULL_VALUES).encode([[value]])[0, 0])
    except RequestError:
        return None


def cleaned(text: str) -> str | None:
    stripped = pl.Series([text]).str.strip_chars()[0]
    return None if stripped in NULL_VALUES else str(stripped)


def as_polars(text: str) -> float | None:
    stripped = cleaned(text)
    if stripped is None:
        return math.nan
    number: float | None = pl.Series([stripped]).cast(pl.Float64, strict=False)[0]
    if number is None or (not math.isnan(number) and abs(number) > LARGEST):
        return None
    return float(np.float32(number))


def same(left: float | None, right: float | None) -> bool:
    return left == right or (left is not None and right is not None and math.isnan(left) and math.isnan(right))


@given(BLANK, NUMBER, BLANK)
@example("", "1_0", "")
@example("", "1\x1f", "")
@example("\u2003", "-999", "\x85")
def test_text_becomes_the_number_that_polars_reads(before: str, number: str, after: str) -> None:
    text = before + number + after
    assert same(encoded("fractional", text), as_polars(text)), text


@given(BLANK, TEXT, BLANK)
def test_text_becomes_the_category_that_preprocessing_gives(before: str, text: str, after: str) -> None:
    value = before + text + after
    frame = pl.DataFrame({"x": [cleaned(value)]}, schema={"x": pl.String})
    expected = float(frame.select(Feature("x", "string", CATEGORIES).expression()).item())
    assert same(encoded("string", value), expected), value


@given(st.one_of(st.floats(allow_infinity=False, allow_nan=False), st.integers(-(2**63), 2**64 - 1)))
def test_json_numbers_and_their_text_mean_the_same(number: float) -> None:
    assert same(encoded("fractional", number), encoded("fractional", str(number)))


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("integral", True, 1.0),
        ("integral", " FALSE ", 0.0),
        ("integral", 39.0, 39.0),
        ("integral", "39.0", 39.0),
        ("integral", 39.5, None),
        ("integral", "39.5", None),
        ("integral", -999, math.nan),
        ("fractional", True, None),
        ("fractional", "true", None),
        ("fractional", 3.5e38, None),
        ("fractional", None, math.nan),
        ("fractional", [], None),
        ("string", 1, None),
        ("string", None, math.nan),
        ("string", {}, None),
        ("string", "Gov", 1.0),
        ("string", "unknown", math.nan),
    ],
)
def test_a_value_is_taken_or_refused_by_its_features_type(kind: str, value: object, code: float | None) -> None:
    assert same(encoded(kind, value), code)


@given(st.sampled_from(["integral", "fractional", "string"]), st.one_of(NUMBER, TEXT, st.none(), st.booleans()))
def test_one_row_is_read_as_it_is_among_others(kind: str, value: object) -> None:
    feature = Feature("x", kind, CATEGORIES if kind == "string" else None)  # type: ignore[arg-type]
    encoder = Encoder([feature], NULL_VALUES)

    def read(*column: object) -> list[float] | str:
        try:
            return list(map(float, encoder.encode([column])[:, 0]))
        except RequestError as error:
            return str(error)

    alone, among = read(value), read(value, None)
    assert alone == among if isinstance(alone, str) else same(alone[0], float(among[0])), value
