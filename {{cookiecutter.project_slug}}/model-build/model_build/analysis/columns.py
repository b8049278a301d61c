"""What each column of the contract is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from model_build.analysis.errors import DataError
from model_build.settings import Data

if TYPE_CHECKING:
    from pandera.polars import DataFrameModel


def column_types(contract: type[DataFrameModel]) -> dict[str, pl.DataType]:
    """Polars type of every column of the contract, in its order."""
    return {name: column.dtype.type for name, column in contract.to_schema().columns.items()}


def feature_names(columns: Mapping[str, pl.DataType], data: Data) -> list[str]:
    """Columns the model sees: those of the contract without label, weight, group and excluded ones.

    Raises:
        DataError: a column named in `project.toml` is not in the contract, or no feature is left.
    """
    roles = ("label", "sensitive", "strata", "weight", "group")
    named = {f"data.{role}": getattr(data, role) for role in roles if getattr(data, role)}
    for setting, column in [*named.items(), *(("data.exclude", column) for column in data.exclude)]:
        if column not in columns:
            known = ", ".join(columns)
            raise DataError(f"project.toml: {setting} names {column!r}; expected a column of contract.py: {known}")
    hidden = {data.label, data.weight, data.group, *data.exclude}
    features = [name for name in columns if name not in hidden]
    if not features:
        raise DataError("contract.py: no column is left for the model beside label, weight, group and exclude")
    return features


def allowed_values(contract: type[DataFrameModel], column: str) -> list[str] | None:
    """Values the contract allows in `column`, in its order; None when it does not list them."""
    for check in contract.to_schema().columns[column].checks:
        values = check.statistics.get("allowed_values") if check.statistics else None
        if check.name == "isin" and values:
            return [str(value) for value in values]
    return None
