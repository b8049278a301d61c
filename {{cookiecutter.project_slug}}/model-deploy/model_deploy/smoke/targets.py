"""Whom to ask: an endpoint, or a server on this machine."""

from __future__ import annotations

import dataclasses
import http.client
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Protocol

from model_deploy.errors import DeployError, UsageError

TIMEOUT_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Response:
    status: int
    body: bytes


class Target(Protocol):
    def ask(self, body: bytes, content_type: str, accept: str, attributions: bool = False) -> Response: ...


class Server:
    """A server with SageMaker's routes at a URL."""

    def __init__(self, url: str) -> None:
        if not _is_address(url):
            raise UsageError(f"--url {url!r} is not accepted; expected one such as http://127.0.0.1:8080")
        self._url = url.rstrip("/") + "/invocations"

    def ask(self, body: bytes, content_type: str, accept: str, attributions: bool = False) -> Response:
        headers = {"Content-Type": content_type, "Accept": accept}
        if attributions:
            headers["X-Amzn-SageMaker-Custom-Attributes"] = "attributions=true"
        request = urllib.request.Request(self._url, body, headers, method="POST")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return Response(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            return Response(error.code, error.read())
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", "") or str(error) or type(error).__name__
            raise DeployError(f"{self._url} can't be asked: {reason}") from error


def _is_address(url: str) -> bool:
    try:
        found = urllib.parse.urlsplit(url)
        named = bool(found.hostname) and (found.port is None or found.port > 0)
    except ValueError:
        return False
    printable = url.isascii() and url.isprintable() and " " not in url
    return named and printable and found.scheme in ("http", "https") and not (found.query or found.fragment)


class Endpoint:
    """A SageMaker endpoint; `variant` is asked where two models share the requests."""

    def __init__(self, runtime: Any, name: str, variant: str = "") -> None:
        self._runtime, self._name, self._variant = runtime, name, variant

    def ask(self, body: bytes, content_type: str, accept: str, attributions: bool = False) -> Response:
        """The container's answer; its refusals come as ModelError with the original status and body."""
        from botocore.exceptions import ClientError

        given: dict[str, Any] = {
            "EndpointName": self._name,
            "Body": body,
            "ContentType": content_type,
            "Accept": accept,
        }
        if self._variant:
            given["TargetVariant"] = self._variant
        if attributions:
            given["CustomAttributes"] = "attributions=true"
        try:
            return Response(200, self._runtime.invoke_endpoint(**given)["Body"].read())
        except ClientError as error:
            response: dict[str, Any] = {**error.response}
            if "OriginalStatusCode" not in response:
                raise
            return Response(int(response["OriginalStatusCode"]), str(response.get("OriginalMessage", "")).encode())
