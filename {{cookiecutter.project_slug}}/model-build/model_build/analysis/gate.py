"""The verdict of a quality gate, in words."""

from __future__ import annotations

from typing import Any, Literal


def judge(metric: str, value: float, threshold: float, direction: Literal["higher", "lower"]) -> dict[str, Any]:
    """Gate block of evaluation.json: whether `value` reaches `threshold`, and by how much."""
    passed = value >= threshold if direction == "higher" else value <= threshold
    distance = abs(value - threshold)
    if direction == "higher":
        relation = "reaches" if passed else "is below"
    else:
        relation = "stays within" if passed else "is above"
    message = f"{metric} {value:.4f} {relation} {threshold:.4f} by {distance:.4f}"
    return {"metric": metric, "value": value, "threshold": threshold, "passed": bool(passed), "message": message}


def judge_bias(metric: str, facet: str, value: float, maximum: float) -> dict[str, Any]:
    """Gate block of bias.json: whether the absolute value of a bias metric stays within `maximum`."""
    absolute = abs(value)
    passed = absolute <= maximum
    relation = "stays within" if passed else "exceeds"
    message = f"{metric} of {facet} {absolute:.4f} {relation} {maximum:.4f} by {abs(absolute - maximum):.4f}"
    return {
        "metric": metric,
        "facet": facet,
        "value": value,
        "absolute": absolute,
        "maximum": maximum,
        "passed": bool(passed),
        "message": message,
    }
