"""Hyperparameters: which there are, of what type, in which range."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from model_build.analysis.errors import DataError
from model_build.settings import ProblemType

OBJECTIVES: dict[ProblemType, tuple[str, list[str]]] = {
    "binary_classification": ("binary:logistic", ["logloss", "auc"]),
    "multiclass_classification": ("multi:softprob", ["merror", "mlogloss"]),
    "regression": ("reg:squarederror", ["mae", "rmse"]),
}


@dataclasses.dataclass(frozen=True)
class Range:
    """Accepted values of a hyperparameter; an open end excludes the end itself."""

    kind: type[int] | type[float]
    low: float
    high: float = math.inf
    open_low: bool = False

    def holds(self, value: float) -> bool:
        above = value > self.low if self.open_low else value >= self.low
        return above and value <= self.high and math.isfinite(value)

    def __str__(self) -> str:
        kind = "a whole number" if self.kind is int else "a number"
        low = f"above {self.low:g}" if self.open_low else f"from {self.low:g}"
        return f"{kind} {low}" + ("" if math.isinf(self.high) else f" up to {self.high:g}")


RANGES: dict[str, Range] = {
    "rounds": Range(int, 1, 100_000),
    "early_stopping_rounds": Range(int, 1, 100_000),
    "max_depth": Range(int, 0, 64),
    "max_leaves": Range(int, 0, 100_000),
    "max_bin": Range(int, 2, 65_536),
    "eta": Range(float, 0, 1, open_low=True),
    "min_child_weight": Range(float, 0),
    "gamma": Range(float, 0),
    "subsample": Range(float, 0, 1, open_low=True),
    "colsample_bytree": Range(float, 0, 1, open_low=True),
    "colsample_bylevel": Range(float, 0, 1, open_low=True),
    "colsample_bynode": Range(float, 0, 1, open_low=True),
    "reg_lambda": Range(float, 0),
    "reg_alpha": Range(float, 0),
    "max_delta_step": Range(float, 0),
    "scale_pos_weight": Range(float, 0, open_low=True),
}
OWN = ("rounds", "early_stopping_rounds")


def parse_hyperparameters(given: Mapping[str, Any]) -> dict[str, int | float]:
    """Typed hyperparameters from text or TOML values.

    Raises:
        DataError: a name is unknown, or a value is no number or outside its range.
    """
    parsed: dict[str, int | float] = {}
    for name, value in given.items():
        if name not in RANGES:
            raise DataError(f"unknown hyperparameter {name!r}; expected one of {', '.join(RANGES)}")
        accepted = RANGES[name]
        try:
            number = accepted.kind(str(value))
        except ValueError:
            number = math.nan
        if not accepted.holds(number):
            raise DataError(f"hyperparameter {name} = {value!s}; expected {accepted}")
        parsed[name] = number
    return parsed


def booster_parameters(
    hyperparameters: Mapping[str, int | float], problem_type: ProblemType, classes: int, seed: int, threads: int
) -> dict[str, Any]:
    """XGBoost's parameters; early stopping watches the last evaluation metric."""
    objective, metrics = OBJECTIVES[problem_type]
    several = {"num_class": classes} if problem_type == "multiclass_classification" else {}
    chosen = {name: value for name, value in hyperparameters.items() if name not in OWN}
    fixed = {"objective": objective, "eval_metric": metrics, "tree_method": "hist", "seed": seed, "nthread": threads}
    return {**chosen, **fixed, **several, "verbosity": 0}
