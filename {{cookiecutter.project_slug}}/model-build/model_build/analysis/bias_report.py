"""Bias metrics of every facet in the form of Clarify's analysis.json."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl

from model_build.analysis.bias import DESCRIPTIONS, Ints, Mask
from model_build.analysis.errors import DataError

Measure = Callable[[Mask, Mask], dict[str, float]]


def facet_masks(sensitive: pl.Series, advantaged: str) -> tuple[Mask, dict[str, Mask]]:
    """Rows of the advantaged facet, and of every other value of the attribute.

    Raises:
        DataError: the advantaged value does not occur, or it is the only one.
    """
    text = sensitive.cast(pl.String)
    values = text.drop_nulls().unique().sort().to_list()
    if advantaged not in values:
        raise DataError(f"column {sensitive.name!r} never holds {advantaged!r} (data.advantaged); found {values}")
    others = {value: (text == value).fill_null(False).to_numpy() for value in values if value != advantaged}
    if not others:
        raise DataError(f"column {sensitive.name!r} holds only {advantaged!r}; expected a group to compare with")
    return (text == advantaged).fill_null(False).to_numpy(), others


def outcomes(column: pl.Series, positive: str) -> Ints:
    """1 where the column holds the positive value, else 0, shape (n,)."""
    return (column.cast(pl.String) == positive).fill_null(False).to_numpy().astype(np.int64)


def group_codes(column: pl.Series) -> Ints:
    """A number for every distinct value, shape (n,)."""
    return column.cast(pl.String).fill_null("").rank("dense").to_numpy().astype(np.int64) - 1


def measure_facets(advantaged: Mask, others: Mapping[str, Mask], measure: Measure) -> dict[str, dict[str, float]]:
    """{facet value: {metric: value}} of every other facet against the advantaged one."""
    return {value: measure(advantaged, mask) for value, mask in others.items()}


def analysis_section(
    sensitive: str, label: str, positive: str, facets: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """One `*_training_bias_metrics` object of analysis.json."""
    return {
        "label": label,
        "label_value_or_threshold": positive,
        "facets": {
            sensitive: [
                {"value_or_threshold": value, "metrics": [_entry(name, number) for name, number in metrics.items()]}
                for value, metrics in facets.items()
            ]
        },
    }


def _entry(name: str, value: float) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "description": DESCRIPTIONS[name], "value": value}
    if not math.isfinite(value):
        entry |= {"value": None, "error": f"{name} divides by zero for this facet"}
    return entry
