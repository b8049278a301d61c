"""AWS by script: real boto3 clients, whose requests and answers are held against botocore's models; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

Answer = Mapping[str, Any] | Exception
Script = Mapping[str, Answer | Callable[[Mapping[str, Any]], Answer]]


class ScriptedAws:
    """`script`: "service.Operation" -> answer, error, or function of the request that gives one."""

    def __init__(self, script: Script) -> None:
        self.script = dict(script)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._session = boto3.session.Session("test", "test", region_name="eu-west-1")

    def client(self, service: str) -> Any:
        client = self._session.client(service)
        client.meta.events.register("provide-client-params.*.*", self._asked)
        client.meta.events.register("before-call.*.*", self._answered)
        return client

    def asked(self, operation: str) -> list[dict[str, Any]]:
        return [request for name, request in self.calls if name == operation]

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append((f"{model.service_model.service_name}.{model.name}", dict(params)))

    def _answered(self, model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        name, request = self.calls[-1]
        found = self.script.get(name)
        if found is None:
            raise AssertionError(f"{name} was not expected: {request}")
        answer = found(request) if callable(found) else found
        if isinstance(answer, Exception):
            raise answer
        if model.output_shape is not None:
            report = ParamValidator().validate(answer, model.output_shape)
            assert not report.has_errors(), f"{name}: {report.generate_report()}"
        return type("Response", (), {"status_code": 200, "headers": {}})(), dict(answer)


def error(operation: str, code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message or code}}, operation)
