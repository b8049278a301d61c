"""POST /invocations, straight on ASGI: for one row, a framework's request and response cost more than the model."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import orjson
from starlette.types import Receive, Scope, Send

from model_build.serving.answers import AnswerWriter, Predictions
from model_build.serving.dynamic_batching import DynamicBatcher
from model_build.serving.encoding import Encoder
from model_build.serving.formats import (
    CSV,
    JSON,
    PARQUET,
    RequestError,
    answer_type,
    content_type,
    wants_attributions,
)
from model_build.serving.limits import processors
from model_build.serving.parquet_process import ParquetReader
from model_build.serving.predictor import Predictor
from model_build.serving.readers import read_features
from model_build.serving.request_log import LONGEST_ID, RequestRecord, place_of

INLINE_BYTES = 8192  # a body read and answered faster than a thread takes over
CUSTOM_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
INFERENCE_IDS = ("x-amzn-sagemaker-inference-id", "x-amzn-requestid", "x-request-id")
HEADERS = {
    name.encode(): name for name in ("content-type", "accept", "content-length", CUSTOM_ATTRIBUTES, *INFERENCE_IDS)
}
CLIENT_CLOSED = 499
LONGEST_LENGTH = 18  # digits
FAILED = "the model failed on this request; the server's log says where"
Answer = tuple[bytes, Predictions]


class ClientGone(Exception):
    """The caller closed the connection before its request was whole."""


class Invocations:
    """The model's route.

    Args:
        null_values: text that stands for a missing value.
        limit: bytes a body may have.
    """

    def __init__(self, predictor: Predictor, null_values: Sequence[str], limit: int) -> None:
        preprocessing = predictor.preprocessing
        self._predictor = predictor
        self._encoder = Encoder(preprocessing.features, null_values)
        self._writer = AnswerWriter(preprocessing.classes, preprocessing.names)
        self._parquet = ParquetReader(preprocessing.features, null_values, limit)
        self._batcher = DynamicBatcher(predictor)
        self._limit = limit
        self._executor = ThreadPoolExecutor(processors(), thread_name_prefix="large-requests")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        record = RequestRecord("/invocations", inference_id(headers))
        try:
            body, media = await self._answer(headers, receive, record)
            status = 200
        except RequestError as error:
            body, status, media = error_body(str(error)), error.status, JSON
        except ClientGone:
            record.status = CLIENT_CLOSED
            record.write()
            return
        except Exception as error:
            record.error = place_of(error)
            body, status, media = error_body(FAILED), 500, JSON
        record.status = status
        await respond(send, status, body, media)
        record.write()

    async def _answer(self, headers: Mapping[str, str], receive: Receive, record: RequestRecord) -> tuple[bytes, str]:
        record.media_in = asked_in = content_type(headers.get("content-type", ""))
        answered_in = answer_type(headers.get("accept", ""), asked_in)
        explained = wants_attributions(headers.get(CUSTOM_ATTRIBUTES, ""))
        body = await read_body(headers, receive, self._limit)
        record.bytes_in = len(body)
        if len(body) <= INLINE_BYTES and not explained and asked_in != PARQUET:
            predictions = await self._batcher.ask(read_features(body, asked_in, self._encoder))
            content = self._writer.write(predictions, answered_in)
        else:
            work = asyncio.get_running_loop().run_in_executor
            content, predictions = await work(self._executor, self._predict, body, asked_in, answered_in, explained)
        record.rows, record.media_out = len(predictions.scores), answered_in
        return content, answered_in

    def _predict(self, body: bytes, asked_in: str, answered_in: str, explained: bool) -> Answer:
        parquet = asked_in == PARQUET
        features = self._parquet.read(body) if parquet else read_features(body, asked_in, self._encoder)
        predictions = self._predictor.ask(features, explained)
        return self._writer.write(predictions, answered_in), predictions


async def read_body(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    """A request's body.

    Raises:
        RequestError: 413, it has more than `limit` bytes; no more than that is kept.
        ClientGone: the connection was closed.
    """
    too_large = RequestError(f"the body is larger than {limit} bytes; send fewer rows per request", 413)
    announced = headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > LONGEST_LENGTH or int(announced) > limit):
        raise too_large
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise too_large
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def respond(send: Send, status: int, body: bytes, media: str, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Send a whole response."""
    kind = b"text/csv; charset=utf-8" if media == CSV else media.encode()
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def error_body(message: str) -> bytes:
    return orjson.dumps({"error": message})


def inference_id(headers: Mapping[str, str]) -> str | None:
    """The id that finds this request again in other logs."""
    return next((headers[name][:LONGEST_ID] for name in INFERENCE_IDS if headers.get(name)), None)


def _headers(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if key := HEADERS.get(name):
            text = value.decode("latin-1")
            found[key] = f"{found[key]},{text}" if key in found else text
    return found
