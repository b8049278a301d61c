"""The server SageMaker talks to: GET /ping says that the model is loaded, POST /invocations asks it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from model_build.analysis.errors import DataError
from model_build.serving.formats import JSON, RequestError, answer_type, content_type, read_rows, write_rows
from model_build.serving.predictor import Predictor
from model_build.settings import load_settings


def create_app(predictor: Predictor, null_values: Sequence[str]) -> Starlette:
    """The server of a loaded model; `null_values` stand for a missing value, as in the training data."""

    def answer(body: bytes, asked_in: str, answered_in: str) -> Response:
        rows = read_rows(body, asked_in, predictor.preprocessing.features, null_values)
        return Response(write_rows(predictor.predict(rows), answered_in), media_type=answered_in)

    async def invocations(request: Request) -> Response:
        asked_in = content_type(request.headers.get("content-type", ""))
        answered_in = answer_type(request.headers.get("accept", ""), asked_in)
        return await run_in_threadpool(answer, await request.body(), asked_in, answered_in)

    async def ping(request: Request) -> Response:
        return Response()

    return Starlette(
        routes=[Route("/ping", ping), Route("/invocations", invocations, methods=["POST"])],
        exception_handlers={RequestError: _refused, DataError: _refused, HTTPException: _refused, Exception: _failed},
    )


def served_app() -> Starlette:
    """The server of the model in SM_MODEL_DIR; ends the process with one line when that can't be loaded."""
    folder = Path(os.environ["SM_MODEL_DIR"])
    try:
        return create_app(Predictor.load(folder), load_settings().data.null_values)
    except (OSError, DataError, RuntimeError) as error:
        print(f"serve: no model can be loaded from {folder}: {str(error).splitlines()[0]}", file=sys.stderr)
        sys.exit(1)


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return _error(error.status_code, error.detail)
    return _error(error.status if isinstance(error, RequestError) else 400, str(error))


async def _failed(request: Request, error: Exception) -> Response:
    return _error(500, "the model failed on this request; the server's log says why")


def _error(status: int, message: str) -> Response:
    return Response(orjson.dumps({"error": message}), status, media_type=JSON)
