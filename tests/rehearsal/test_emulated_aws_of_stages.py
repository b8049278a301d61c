"""What the command line needs of the emulator to find what a stage has left, and to take it away."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.emulated import EmulatedAws

TEMPLATE = {
    "Resources": {
        "Data": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {"BucketName": "tagged-by-its-stack", "Tags": [{"Key": "own", "Value": "1"}]},
        }
    }
}
DEFINITION = {"Version": "2020-12-01", "Steps": [{"Name": "one", "Type": "Transform", "Arguments": {}}]}


def test_a_bucket_has_its_own_tags_and_those_of_its_stack_also_after_it_has_gone(aws: EmulatedAws) -> None:
    client = aws.client("cloudformation")
    given = [{"Key": "deployment", "Value": "first"}]
    client.create_stack(StackName="tagging", TemplateBody=json.dumps(TEMPLATE), Tags=given)
    aws.stack("tagging")
    client.update_stack(StackName="tagging", UsePreviousTemplate=True, Tags=[{"Key": "deployment", "Value": "second"}])
    aws.stack("tagging")
    client.delete_stack(StackName="tagging")
    tags = aws.client("s3").get_bucket_tagging(Bucket="tagged-by-its-stack")["TagSet"]
    assert {"Key": "own", "Value": "1"} in tags and {"Key": "deployment", "Value": "second"} in tags


def test_a_pipeline_has_no_executions_because_none_can_be_started(aws: EmulatedAws) -> None:
    client = aws.client("sagemaker")
    role = f"arn:aws:iam::{aws.account}:role/any"
    client.create_pipeline(
        PipelineName="never-run", ClientRequestToken="x" * 32, RoleArn=role, PipelineDefinition=json.dumps(DEFINITION)
    )
    assert client.list_pipeline_executions(PipelineName="never-run")["PipelineExecutionSummaries"] == []
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.list_pipeline_executions(PipelineName="no-such-pipeline")
