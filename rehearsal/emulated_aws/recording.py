"""Writes down who asked for what: a JSON line for each request of a role's session, to test that role's policies."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ministack.core import iam_evaluator

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Application = Callable[[Any, Any, Any], Awaitable[None]]
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]*/([^/]+)/aws4_request")
_MOST_BYTES = 200_000


def recorded(application: Application, file: Path) -> Application:
    """The application, each of whose requests is appended to the file once it has been answered."""

    async def answer(scope: Any, receive: Receive, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        body = bytearray()

        async def listen() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        caller = _caller(scope)
        await application(scope, listen, send)
        if ":assumed-role/" in caller:
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(_line(scope, caller, bytes(body))) + "\n")

    return answer


def _headers(scope: Any) -> dict[str, str]:
    return {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in scope["headers"]}


def _query(scope: Any) -> dict[str, list[str]]:
    return parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _caller(scope: Any) -> str:
    return str(iam_evaluator.request_caller_arn(_headers(scope), _query(scope)))


def _line(scope: Any, caller: str, body: bytes) -> dict[str, Any]:
    headers = _headers(scope)
    signed = _SCOPE.search(headers.get("authorization", ""))
    return {
        "caller": caller,
        "service": signed[1] if signed else "",
        "method": scope["method"],
        "path": scope["path"],
        "query": _query(scope),
        "headers": {name: text for name, text in headers.items() if name.startswith("x-amz-") and "token" not in name},
        "body": base64.b64encode(body).decode() if len(body) <= _MOST_BYTES else "",
    }
