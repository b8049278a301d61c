"""The boundary covers every action of the roles that deployments make, and holds them to it."""

from __future__ import annotations

import fnmatch
import re

from tests.bootstrap.accounts import REGION, SLUG, Accounts
from tests.bootstrap.needed_actions import INFRASTRUCTURE
from tests.bootstrap.simulator import Request, Simulator

ANYTHING = {
    "name": "anything",
    "policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
}


def actions_of_roles() -> set[str]:
    """Actions in the policies of the stage templates' roles, and not in those of their buckets, topics and queues."""
    found: set[str] = set()
    for path in INFRASTRUCTURE.glob("*.yaml*"):
        for resource in re.split(r"\n  (?=\w+:\n)", path.read_text(encoding="utf-8")):
            if re.search(r"Type: AWS::IAM::(Role|Policy)\n", resource):
                # What a colon follows is the key of a condition.
                found |= set(
                    re.findall(
                        r"\b((?:s3|kms|ecr|ec2|sns|sqs|sagemaker|cloudwatch|logs|iam):[A-Z]\w+)(?![\w:])", resource
                    )
                )
    return found


def test_it_covers_what_the_stage_s_roles_do(accounts: Accounts) -> None:
    allowed = [
        action
        for statement in accounts.boundary("staging")["policy"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]
    needed = actions_of_roles()
    assert len(needed) >= 20
    assert [action for action in sorted(needed) if not any(fnmatch.fnmatchcase(action, each) for each in allowed)] == []


def test_a_role_that_is_given_everything_stays_within_it(accounts: Accounts, simulator: Simulator) -> None:
    home, tooling = accounts.stages["staging"], accounts.tooling
    requests = [
        Request("iam:CreateUser", f"arn:aws:iam::{home}:user/eve"),
        Request("iam:PassRole", f"arn:aws:iam::{home}:role/Admin", {"iam:PassedToService": "sagemaker.amazonaws.com"}),
        Request("sts:AssumeRole", f"arn:aws:iam::{home}:role/sagemaker-mlops/{SLUG}-staging-deploy"),
        Request("s3:GetObject", "arn:aws:s3:::payroll/salaries.csv"),
        Request("s3:PutBucketPolicy", f"arn:aws:s3:::{SLUG}-staging-data"),
        Request("kms:Decrypt", f"arn:aws:kms:{REGION}:{home}:key/1a2b", {"kms:ResourceAliases": ["alias/payroll"]}),
        Request("kms:ScheduleKeyDeletion", f"arn:aws:kms:{REGION}:{home}:key/1a2b"),
        Request("sagemaker:UpdateModelPackage", f"arn:aws:sagemaker:{REGION}:{tooling}:model-package/{SLUG}/3"),
        Request("sagemaker:UpdateEndpoint", f"arn:aws:sagemaker:{REGION}:{home}:endpoint/{SLUG}-staging"),
        Request("sns:Publish", f"arn:aws:sns:{REGION}:{home}:security"),
        Request("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{home}:function:x"),
    ]
    principal = f"arn:aws:iam::{home}:role/{SLUG}-staging-execution"
    results = simulator.results(requests, principal, [ANYTHING], accounts.boundary("staging"))
    denied = ("ImplicitlyDenied", "ExplicitlyDenied")
    assert [(r.action, got) for r, got in zip(requests, results, strict=True) if got not in denied] == []


def test_jobs_are_told_apart_by_the_tag_that_the_batch_pipeline_gives_them(
    accounts: Accounts, simulator: Simulator
) -> None:
    home = accounts.stages["staging"]
    sagemaker = f"arn:aws:sagemaker:{REGION}:{home}"
    own, theirs = f"{SLUG}-staging", f"{SLUG}-production"
    wanted = [Request("sagemaker:StartPipelineExecution", f"{sagemaker}:pipeline/{own}-batch")]
    refused = [
        Request(f"sagemaker:{action}", f"{sagemaker}:pipeline/{name}")
        for name in (SLUG, f"{SLUG}-training", f"{theirs}-batch")
        for action in ("StartPipelineExecution", "AddTags", "UpdatePipeline")
    ]
    for kind, name in [("processing-job", "ProcessingJob"), ("transform-job", "TransformJob")]:
        job = f"{sagemaker}:{kind}/pipelines-0a1b2c3d4e5f-Prepare-1a2b"
        asks, has = {"aws:RequestTag/deployment": own}, {"aws:ResourceTag/deployment": own}
        created = {**asks, "sagemaker:TaggingAction": f"Create{name}"}
        other = {"aws:ResourceTag/deployment": theirs}
        wanted += [Request(f"sagemaker:Create{name}", job, asks), Request("sagemaker:AddTags", job, created)]
        wanted += [Request(f"sagemaker:{action}{name}", job, has) for action in ("Describe", "Stop")]
        refused += [
            Request(f"sagemaker:Create{name}", job),
            Request(f"sagemaker:Create{name}", job, {"aws:RequestTag/deployment": theirs}),
            Request(f"sagemaker:Create{name}", f"{sagemaker}:{kind}/eve", asks),
            Request(f"sagemaker:Stop{name}", job),
            Request(f"sagemaker:Stop{name}", job, other),
            Request("sagemaker:AddTags", job, asks),
            Request("sagemaker:AddTags", job, {**asks, **other}),
        ]
    principal, boundary = f"arn:aws:iam::{home}:role/{SLUG}-staging-execution", accounts.boundary("staging")
    results = simulator.results([*wanted, *refused], principal, [ANYTHING], boundary)
    expected = ["Allowed"] * len(wanted) + ["ImplicitlyDenied"] * len(refused)
    assert [(r.action, r.context, got) for r, got in zip([*wanted, *refused], results, strict=True)] == [
        (r.action, r.context, want) for r, want in zip([*wanted, *refused], expected, strict=True)
    ]


def test_the_model_s_role_watches_the_alarms_that_roll_it_back(accounts: Accounts, simulator: Simulator) -> None:
    """SageMaker developer guide, deployment guardrails: DescribeAlarms on the alarms of the auto rollback."""
    home = accounts.stages["staging"]
    alarms = f"arn:aws:cloudwatch:{REGION}:{home}:alarm"
    principal, boundary = f"arn:aws:iam::{home}:role/{SLUG}-staging-execution", accounts.boundary("staging")
    requests = [
        Request("cloudwatch:DescribeAlarms", f"{alarms}:{SLUG}-staging-errors-5xx"),
        Request("cloudwatch:DescribeAlarms", f"{alarms}:{SLUG}-production-errors-5xx"),
        Request("cloudwatch:DeleteAlarms", f"{alarms}:{SLUG}-staging-errors-5xx"),
    ]
    results = simulator.results(requests, principal, [ANYTHING], boundary)
    assert results == ["Allowed", "ImplicitlyDenied", "ImplicitlyDenied"]


def test_only_execution_roles_of_the_stages_read_models_from_other_accounts(
    accounts: Accounts, simulator: Simulator
) -> None:
    key = accounts.outputs[f"{SLUG}-bootstrap-tooling"]["ArtifactKeyArn"]
    policy = accounts.key_policy(key, accounts.tooling)
    for account, role, action, expected in [
        (accounts.stages["staging"], f"{SLUG}-staging-execution", "kms:Decrypt", "Allowed"),
        (accounts.stages["production"], f"{SLUG}-production-execution", "kms:Decrypt", "Allowed"),
        (accounts.stages["staging"], f"{SLUG}-staging-execution", "kms:ScheduleKeyDeletion", "ImplicitlyDenied"),
        (accounts.stages["staging"], f"{SLUG}-staging-deploy", "kms:Decrypt", "ImplicitlyDenied"),
        (accounts.stages["staging"], "Admin", "kms:Decrypt", "ImplicitlyDenied"),
        ("999988887777", f"{SLUG}-staging-execution", "kms:Decrypt", "ImplicitlyDenied"),
    ]:
        principal = f"arn:aws:iam::{account}:role/{role}"
        request = Request(action, key, {"aws:PrincipalArn": principal}, accounts.tooling, policy)
        assert simulator.results([request], principal, [ANYTHING]) == [expected], (principal, action)
