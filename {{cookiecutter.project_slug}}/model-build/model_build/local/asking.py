"""A question to a server over HTTP, as any caller would ask it, and how long the answer took."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

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
        QuestionError: there is no such file, or its ending is unknown.
    """
    media = CONTENT_TYPES.get(file.suffix.lower())
    if media is None:
        raise QuestionError(f"{file} can't be sent; expected a file that ends in {', '.join(CONTENT_TYPES)}")
    if not file.is_file():
        raise QuestionError(f"{file} is no file; expected one that ends in {', '.join(CONTENT_TYPES)}")
    return Question(file.read_bytes(), media)


def ask(url: str, question: Question, accept: str, headers: Mapping[str, str]) -> Answer:
    """POST /invocations.

    Raises:
        QuestionError: the URL is not one of a server.
        ServerError: nobody answers there, or the answer is a refusal.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise QuestionError(f"{url!r} is no address of a server; expected one such as http://127.0.0.1:8080")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    sent = {"Content-Type": question.content_type, "Accept": accept, **headers}
    try:
        connection = kind(parts.netloc, timeout=_TIMEOUT_SECONDS)
        began = time.perf_counter()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            # A server that refuses a large body answers before it has read all of it.
            connection.request("POST", f"{parts.path.rstrip('/')}/invocations", question.body, sent)
        response = connection.getresponse()
        body = response.read()
        took = 1000 * (time.perf_counter() - began)
        connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise ServerError(
            f"nobody answers at {url} ({error}); start a server with `python -m model_build serve`"
        ) from error
    if response.status != 200:
        raise ServerError(f"the server answers {response.status}: {_reason(body)}")
    return Answer(body, took)


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace").strip()
