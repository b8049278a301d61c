"""Requests that arrive together: one question to the model, and to each the answer it would get alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from serving_models import FEATURES, write_model

from model_build.serving.answers import Numbers, Predictions
from model_build.serving.dynamic_batching import DynamicBatcher
from model_build.serving.predictor import NATIVE_ROWS, Predictor
from model_build.settings import ProblemType

PROBLEM_TYPES: tuple[ProblemType, ...] = ("binary_classification", "multiclass_classification", "regression")


class Recording:
    """A predictor that notes how many rows it is asked for at once."""

    def __init__(self, fails: bool = False) -> None:
        self.asked: list[int] = []
        self.fails = fails

    def ask(self, features: Numbers) -> Predictions:
        self.asked.append(len(features))
        if self.fails:
            raise RuntimeError("out of memory")
        return Predictions(features[:, 0])


def ask_together(predictor: Any, requests: list[Numbers]) -> list[Any]:
    async def ask() -> list[Any]:
        batcher = DynamicBatcher(cast("Predictor", predictor))
        return await asyncio.gather(*map(batcher.ask, requests), return_exceptions=True)

    return asyncio.run(ask())


def request(*sizes: int) -> list[Numbers]:
    random = np.random.default_rng(3)
    return [random.integers(0, 90, (size, len(FEATURES))).astype(np.float32) for size in sizes]


@pytest.mark.parametrize("problem_type", PROBLEM_TYPES)
def test_a_request_gets_the_same_bits_alone_and_in_company(tmp_path: Path, problem_type: ProblemType) -> None:
    write_model(tmp_path, problem_type)
    predictor = Predictor.load(tmp_path)
    requests = request(1, 3, 1, 20, 1, 7)
    for features, answer in zip(requests, ask_together(predictor, requests), strict=True):
        alone = predictor.ask(features)
        assert np.array_equal(alone.scores, answer.scores)
        assert repr(alone.chosen) == repr(answer.chosen)


def test_the_model_is_asked_once_for_all_who_are_there() -> None:
    predictor = Recording()
    ask_together(predictor, request(1, 2, 1))
    assert predictor.asked == [4]


def test_company_never_makes_a_batch_that_the_native_model_would_answer() -> None:
    predictor = Recording()
    ask_together(predictor, request(NATIVE_ROWS - 1, 1, 5, NATIVE_ROWS + 5, 1))
    assert predictor.asked == [NATIVE_ROWS - 1, 6, NATIVE_ROWS + 5, 1]


def test_what_the_model_raises_reaches_everyone_and_the_next_batch_is_answered() -> None:
    predictor = Recording(fails=True)
    assert [str(error) for error in ask_together(predictor, request(1, 1))] == ["out of memory"] * 2
    predictor.fails = False
    assert len(ask_together(predictor, request(2))[0].scores) == 2


def test_a_caller_who_has_left_keeps_nobody_from_an_answer() -> None:
    async def ask() -> tuple[Predictions, Recording]:
        predictor = Recording()
        batcher = DynamicBatcher(cast("Predictor", predictor))
        leaver, stayer = (asyncio.create_task(batcher.ask(features)) for features in request(4, 2))
        await asyncio.sleep(0)
        leaver.cancel()
        return await stayer, predictor

    answer, predictor = asyncio.run(ask())
    assert (len(answer.scores), predictor.asked) == (2, [2])
