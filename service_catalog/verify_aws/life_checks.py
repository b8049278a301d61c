"""The first hours of a project: its pipeline's jobs, and the event of its first registered model."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from renderer.template import TEMPLATE
from service_catalog.verify_aws.account import Account
from service_catalog.verify_aws.checks import RefutedError, check
from service_catalog.verify_aws.project_checks import needed

CI_MINUTES, PIPELINE_MINUTES = 60, 90
# Kind of a step's job -> how to describe it, and where its answer keeps networks and volumes.
DESCRIBES = {
    "ProcessingJob": ("describe_processing_job", "ProcessingJobName"),
    "TrainingJob": ("describe_training_job", "TrainingJobName"),
}
DETAIL_TYPE = "SageMaker Model Package State Change"


@check(creates="a rule and a queue for events; a run of the training pipeline on sample data", usd=1.0)
def pipeline_runs(account: Account) -> str:
    """The seeded project's CI publishes image and pipeline, and the pipeline registers a model.

    Source: ours, docs/runs-where.md.
    """
    project = needed(account, "project")
    _listen(account, project)
    bucket = _binding(account, project, "artifact_bucket")
    sample = next((TEMPLATE / "{{cookiecutter.project_slug}}" / "model-build" / "data").glob("*adult.csv.gz*"))
    account.client("s3").upload_file(str(sample), bucket, f"{project}/data/adult.csv.gz")
    runs = account.client("sagemaker")
    account.afterwards(f"pipelines of {project}", lambda: _delete_pipelines(account, project))
    pipeline = account.wait(f"CI of {project}", lambda: _pipeline(account, project), CI_MINUTES, 30)
    started = runs.start_pipeline_execution(
        PipelineName=pipeline, PipelineParameters=[{"Name": "DataVersion", "Value": account.prefix}]
    )["PipelineExecutionArn"]
    account.facts["execution"] = started
    status = account.wait(f"run of {pipeline}", lambda: _end_of_run(account, started), PIPELINE_MINUTES, 30)
    if status != "Succeeded":
        found = runs.describe_pipeline_execution(PipelineExecutionArn=started)
        raise RefutedError(f"{pipeline} ended as {status}: {found.get('FailureReason', '')}")
    versions = runs.list_model_packages(ModelPackageGroupName=project, SortBy="CreationTime", SortOrder="Descending")
    account.facts["model_package"] = versions["ModelPackageSummaryList"][0]["ModelPackageArn"]
    return f"{pipeline} registered {account.facts['model_package']}"


@check()
def jobs_are_isolated_and_encrypted(account: Account) -> str:
    """Every job of that run has network isolation, encrypted traffic and a customer key on its volumes.

    Source: docs/controls.md; model-build/tests/test_pipelines_jobs.py.
    """
    steps = (
        account.client("sagemaker")
        .get_paginator("list_pipeline_execution_steps")
        .paginate(PipelineExecutionArn=needed(account, "execution"))
    )
    jobs = [job for page in steps for step in page["PipelineExecutionSteps"] for job in _jobs(step)]
    open_ones = [
        f"{name} without {lack}"
        for kind, name in jobs
        for lack in lacks(_describe(account, kind, name), account.options.subnet_ids)
    ]
    if open_ones or not jobs:
        raise RefutedError("; ".join(open_ones) or "the run has no jobs")
    return f"{len(jobs)} jobs: {', '.join(name for _, name in jobs)}"


@check()
def first_registration_is_an_event(account: Account) -> str:
    """A first registration is an event too, whose UpdatedModelPackageFields are missing or name ModelApprovalStatus.

    Source: inferred from the SageMaker developer guide, automating-sagemaker-with-eventbridge.
    """
    group = needed(account, "model_package").split("/")[-2]
    queues = account.client("sqs")
    received: list[dict[str, Any]] = []

    def arrived() -> bool:
        answer = queues.receive_message(QueueUrl=account.facts["queue"], MaxNumberOfMessages=10, WaitTimeSeconds=10)
        received.extend(json.loads(each["Body"])["detail"] for each in answer.get("Messages", []))
        return any(each["ModelPackageGroupName"] == group for each in received)

    account.wait("event of the registration", arrived, 10, 1)
    told = [
        {key: each.get(key) for key in ("ModelApprovalStatus", "ModelPackageStatus", "UpdatedModelPackageFields")}
        for each in received
        if each["ModelPackageGroupName"] == group
    ]
    fields = told[0]["UpdatedModelPackageFields"]
    if fields is not None and "ModelApprovalStatus" not in fields:
        raise RefutedError(json.dumps(told))
    return json.dumps(told)


def lacks(job: Mapping[str, Any], subnets: str) -> Iterator[str]:
    """What a described job has not, of what every job has to have."""
    network = job.get("NetworkConfig", job)
    resources = job.get("ProcessingResources", {}).get("ClusterConfig") or job.get("ResourceConfig", {})
    if not network.get("EnableNetworkIsolation"):
        yield "network isolation"
    if not network.get("EnableInterContainerTrafficEncryption"):
        yield "encryption between its machines"
    if not resources.get("VolumeKmsKeyId"):
        yield "a key for its volume"
    found = network.get("VpcConfig", {}).get("Subnets", [])
    if subnets and sorted(found) != sorted(subnets.split(",")):
        yield "the subnets of the form"


def _jobs(step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, about in step.get("Metadata", {}).items():
        if kind in DESCRIBES:
            yield kind, about["Arn"].rsplit("/", 1)[-1]


def _describe(account: Account, kind: str, name: str) -> dict[str, Any]:
    operation, parameter = DESCRIBES[kind]
    return dict(getattr(account.client("sagemaker"), operation)(**{parameter: name}))


def _pipeline(account: Account, project: str) -> str:
    found = account.client("sagemaker").list_pipelines(PipelineNamePrefix=project)["PipelineSummaries"]
    return next((each["PipelineName"] for each in found if "train" in each["PipelineName"]), "")


def _delete_pipelines(account: Account, project: str) -> None:
    runs = account.client("sagemaker")
    for each in runs.list_pipelines(PipelineNamePrefix=project)["PipelineSummaries"]:
        runs.delete_pipeline(PipelineName=each["PipelineName"], ClientRequestToken=uuid.uuid4().hex)


def _end_of_run(account: Account, arn: str) -> str:
    status = account.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=arn)[
        "PipelineExecutionStatus"
    ]
    return status if status in ("Succeeded", "Failed", "Stopped") else ""


def _binding(account: Account, project: str, name: str) -> str:
    found = account.client("ssm").get_parameter(Name=f"/{project}/bindings/{name}")
    return str(found["Parameter"]["Value"])


def _listen(account: Account, project: str) -> None:
    """A queue that gets every event of the project's registry, whatever fields it has."""
    queues, events, name = account.client("sqs"), account.client("events"), f"{account.prefix}-registry"
    who = account.identity()
    partition = who["Arn"].split(":")[1]
    rule = f"arn:{partition}:events:{who['Region']}:{who['Account']}:rule/{name}"
    queue = f"arn:{partition}:sqs:{who['Region']}:{who['Account']}:{name}"
    allowed = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        },
    }
    account.afterwards(
        f"queue {name}", lambda: queues.delete_queue(QueueUrl=queues.get_queue_url(QueueName=name)["QueueUrl"])
    )
    account.facts["queue"] = queues.create_queue(
        QueueName=name, Attributes={"SqsManagedSseEnabled": "true", "Policy": json.dumps(allowed)}
    )["QueueUrl"]
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": [DETAIL_TYPE],
        "detail": {"ModelPackageGroupName": [project]},
    }
    account.afterwards(f"rule {name}", lambda: _forget_rule(account, name))
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])


def _forget_rule(account: Account, name: str) -> None:
    events = account.client("events")
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
