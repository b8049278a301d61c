"""statistics.json and constraints.json of a table, in SageMaker Model Monitor's formats.

Source: "Schema for Statistics" and "Schema for Constraints" of the SageMaker Developer Guide, and files of real runs
(datatype and domain thresholds 1.0). Quantile sketches are Apache DataSketches' KLL of size 2048, the parameters that
Model Monitor writes; an item at level i of `data` stands for 2^i values.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from model_build.analysis.metrics import Floats

SKETCH_SIZE, SKETCH_SHRINK = 2048, 0.64
BUCKETS = 10
MOST_CATEGORIES = 100


def describe(frame: pl.DataFrame) -> dict[str, Any]:
    """Content of statistics.json. NaN counts as missing; a numeric column without values is of type Unknown."""
    return {
        "version": 0.0,
        "dataset": {"item_count": frame.height},
        "features": [_describe_column(column) for column in frame.iter_columns()],
    }


def suggest_constraints(statistics: dict[str, Any]) -> dict[str, Any]:
    """Content of constraints.json: what the described data fulfil."""
    return {
        "version": 0.0,
        "features": [_constrain(feature) for feature in statistics["features"]],
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": 1.0,
            "domain_content_threshold": 1.0,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": 0.1,
                "comparison_method": "Robust",
                "categorical_comparison_threshold": 0.1,
                "categorical_drift_method": "LInfinity",
            },
        },
    }


def _describe_column(column: pl.Series) -> dict[str, Any]:
    if column.dtype.is_float():
        column = column.fill_nan(None)
    present = column.drop_nulls()
    common = {"num_present": float(len(present)), "num_missing": float(len(column) - len(present))}
    if not len(present):
        return {
            "name": column.name,
            "inferred_type": "Unknown",
            "string_statistics": {"common": common, "distinct_count": 0.0},
        }
    if column.dtype.is_numeric():
        kind = "Integral" if column.dtype.is_integer() else "Fractional"
        return {"name": column.name, "inferred_type": kind, "numerical_statistics": _describe_numbers(present, common)}
    return {"name": column.name, "inferred_type": "String", "string_statistics": _describe_text(present, common)}


def _describe_numbers(present: pl.Series, common: dict[str, float]) -> dict[str, Any]:
    values = np.array(present.cast(pl.Float64).to_numpy(), dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    return {
        "common": common,
        "mean": float(values.mean()),
        "sum": float(values.sum()),
        "std_dev": float(values.std()),
        "min": low,
        "max": high,
        "distribution": {
            "kll": {
                "buckets": _buckets(values, low, high),
                "sketch": {
                    "parameters": {"c": SKETCH_SHRINK, "k": float(SKETCH_SIZE)},
                    "data": _sketch_levels(values),
                },
            }
        },
    }


def _buckets(values: Floats, low: float, high: float) -> list[dict[str, float]]:
    """Ten buckets of equal width; constant values are all in the first."""
    if high > low:
        counts, edges = np.histogram(values, bins=BUCKETS, range=(low, high))
    else:
        counts, edges = np.array([len(values)] + [0] * (BUCKETS - 1)), np.full(BUCKETS + 1, low)
    return [
        {"lower_bound": float(edges[i]), "upper_bound": float(edges[i + 1]), "count": float(counts[i])}
        for i in range(BUCKETS)
    ]


def _sketch_levels(values: Floats) -> list[list[float]]:
    """Retained items of a KLL sketch, one list per level."""
    import datasketches

    sketch = datasketches.kll_doubles_sketch(SKETCH_SIZE)
    sketch.update(values)
    levels: dict[int, list[float]] = {}
    for item, weight in sketch:
        levels.setdefault(int(math.log2(weight)), []).append(float(item))
    return [sorted(levels.get(level, [])) for level in range(max(levels, default=0) + 1)]


def _describe_text(present: pl.Series, common: dict[str, float]) -> dict[str, Any]:
    counts = present.cast(pl.String).alias("value").value_counts().sort(["count", "value"], descending=[True, False])
    described: dict[str, Any] = {"common": common, "distinct_count": float(counts.height)}
    if counts.height <= MOST_CATEGORIES:
        buckets = [{"value": value, "count": float(count)} for value, count in counts.iter_rows()]
        described["distribution"] = {"categorical": {"buckets": buckets}}
    return described


def _constrain(feature: dict[str, Any]) -> dict[str, Any]:
    statistics = feature.get("numerical_statistics") or feature["string_statistics"]
    common = statistics["common"]
    rows = common["num_present"] + common["num_missing"]
    constraint: dict[str, Any] = {
        "name": feature["name"],
        "inferred_type": feature["inferred_type"],
        "completeness": common["num_present"] / rows if rows else 0.0,
    }
    if "numerical_statistics" in feature:
        constraint["num_constraints"] = {"is_non_negative": statistics["min"] >= 0}
    elif "distribution" in statistics:
        domains = sorted(bucket["value"] for bucket in statistics["distribution"]["categorical"]["buckets"])
        constraint["string_constraints"] = {"domains": domains}
    return constraint
