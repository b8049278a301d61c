"""Bootstrap: how far a metric would move on other test data of the same size."""

from __future__ import annotations

import dataclasses

import numpy as np

from model_build.analysis.metrics import Floats, Scorer, point_metrics

CHUNK_CELLS = 2_000_000
CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A metric on the test data, its bootstrap standard deviation and its 95 % percentile interval."""

    value: float
    standard_deviation: float
    low: float
    high: float


def resample_count(rows: int) -> int:
    """Fewer resamples of large data: their intervals are narrow anyway."""
    return 500 if rows <= 20_000 else 200 if rows <= 200_000 else 100


def estimate_metrics(
    scorer: Scorer, seed: int, weights: Floats | None = None, resamples: int | None = None
) -> dict[str, Estimate]:
    """Every metric with its interval, by Efron's bootstrap of rows (weights stay with their rows).

    Args:
        weights: sample weights of shape (n,), or None for equal ones.
        resamples: number of resamples, by default `resample_count`; memory stays below about 100 MB.
    """
    count = resamples or resample_count(scorer.rows)
    rng = np.random.default_rng(seed)
    per_chunk = max(1, min(count, CHUNK_CELLS // scorer.rows))
    drawn: dict[str, list[Floats]] = {}
    for start in range(0, count, per_chunk):
        size = min(per_chunk, count - start)
        for name, values in scorer(_resample(rng, size, scorer.rows, weights)).items():
            drawn.setdefault(name, []).append(values)
    tails = [50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)]
    return {
        name: _estimate(value, np.concatenate(drawn[name]), tails)
        for name, value in point_metrics(scorer, weights).items()
    }


def _resample(rng: np.random.Generator, size: int, rows: int, weights: Floats | None) -> Floats:
    drawn = rng.integers(0, rows, size=(size, rows), dtype=np.int32).astype(np.int64)
    drawn += np.arange(size)[:, np.newaxis] * rows
    counts = np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows).astype(np.float64)
    return counts if weights is None else counts * weights


def _estimate(value: float, drawn: Floats, tails: list[float]) -> Estimate:
    defined = drawn[np.isfinite(drawn)]
    if len(defined) < 2:
        return Estimate(value, float("nan"), float("nan"), float("nan"))
    low, high = np.percentile(defined, tails)
    return Estimate(value, float(defined.std(ddof=1)), float(low), float(high))
