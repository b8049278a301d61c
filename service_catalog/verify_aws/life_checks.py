"""The first hours of a project: its pipeline's jobs, and the event of its first registered model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from renderer.template import TEMPLATE
from service_catalog.verify_aws.account import Account, TooLongError
from service_catalog.verify_aws.checks import RefutedError, check
from service_catalog.verify_aws.event_checks import forget_rule, make_queue
from service_catalog.verify_aws.project_checks import needed
from service_catalog.verify_aws.runs import describe, jobs, remove_pipelines

CI_MINUTES, PIPELINE_MINUTES, EVENT_MINUTES = 60, 90, 10
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
    account.afterwards(f"pipelines of {project}", lambda: remove_pipelines(account, project))
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
    if not versions["ModelPackageSummaryList"]:
        raise RefutedError(f"{pipeline} succeeded and registered nothing in {project}")
    account.facts["model_package"] = versions["ModelPackageSummaryList"][0]["ModelPackageArn"]
    return f"{pipeline} registered {account.facts['model_package']}"


@check()
def jobs_are_isolated_and_encrypted(account: Account) -> str:
    """Every job of that run has network isolation, encrypted traffic and a customer key on its volumes.

    Source: docs/controls.md; model-build/tests/test_pipelines_jobs.py.
    """
    found = jobs(account, needed(account, "execution"))
    open_ones = [
        f"{name} without {lack}"
        for kind, name in found
        for lack in lacks(describe(account, kind, name), account.options.subnet_ids)
    ]
    if open_ones or not found:
        raise RefutedError("; ".join(open_ones) or "the run has no jobs")
    return f"{len(found)} jobs: {', '.join(name for _, name in found)}"


@check()
def first_registration_is_an_event(account: Account) -> str:
    """A first registration is an event too, whose UpdatedModelPackageFields are missing or name ModelApprovalStatus.

    Source: inferred from the SageMaker developer guide, automating-sagemaker-with-eventbridge.
    """
    group = needed(account, "model_package").split("/")[-2]
    queues, queue = account.client("sqs"), needed(account, "queue")
    received: list[dict[str, Any]] = []

    def arrived() -> bool:
        answer = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=10)
        received.extend(json.loads(each["Body"])["detail"] for each in answer.get("Messages", []))
        return any(each["ModelPackageGroupName"] == group for each in received)

    try:
        account.wait("event of the registration", arrived, EVENT_MINUTES, 1)
    except TooLongError as error:
        raise RefutedError(f"no event of {group} came within {EVENT_MINUTES} minutes of waiting") from error
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


def _pipeline(account: Account, project: str) -> str:
    found = account.client("sagemaker").list_pipelines(PipelineNamePrefix=project)["PipelineSummaries"]
    return next((each["PipelineName"] for each in found if "train" in each["PipelineName"]), "")


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
    events, name, who = account.client("events"), f"{account.prefix}-registry", account.identity()
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
    account.facts["queue"] = make_queue(account, name, json.dumps(allowed))
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": [DETAIL_TYPE],
        "detail": {"ModelPackageGroupName": [project]},
    }
    account.afterwards(f"rule {name}", lambda: forget_rule(account, name))
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])
