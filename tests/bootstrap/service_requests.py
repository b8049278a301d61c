"""What the emulator recorded, read by AWS's service models: which operation was asked for, and with what."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from botocore.model import OperationModel, ServiceModel
from botocore.session import get_session

Line = dict[str, Any]
NAMES = {"monitoring": "cloudwatch", "servicequotas": "service-quotas"}


@dataclass(frozen=True)
class Call:
    """An operation of a service, as botocore names both, and the members that tell what it is about."""

    role: str
    service: str
    operation: str
    members: dict[str, Any] = field(default_factory=dict)


def read_call(line: Line) -> Call:
    """Raises LookupError: no operation of the service is called like this."""
    role, body = line["caller"].split("/")[1], base64.b64decode(line["body"])
    service: str = NAMES.get(line["service"]) or line["service"]
    if service == "sagemaker" and line["path"].startswith("/endpoints/"):
        service = "sagemaker-runtime"
    if target := line["headers"].get("x-amz-target"):
        return Call(role, service, target.rpartition(".")[2], json.loads(body or b"{}"))
    if found := re.fullmatch(r"/service/\w+/operation/(\w+)", line["path"]):
        return Call(role, service, found[1])  # CBOR: only CloudWatch's lists come like this, which name nothing
    form = line["query"] if "Action" in line["query"] else parse_qs(body.decode("utf-8", "replace"))
    if "Action" in form:
        return Call(role, service, form["Action"][0], {key: texts[0] for key, texts in form.items()})
    operation, labels = _rest(service, line)
    members = json.loads(body) if service == "scheduler" and body else {}
    return Call(role, service, operation, {**members, **labels})


@cache
def _model(service: str) -> ServiceModel:
    return get_session().get_service_model(service)


def _rest(service: str, line: Line) -> tuple[str, dict[str, Any]]:
    """The operation whose method, path and most of whose demands the request meets, and its labels."""
    found: list[tuple[int, str, dict[str, Any]]] = []
    for name in _model(service).operation_names:
        operation = _model(service).operation_model(name)
        labels = _labels(operation, line)
        if labels is not None:
            demands = _demands(operation)
            if demands <= _given(line):
                found.append((len(demands), name, labels))
    if not found:
        raise LookupError(f"{service}: {line['method']} {line['path']} {sorted(line['query'])}")
    _, name, labels = max(found, key=lambda each: (each[0], -len(each[1])))
    return name, labels


def _labels(operation: OperationModel, line: Line) -> dict[str, Any] | None:
    if operation.http["method"] != line["method"]:
        return None
    parts = re.split(r"(\{\w+\+?\})", urlsplit(operation.http["requestUri"]).path)
    pattern = "".join(
        (
            f"(?P<{part[1:-1].rstrip('+')}>{'.+' if '+' in part else '[^/]+'})"
            if part.startswith("{")
            else re.escape(part)
        )
        for part in parts
    )
    matched = re.fullmatch(pattern + "/?", line["path"])
    if matched is None:
        return None
    versions = {"VersionId": line["query"]["versionId"][0]} if "versionId" in line["query"] else {}
    return {name: unquote(text) for name, text in matched.groupdict().items()} | versions


def _demands(operation: OperationModel) -> set[str]:
    fixed = {key for key, _ in parse_qsl(urlsplit(operation.http["requestUri"]).query, keep_blank_values=True)}
    shape = operation.input_shape
    required = [shape.members[name].serialization for name in shape.required_members] if shape else []
    named = {each["name"].lower() for each in required if each.get("location") in ("querystring", "header")}
    return {key.lower() for key in fixed} | named


def _given(line: Line) -> set[str]:
    return {name.lower() for name in [*line["query"], *line["headers"]]}
