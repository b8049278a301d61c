"""The deploy role may do what a deployment needs, on its own stage's names, and nothing dangerous."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from tests.bootstrap.accounts import REGION, SLUG, Accounts
from tests.bootstrap.deploy_policies import (
    MOST_ATTACHED,
    MOST_IN_A_ROLE,
    attached_policies,
    deploy_policies,
    most_characters,
)
from tests.bootstrap.needed_actions import needed_actions
from tests.bootstrap.simulator import Request, Simulator

STAGE = "staging"
OWN = f"{SLUG}-{STAGE}"
DATA = f"{SLUG}-{STAGE}-0123456789ab"
ALIAS = {"kms:ResourceAliases": [f"alias/{OWN}"]}


@pytest.fixture(scope="module")
def home(accounts: Accounts) -> str:
    return accounts.stages[STAGE]


def arn(service: str, account: str, rest: str) -> str:
    regionless = service in ("iam", "budgets")
    return f"arn:aws:{service}:{'' if regionless else REGION}:{account}:{rest}"


def of_keys(requests: list[Request], accounts: Accounts, account: str) -> list[Request]:
    """The requests, with the stage key's policy where they are KMS's, which asks for it too."""
    key = accounts.outputs[f"{SLUG}-bootstrap-stage-{STAGE}"]["KmsKeyArn"]
    policy = accounts.key_policy(key, account)
    return [replace(each, resource_policy=policy) if each.action.startswith("kms:") else each for each in requests]


def own_resources(action: str, home: str, tooling: str) -> Iterable[Request]:
    """The ways in which a deployment would call `action`."""
    service, name = action.split(":")
    boundary = {"iam:PermissionsBoundary": f"arn:aws:iam::{home}:policy/sagemaker-mlops/{OWN}-boundary"}
    linked = "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRole"
    resources: dict[str, list[tuple[str, Any]]] = {
        "iam": [
            (arn("iam", home, f"role/{OWN}-execution"), {}),
            (arn("iam", home, f"role/{OWN}-execution"), boundary),
            (arn("iam", home, f"role/{OWN}-execution"), {"iam:PassedToService": "sagemaker.amazonaws.com"}),
            (arn("iam", home, linked), {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}),
        ],
        "sagemaker": [
            (arn("sagemaker", home, "model/model-1a2b"), {"aws:RequestTag/deployment": OWN}),
            (arn("sagemaker", home, "model/model-1a2b"), {"aws:ResourceTag/deployment": OWN}),
            (arn("sagemaker", home, "endpoint-config/config-1a2b"), {"aws:RequestTag/deployment": OWN}),
            (arn("sagemaker", home, "endpoint-config/config-1a2b"), {"aws:ResourceTag/deployment": OWN}),
            (arn("sagemaker", home, f"endpoint/{SLUG}-{STAGE}"), {}),
            (arn("sagemaker", home, f"pipeline/{SLUG}-{STAGE}-batch"), {}),
            (arn("sagemaker", tooling, f"model-package/{SLUG}/3"), {}),
        ],
        "s3": [
            (f"arn:aws:s3:::{DATA}", {"aws:ResourceAccount": home}),
            (f"arn:aws:s3:::{DATA}/deployments/1.json", {"aws:ResourceAccount": home}),
        ],
        "kms": [(arn("kms", home, "key/1a2b"), ALIAS)],
        "cloudwatch": [
            (arn("cloudwatch", home, f"alarm:{OWN}-errors-5xx"), {}),
            (f"arn:aws:cloudwatch::{home}:dashboard/{OWN}", {}),
            ("*", {}),
        ],
        "logs": [
            (arn("logs", home, f"log-group:/aws/sagemaker/Endpoints/{OWN}:*"), {}),
            (arn("logs", home, f"log-group:/aws/sagemaker/Endpoints/{OWN}"), {}),
            ("*", {}),
        ],
        "sns": [(arn("sns", home, f"{OWN}-notifications"), {}), ("*", {})],
        "sqs": [(arn("sqs", home, f"{OWN}-batch-undelivered"), {})],
        "events": [(arn("events", home, f"rule/{OWN}-new-data"), {})],
        "scheduler": [(arn("scheduler", home, f"schedule/default/{OWN}-batch"), {})],
        "budgets": [(arn("budgets", home, f"budget/{OWN}"), {})],
        "application-autoscaling": [
            (arn("application-autoscaling", home, "scalable-target/1a2b"), {}),
            ("*", {}),
        ],
    }
    account = tooling if name == "DescribeModelPackage" else home
    return [Request(action, resource, dict(context), account) for resource, context in resources[service]]


def test_everything_that_the_templates_need_is_allowed(accounts: Accounts, home: str, simulator: Simulator) -> None:
    needed = needed_actions()
    assert len(needed) >= 80
    ways = [request for action in sorted(needed) for request in own_resources(action, home, accounts.tooling)]
    requests = of_keys(ways, accounts, home)
    policies = deploy_policies(accounts, STAGE)
    results = simulator.results(requests, f"arn:aws:iam::{home}:role/sagemaker-mlops/{OWN}-deploy", policies)
    allowed = {request.action for request, result in zip(requests, results, strict=True) if result == "Allowed"}
    assert sorted(needed - allowed) == []


TRACKING = "alarm:TargetTracking-endpoint/{}/variant/primary-AlarmHigh-0a1b2c3d"
AUTOSCALING_ASKS = [
    # SageMaker developer guide, "Auto scaling prerequisites": what whoever registers a target has to be allowed.
    ("sagemaker:DescribeEndpoint", "sagemaker", f"endpoint/{SLUG}-{STAGE}"),
    ("sagemaker:DescribeEndpointConfig", "sagemaker", "endpoint-config/config-1a2b"),
    ("sagemaker:UpdateEndpointWeightsAndCapacities", "sagemaker", f"endpoint/{SLUG}-{STAGE}"),
    ("cloudwatch:PutMetricAlarm", "cloudwatch", TRACKING.format(f"{SLUG}-{STAGE}")),
    ("cloudwatch:DescribeAlarms", "cloudwatch", TRACKING.format(f"{SLUG}-{STAGE}")),
    ("cloudwatch:DeleteAlarms", "cloudwatch", TRACKING.format(f"{SLUG}-{STAGE}")),
]


def test_autoscaling_gets_what_it_asks_of_its_caller(accounts: Accounts, home: str, simulator: Simulator) -> None:
    requests = [Request(action, arn(service, home, rest)) for action, service, rest in AUTOSCALING_ASKS]
    policies = deploy_policies(accounts, STAGE)
    results = simulator.results(requests, f"arn:aws:iam::{home}:role/sagemaker-mlops/{OWN}-deploy", policies)
    assert [(asked.action, got) for asked, got in zip(requests, results, strict=True) if got != "Allowed"] == []


def dangerous(home: str, tooling: str) -> list[Request]:
    role, other = arn("iam", home, f"role/{OWN}-execution"), arn("iam", home, "role/Admin")
    package, group = f"model-package/{SLUG}/3", f"model-package-group/{SLUG}"
    boundary = {"iam:PermissionsBoundary": f"arn:aws:iam::{home}:policy/sagemaker-mlops/{OWN}-boundary"}
    foreign_tag = {"aws:ResourceTag/deployment": "other-staging"}
    here = {"aws:ResourceAccount": home}
    return [
        Request("iam:CreateUser", arn("iam", home, "user/eve")),
        Request("iam:CreateAccessKey", arn("iam", home, "user/eve")),
        Request("iam:AttachRolePolicy", role, boundary),
        Request("iam:CreateRole", role),
        Request("iam:CreateRole", role, {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        Request("iam:CreateRole", arn("iam", home, f"role/{OWN}-extra"), boundary),
        Request("iam:CreateRole", other, boundary),
        Request("iam:PutRolePolicy", role),
        Request("iam:PutRolePolicy", other, boundary),
        Request("iam:PutRolePolicy", arn("iam", home, f"role/sagemaker-mlops/{OWN}-deploy"), boundary),
        Request("iam:UpdateAssumeRolePolicy", arn("iam", home, f"role/sagemaker-mlops/{OWN}-deploy")),
        Request("iam:DeleteRolePermissionsBoundary", role, boundary),
        Request(
            "iam:PutRolePermissionsBoundary",
            role,
            {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        ),
        Request("iam:CreatePolicyVersion", arn("iam", home, f"policy/sagemaker-mlops/{OWN}-boundary")),
        Request("iam:DeletePolicy", arn("iam", home, f"policy/sagemaker-mlops/{OWN}-boundary")),
        Request("iam:CreatePolicyVersion", arn("iam", home, f"policy/sagemaker-mlops/{OWN}-deploy-operation")),
        Request("iam:PassRole", role, {"iam:PassedToService": "lambda.amazonaws.com"}),
        Request("iam:PassRole", role, {"iam:PassedToService": "ec2.amazonaws.com"}),
        Request("iam:PassRole", other, {"iam:PassedToService": "sagemaker.amazonaws.com"}),
        Request("sts:AssumeRole", other),
        Request("sts:AssumeRole", f"arn:aws:iam::{tooling}:role/sagemaker-mlops/{SLUG}-deploy-ci", account=tooling),
        Request("sagemaker:UpdateModelPackage", arn("sagemaker", home, package)),
        Request("sagemaker:UpdateModelPackage", arn("sagemaker", tooling, package), account=tooling),
        Request("sagemaker:CreateModelPackage", arn("sagemaker", tooling, package), account=tooling),
        Request("sagemaker:PutModelPackageGroupPolicy", arn("sagemaker", tooling, group), account=tooling),
        Request("sagemaker:DeleteEndpoint", arn("sagemaker", home, "endpoint/other-staging")),
        Request("sagemaker:UpdateEndpoint", arn("sagemaker", home, f"endpoint/{SLUG}-production")),
        Request("sagemaker:InvokeEndpoint", arn("sagemaker", home, "endpoint/other-staging")),
        Request("sagemaker:UpdateEndpointWeightsAndCapacities", arn("sagemaker", home, "endpoint/other-staging")),
        Request("cloudwatch:PutMetricAlarm", arn("cloudwatch", home, TRACKING.format("other-staging"))),
        Request("cloudwatch:DeleteAlarms", arn("cloudwatch", home, TRACKING.format(f"{SLUG}-production"))),
        Request("sagemaker:DeleteModel", arn("sagemaker", home, "model/theirs"), foreign_tag),
        Request("sagemaker:DeleteModel", arn("sagemaker", home, "model/untagged")),
        Request("sagemaker:CreateModel", arn("sagemaker", home, "model/untagged")),
        Request(
            "sagemaker:AddTags", arn("sagemaker", home, "model/theirs"), {**foreign_tag, "aws:RequestTag/owner": "me"}
        ),
        Request("sagemaker:CreateNotebookInstance", arn("sagemaker", home, "notebook-instance/eve")),
        Request("sagemaker:CreateTrainingJob", arn("sagemaker", home, "training-job/eve")),
        Request("kms:ScheduleKeyDeletion", arn("kms", home, "key/1a2b"), ALIAS),
        Request("kms:PutKeyPolicy", arn("kms", home, "key/1a2b"), ALIAS),
        Request("kms:DisableKey", arn("kms", home, "key/1a2b"), ALIAS),
        Request("kms:Decrypt", arn("kms", home, "key/other"), {"kms:ResourceAliases": ["alias/payroll"]}),
        Request("s3:DeleteBucket", "arn:aws:s3:::payroll", here),
        Request("s3:GetObject", "arn:aws:s3:::payroll/salaries.csv", here),
        Request("s3:PutObject", f"arn:aws:s3:::{DATA}/x", {"aws:ResourceAccount": "999988887777"}),
        Request("s3:PutBucketPolicy", "arn:aws:s3:::payroll", here),
        Request(
            "cloudformation:DeleteStack", arn("cloudformation", home, f"stack/{SLUG}-bootstrap-stage-{STAGE}/1a2b")
        ),
        Request("cloudformation:CreateStack", arn("cloudformation", home, "stack/eve/1a2b")),
        Request("logs:DeleteLogGroup", arn("logs", home, "log-group:/aws/cloudtrail")),
        Request("cloudwatch:DeleteAlarms", arn("cloudwatch", home, "alarm:security-root-login")),
        Request("sns:DeleteTopic", arn("sns", home, "security")),
        Request("lambda:CreateFunction", arn("lambda", home, "function:eve")),
        Request("ec2:RunInstances", arn("ec2", home, "instance/i-1")),
        Request("ssm:PutParameter", arn("ssm", home, f"parameter/{SLUG}/bindings/{STAGE}/deploy_role_arn")),
        Request("cloudtrail:StopLogging", arn("cloudtrail", home, "trail/all")),
        Request("organizations:LeaveOrganization", "*"),
    ]


def test_what_is_dangerous_is_denied(accounts: Accounts, home: str, simulator: Simulator) -> None:
    requests = of_keys(dangerous(home, accounts.tooling), accounts, home)
    assert len(requests) >= 45
    policies = deploy_policies(accounts, STAGE)
    results = simulator.results(requests, f"arn:aws:iam::{home}:role/sagemaker-mlops/{OWN}-deploy", policies)
    outcomes = zip(requests, results, strict=True)
    assert [(request, result) for request, result in outcomes if result != "ImplicitlyDenied"] == []


@pytest.mark.parametrize(
    ("stage", "ci", "other"),
    [("staging", "deploy-ci", "deploy-ci-production"), ("production", "deploy-ci-production", "deploy-ci")],
)
def test_only_the_project_s_ci_for_the_stage_in_the_tooling_account_may_assume_it(
    stage: str, ci: str, other: str, accounts: Accounts, simulator: Simulator
) -> None:
    home, tooling = accounts.stages[stage], accounts.tooling
    name = f"{SLUG}-{stage}-deploy"
    role, trust = f"arn:aws:iam::{home}:role/sagemaker-mlops/{name}", accounts.trust(name, home)
    anyone = [
        {
            "name": "anyone",
            "policy": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}],
            },
        }
    ]
    for principal, expected in [
        (f"arn:aws:iam::{tooling}:role/sagemaker-mlops/{SLUG}-{ci}", "Allowed"),
        (f"arn:aws:iam::{tooling}:role/sagemaker-mlops/{SLUG}-{other}", "ImplicitlyDenied"),
        (f"arn:aws:iam::{tooling}:role/sagemaker-mlops/{SLUG}-deploy-test", "ImplicitlyDenied"),
        (f"arn:aws:iam::{tooling}:role/sagemaker-mlops/x-{SLUG}-{ci}", "ImplicitlyDenied"),
        (f"arn:aws:iam::{home}:role/sagemaker-mlops/{SLUG}-{ci}", "ImplicitlyDenied"),
        (f"arn:aws:iam::{tooling}:role/{SLUG}-{ci}", "ImplicitlyDenied"),
        (f"arn:aws:iam::999988887777:role/sagemaker-mlops/{SLUG}-{ci}", "ImplicitlyDenied"),
    ]:
        request = Request("sts:AssumeRole", role, {"aws:PrincipalArn": principal}, home, trust)
        assert simulator.results([request], principal, anyone) == [expected], principal


def test_policies_of_the_longest_slug_stay_below_iam_s_limits(accounts: Accounts, home: str) -> None:
    own = accounts.role_policies(f"{OWN}-deploy", home)
    attached = attached_policies(accounts, f"{OWN}-deploy", home)
    assert own and attached
    assert sum(most_characters(policy, SLUG) for policy in own) <= MOST_IN_A_ROLE
    for policy in [*attached, accounts.boundary(STAGE)]:
        assert most_characters(policy, SLUG) <= MOST_ATTACHED
