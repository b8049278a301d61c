"""Rows of small requests that have arrived together go through the model together.

A model of many trees is mostly waiting for memory; asked for several rows at once, it reads its trees once. Nobody
waits for company: what the event loop has read in one go is one batch, and a request that is alone goes alone.
"""

from __future__ import annotations

import asyncio

import numpy as np

from model_build.serving.answers import Numbers, Predictions
from model_build.serving.predictor import NATIVE_ROWS, Predictor


class DynamicBatcher:
    """Asks the model for several requests at once; each gets the answer that it would get alone."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._waiting: list[tuple[Numbers, asyncio.Future[Predictions]]] = []
        self._rows = 0

    async def ask(self, features: Numbers) -> Predictions:
        """Predictions for encoded rows (rows, features); whatever the model raises, everyone in the batch gets."""
        loop = asyncio.get_running_loop()
        if self._rows + len(features) >= NATIVE_ROWS:  # together they would be answered by the model's other form
            self._predict()
        if not self._waiting:
            loop.call_soon(self._predict)
        answer: asyncio.Future[Predictions] = loop.create_future()
        self._waiting.append((features, answer))
        self._rows += len(features)
        return await answer

    def _predict(self) -> None:
        batch = [(features, answer) for features, answer in self._waiting if not answer.done()]
        self._waiting, self._rows = [], 0
        if not batch:
            return
        try:
            together = batch[0][0] if len(batch) == 1 else np.concatenate([features for features, _ in batch])
            predictions = self._predictor.ask(together)
        except Exception as error:
            for _, answer in batch:
                answer.set_exception(error)
            return
        end = 0
        for features, answer in batch:
            start, end = end, end + len(features)
            chosen = None if predictions.chosen is None else predictions.chosen[start:end]
            answer.set_result(Predictions(predictions.scores[start:end], chosen))
