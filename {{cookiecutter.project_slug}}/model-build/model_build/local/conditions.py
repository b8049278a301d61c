"""Conditions: every type that SageMaker's schema or SDK writes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from model_build.local.expressions import ExpressionError, Scope, as_text, evaluate

_COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "Equals": ("==", operator.eq),
    "NotEquals": ("!=", operator.ne),
    "GreaterThan": (">", operator.gt),
    "GreaterThanOrEqualTo": (">=", operator.ge),
    "LessThan": ("<", operator.lt),
    "LessThanOrEqualTo": ("<=", operator.le),
}
_TYPES = (*_COMPARISONS, "In", "NotIn", "Not", "Or")


def check_condition(condition: Any) -> None:
    """Refuses what `holds` could not decide.

    Raises:
        ExpressionError: the condition, or one inside it, is of an unknown type or lacks a part.
    """
    kind = condition.get("Type") if isinstance(condition, dict) else None
    if kind not in _TYPES:
        raise ExpressionError(f"unknown condition type {kind!r}; expected one of {', '.join(_TYPES)}")
    try:
        if kind in _COMPARISONS:
            condition["LeftValue"], condition["RightValue"]
        elif kind in ("In", "NotIn"):
            _membership(condition)
        elif kind == "Not":
            check_condition(_negated(condition))
        else:
            for inner in condition["Conditions"]:
                check_condition(inner)
    except KeyError as error:
        raise ExpressionError(f"a condition of type {kind!r} has no {error}") from error


def holds(condition: Mapping[str, Any], scope: Scope) -> bool:
    """Whether a condition is true.

    Raises:
        ExpressionError: a value is not there, or two values can't be compared.
    """
    kind = condition["Type"]
    if kind == "Or":
        return any(holds(inner, scope) for inner in condition["Conditions"])
    if kind == "Not":
        return not holds(_negated(condition), scope)
    if kind in ("In", "NotIn"):
        query, values = (evaluate(part, scope) for part in _membership(condition))
        return (kind == "In") is any(_compare("Equals", query, value) for value in values)
    return _compare(kind, evaluate(condition["LeftValue"], scope), evaluate(condition["RightValue"], scope))


def describe(condition: Mapping[str, Any], scope: Scope) -> str:
    """A condition with its values, such as `0.927 >= 0.9`."""
    kind = condition["Type"]
    if kind == "Or":
        return " or ".join(f"({describe(inner, scope)})" for inner in condition["Conditions"])
    if kind == "Not":
        return f"not ({describe(_negated(condition), scope)})"
    if kind in ("In", "NotIn"):
        query, values = (evaluate(part, scope) for part in _membership(condition))
        return f"{_short(query)} {'in' if kind == 'In' else 'not in'} {', '.join(map(_short, values))}"
    left, right = evaluate(condition["LeftValue"], scope), evaluate(condition["RightValue"], scope)
    return f"{_short(left)} {_COMPARISONS[kind][0]} {_short(right)}"


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else as_text(value)


def _negated(condition: Mapping[str, Any]) -> Any:
    return condition["Condition"] if "Condition" in condition else condition["Expression"]


def _membership(condition: Mapping[str, Any]) -> tuple[Any, Any]:
    if "QueryValue" in condition:
        return condition["QueryValue"], condition["Values"]
    return condition["Value"], condition["In"]


def _compare(kind: str, left: Any, right: Any) -> bool:
    comparable = _family(left) == _family(right) or kind in ("Equals", "NotEquals")
    if not comparable or left is None or right is None:
        raise ExpressionError(f"cannot compare {as_text(left)} with {as_text(right)}")
    if _family(left) != _family(right):
        return kind == "NotEquals"
    return bool(_COMPARISONS[kind][1](left, right))


def _family(value: Any) -> type:
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)
