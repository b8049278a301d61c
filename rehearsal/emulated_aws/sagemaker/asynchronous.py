"""One asynchronous inference: input object in, output or failure object out, a notification if topics are named.

Simplified: no queue and no time limit of an hour; the request starts at once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.hosting.server import Reply
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.sagemaker.endpoints import Hosted

Ask = Callable[[dict[str, str], bytes], tuple[str, Reply]]


def config_of(hosted: Hosted) -> Request:
    return (hosted.fleet.config.get("AsyncInferenceConfig") or {}) if hosted.fleet else {}


def places(config: Request) -> tuple[str, str | None]:
    """Where the answer goes, and where the reason goes if there is none."""
    output, name = config["OutputConfig"], uuid.uuid4()
    failure = output.get("S3FailurePath")
    target = output.get("S3OutputPath", "").rstrip("/")
    return f"{target}/{name}.out", f"{failure.rstrip('/')}/{name}-error.out" if failure else None


def _put(uri: str, body: bytes, content_type: str, key: str | None) -> None:
    parts = urlsplit(uri)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
    context.client("s3").put_object(
        Bucket=parts.netloc, Key=parts.path.lstrip("/"), Body=body, ContentType=content_type, **encryption
    )


def _notify(topic: str | None, message: dict[str, Any]) -> None:
    if topic:
        context.client("sns").publish(TopicArn=topic, Message=json.dumps(message))


def work(config: Request, headers: dict[str, str], inference: str, where: tuple[str, str | None], ask: Ask) -> None:
    """Runs in the background; a failure is an object, as on AWS."""
    output, (answer_uri, failure_uri) = config["OutputConfig"], where
    topics, input_uri = output.get("NotificationConfig", {}), headers["x-amzn-sagemaker-inputlocation"]
    told: dict[str, Any] = {"inferenceId": inference, "requestParameters": {"inputLocation": input_uri}}
    try:
        parts = urlsplit(input_uri)
        found = context.client("s3").get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))
        given = {"content-type": headers.get("x-amzn-sagemaker-content-type") or found["ContentType"]}
        accept = {"accept": headers["x-amzn-sagemaker-accept"]} if "x-amzn-sagemaker-accept" in headers else {}
        _, reply = ask({**headers, **given, **accept}, found["Body"].read())
        fault = None if reply.status < 400 else reply.body
    except Exception as error:
        reply, fault = Reply(500, {}, b""), str(error).encode()
    if fault is None:
        _put(
            answer_uri,
            reply.body,
            reply.headers.get("content-type", "application/octet-stream"),
            output.get("KmsKeyId"),
        )
        done = {"invocationStatus": "Completed", "responseParameters": {"outputLocation": answer_uri}}
        _notify(topics.get("SuccessTopic"), told | done)
        return
    if failure_uri:
        _put(failure_uri, fault, "text/plain", output.get("KmsKeyId"))
    failed = {
        "invocationStatus": "Failed",
        "failureReason": fault.decode(errors="replace"),
        "failureLocation": failure_uri,
    }
    _notify(topics.get("ErrorTopic"), told | failed)
