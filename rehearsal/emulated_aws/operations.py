"""Routes an AWS request to an operation of this package, else to moto; what neither knows is refused with 501."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ministack.core import iam_evaluator

from rehearsal.emulated_aws import context, moto_store, shapes
from rehearsal.emulated_aws.errors import NotEmulatedError, ServiceError

Request = dict[str, Any]
Operation = Callable[[Request], Request]
Declared = TypeVar("Declared", bound=Operation)
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Service:
    """A JSON service beside MiniStack's. `from_moto`: operations moto is trusted with, unchanged."""

    name: str
    target_prefix: str
    from_moto: frozenset[str] = frozenset()


SERVICES: dict[str, Service] = {}
_operations: dict[tuple[str, str], Operation] = {}


def service(name: str, target_prefix: str, from_moto: str = "") -> None:
    SERVICES[name] = Service(name, target_prefix, frozenset(from_moto.split()))


def operation(service_name: str, name: str) -> Callable[[Declared], Declared]:
    """Declare the function as the whole of an operation."""

    def declare(function: Declared) -> Declared:
        _operations[service_name, name] = function
        return function

    return declare


def moto(service_name: str, name: str, request: Request) -> Request:
    """Moto's own answer to the operation. Raises ServiceError."""
    status, answer = moto_store.call(service_name, f"{SERVICES[service_name].target_prefix}.{name}", request)
    if status >= 300:
        code = str(answer.get("__type") or answer.get("code") or "ValidationException").rpartition("#")[2]
        code = "ValidationException" if service_name == "sagemaker" and code == "ValidationError" else code
        raise ServiceError(code, str(answer.get("message") or answer.get("Message") or answer), status)
    return answer


def call(service_name: str, name: str, request: Request) -> Request:
    """The operation as a client would see it, in the account at hand. Raises ServiceError."""
    shapes.check_request(service_name, name, request)
    own = _operations.get((service_name, name))
    if own is None and name not in SERVICES[service_name].from_moto:
        raise NotEmulatedError(f"{service_name}:{name}")
    return own(request) if own else moto(service_name, name, request)


def refusal(error: ServiceError) -> Answer:
    body = {"__type": error.code, "message": error.message, "Message": error.message, **error.members}
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": error.code}
    return error.status, headers, json.dumps(body).encode()


def _answer(service_name: str, headers: dict[str, str], body: bytes) -> Answer:
    name = headers.get("x-amz-target", "").rpartition(".")[2]
    context.CALLER.set(iam_evaluator.request_caller_arn(headers, {}))
    try:
        if not name:
            raise NotEmulatedError(f"{service_name} without X-Amz-Target")
        answer = call(service_name, name, json.loads(body or b"{}"))
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer, default=_seconds).encode()
    except ServiceError as error:
        return refusal(error)
    except Exception as fault:
        context.LOG.exception("%s:%s", service_name, name)
        return refusal(ServiceError("InternalFailure", f"{type(fault).__name__}: {fault}", 500))


def _seconds(value: Any) -> float:
    return float(value.timestamp())


def handler(service_name: str) -> Callable[..., Any]:
    """The coroutine MiniStack calls for a request of the service."""

    async def handle(_method: str, _path: str, headers: dict[str, str], body: bytes, _query: Request) -> Answer:
        return await asyncio.to_thread(_answer, service_name, headers, body)

    return handle
