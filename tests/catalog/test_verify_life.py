"""What checks make of a project's first run; requests and answers are held against botocore's models."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from service_catalog.verify_aws import life_checks
from service_catalog.verify_aws.account import TooLongError
from service_catalog.verify_aws.checks import RefutedError, every_check
from service_catalog.verify_aws.course import run
from service_catalog.verify_aws.removing import RemovalError
from service_catalog.verify_aws.runs import remove_pipelines
from tests.catalog.verify_scripts import NOW, PACKAGE, scripted

ISOLATED = {
    "NetworkConfig": {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True},
    "ProcessingResources": {"ClusterConfig": {"VolumeKmsKeyId": "key"}},
}


@pytest.mark.parametrize(
    ("change", "lack"),
    [
        ({}, []),
        ({"NetworkConfig": {"EnableInterContainerTrafficEncryption": True}}, ["network isolation"]),
        ({"NetworkConfig": {"EnableNetworkIsolation": True}}, ["encryption between its machines"]),
        ({"ProcessingResources": {"ClusterConfig": {}}}, ["a key for its volume"]),
    ],
)
def test_a_job_is_told_what_it_lacks(change: dict[str, Any], lack: list[str]) -> None:
    assert list(life_checks.lacks({**ISOLATED, **change}, "")) == lack


def test_a_training_job_keeps_these_elsewhere_and_the_subnets_of_the_form_count() -> None:
    job = {
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "ResourceConfig": {"VolumeKmsKeyId": "key"},
        "VpcConfig": {"Subnets": ["subnet-b", "subnet-a"]},
    }
    assert list(life_checks.lacks(job, "subnet-a,subnet-b")) == []
    assert list(life_checks.lacks(job, "subnet-c")) == ["the subnets of the form"]


@pytest.mark.parametrize(
    ("fields", "holds"), [(None, True), (["ModelApprovalStatus"], True), (["CustomerMetadataProperties"], False)]
)
def test_the_event_of_a_registration_is_told_word_for_word(fields: list[str] | None, holds: bool) -> None:
    detail: dict[str, Any] = {"ModelPackageGroupName": "verify-1-sc", "ModelApprovalStatus": "PendingManualApproval"}
    if fields is not None:
        detail["UpdatedModelPackageFields"] = fields
    messages = {"Messages": [{"MessageId": "1", "Body": json.dumps({"detail": detail})}]}
    account, _ = scripted({"sqs.ReceiveMessage": messages}, model_package=PACKAGE, queue="https://q")
    if holds:
        assert json.loads(life_checks.first_registration_is_an_event(account))[0]["UpdatedModelPackageFields"] == fields
    else:
        with pytest.raises(RefutedError):
            life_checks.first_registration_is_an_event(account)


RUN = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/verify-1-sc-training/execution/abc"


def _job(kind: str, name: str) -> dict[str, Any]:
    arn = f"arn:aws:sagemaker:eu-west-1:111122223333:{kind.lower()}/{name}"
    return {"StepName": name, "StepStatus": "Succeeded", "Metadata": {kind: {"Arn": arn}}}


def _described(kind: str, name: str, isolated: bool, status: str = "Completed") -> dict[str, Any]:
    """As SageMaker describes a job of a project."""
    common = {"CreationTime": NOW, f"{kind}Name": name, f"{kind}Arn": f"arn:aws:sagemaker:eu-west-1:1:x/{name}"}
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30, "VolumeKmsKeyId": "key"}
    closed = {"EnableNetworkIsolation": isolated, "EnableInterContainerTrafficEncryption": True}
    if kind == "TrainingJob":
        return {
            **common,
            **closed,
            "TrainingJobStatus": status,
            "SecondaryStatus": status,
            "ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"},
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "StoppingCondition": {},
            "ResourceConfig": cluster,
        }
    return {
        **common,
        "ProcessingJobStatus": status,
        "AppSpecification": {"ImageUri": "image"},
        "ProcessingResources": {"ClusterConfig": cluster},
        "NetworkConfig": closed,
    }


@pytest.mark.parametrize(("open_job", "holds"), [("", True), ("prepare", False), ("train", False)])
def test_one_job_without_isolation_refutes_the_claim_by_its_name(open_job: str, holds: bool) -> None:
    steps = [_job("ProcessingJob", "prepare"), {"StepName": "check", "Metadata": {"Condition": {"Outcome": "True"}}}]
    account, _ = scripted(
        {
            "sagemaker.ListPipelineExecutionSteps": {"PipelineExecutionSteps": [*steps, _job("TrainingJob", "train")]},
            "sagemaker.DescribeProcessingJob": _described("ProcessingJob", "prepare", open_job != "prepare"),
            "sagemaker.DescribeTrainingJob": _described("TrainingJob", "train", open_job != "train"),
        },
        execution=RUN,
    )
    if holds:
        assert life_checks.jobs_are_isolated_and_encrypted(account) == "2 jobs: prepare, train"
    else:
        with pytest.raises(RefutedError, match=f"^{open_job} without network isolation$"):
            life_checks.jobs_are_isolated_and_encrypted(account)


def test_a_run_without_jobs_shows_no_isolation() -> None:
    account, _ = scripted({"sagemaker.ListPipelineExecutionSteps": {"PipelineExecutionSteps": []}}, execution=RUN)
    with pytest.raises(RefutedError, match="no jobs"):
        life_checks.jobs_are_isolated_and_encrypted(account)


def test_an_event_that_never_comes_refutes_the_claim() -> None:
    account, _ = scripted({"sqs.ReceiveMessage": {}}, model_package=PACKAGE, queue="https://q")
    with pytest.raises(RefutedError, match="no event of verify-1-sc came within 10 minutes"):
        life_checks.first_registration_is_an_event(account)


def _life(states: Iterator[str], registered: list[str]) -> dict[str, Any]:
    """AWS's answers from the project's first commit to its first model; the CI publishes the pipeline late."""
    found = iter([[], [{"PipelineName": "verify-1-sc-training"}]])
    packages = [{"ModelPackageArn": arn, "CreationTime": NOW, "ModelPackageStatus": "Completed"} for arn in registered]
    return {
        "ssm.GetParameter": {"Parameter": {"Name": "n", "Value": "verify-1-sc-artifacts"}},
        "s3.PutObject": {},
        "sqs.CreateQueue": {"QueueUrl": "https://q"},
        "events.PutRule": {"RuleArn": "arn:aws:events:eu-west-1:111122223333:rule/r"},
        "events.PutTargets": {"FailedEntryCount": 0},
        "sagemaker.ListPipelines": lambda _: {
            "PipelineSummaries": next(found, [{"PipelineName": "verify-1-sc-training"}])
        },
        "sagemaker.StartPipelineExecution": {"PipelineExecutionArn": RUN},
        "sagemaker.DescribePipelineExecution": lambda _: {"PipelineExecutionStatus": next(states)},
        "sagemaker.ListModelPackages": {"ModelPackageSummaryList": packages},
    }


def test_a_run_that_registers_a_model_holds_the_claim() -> None:
    account, aws = scripted(_life(iter(["Executing", "Succeeded"]), [PACKAGE]), project="verify-1-sc")
    assert life_checks.pipeline_runs(account) == f"verify-1-sc-training registered {PACKAGE}"
    assert account.facts["model_package"] == PACKAGE and account.facts["execution"] == RUN
    (uploaded,) = aws.asked("s3.PutObject")
    assert (uploaded["Bucket"], uploaded["Key"]) == ("verify-1-sc-artifacts", "verify-1-sc/data/adult.csv.gz")
    (started,) = aws.asked("sagemaker.StartPipelineExecution")
    assert started["PipelineParameters"] == [{"Name": "DataVersion", "Value": "verify-1"}]
    queue, rule = aws.asked("sqs.CreateQueue")[0], aws.asked("events.PutRule")[0]
    allowed = json.loads(queue["Attributes"]["Policy"])["Statement"]["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert allowed.endswith(f":rule/{rule['Name']}")
    assert json.loads(rule["EventPattern"])["detail"] == {"ModelPackageGroupName": ["verify-1-sc"]}


@pytest.mark.parametrize(
    ("states", "registered", "why"),
    [(["Executing", "Failed"], [PACKAGE], "ended as Failed"), (["Succeeded"], [], "registered nothing")],
)
def test_a_run_that_fails_or_registers_nothing_refutes_the_claim(
    states: list[str], registered: list[str], why: str
) -> None:
    told = itertools.chain(states, itertools.repeat(states[-1]))
    account, _ = scripted(_life(told, registered), project="verify-1-sc")
    with pytest.raises(RefutedError, match=why):
        life_checks.pipeline_runs(account)


def _going_on(states: Iterator[str]) -> dict[str, Any]:
    """A run in the middle of its second job."""
    pages = {"PipelineExecutionArn": RUN, "PipelineExecutionStatus": "Executing"}
    ended = {"PipelineExecutionArn": f"{RUN}d", "PipelineExecutionStatus": "Failed"}
    return {
        "sagemaker.ListPipelines": {"PipelineSummaries": [{"PipelineName": "verify-1-sc-training"}]},
        "sagemaker.ListPipelineExecutions": {"PipelineExecutionSummaries": [pages, ended]},
        "sagemaker.ListPipelineExecutionSteps": {
            "PipelineExecutionSteps": [_job("ProcessingJob", "prepare"), _job("TrainingJob", "train")]
        },
        "sagemaker.DescribeProcessingJob": _described("ProcessingJob", "prepare", True),
        "sagemaker.DescribeTrainingJob": _described("TrainingJob", "train", True, "InProgress"),
        "sagemaker.StopPipelineExecution": {"PipelineExecutionArn": RUN},
        "sagemaker.StopTrainingJob": {},
        "sagemaker.DescribePipelineExecution": lambda _: {"PipelineExecutionStatus": next(states)},
        "sagemaker.DeletePipeline": {"PipelineArn": "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/p"},
    }


def test_a_run_that_goes_on_is_stopped_with_its_jobs_before_its_pipeline_is_deleted() -> None:
    account, aws = scripted(_going_on(iter(["Stopping", "Stopped"])))
    remove_pipelines(account, "verify-1-sc")
    assert [each["PipelineExecutionArn"] for each in aws.asked("sagemaker.StopPipelineExecution")] == [RUN]
    assert aws.asked("sagemaker.StopTrainingJob") == [{"TrainingJobName": "train"}]
    names = [name for name, _ in aws.calls]
    assert names[-3:] == ["sagemaker.DescribePipelineExecution"] * 2 + ["sagemaker.DeletePipeline"]


def test_a_run_that_does_not_stop_is_told_and_waited_for_only_so_long() -> None:
    account, aws = scripted(_going_on(itertools.repeat("Stopping")))
    with pytest.raises(RemovalError, match="not within 15 minutes"):
        remove_pipelines(account, "verify-1-sc")
    assert len(aws.asked("sagemaker.DeletePipeline")) == 1


@pytest.mark.parametrize("end", [KeyboardInterrupt(), TooLongError("run: not within 90 minutes")])
def test_a_run_is_stopped_when_nobody_waits_for_it_any_more(
    end: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = {
        **_life(iter(["Executing"]), []),
        **_going_on(itertools.repeat("Stopped")),
        "sqs.GetQueueUrl": {"QueueUrl": "https://q"},
        "sqs.DeleteQueue": {},
        "events.RemoveTargets": {"FailedEntryCount": 0, "FailedEntries": []},
        "events.DeleteRule": {},
    }
    account, aws = scripted(script, project="verify-1-sc")

    def waits_in_vain(*_: object) -> str:
        raise end

    monkeypatch.setattr(life_checks, "_end_of_run", waits_in_vain)
    check = next(each for each in every_check() if each.name == "pipeline_runs")
    assert run([check], account).left == []
    assert aws.asked("sagemaker.StopPipelineExecution") and aws.asked("sagemaker.StopTrainingJob")
