"""CloudWatch for clients of the Query protocol (Terraform's provider, the Go SDK).

AWS: answers the same in every protocol. MiniStack leaves out most of an alarm's members in this one; so a Query request
is translated to JSON and the answer back to XML, both by the service's model in botocore.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, Shape, StructureShape

from rehearsal.emulated_aws import shapes
from rehearsal.emulated_aws.errors import ServiceError

Handler = Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]
Fields = dict[str, str]
TARGET, NAMESPACE = "GraniteServiceVersion20100801", "http://monitoring.amazonaws.com/doc/2010-08-01/"
_SCALARS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": lambda text: text == "true",
}


def _read(shape: Shape, fields: Fields, prefix: str) -> Any:
    """The value whose fields begin with `prefix`, None when there are none."""
    if not any(name == prefix or name.startswith(prefix + ".") for name in fields):
        return None
    if isinstance(shape, StructureShape):
        members = {name: _read(member, fields, f"{prefix}.{name}") for name, member in shape.members.items()}
        return {name: value for name, value in members.items() if value is not None}
    if isinstance(shape, ListShape):
        values: list[Any] = []
        while (value := _read(shape.member, fields, f"{prefix}.member.{len(values) + 1}")) is not None:
            values.append(value)
        return values
    return _SCALARS.get(shape.type_name, str)(fields[prefix])


def request_of(operation: str, fields: Fields) -> dict[str, Any]:
    shape = shapes.operation_model("cloudwatch", operation).input_shape
    prefixed = {f"x.{name}": value for name, value in fields.items()}
    return _read(shape, prefixed, "x") or {} if shape else {}


def _time(value: Any) -> str:
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value)


def _written(shape: Shape, value: Any) -> str:
    if isinstance(shape, StructureShape):
        present = [(name, member) for name, member in shape.members.items() if value.get(name) is not None]
        return "".join(f"<{name}>{_written(member, value[name])}</{name}>" for name, member in present)
    if isinstance(shape, ListShape):
        return "".join(f"<member>{_written(shape.member, item)}</member>" for item in value)
    if isinstance(shape, MapShape):
        entries = (f"<key>{escape(str(k))}</key><value>{_written(shape.value, v)}</value>" for k, v in value.items())
        return "".join(f"<entry>{entry}</entry>" for entry in entries)
    if isinstance(value, bool):
        return str(value).lower()
    return _time(value) if shape.type_name == "timestamp" else escape(str(value))


def answer_of(operation: str, answer: dict[str, Any]) -> bytes:
    shape = shapes.operation_model("cloudwatch", operation).output_shape
    result = f"<{operation}Result>{_written(shape, answer)}</{operation}Result>" if shape else ""
    metadata = "<ResponseMetadata><RequestId>emulated</RequestId></ResponseMetadata>"
    return f'<{operation}Response xmlns="{NAMESPACE}">{result}{metadata}</{operation}Response>'.encode()


def _error(code: str, message: str) -> bytes:
    error = f"<Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    return f'<ErrorResponse xmlns="{NAMESPACE}">{error}<RequestId>emulated</RequestId></ErrorResponse>'.encode()


def translated(handler: Handler) -> Handler:
    """The handler, asked in JSON by clients of the Query protocol too."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> tuple[int, dict[str, str], bytes]:
        if "x-www-form-urlencoded" not in headers.get("content-type", ""):
            return await handler(method, path, headers, body, query)
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        operation = fields.pop("Action", "")
        xml = {"Content-Type": "text/xml"}
        try:
            request = json.dumps(request_of(operation, fields)).encode()
        except ServiceError as refusal:
            return refusal.status, xml, _error(refusal.code, refusal.message)
        asked = headers | {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"{TARGET}.{operation}"}
        status, _, answered = await handler(method, path, asked, request, {})
        answer = json.loads(answered or b"{}")
        if status >= 300:
            message = str(answer.get("message") or answer.get("Message") or answer)
            return status, xml, _error(str(answer.get("__type", "InternalFailure")).rpartition("#")[2], message)
        return status, xml, answer_of(operation, answer)

    return handle
