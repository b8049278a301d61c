"""Moto inside this process: one WSGI application, reached without a socket."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import Client

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.errors import NotEmulatedError

Answer = tuple[int, dict[str, str], bytes]
_application = Client(DomainDispatcherApplication(create_backend_app))
_lock = threading.RLock()
_SCOPE = re.compile(r"(Credential=[^/]+/\d+/[^/]+/)[^/]+/")


def pass_on(
    service: str, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Answer:
    """Moto's answer to a request as it came in, in the account at hand. Raises NotEmulatedError."""
    signed = (
        headers.get("authorization")
        or f"AWS4-HMAC-SHA256 Credential=x/20260101/{context.region()}/{service}/aws4_request"
    )
    kept = {k: v for k, v in headers.items() if k.lower() not in ("content-length", "host", "transfer-encoding")}
    kept |= {"x-moto-account-id": context.account(), "authorization": _SCOPE.sub(rf"\g<1>{service}/", signed)}
    plain = {name: values[0] if isinstance(values, list) else values for name, values in query.items()}
    try:
        with _lock:
            response = _application.open(path, method=method, headers=kept, data=body, query_string=plain)
    except NotImplementedError as missing:
        operation = headers.get("x-amz-target", path).rpartition(".")[2]
        raise NotEmulatedError(f"{service}:{operation}") from missing
    answered = {name: value for name, value in response.headers.items() if name.lower().startswith("x-amzn")}
    return (
        response.status_code,
        {"Content-Type": response.content_type or "application/json", **answered},
        response.get_data(),
    )


def call(service: str, target: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """One operation of a JSON service of moto's: status and answer."""
    headers = {"x-amz-target": target, "content-type": "application/x-amz-json-1.1"}
    status, _, body = pass_on(service, "POST", "/", headers, json.dumps(request, default=str).encode(), {})
    return status, json.loads(body or b"{}")
