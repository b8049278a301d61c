"""CloudFormation's custom resources that a Lambda function provides.

AWS: the function is invoked asynchronously (twice more if it fails) and has until ServiceTimeout (one hour) to PUT its
response of at most 4096 bytes to ResponseURL; a FAILED response is the reason of the resource's event, and on rollback
a resource that failed to be created is deleted under the id it gave (user guide, "Custom resource request and response
reference"). MiniStack invokes once, and waits the hour even for a function that has failed. Here: the retries, the
checks of the response and that Delete. Simplified: the retries come without AWS's waits of one and two minutes; after
the last failure the resource fails at once; the Delete is sent before the rollback begins; topics are refused.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource

from rehearsal.emulated_aws import context

Properties = dict[str, Any]
ATTEMPTS, MOST_BYTES, HOUR = 3, 4096, 3600
MUST_MATCH = ("StackId", "RequestId", "LogicalResourceId")


def _function(token: object) -> Properties:
    if not str(token).startswith(f"arn:aws:lambda:{context.region()}:"):
        raise ValueError(f"Invalid service token {token}: a function of this region is emulated only")
    record, config, _name = lambda_svc._get_func_record_for_ref(token)
    if record is None or config is None:
        raise ValueError(f"Lambda function not found: {token} (Service: Lambda, Status Code: 404)")
    found: Properties = lambda_svc._execution_record_for_config(record, config)
    return found


def _response(function: Properties, event: Properties, seconds: float) -> Properties:
    """What the function PUT. Raises RuntimeError when nothing came."""
    token = str(uuid.uuid4())
    arrived = custom_resource.register_token(token)
    event = event | {"ResponseURL": f"{context.ENDPOINT}/_ministack/cfn-response/{token}"}
    try:
        for _ in range(ATTEMPTS):
            outcome = lambda_svc._execute_function_with_config_scope(function, event)
            if arrived.is_set() or not outcome.get("error"):
                break
        last = outcome.get("body") if outcome.get("error") else None
        if last is not None and not arrived.is_set():
            context.LOG.warning("%s failed: %s", event["LogicalResourceId"], last)
        arrived.wait(0 if last is not None else seconds)
    finally:
        with custom_resource._lock:
            entry = custom_resource._pending.pop(token)
    if entry["result"] is None:
        raise RuntimeError(
            "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId "
            f"[{event['RequestId']}]. The function's last words: {json.dumps(last)}"
        )
    return dict(entry["result"])


def _checked(event: Properties, response: Properties) -> Properties:
    """The response, if CloudFormation would take it. Raises RuntimeError with the event's reason."""
    if len(json.dumps(response).encode()) > MOST_BYTES:
        raise RuntimeError("Response object is too long.")
    for name in MUST_MATCH:
        if response.get(name) != event[name]:
            raise RuntimeError(f"Invalid {name} in the response: {response.get(name)}")
    if not response.get("PhysicalResourceId"):
        raise RuntimeError("Invalid PhysicalResourceId")
    if response.get("Status") not in ("SUCCESS", "FAILED"):
        raise RuntimeError(f"Invalid Status in the response: {response.get('Status')}")
    if response["Status"] == "FAILED":
        raise RuntimeError(
            f"Received response status [FAILED] from custom resource. Message returned: {response.get('Reason', '')} "
            f"(RequestId: {event['RequestId']})"
        )
    return response


def provide(
    request_type: str,
    logical_id: str,
    props: Properties,
    stack_name: str,
    stack_id: str,
    resource_type: str,
    physical_id: str | None = None,
    old_props: Properties | None = None,
) -> tuple[str, Properties]:
    """In place of MiniStack's call of the provider: physical id and attributes. Raises with the event's reason."""
    function = _function(props.get("ServiceToken"))
    event = {
        "RequestType": request_type,
        "RequestId": str(uuid.uuid4()),
        "StackId": stack_id,
        "ResourceType": resource_type,
        "LogicalResourceId": logical_id,
        "ResourceProperties": custom_resource._normalise_resource_properties(props),
    }
    event |= {"PhysicalResourceId": physical_id} if physical_id is not None else {}
    if old_props is not None:
        event["OldResourceProperties"] = custom_resource._normalise_resource_properties(old_props)
    response = _response(function, event, float(props.get("ServiceTimeout", HOUR)))
    try:
        _checked(event, response)
    except RuntimeError:
        if request_type == "Create" and (failed := response.get("PhysicalResourceId")):
            provide("Delete", logical_id, props, stack_name, stack_id, resource_type, failed)
        raise
    return str(response["PhysicalResourceId"]), dict(response.get("Data") or {})


def install() -> None:
    custom_resource.invoke_custom_resource = provide
