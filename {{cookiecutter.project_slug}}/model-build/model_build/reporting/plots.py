"""Plots of the report as inline SVG: text stays text, ink takes the page's colour, same data give same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from model_build.analysis.curves import BinaryCurves, Calibration
from model_build.analysis.metrics import Floats

INK = "#010203"
ACCENT, SECOND, QUIET = "#3b76d6", "#d97706", "#8a93a3"
MOST_POINTS = 1500
STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.grid": True,
    "grid.color": QUIET,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "savefig.transparent": True,
}


def plot(title: str, draw: Callable[[Axes], None], width: float = 4.6, height: float = 3.4) -> str:
    """An SVG element that `draw` fills; `title` is what a screen reader says."""
    style: Any = {**STYLE, "svg.hashsalt": title}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.add_subplot())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r"font: (\d+)px [^;\"]*", r"font: \1px system-ui, sans-serif", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return re.sub(r'<svg ([^>]*?)width="[^"]*"', rf'<svg role="img" aria-label="{title}" \1', svg, count=1).replace(
        'height="', 'data-height="', 1
    )


def roc_plot(curves: BinaryCurves) -> str:
    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=QUIET, linestyle="--", linewidth=1, label="chance")
        axes.plot(curves.false_positive_rate, curves.true_positive_rate, color=ACCENT, label="model")
        axes.set(xlabel="false positive rate", ylabel="true positive rate")
        axes.legend(loc="lower right")

    return plot("ROC curve", draw)


def precision_recall_plot(curves: BinaryCurves, positive_share: float) -> str:
    def draw(axes: Axes) -> None:
        axes.axhline(positive_share, color=QUIET, linestyle="--", linewidth=1, label="chance")
        axes.plot(curves.recall, curves.precision, color=ACCENT, label="model")
        axes.set(xlabel="recall", ylabel="precision", ylim=(0, 1.03))
        axes.legend(loc="lower left")

    return plot("Precision and recall", draw)


def calibration_plot(calibration: Calibration, predicted: str, observed: str) -> str:
    def draw(axes: Axes) -> None:
        low = min(calibration.predicted + calibration.observed)
        high = max(calibration.predicted + calibration.observed)
        axes.plot([low, high], [low, high], color=QUIET, linestyle="--", linewidth=1, label="perfect")
        axes.plot(calibration.predicted, calibration.observed, color=ACCENT, marker="o", markersize=4, label="model")
        axes.set(xlabel=predicted, ylabel=observed)
        axes.legend(loc="upper left")

    return plot("Calibration", draw)


def scatter_plot(actual: Floats, predicted: Floats, label: str, seed: int) -> str:
    """Predicted against actual values of at most `MOST_POINTS` rows."""
    rows = np.arange(len(actual))
    if len(rows) > MOST_POINTS:
        rows = np.random.default_rng(seed).choice(rows, MOST_POINTS, replace=False)

    def draw(axes: Axes) -> None:
        ends = [float(actual.min()), float(actual.max())]
        axes.scatter(actual[rows], predicted[rows], s=9, color=ACCENT, alpha=0.35, linewidths=0)
        axes.plot(ends, ends, color=QUIET, linestyle="--", linewidth=1)
        axes.set(xlabel=f"actual {label}", ylabel=f"predicted {label}")

    return plot("Predicted against actual", draw)


def residual_plot(actual: Floats, predicted: Floats, label: str) -> str:
    def draw(axes: Axes) -> None:
        axes.hist(predicted - actual, bins=40, color=ACCENT, alpha=0.8)
        axes.axvline(0, color=QUIET, linestyle="--", linewidth=1)
        axes.set(xlabel=f"predicted minus actual {label}", ylabel="test rows")

    return plot("Residuals", draw)


def training_plot(history: Mapping[str, Mapping[str, Sequence[float | None]]], metric: str, rounds: int) -> str:
    def draw(axes: Axes) -> None:
        for split, colour in (("train", QUIET), ("validation", ACCENT)):
            values = [float("nan") if value is None else value for value in history[split][metric]]
            axes.plot(range(1, len(values) + 1), values, color=colour, label=split)
        axes.axvline(rounds, color=SECOND, linestyle="--", linewidth=1, label="kept")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(xlabel="boosting round", ylabel=metric)
        axes.legend()

    return plot("Training curve", draw)


def importance_plot(importance: Mapping[str, float], most: int = 15) -> str:
    largest = sorted(importance.items(), key=lambda item: item[1])[-most:]

    def draw(axes: Axes) -> None:
        bars = axes.barh([name for name, _ in largest], [100 * share for _, share in largest], color=ACCENT)
        axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=9)
        axes.set(xlabel="share of total gain, %")
        axes.margins(x=0.12)
        axes.grid(visible=False, axis="y")

    return plot("Feature importance", draw, height=max(2.4, 0.27 * len(largest) + 0.8))
