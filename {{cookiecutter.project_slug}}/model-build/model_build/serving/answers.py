"""Predictions as CSV, JSON or JSON Lines; numbers have the fewest digits that give the same float32."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from model_build.serving.formats import CSV, JSON, WRITTEN

Numbers = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Predictions:
    """What the model says.

    Attributes:
        scores: (rows,) probability of the positive class, (rows, classes) of each class, or (rows,) predicted values.
        chosen: (rows,) position of the predicted class; None for a regression.
        contributions: (rows, features + 1) in margin units, the base value last; None unless asked for.
    """

    scores: Numbers
    chosen: NDArray[np.intp] | None = None
    contributions: Numbers | None = None


class AnswerWriter:
    """Writes the rows of a model with these classes and features."""

    def __init__(self, classes: Sequence[str], features: Sequence[str]) -> None:
        self._scores = score_names(classes)
        self._features = tuple(features)
        self._labels = {
            media: [_cell(name) if media == CSV else orjson.dumps(name) for name in classes] for media in WRITTEN
        }
        self._formats = {
            (media, explained): self._format(media, explained) for media in WRITTEN for explained in (0, 1)
        }

    def write(self, predictions: Predictions, media: str) -> bytes:
        """The answer's body; CSV has no header, its columns are in the order of the other forms' keys."""
        contributions = predictions.contributions
        columns = _tokens(predictions.scores)
        if predictions.chosen is not None:
            labels = self._labels[media]
            columns = [[labels[position] for position in predictions.chosen.tolist()], *columns]
        if contributions is not None:
            *features, base = _tokens(contributions)
            columns += [base, *features]
        row = self._formats[media, contributions is not None]
        rows = [row % values for values in zip(*columns, strict=True)]
        if media == JSON:
            return b'{"predictions":[' + b",".join(rows) + b"]}"
        return b"\n".join(rows) + b"\n"

    def _format(self, media: str, explained: int) -> bytes:
        names = ["prediction", *self._scores]
        if media == CSV:
            width = len(names) + explained * (1 + len(self._features))
            return b",".join([b"%b"] * width)
        members = [*map(_member, names)]
        if explained:
            inner = b",".join(map(_member, self._features))
            members += [_member("base_value"), b'"attributions":{' + inner + b"}"]
        return b"{" + b",".join(members) + b"}"


def score_names(classes: Sequence[str]) -> list[str]:
    """Names of what an answer holds beside `prediction`."""
    if len(classes) == 2:
        return ["score"]
    return [f"score_{name}" for name in classes]


def _member(name: str) -> bytes:
    return orjson.dumps(name).replace(b"%", b"%%") + b":%b"


def _cell(text: str) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue().encode()


def _tokens(numbers: Numbers) -> list[list[bytes]]:
    """The numbers as text, one list per column."""
    width = 1 if numbers.ndim == 1 else numbers.shape[1]
    flat = np.ascontiguousarray(numbers, dtype=np.float32).reshape(-1)
    texts = orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    return [texts[position::width] for position in range(width)]
