"""Which split each row belongs to: the same rows for the same seed, on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray


def split_rows(rows: int, shares: Sequence[float], seed: int) -> NDArray[np.int64]:
    """Split number of each row, shape (rows,), drawn independently with probabilities `shares`."""
    return _choose(np.random.default_rng(seed).random(rows), shares)


def split_groups(groups: pl.Series, shares: Sequence[float], seed: int) -> NDArray[np.int64]:
    """Split number of each row, shape (len(groups),); rows with the same group value are never separated.

    A group's split depends on its value and the seed only, so that it stays where it is when other groups arrive.
    """
    values = groups.cast(pl.String).fill_null("").alias("group")
    distinct = values.unique()
    draws = np.fromiter((_draw(value, seed) for value in distinct), dtype=np.float64, count=len(distinct))
    lookup = pl.DataFrame({"group": distinct, "split": _choose(draws, shares)})
    joined = values.to_frame().join(lookup, on="group", how="left", maintain_order="left")
    return joined["split"].to_numpy()


def _draw(value: str, seed: int) -> float:
    digest = hashlib.blake2b(value.encode(), digest_size=8, salt=seed.to_bytes(16, "little", signed=True)).digest()
    return int.from_bytes(digest, "little") / 2**64


def _choose(draws: NDArray[np.float64], shares: Sequence[float]) -> NDArray[np.int64]:
    return np.searchsorted(np.cumsum(shares)[:-1], draws, side="right")
