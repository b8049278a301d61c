"""Which rows break the contract, in words."""

from __future__ import annotations

import dataclasses
from typing import Any

import polars as pl
from pandera.errors import SchemaErrors
from pandera.polars import DataFrameModel

EXAMPLES = 3


@dataclasses.dataclass(frozen=True)
class Violation:
    """A check of the contract that some rows of a split fail."""

    split: str
    column: str
    check: str
    rows: int
    examples: list[str]
    accepted: str


def find_violations(contract: type[DataFrameModel], frame: pl.DataFrame, split: str) -> list[Violation]:
    """Every check that `frame` fails, in the contract's order; empty if it keeps the contract."""
    try:
        contract.validate(frame, lazy=True)
    except SchemaErrors as errors:
        accepted = accepted_values(contract)
        order = list(accepted)
        found = [_violation(error, split, accepted) for error in errors.schema_errors]
        return sorted(found, key=lambda v: order.index(v.column) if v.column in order else len(order))
    return []


def accepted_values(contract: type[DataFrameModel]) -> dict[str, str]:
    """What each column may hold, for people."""
    accepted = {}
    for name, column in contract.to_schema().columns.items():
        parts = [str(column.dtype), *(_describe_check(check) for check in column.checks)]
        accepted[name] = ", ".join([*parts, *(["empty allowed"] if column.nullable else ["never empty"])])
    return accepted


def violation_table(violations: list[Violation]) -> str:
    """Violations as aligned text, one a line."""
    header = ("split", "column", "check", "rows", "examples", "accepted")
    rows = [
        (v.split, v.column, v.check, f"{v.rows:,}" if v.rows else "all", ", ".join(v.examples) or "-", v.accepted)
        for v in violations
    ]
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in (header, *rows))
    return "\n".join(lines)


def _violation(error: Any, split: str, accepted: dict[str, str]) -> Violation:
    column = str(getattr(error.schema, "name", None) or error.failure_cases)
    cases = error.failure_cases
    if error.reason_code is not None and error.reason_code.name == "COLUMN_NOT_IN_DATAFRAME":
        column = str(cases if isinstance(cases, str) else cases["failure_case"][0])
        return Violation(split, column, "missing column", 0, [], accepted.get(column, "-"))
    check = _describe_check(error.check) if hasattr(error.check, "statistics") else str(error.check)
    rows, examples = _examples(cases, column)
    if error.reason_code is not None and error.reason_code.name == "SERIES_CONTAINS_NULLS":
        return Violation(split, column, "never empty", rows, [], accepted.get(column, "-"))
    if error.reason_code is not None and error.reason_code.name == "WRONG_DATATYPE":
        return Violation(split, column, "type", 0, [str(cases)], accepted.get(column, "-"))
    return Violation(split, column, check, rows, examples, accepted.get(column, "-"))


def _examples(cases: Any, column: str) -> tuple[int, list[str]]:
    if not isinstance(cases, pl.DataFrame) or cases.is_empty():
        return 0, []
    values = cases[column] if column in cases.columns else cases.to_series()
    counts = values.cast(pl.String).value_counts().sort(["count", values.name], descending=[True, False])
    return cases.height, [repr(value) for value in counts[values.name].head(EXAMPLES)]


def _describe_check(check: Any) -> str:
    values = check.statistics or {}
    if check.name == "isin":
        return "one of " + ", ".join(repr(value) for value in values["allowed_values"])
    symbols = {
        "greater_than": ">",
        "greater_than_or_equal_to": ">=",
        "less_than": "<",
        "less_than_or_equal_to": "<=",
    }
    if check.name in symbols:
        return f"{symbols[check.name]} {next(iter(values.values()))}"
    return f"{check.name}({', '.join(f'{name}={value}' for name, value in values.items() if value is not None)})"
