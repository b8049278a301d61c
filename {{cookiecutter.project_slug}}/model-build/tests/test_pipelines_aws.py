"""Bringing the pipeline to SageMaker, starting it and watching it, against an emulated AWS."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from definitions import VARIANTS, definition, variant
from moto import mock_aws
from rich.console import Console

from model_build import cli
from model_build.local.parameters import ParameterError
from model_build.pipelines import aws
from model_build.pipelines.bindings import Bindings, BindingsError
from model_build.pipelines.executions import NoExecutionError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker.client import SageMakerClient

SETTINGS, BINDINGS = variant(*VARIANTS[0])
NAME = SETTINGS.pipeline_name("training")
EXECUTION = f"arn:aws:sagemaker:eu-west-1:111122223333:pipeline/{NAME}/execution/abcdefghijkl"
GROUP = f"arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/{SETTINGS.model_package_group}"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclasses.dataclass
class Cloud:
    """An emulated account with the project's bucket, and the compiled definition."""

    sagemaker: SageMakerClient
    s3: S3Client
    definition: Path

    def upsert(self) -> str:
        return aws.upsert("training", SETTINGS, BINDINGS, self.definition, self.sagemaker)

    def start(self, **given: str) -> dict[str, str]:
        """Parameters of a newly started execution."""
        folder = self.definition.parent
        arn = aws.start("training", SETTINGS, BINDINGS, self.definition, given, folder, self.sagemaker, self.s3)
        listed = self.sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)["PipelineParameters"]
        return {parameter["Name"]: parameter["Value"] for parameter in listed}


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in aws.COMMIT_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "training.json"
    path.write_text(json.dumps(definition(*VARIANTS[0])))
    with mock_aws():
        cloud = Cloud(aws.sagemaker_client(BINDINGS), aws.s3_client(BINDINGS), path)
        shared = json.dumps(aws.group_policy(GROUP, BINDINGS)) if BINDINGS.consumer_account_ids else "{}"
        answer = {"ResourcePolicy": shared}
        monkeypatch.setattr(cloud.sagemaker, "get_model_package_group_policy", lambda **_: answer)
        cloud.s3.create_bucket(
            Bucket=BINDINGS.artifact_bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        cloud.s3.put_object(Bucket=BINDINGS.artifact_bucket, Key=f"{SETTINGS.project.slug}/data/a.csv", Body=b"1")
        yield cloud


def test_upsert_makes_pipeline_and_group_with_all_tags(cloud: Cloud) -> None:
    arn = cloud.upsert()
    group = cloud.sagemaker.describe_model_package_group(ModelPackageGroupName=SETTINGS.model_package_group)
    for resource in (arn, group["ModelPackageGroupArn"]):
        tags = {tag["Key"]: tag["Value"] for tag in cloud.sagemaker.list_tags(ResourceArn=resource)["Tags"]}
        assert tags == {**SETTINGS.tags, **BINDINGS.tags}


def test_upsert_again_updates_the_definition(cloud: Cloud) -> None:
    arn = cloud.upsert()
    changed = json.loads(cloud.definition.read_text())
    changed["Metadata"] = {"changed": "yes"}
    cloud.definition.write_text(json.dumps(changed))
    assert cloud.upsert() == arn
    assert json.loads(cloud.sagemaker.describe_pipeline(PipelineName=NAME)["PipelineDefinition"]) == changed


def test_upsert_refuses_an_image_by_tag_and_says_how_to_get_a_digest(cloud: Cloud) -> None:
    by_tag = dataclasses.replace(BINDINGS, image_uri=Bindings.laptop(SETTINGS).image_uri)
    with pytest.raises(BindingsError, match=r'^[^\n]*export MLOPS_IMAGE_URI="\$\(make -s publish\)"$'):
        aws.upsert("training", SETTINGS, by_tag, cloud.definition, cloud.sagemaker)
    assert cloud.sagemaker.list_pipelines()["PipelineSummaries"] == []


def test_start_fills_in_commit_and_data_version(cloud: Cloud) -> None:
    cloud.upsert()
    first = cloud.start()
    assert first["GitCommit"] == "unknown"
    assert cloud.start()["DataVersion"] == first["DataVersion"]
    cloud.s3.put_object(Bucket=BINDINGS.artifact_bucket, Key=f"{SETTINGS.project.slug}/data/a.csv", Body=b"2")
    assert cloud.start()["DataVersion"] != first["DataVersion"]


def test_start_takes_the_commit_from_ci_where_there_is_no_repository(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.upsert()
    monkeypatch.setenv("GITHUB_SHA", "0123456789abcdef")
    assert cloud.start()["GitCommit"] == "0123456789abcdef"


def test_start_reads_a_folder_and_not_those_whose_names_begin_alike(cloud: Cloud) -> None:
    cloud.upsert()
    folder = f"s3://{BINDINGS.artifact_bucket}/{SETTINGS.project.slug}/data"
    before = cloud.start(InputData=folder)
    cloud.s3.put_object(Bucket=BINDINGS.artifact_bucket, Key=f"{SETTINGS.project.slug}/data-old/a.csv", Body=b"2")
    assert cloud.start(InputData=folder) == before
    assert cloud.start()["DataVersion"] == before["DataVersion"]
    assert before["InputData"] == f"{folder}/"


@pytest.mark.parametrize(
    "given",
    [
        {"Threshold": "0.9"},
        {"GateThreshold": "high"},
        {"ModelApprovalStatus": "Approved"},
        {"InputData": "data"},
        {"InputData": f"s3://{BINDINGS.artifact_bucket}/nothing"},
    ],
)
def test_start_refuses_what_the_definition_does_not_accept(cloud: Cloud, given: dict[str, str]) -> None:
    cloud.upsert()
    with pytest.raises(ParameterError, match=next(iter(given))):
        cloud.start(**given)
    assert cloud.sagemaker.list_pipeline_executions(PipelineName=NAME)["PipelineExecutionSummaries"] == []


def test_consumer_accounts_may_use_versions_but_neither_approve_them_nor_change_the_group() -> None:
    arn = f"arn:aws-cn:sagemaker:cn-north-1:111122223333:model-package-group/{SETTINGS.model_package_group}"
    bindings = dataclasses.replace(BINDINGS, consumer_account_ids=("444455556666",))
    group, versions = aws.group_policy(arn, bindings)["Statement"]
    assert group["Action"] == ["sagemaker:DescribeModelPackageGroup"]
    assert versions["Action"] == [
        "sagemaker:CreateModel",
        "sagemaker:DescribeModelPackage",
        "sagemaker:ListModelPackages",
    ]
    assert versions["Resource"] == f"{arn.replace('model-package-group', 'model-package')}/*"
    assert versions["Principal"] == {"AWS": ["arn:aws-cn:iam::444455556666:root"]}


MISSING = f"Cannot find resource policy for: {GROUP}"
SHARED = dataclasses.replace(BINDINGS, consumer_account_ids=("444455556666",))
ALONE = dataclasses.replace(BINDINGS, consumer_account_ids=())


def share(bindings: Bindings, found: dict[str, Any] | None, changes: str = "", policy: str = "") -> None:
    """Bring the group up to date, of which AWS gives this policy; `changes` is the only operation that may follow."""
    client = boto3.client("sagemaker", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    named = {"ModelPackageGroupName": SETTINGS.model_package_group}
    with Stubber(client) as stub:
        stub.add_response("describe_model_package_group", _group(GROUP))
        stub.add_response("add_tags", {"Tags": []})
        if found is None:
            stub.add_client_error("get_model_package_group_policy", "ValidationException", MISSING)
        else:
            stub.add_response("get_model_package_group_policy", {"ResourcePolicy": json.dumps(found)}, named)
        if changes == "put_model_package_group_policy":
            stub.add_response(changes, {"ModelPackageGroupArn": GROUP}, {**named, "ResourcePolicy": policy})
        elif changes:
            stub.add_response(changes, {}, named)
        aws._upsert_group(SETTINGS, bindings, [], client)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("found", [None, aws.group_policy(GROUP, BINDINGS) | {"Statement": []}])
def test_upsert_lets_consumer_accounts_in(found: dict[str, Any] | None) -> None:
    wanted = json.dumps(aws.group_policy(GROUP, SHARED), sort_keys=True)
    share(SHARED, found, "put_model_package_group_policy", wanted)


def test_upsert_leaves_a_policy_that_says_the_same_in_other_words_alone() -> None:
    """A project's stack writes account ids, AWS gives their roots; CI may not write."""
    share(SHARED, aws.group_policy(GROUP, SHARED))
    written = json.loads(
        json.dumps(aws.group_policy(GROUP, SHARED)).replace("arn:aws:iam::444455556666:root", "444455556666")
    )
    for statement in written["Statement"]:
        statement["Principal"]["AWS"] = statement["Principal"]["AWS"][0]
    written["Statement"].reverse()
    share(SHARED, written)
    share(ALONE, None)


def test_upsert_without_consumer_accounts_takes_access_from_former_ones() -> None:
    share(ALONE, aws.group_policy(GROUP, SHARED), "delete_model_package_group_policy")


def test_a_policy_that_lets_more_happen_is_another_one() -> None:
    wider = aws.group_policy(GROUP, SHARED)
    wider["Statement"][1]["Action"].append("sagemaker:UpdateModelPackage")
    wanted = json.dumps(aws.group_policy(GROUP, SHARED), sort_keys=True)
    share(SHARED, wider, "put_model_package_group_policy", wanted)


@pytest.mark.parametrize("variable", ["", *aws.CI_VARIABLES])
def test_a_first_run_on_ci_without_data_says_so_and_is_no_failure(
    variable: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in aws.CI_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, "true")
    monkeypatch.setattr(cli, "_bindings", lambda *_: BINDINGS)
    monkeypatch.setattr(cli, "load_settings", lambda: SETTINGS)
    monkeypatch.setattr("model_build.pipelines.compile.compile_pipeline", lambda *_: cloud.definition)
    cloud.upsert()
    folder = f"{SETTINGS.project.slug}/data/"
    cloud.s3.delete_object(Bucket=BINDINGS.artifact_bucket, Key=f"{folder}a.csv")
    if variable:
        cli.start()
        assert (
            f"no data yet under s3://{BINDINGS.artifact_bucket}/{folder}: nothing to train" in capsys.readouterr().out
        )
    else:
        with pytest.raises(aws.NoDataError, match="holds no objects"):
            cli.start()
    with pytest.raises(aws.NoDataError, match="elsewhere"):
        cli.start(set_=[f"InputData=s3://{BINDINGS.artifact_bucket}/elsewhere/"])
    assert cloud.sagemaker.list_pipeline_executions(PipelineName=NAME)["PipelineExecutionSummaries"] == []


def test_status_follows_the_newest_execution_to_its_end_and_says_why_a_step_failed() -> None:
    client = boto3.client("sagemaker", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    waited: list[float] = []
    written = io.StringIO()
    source = EXECUTION.replace("abcdefghijkl", "earlier")
    cached = _step("Preprocess", "Succeeded", CacheHitResult={"SourcePipelineExecutionArn": source})
    failed = _step("Train", "Failed", FailureReason="AlgorithmError: [out of memory]", AttemptCount=2)
    with Stubber(client) as stub:
        stub.add_response(
            "list_pipeline_executions", {"PipelineExecutionSummaries": [{"PipelineExecutionArn": EXECUTION}]}
        )
        for status, steps in (("Executing", [cached]), ("Failed", [cached, failed])):
            described = {"PipelineExecutionStatus": status, "FailureReason": "Step failure" if steps[1:] else ""}
            stub.add_response("describe_pipeline_execution", described)
            stub.add_response("list_pipeline_execution_steps", {"PipelineExecutionSteps": steps})
        console = Console(file=written, width=120)
        ended = aws.status("training", SETTINGS, client, console, sleep=waited.append)
        stub.assert_no_pending_responses()
    assert (ended.status, len(waited)) == ("Failed", 1)
    assert [(step.name, step.seconds) for step in ended.steps] == [("Preprocess", 90.0), ("Train", 90.0)]
    shown = written.getvalue()
    assert "from the cache of execution earlier" in shown
    assert "AlgorithmError: [out of memory] · attempt 2" in shown
    assert "Step failure" in shown


def test_status_of_a_pipeline_that_never_ran_says_so(cloud: Cloud) -> None:
    cloud.upsert()
    with pytest.raises(NoExecutionError, match="never been started"):
        aws.status("training", SETTINGS, cloud.sagemaker, Console(file=io.StringIO()))


def test_refusal_by_aws_becomes_one_line(cloud: Cloud) -> None:
    with pytest.raises(aws.AwsError, match=r"^DescribePipeline: ") as caught:
        aws.run_in_aws(lambda: cloud.sagemaker.describe_pipeline(PipelineName="none"))
    assert "\n" not in str(caught.value)


def _group(arn: str) -> dict[str, Any]:
    return {
        "ModelPackageGroupName": SETTINGS.model_package_group,
        "ModelPackageGroupArn": arn,
        "CreationTime": BEGIN,
        "CreatedBy": {},
        "ModelPackageGroupStatus": "Completed",
    }


def _step(name: str, status: str, **more: Any) -> dict[str, Any]:
    times = {"StartTime": BEGIN, "EndTime": BEGIN + timedelta(seconds=90)}
    return {"StepName": name, "StepStatus": status, **times, **more}
