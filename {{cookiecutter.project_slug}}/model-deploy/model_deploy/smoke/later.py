"""Models that answer later: asynchronous endpoints and batch pipelines, asked through the data bucket."""

from __future__ import annotations

import csv
import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from model_deploy.aws import code_of
from model_deploy.cloudformation.change_sets import pauses
from model_deploy.errors import DeployError
from model_deploy.smoke.cases import Cases, parse_json_answers
from model_deploy.smoke.checks import JSON, Outcome, Refused, compare, outcome, parsed

Found = TypeVar("Found")
PATIENCE_SECONDS = 1800.0
BATCH_PATIENCE_SECONDS = 2 * 3600.0


def asynchronous(
    runtime: Any, s3: Any, endpoint: str, bucket: str, cases: Cases, patience: float = PATIENCE_SECONDS
) -> Iterator[Outcome]:
    """Outcomes of an asynchronous endpoint, which may have to start its first instance."""
    yield outcome("answers", lambda: _async_answers(runtime, s3, endpoint, bucket, cases, patience))
    yield outcome("a bad row", lambda: _async_refusal(runtime, s3, endpoint, bucket, patience))


def batch(
    client: Any, s3: Any, pipeline: str, bucket: str, cases: Cases, patience: float = BATCH_PATIENCE_SECONDS
) -> Iterator[Outcome]:
    """Outcomes of a batch run over one file: outside batch/input/, so that neither rule nor schedule sees it."""
    key = f"batch/smoke/{uuid.uuid4().hex}/rows.csv"
    s3.put_object(Bucket=bucket, Key=key, Body=cases.csv(header=True))
    execution: list[str] = []

    def run() -> str:
        execution.append(_run_pipeline(client, pipeline, key, patience))
        return f"execution {execution[0]} succeeded"

    ran = outcome("batch run", run)
    yield ran
    if ran.passed:
        prefix = f"batch/output/{execution[0]}/"
        yield outcome("manifest", lambda: _manifest(s3, bucket, prefix, cases))
        yield outcome("answers", lambda: _batch_answers(s3, bucket, prefix, cases))


def _async_answers(runtime: Any, s3: Any, endpoint: str, bucket: str, cases: Cases, patience: float) -> str:
    succeeded, body = _ask_later(runtime, s3, endpoint, bucket, cases.json(), patience)
    if not succeeded:
        raise Refused(f"the request failed: {body.decode(errors='replace')[:200]}")
    return compare(cases, parsed(parse_json_answers, body))


def _async_refusal(runtime: Any, s3: Any, endpoint: str, bucket: str, patience: float) -> str:
    body = b'{"instances": [{"no such feature": 1}]}'
    succeeded, said = _ask_later(runtime, s3, endpoint, bucket, body, patience)
    if succeeded:
        raise Refused("it was answered")
    if b"Traceback" in said:
        raise Refused("the failure holds a stack trace")
    return f"went to async/failure/: {said.decode(errors='replace').strip()[:80]}"


def _ask_later(runtime: Any, s3: Any, endpoint: str, bucket: str, body: bytes, patience: float) -> tuple[bool, bytes]:
    key = f"async/input/smoke-{uuid.uuid4().hex}.json"
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=JSON)
    asked = runtime.invoke_endpoint_async(
        EndpointName=endpoint, InputLocation=f"s3://{bucket}/{key}", ContentType=JSON, Accept=JSON
    )
    places = ((True, asked["OutputLocation"]), (False, asked.get("FailureLocation", "")))

    def look() -> tuple[bool, bytes] | None:
        for succeeded, uri in places:
            if uri and (found := _object(s3, uri)) is not None:
                return succeeded, found
        return None

    return _wait(look, patience, f"the endpoint {endpoint} has not answered {key}")


def _run_pipeline(client: Any, pipeline: str, key: str, patience: float) -> str:
    arn = client.start_pipeline_execution(
        PipelineName=pipeline,
        PipelineExecutionDisplayName="smoke",
        PipelineParameters=[{"Name": "InputKey", "Value": key}],
        ClientRequestToken=uuid.uuid4().hex,
    )["PipelineExecutionArn"]

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = client.describe_pipeline_execution(PipelineExecutionArn=arn)
        return found if found["PipelineExecutionStatus"] not in ("Executing", "Stopping") else None

    ended = _wait(look, patience, f"pipeline {pipeline} has not ended")
    if ended["PipelineExecutionStatus"] != "Succeeded":
        raise Refused(f"{arn.rpartition('/')[2]} {ended['PipelineExecutionStatus']}: {_reason(client, arn, ended)}")
    return str(arn.rpartition("/")[2])


def _reason(client: Any, arn: str, ended: dict[str, Any]) -> str:
    """The failed step's reason, which says more than the execution's."""
    steps = client.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")[
        "PipelineExecutionSteps"
    ]
    failed = next((step for step in steps if step["StepStatus"] == "Failed"), None)
    if failed is None:
        return str(ended.get("FailureReason", "no reason given"))
    return f"step {failed['StepName']}: {' '.join(failed.get('FailureReason', 'no reason given').split())}"


def _manifest(s3: Any, bucket: str, prefix: str, cases: Cases) -> str:
    manifest = json.loads(_required(s3, bucket, prefix + "manifest.json"))
    files = manifest["files"]
    counts = [(entry["rows_in"], entry["rows_out"]) for entry in files]
    expected = len(cases.rows)
    if manifest["rows"] != expected or counts != [(expected, expected)]:
        raise Refused(f"rows {manifest['rows']}, files {counts}; expected one file with {expected} rows in and out")
    return f"{expected} rows in, {expected} out"


def _batch_answers(s3: Any, bucket: str, prefix: str, cases: Cases) -> str:
    rows = list(csv.DictReader(io.StringIO(_required(s3, bucket, prefix + "rows.csv").decode())))
    like = cases.answers[0]
    try:
        given = [{name: _like(value, row[name]) for name, value in like.items()} for row in rows]
    except (KeyError, ValueError) as error:
        raise Refused(f"column {error} is missing or no number") from error
    return compare(cases, given)


def _like(value: Any, text: str) -> Any:
    return float(text) if isinstance(value, int | float) and not isinstance(value, bool) else text


def _required(s3: Any, bucket: str, key: str) -> bytes:
    found = _object(s3, f"s3://{bucket}/{key}")
    if found is None:
        raise Refused(f"s3://{bucket}/{key} is missing")
    return found


def _object(s3: Any, uri: str) -> bytes | None:
    from botocore.exceptions import ClientError

    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if code_of(error) in ("NoSuchKey", "404"):
            return None
        raise


def _wait(look: Callable[[], Found | None], patience: float, words: str) -> Found:
    began = time.monotonic()
    for pause in pauses():
        found = look()
        if found is not None:
            return found
        if time.monotonic() - began > patience:
            raise DeployError(f"{words} within {patience:g} s; it may still do so")
        time.sleep(pause)
    raise AssertionError("pauses never end")
