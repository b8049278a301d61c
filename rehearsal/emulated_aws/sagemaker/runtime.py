"""InvokeEndpoint and InvokeEndpointAsync, relayed to the processes behind the endpoint.

AWS: an error of the container is a ModelError (424) with its status and message; a shadow variant gets a copy of a
share of the requests, its answer is dropped. Simplified: responses are not streamed; a ModelError carries no
container log.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import time
import uuid
from typing import Any
from urllib.parse import unquote

from rehearsal.emulated_aws import context, operations
from rehearsal.emulated_aws.errors import NotEmulatedError, ServiceError
from rehearsal.emulated_aws.hosting.server import ModelServer, Reply
from rehearsal.emulated_aws.operations import Answer, Request
from rehearsal.emulated_aws.sagemaker import asynchronous, observed, records
from rehearsal.emulated_aws.sagemaker.endpoints import HOSTED, Hosted
from rehearsal.emulated_aws.sagemaker.fleets import Fleet
from rehearsal.emulated_aws.settings import SETTINGS

PATH = re.compile(r"/endpoints/(?P<name>[^/]+)/(?P<what>invocations|async-invocations|invocations-response-stream)$")
MAX_BODY = 6_291_456  # InvokeEndpoint's Body, bytes
_PASSED_ON = ("content-type", "accept", "x-amzn-sagemaker-custom-attributes", "x-amzn-sagemaker-inference-id")


def _hosted(name: str) -> Hosted:
    if not records.exists(name):
        raise ServiceError("ValidationError", f"Endpoint {name} of account {context.account()} not found.")
    status = records.find(name).endpoint_status
    if status in ("Creating", "Failed", "Deleting"):
        raise ServiceError("ValidationError", f"Endpoint {name} is not in service: its status is {status}.")
    if SETTINGS.control_plane_only:
        raise NotEmulatedError("an invocation in an emulator started with --control-plane-only")
    return HOSTED.mine[name]


def _fleet(hosted: Hosted) -> Fleet:
    with hosted.lock:
        if hosted.incoming and random.random() < hosted.incoming_share:  # noqa: S311
            return hosted.incoming
        assert hosted.fleet is not None  # noqa: S101
        return hosted.fleet


def _reply(server: ModelServer, headers: dict[str, str], body: bytes) -> Reply:
    try:
        return server.invoke(headers, body)
    except (OSError, http.client.HTTPException) as fault:
        return Reply(500, {}, f"{type(fault).__name__}: {fault}".encode())


def ask(hosted: Hosted, headers: dict[str, str], body: bytes) -> tuple[str, Reply]:
    """The chosen variant's name and what its process replied; metrics, capture and shadow copies follow."""
    fleet = _fleet(hosted)
    weights = {v["VariantName"]: v.get("CurrentWeight", 1.0) for v in records.find(hosted.name).production_variants}
    variant = fleet.choose(weights, headers.get("x-amzn-sagemaker-target-variant"))
    passed_on = {name: headers[name] for name in _PASSED_ON if name in headers}
    begun = time.monotonic()
    reply = _reply(fleet.servers[variant], passed_on, body)
    context.in_background(observed.record, hosted.name, variant, reply.status, time.monotonic() - begun)
    context.in_background(observed.capture, fleet.config, hosted.name, variant, passed_on, body, reply)
    weight = next(v.get("InitialVariantWeight", 1.0) for v in fleet.variants if v["VariantName"] == variant)
    for shadow in fleet.shadows:
        if random.random() < shadow.get("InitialVariantWeight", 1.0) / max(weight, 1e-9):  # noqa: S311
            context.in_background(_copy_to, fleet, shadow, hosted.name, passed_on, body)
    return variant, reply


def _copy_to(fleet: Fleet, shadow: Request, endpoint: str, headers: dict[str, str], body: bytes) -> None:
    name = shadow["VariantName"]
    begun = time.monotonic()
    reply = _reply(fleet.servers[name], headers, body)
    observed.record(endpoint, name, reply.status, time.monotonic() - begun)
    observed.capture(fleet.config, endpoint, name, headers, body, reply)


def model_error(variant: str, endpoint: str, reply: Reply) -> ServiceError:
    kind = "client" if reply.status < 500 else "server"
    text = reply.body.decode(errors="replace")
    log = f"/aws/sagemaker/Endpoints/{endpoint}"
    message = (
        f'Received {kind} error ({reply.status}) from {variant} with message "{text}". See '
        f"https://{context.region()}.console.aws.amazon.com/cloudwatch/home in account {context.account()} "
        "for more information."
    )
    members = {
        "OriginalStatusCode": reply.status,
        "OriginalMessage": text,
        "LogStreamArn": context.arn("logs", f"log-group:{log}"),
    }
    return ServiceError("ModelError", message, 424, **members)


def _invoke(name: str, headers: dict[str, str], body: bytes) -> Answer:
    hosted = _hosted(name)
    if asynchronous.config_of(hosted):
        raise ServiceError("ValidationError", f"Endpoint {name} is asynchronous: call InvokeEndpointAsync.")
    if len(body) > MAX_BODY:
        raise ServiceError("ValidationError", f"Body of {len(body)} bytes: at most {MAX_BODY} are accepted.", 413)
    variant, reply = ask(hosted, headers, body)
    if reply.status >= 400:
        raise model_error(variant, name, reply)
    answered = {"Content-Type": reply.headers.get("content-type", ""), "x-Amzn-Invoked-Production-Variant": variant}
    if attributes := reply.headers.get("x-amzn-sagemaker-custom-attributes"):
        answered["X-Amzn-SageMaker-Custom-Attributes"] = attributes
    return 200, answered, reply.body


def _invoke_later(name: str, headers: dict[str, str]) -> Answer:
    hosted = _hosted(name)
    config = asynchronous.config_of(hosted)
    if not config:
        raise ServiceError("ValidationError", f"Endpoint {name} is not asynchronous: call InvokeEndpoint.")
    if not headers.get("x-amzn-sagemaker-inputlocation", "").startswith("s3://"):
        raise ServiceError("ValidationError", "InputLocation has to be an S3 URI.")
    inference = headers.get("x-amzn-sagemaker-inference-id") or str(uuid.uuid4())
    places = asynchronous.places(config)
    context.in_background(asynchronous.work, config, headers, inference, places, lambda h, b: ask(hosted, h, b))
    located: dict[str, Any] = {
        "X-Amzn-SageMaker-OutputLocation": places[0],
        "X-Amzn-SageMaker-FailureLocation": places[1],
    }
    answered = {key: value for key, value in located.items() if value}
    return 202, {"Content-Type": "application/json", **answered}, json.dumps({"InferenceId": inference}).encode()


def answer(path: str, headers: dict[str, str], body: bytes) -> Answer:
    """One request of the runtime API, told from the control API by its path."""
    try:
        found = PATH.match(path)
        if found is None or found["what"] == "invocations-response-stream":
            raise NotEmulatedError(f"sagemaker-runtime {path}")
        name = unquote(found["name"])
        return _invoke(name, headers, body) if found["what"] == "invocations" else _invoke_later(name, headers)
    except ServiceError as error:
        return operations.refusal(error)
