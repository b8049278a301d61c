"""Describe a table for monitoring: what later data, or later predictions, are compared with.

Reads data.parquet of --data and writes statistics.json and constraints.json in SageMaker Model Monitor's formats. Of a
split only the model's features are described, in their order: later data come from an endpoint, which sees no others.

    python -m model_build.steps.baseline --data out/train --output out/baseline
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from model_build.analysis.columns import column_types, feature_names
from model_build.analysis.statistics import describe, suggest_constraints
from model_build.settings import Settings, load_settings
from model_build.steps.command import StepError, run, step_parser, write_json
from model_build.steps.tables import read_split

NAME = "baseline"


def main(argv: Sequence[str] | None = None) -> None:
    parser = step_parser(NAME, __doc__)
    parser.folder("--data", "folder that holds data.parquet")
    parser.folder("--output", "where statistics.json and constraints.json go")
    arguments = parser.parse_args(argv)
    table = read_split(arguments.data)
    if table.is_empty():
        raise StepError(f"{arguments.data}/data.parquet has no rows; expected at least one")
    table = monitored(table, load_settings())
    statistics = describe(table)
    write_json(arguments.output / "statistics.json", statistics)
    write_json(arguments.output / "constraints.json", suggest_constraints(statistics))
    print(f"described {table.width} columns of {table.height:,} rows")


def monitored(table: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """The features of a split, in the order of the model's signature; all columns of other tables."""
    from model_build.contract import Contract

    features = feature_names(column_types(Contract), settings.data)
    return table.select(features) if {settings.data.label, *features} <= set(table.columns) else table


if __name__ == "__main__":
    run(main, NAME)
