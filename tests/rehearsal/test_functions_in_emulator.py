"""Functions run in processes of their own, and stand behind CloudFormation's custom resources."""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from typing import Any

import pytest

from tests.emulated import EmulatedAws

pytestmark = pytest.mark.slow

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
CODE = """
import json, os, tempfile, urllib.request
from pathlib import Path

def importable(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True

def looks(event, context):
    import boto3
    with tempfile.TemporaryFile("w") as scratch:
        scratch.write("fine")
    try:
        Path(__file__).with_name("made").write_text("no")
        wrote = "yes"
    except OSError as fault:
        wrote = fault.strerror
    who = boto3.client("sts").get_caller_identity()["Arn"]
    return {"wrote": wrote, "who": who, "moto": importable("moto"), "own": os.environ["OWN"], "event": event}

def crashes(event, context):
    raise ValueError("no such luck")

def hangs(event, context):
    import time
    time.sleep(60)

def provides(event, context):
    wishes = event["ResourceProperties"]
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"PhysicalResourceId": "thing-1", "Status": "SUCCESS", "Data": {"Was": event["RequestType"]}}
    if wishes.get("Fail") == event["RequestType"]:
        answer |= {"Status": "FAILED", "Reason": "the thing is broken"}
    import boto3
    boto3.client("sqs").send_message(QueueUrl=os.environ["OWN"], MessageBody=event["RequestType"])
    if wishes.get("Silent"):
        raise RuntimeError("gone before it answered")
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, {"content-type": ""}, method="PUT"))
"""


def package() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("code.py", CODE)
        archive.writestr("thing.py", CODE)
    return content.getvalue()


def made(aws: EmulatedAws, name: str, handler: str, own: str = "mine", seconds: int = 30) -> str:
    function = aws.client("lambda").create_function(
        FunctionName=name,
        Runtime=RUNTIME,
        Handler=f"thing.{handler}",
        Role=f"arn:aws:iam::{aws.account}:role/{name}-role",
        Code={"ZipFile": package()},
        Timeout=seconds,
        Environment={"Variables": {"OWN": own}},
    )
    return str(function["FunctionArn"])


def invoked(aws: EmulatedAws, name: str) -> tuple[bool, Any]:
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"some": "event"}))
    return "FunctionError" in answer, json.loads(answer["Payload"].read())


def test_a_function_sees_its_package_boto3_and_its_role_and_writes_to_the_temporary_folder_only(
    aws: EmulatedAws,
) -> None:
    made(aws, "looks", "looks")
    failed, found = invoked(aws, "looks")
    assert not failed, found
    assert found == {
        "wrote": "Read-only file system",
        "who": f"arn:aws:sts::{aws.account}:assumed-role/looks-role/looks",
        "moto": False,
        "own": "mine",
        "event": {"some": "event"},
    }


@pytest.mark.parametrize(("handler", "word"), [("crashes", "no such luck"), ("hangs", "Task timed out after 1.00")])
def test_a_function_that_raises_or_hangs_is_an_error_of_the_function(aws: EmulatedAws, handler: str, word: str) -> None:
    made(aws, handler, handler, seconds=1)
    failed, found = invoked(aws, handler)
    assert failed
    assert word in found["errorMessage"]


def template(function: str, **wishes: str) -> str:
    thing = {"Type": "Custom::Thing", "Properties": {"ServiceToken": function, **wishes}}
    outputs = {"Was": {"Value": {"Fn::GetAtt": ["Thing", "Was"]}}, "Id": {"Value": {"Ref": "Thing"}}}
    return json.dumps({"Resources": {"Thing": thing}, "Outputs": outputs})


def provider(aws: EmulatedAws, name: str) -> tuple[str, str]:
    queue = aws.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return made(aws, name, "provides", own=queue), queue


def asked(aws: EmulatedAws, queue: str) -> list[str]:
    """The requests the function has got so far."""
    found: list[str] = []
    while messages := aws.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages]
        for message in messages:
            aws.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_a_custom_resource_is_created_updated_and_deleted_by_its_function(aws: EmulatedAws) -> None:
    function, queue = provider(aws, "things")
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName="things", TemplateBody=template(function))
    stack = aws.stack("things")
    assert stack["StackStatus"] == "CREATE_COMPLETE", aws.reasons("things")
    assert {each["OutputValue"] for each in stack["Outputs"]} == {"Create", "thing-1"}
    cloudformation.update_stack(StackName="things", TemplateBody=template(function, Size="2"))
    assert aws.stack("things")["StackStatus"] == "UPDATE_COMPLETE"
    cloudformation.delete_stack(StackName="things")
    assert aws.stack(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert asked(aws, queue) == ["Create", "Update", "Delete"]


def test_a_failure_the_function_reports_is_the_reason_of_the_event_and_is_rolled_back(aws: EmulatedAws) -> None:
    function, queue = provider(aws, "broken-things")
    aws.client("cloudformation").create_stack(StackName="broken", TemplateBody=template(function, Fail="Create"))
    assert aws.stack("broken")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Message returned: the thing is broken (RequestId:" in aws.reasons("broken")["Thing"]
    assert asked(aws, queue) == ["Create", "Delete"]


def test_a_function_that_fails_without_an_answer_is_called_three_times(aws: EmulatedAws) -> None:
    function, queue = provider(aws, "silent-things")
    aws.client("cloudformation").create_stack(StackName="silent", TemplateBody=template(function, Silent="yes"))
    assert aws.stack("silent")["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = aws.reasons("silent")["Thing"]
    assert "did not receive a response" in reason and "gone before it answered" in reason
    assert asked(aws, queue) == ["Create"] * 3


def test_a_build_is_not_run_and_does_not_succeed(aws: EmulatedAws) -> None:
    codebuild = aws.client("codebuild")
    codebuild.create_project(
        name="unrun",
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=f"arn:aws:iam::{aws.account}:role/build",
    )
    started = codebuild.start_build(projectName="unrun")["build"]["id"]
    while (build := codebuild.batch_get_builds(ids=[started])["builds"][0])["buildStatus"] == "IN_PROGRESS":
        time.sleep(0.05)
    assert build["buildStatus"] == "FAULT"
