"""A question to a server over HTTP, as any caller would ask it, and how long the answer took."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from model_build.local.server import ServerError

JSON, JSON_LINES = "application/json", "application/jsonlines"
CONTENT_TYPES = {
    ".csv": "text/csv",
    ".json": JSON,
    ".jsonl": JSON_LINES,
    ".parquet": "application/vnd.apache.parquet",
}
ATTRIBUTIONS = {"X-Amzn-SageMaker-Custom-Attributes": "attributions=true"}
_TIMEOUT_SECONDS = 60
_HEADER = re.compile(r"[ -~]+")
_ADDRESS = re.compile(r"[!-~]+")


class QuestionError(ValueError):
    """A file or address that can't be asked with, and what would be accepted."""


@dataclasses.dataclass(frozen=True)
class Question:
    """Body of a request and its media type."""

    body: bytes
    content_type: str


@dataclasses.dataclass(frozen=True)
class Answer:
    """Body of an answer, and the milliseconds from the request to its last byte."""

    body: bytes
    milliseconds: float


def question_of(file: Path) -> Question:
    """The content of a file, whose ending says what it is.

    Raises:
        QuestionError: there is no such file, it can't be read, or its ending is unknown.
    """
    media = CONTENT_TYPES.get(file.suffix.lower())
    if media is None:
        raise QuestionError(f"{file} can't be sent; expected a file that ends in {', '.join(CONTENT_TYPES)}")
    if not file.is_file():
        raise QuestionError(f"{file} is no file; expected one that ends in {', '.join(CONTENT_TYPES)}")
    try:
        return Question(file.read_bytes(), media)
    except OSError as error:
        raise QuestionError(f"{file} can't be read: {error.strerror}") from error


def ask(url: str, question: Question, accept: str, headers: Mapping[str, str]) -> Answer:
    """POST /invocations.

    Raises:
        QuestionError: the URL is not one of a server, or `accept` is no media type.
        ServerError: nobody answers there, or the answer is a refusal.
    """
    parts = _address(url)
    if not _HEADER.fullmatch(accept):
        raise QuestionError(f"{accept!r} is no media type; expected one such as {JSON}")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    sent = {"Content-Type": question.content_type, "Accept": accept, **headers}
    try:
        connection = kind(str(parts.hostname), parts.port or kind.default_port, timeout=_TIMEOUT_SECONDS)
        began = time.perf_counter()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            # A server that refuses a large body answers before it has read all of it.
            connection.request("POST", f"{parts.path.rstrip('/')}/invocations", question.body, sent)
        response = connection.getresponse()
        body = response.read()
        took = 1000 * (time.perf_counter() - began)
        connection.close()
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise ServerError(
            f"nobody answers at {url} ({error}); start a server with `python -m model_build serve`"
        ) from error
    if response.status != 200:
        raise ServerError(f"the server answers {response.status}: {_reason(body)}")
    return Answer(body, took)


def predictions_of(answer: Answer, url: str) -> list[dict[str, Any]]:
    """The predictions in an answer as JSON.

    Raises:
        ServerError: it holds none, so that another program than a server of this project must have answered.
    """
    try:
        predictions = json.loads(answer.body)["predictions"]
    except (ValueError, KeyError, TypeError):
        predictions = None
    if isinstance(predictions, list) and predictions and all(map(_is_prediction, predictions)):
        return predictions
    found = repr(answer.body[:80].decode(errors="replace"))
    raise ServerError(f"{url} answers {found}; expected predictions as JSON: it is no server of this project")


def _is_prediction(found: Any) -> bool:
    if not isinstance(found, dict) or "prediction" not in found:
        return False
    numbers = [value for name, value in found.items() if name.startswith("score")]
    if "attributions" in found:
        if not isinstance(found["attributions"], dict):
            return False
        numbers += [found.get("base_value"), *found["attributions"].values()]
    return all(isinstance(number, (int, float)) for number in numbers)


def _address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
        if named and parts.port != 0 and _ADDRESS.fullmatch(url):
            return parts
    except ValueError:
        pass
    raise QuestionError(f"{url!r} is no address of a server; expected one such as http://127.0.0.1:8080")


def _reason(body: bytes) -> str:
    try:
        reason = str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        reason = body[:200].decode(errors="replace")
    return " ".join(reason.split())
