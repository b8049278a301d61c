"""Predictions in a terminal: scores as bars, and what moved a prediction, with its sign."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from model_build.local.answers import MOST_ROWS, TOP_FEATURES, show_predictions


def shown(predictions: list[dict[str, Any]], rows: list[dict[str, Any]] | None = None) -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    show_predictions(console, predictions, rows)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_score_has_a_bar_of_its_length() -> None:
    lines = shown([{"prediction": "yes", "score": 1.0}, {"prediction": "no", "score": 0.25}])
    assert [line.split() for line in lines] == [
        ["Row", "Prediction", "score"],
        ["1", "yes", "1.0000", "█" * 20],
        ["2", "no", "0.2500", "█" * 5],
    ]


def test_a_regression_shows_values_and_many_rows_are_counted() -> None:
    lines = shown([{"prediction": 10.123456}] * (MOST_ROWS + 1_003))
    assert lines[1].split() == ["1", "10.12"]
    assert len(lines) == MOST_ROWS + 2
    assert lines[-1] == "... and 1,003 more"


def test_scores_of_many_classes_stand_side_by_side() -> None:
    lines = shown([{"prediction": "b", "score_a": 0.1, "score_b": 0.9}])
    assert [line.split() for line in lines] == [
        ["Row", "Prediction", "score_a", "score_b"],
        ["1", "b", "0.1000", "0.9000"],
    ]


def test_features_stand_by_the_size_of_their_contribution_with_its_sign() -> None:
    attributions = {"small": 0.01, "down": -2.0, "up": 1.0, "third": 0.5, "fourth": 0.3, "fifth": 0.2, "zero": 0.0}
    prediction = {"prediction": "no", "score": 0.3, "base_value": -1.0, "attributions": attributions}
    lines = shown([prediction], [{"down": None, "up": 39, "third": "[red]Private"}])
    assert lines[0] == "Row 1  no  score 0.3000"
    rows = [line.split() for line in lines[1:]]
    assert [row[0] for row in rows[:TOP_FEATURES]] == ["down", "up", "third", "fourth", "fifth"]
    assert rows[0] == ["down", "=", "missing", "█" * 12, "-2.0000"]
    assert rows[1] == ["up", "=", "39", "█" * 6, "+1.0000"]
    assert rows[2][2] == "[red]Private"
    assert lines[1].index("█") < lines[2].index("█")
    assert rows[5:-1] == [["2", "others", "+0.0100"], ["base", "value", "-1.0000"]]
