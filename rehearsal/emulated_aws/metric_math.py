"""Metric math, as far as the project's alarms use it.

AWS: a language of its own over time series. Here: numbers, metric ids, + - * / and unary minus, comparisons, IF, FILL
with a number, and SUM, AVG, MIN, MAX over a list or one series. Everything else is refused when the alarm is put.
A series without a value at some time gives none there, save through FILL and the functions over lists.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from statistics import fmean

from rehearsal.emulated_aws.errors import NotEmulatedError

Value = float | None
_BINARY: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_OVER_LISTS: dict[str, Callable[[list[float]], float]] = {"SUM": sum, "AVG": fmean, "MIN": min, "MAX": max}


class _Evaluation:
    """One expression at one time; `values` has every metric id, None where it has no data."""

    def __init__(self, expression: str, values: dict[str, Value]) -> None:
        self.expression, self.values = expression, values

    def refuse(self) -> NotEmulatedError:
        return NotEmulatedError(f"the metric math expression {self.expression!r}")

    def of(self, node: ast.AST) -> Value:
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return float(node.value)
        if isinstance(node, ast.Name) and node.id in self.values:
            return self.values[node.id]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return None if (value := self.of(node.operand)) is None else -value
        if isinstance(node, ast.BinOp):
            return self._binary(node.op, self.of(node.left), self.of(node.right))
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._binary(node.ops[0], self.of(node.left), self.of(node.comparators[0]))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self._call(node.func.id, node.args)
        raise self.refuse()

    def _binary(self, operation: ast.AST, left: Value, right: Value) -> Value:
        if isinstance(operation, ast.Div):
            return None if left is None or not right else left / right
        if type(operation) not in _BINARY:
            raise self.refuse()
        return None if left is None or right is None else float(_BINARY[type(operation)](left, right))

    def _call(self, name: str, arguments: list[ast.expr]) -> Value:
        if name == "FILL" and len(arguments) == 2:
            value, filler = self.of(arguments[0]), self.of(arguments[1])
            return filler if value is None else value
        if name == "IF" and len(arguments) == 3:
            condition, yes, no = (self.of(argument) for argument in arguments)
            return None if condition is None else yes if condition else no
        if name in _OVER_LISTS and len(arguments) == 1:
            items = arguments[0].elts if isinstance(arguments[0], ast.List) else arguments
            present = [value for item in items if (value := self.of(item)) is not None]
            return _OVER_LISTS[name](present) if present else None
        raise self.refuse()


def evaluate(expression: str, values: dict[str, Value]) -> Value:
    """The expression at one time. Raises NotEmulatedError for what this module does not know."""
    evaluation = _Evaluation(expression, values)
    try:
        return evaluation.of(ast.parse(expression.strip(), mode="eval").body)
    except (SyntaxError, ValueError) as fault:
        raise evaluation.refuse() from fault


def check(expression: str, ids: set[str]) -> None:
    """Raises NotEmulatedError when the expression could not be evaluated over these ids."""
    evaluate(expression, dict.fromkeys(ids, 1.0))
