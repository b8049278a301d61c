"""What an invocation leaves behind: CloudWatch metrics and captured data.

AWS: AWS/SageMaker metrics by EndpointName and VariantName (latencies in microseconds); data capture as JSON Lines under
<destination>/<endpoint>/<variant>/yyyy/mm/dd/hh/. Simplified: one captured object an invocation, uploaded at once;
OverheadLatency is left out.
"""

from __future__ import annotations

import base64
import json
import random
import uuid
from datetime import UTC, datetime
from urllib.parse import urlsplit

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.hosting.server import Reply
from rehearsal.emulated_aws.operations import Request


def record(endpoint: str, variant: str, status: int, seconds: float) -> None:
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
    values = {
        "Invocations": (1.0, "Count"),
        "Invocation4XXErrors": (float(400 <= status < 500), "Count"),
        "Invocation5XXErrors": (float(status >= 500), "Count"),
        "InvocationModelErrors": (float(status >= 400), "Count"),
        "ModelLatency": (seconds * 1e6, "Microseconds"),
    }
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Value": v, "Unit": unit} for name, (v, unit) in values.items()
    ]
    context.client("cloudwatch").put_metric_data(Namespace="AWS/SageMaker", MetricData=data)


def _part(body: bytes, content_type: str, mode: str, capture: Request) -> Request:
    headers = capture.get("CaptureContentTypeHeader", {})
    plain = (
        content_type in headers.get("CsvContentTypes", []) + headers.get("JsonContentTypes", [])
        or content_type == "text/csv"
    )
    encoding = "CSV" if content_type == "text/csv" else "JSON"
    data = body.decode(errors="replace") if plain else base64.b64encode(body).decode()
    return {
        "observedContentType": content_type,
        "mode": mode,
        "data": data,
        "encoding": encoding if plain else "BASE64",
    }


def capture(config: Request, endpoint: str, variant: str, headers: dict[str, str], body: bytes, reply: Reply) -> None:
    settings = config.get("DataCaptureConfig") or {}
    if not settings.get("EnableCapture") or reply.status >= 400:
        return
    if random.random() * 100 >= settings["InitialSamplingPercentage"]:  # noqa: S311
        return
    modes = {option["CaptureMode"] for option in settings["CaptureOptions"]}
    data: Request = {}
    if modes & {"Input", "InputAndOutput"}:
        data["endpointInput"] = _part(body, headers.get("content-type", ""), "INPUT", settings)
    if modes & {"Output", "InputAndOutput"}:
        data["endpointOutput"] = _part(reply.body, reply.headers.get("content-type", ""), "OUTPUT", settings)
    now = datetime.now(UTC)
    meta: Request = {"eventId": str(uuid.uuid4()), "inferenceTime": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if attributes := headers.get("x-amzn-sagemaker-custom-attributes"):
        meta["customAttributes"] = [attributes]
    if inference := headers.get("x-amzn-sagemaker-inference-id"):
        meta["inferenceId"] = inference
    line = json.dumps({"captureData": data, "eventMetadata": meta, "eventVersion": "0"}) + "\n"
    parts = urlsplit(settings["DestinationS3Uri"])
    file_name = f"{now:%M-%S}-{now.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
    key = f"{parts.path.strip('/')}/{endpoint}/{variant}/{now:%Y/%m/%d/%H}/{file_name}".lstrip("/")
    encryption = (
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings["KmsKeyId"]} if settings.get("KmsKeyId") else {}
    )
    context.client("s3").put_object(
        Bucket=parts.netloc, Key=key, Body=line.encode(), ContentType="application/jsonlines", **encryption
    )
