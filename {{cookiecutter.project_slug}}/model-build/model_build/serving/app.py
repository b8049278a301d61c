"""The server SageMaker talks to: /ping says that the model is loaded, /invocations asks it.

Contracts: "Custom inference code with hosting services" and "... with batch transform" in SageMaker's developer guide.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from model_build.analysis.errors import DataError
from model_build.serving.formats import JSON
from model_build.serving.invocations import Invocations, error_body, inference_id
from model_build.serving.limits import MEBIBYTE, LimitError, payload_mb, processors
from model_build.serving.openapi import document
from model_build.serving.predictor import Predictor
from model_build.serving.request_log import RequestRecord
from model_build.settings import SettingsError, load_settings

STARTUP_FAILURE = 3  # uvicorn's own: it does not start another worker after this


class Server(Starlette):
    """Starlette, with a way around its router and middleware for the one route that must be quick."""

    invocations: Invocations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/invocations" and scope["method"] == "POST":
            await self.invocations(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(
    predictor: Predictor, null_values: Sequence[str], payload_limit_mb: int = 6, title: str = "model"
) -> Server:
    """The server of a loaded model; `null_values` stand for a missing value, as in the training data."""
    contract = orjson.dumps(document(predictor.preprocessing.signature(), title, payload_limit_mb))
    parameters = {
        "MaxConcurrentTransforms": processors(),
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": payload_limit_mb,
    }

    async def ping(request: Request) -> Response:
        if predictor.healthy:
            return Response()
        return _refusal(request, "/ping", 503, "the native model can't be read; the package is damaged")

    async def execution_parameters(request: Request) -> Response:
        return _logged(request, Response(orjson.dumps(parameters), media_type=JSON))

    async def openapi(request: Request) -> Response:
        return _logged(request, Response(contract, media_type=JSON))

    invocations = Invocations(predictor, null_values, payload_limit_mb * MEBIBYTE)
    app = Server(
        routes=[
            Route("/invocations", invocations, methods=["POST"]),
            Route("/ping", ping),
            Route("/execution-parameters", execution_parameters),
            Route("/openapi.json", openapi),
        ],
        exception_handlers={HTTPException: _refused},
    )
    app.invocations = invocations
    app.router.redirect_slashes = False
    return app


def served_app() -> Server:
    """The server of the model in SM_MODEL_DIR; ends the process with one line when that can't be loaded."""
    folder = Path(os.environ["SM_MODEL_DIR"])
    try:
        settings = load_settings()
        app = create_app(Predictor.load(folder), settings.data.null_values, payload_mb(), settings.project.name)
    except (OSError, DataError, LimitError, SettingsError, RuntimeError) as error:
        print(f"serve: no model can be served from {folder}: {str(error).splitlines()[0]}", file=sys.stderr)
        sys.exit(STARTUP_FAILURE)
    gc.freeze()  # what is loaded stays: a collection during a request needn't look at it
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    route = request.url.path if error.status_code == 405 else "other"
    response = _refusal(request, route, error.status_code, error.detail)
    response.headers.update(error.headers or {})
    return response


def _refusal(request: Request, route: str, status: int, message: str) -> Response:
    return _logged(request, Response(error_body(message), status, media_type=JSON), route)


def _logged(request: Request, response: Response, route: str | None = None) -> Response:
    identity = inference_id(request.headers)
    RequestRecord(route or request.url.path, identity, response.status_code, media_out=JSON).write()
    return response
