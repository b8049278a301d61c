"""Predictions as a person reads them: a table, scores as bars, and what moved each prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

TOP_FEATURES = 5
MOST_ROWS = 20
_BAR, _HALF_BAR, _LABEL = 20, 12, 36

Prediction = Mapping[str, Any]
Row = Mapping[str, Any]


def show_predictions(console: Console, predictions: Sequence[Prediction], rows: Sequence[Row] | None) -> None:
    """Prints the first predictions; with attributions, for each the features that moved it most.

    Args:
        rows: the values that were sent, where they are known by feature.
    """
    shown = predictions[:MOST_ROWS]
    if any("attributions" in prediction for prediction in shown):
        for number, prediction in enumerate(shown):
            _show_explained(console, number, prediction, rows[number] if rows else {})
        console.print(
            "Contributions are in the model's margin units; with the base value they add up to the margin", style="dim"
        )
    else:
        console.print(_table(shown))
    if len(predictions) > MOST_ROWS:
        console.print(f"... and {len(predictions) - MOST_ROWS:,} more")


def _table(predictions: Sequence[Prediction]) -> Table:
    scores = [name for name in predictions[0] if name.startswith("score")]
    table = Table("Row", "Prediction", *scores, box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.no_wrap = True
    for number, prediction in enumerate(predictions, 1):
        cells = [_with_bar(prediction[name], wide=len(scores) == 1) for name in scores]
        table.add_row(str(number), Text(_value(prediction["prediction"]), "bold"), *cells)
    return table


def _with_bar(score: float, wide: bool) -> Text:
    text = Text(f"{score:.4f}")
    if wide:
        text.append(" " + "█" * round(score * _BAR), "cyan")
    return text


def _show_explained(console: Console, number: int, prediction: Prediction, row: Row) -> None:
    contributions: Mapping[str, float] = prediction["attributions"]
    top = sorted(contributions.items(), key=lambda item: (-abs(item[1]), item[0]))[:TOP_FEATURES]
    longest = max((abs(value) for _, value in top), default=0.0) or 1.0
    scores = ", ".join(f"{name} {value:.4f}" for name, value in prediction.items() if name.startswith("score"))
    heading = Text.assemble(f"Row {number + 1}  ", (_value(prediction["prediction"]), "bold"), f"  {scores}")
    console.print(heading)
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=_LABEL, overflow="ellipsis", no_wrap=True)
    grid.add_column(width=_HALF_BAR, justify="right")
    grid.add_column(width=_HALF_BAR)
    grid.add_column(justify="right")
    for name, value in top:
        bar = "█" * round(abs(value) / longest * _HALF_BAR)
        label = f"{name} = {_value(row[name])}" if name in row else name
        down, up = (bar, "") if value < 0 else ("", bar)
        grid.add_row(Text(f"  {label}"), Text(down, "red"), Text(up, "green"), f"{value:+.4f}")
    rest = sum(contributions.values()) - sum(value for _, value in top)
    grid.add_row(Text(f"  {len(contributions) - len(top)} others", "dim"), "", "", Text(f"{rest:+.4f}", "dim"))
    grid.add_row(Text("  base value", "dim"), "", "", Text(f"{prediction['base_value']:+.4f}", "dim"))
    console.print(grid)


def _value(value: object) -> str:
    if value is None:
        return "missing"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
