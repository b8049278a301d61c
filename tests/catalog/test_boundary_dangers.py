"""A role of a project that was given everything still does nothing dangerous: its boundary holds alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.catalog.guardrails_requests import EVERYTHING
from tests.catalog.launch_dangers import dangers
from tests.catalog.launch_requests import KEY, ROOT_DECIDES, arn
from tests.catalog.launch_simulator import Request, simulator
from tests.catalog.launch_templates import boundary
from tests.infrastructure.cfn_templates import ACCOUNT, REGION

pytestmark = pytest.mark.slow

OWN = {"aws:PrincipalTag/sagemaker:project-name": "x"}
SAME = {**OWN, "aws:ResourceTag/sagemaker:project-name": "x"}
OTHER = {**OWN, "aws:ResourceTag/sagemaker:project-name": "y"}
DATA = "training and CI work on the objects of projects' buckets; which ones, their own policies say"
KEYS = "a key with an alias of a project, for which training and CI have to decrypt and encrypt"
LEFT = {
    "codeconnections:UseConnection": "a connection that an administrator tagged for projects",
    "codepipeline:StartPipelineExecution": "events start the pipelines of their project; production waits for a person",
    "ecr:PutImage": "CI publishes the image of its project, whose tags can't be moved",
    "kms:Decrypt": KEYS,
    "kms:GenerateDataKey": KEYS,
    "s3:DeleteObject": DATA,
    "s3:DeleteObjectVersion": DATA,
    "s3:GetObject": DATA,
    "s3:ListAllMyBuckets": "names of the account's buckets, which have no resource to name",
    "s3:PutObject": DATA,
    "sns:Unsubscribe": "CloudFormation ends a stage's subscriptions, which are told apart by their topic only",
    "sts:AssumeRole": "CI deploys as its stage's role, which trusts CI's roles by their names",
    "sagemaker:CreateModelPackage": "training registers versions; that they await a person, its own policy says",
}
SEEDER_PUSH = arn("codebuild", "project/sagemaker-mlops-seeder-push")
PUSHES = f"arn:aws:s3:::sagemaker-mlops-pushes-{ACCOUNT}-{REGION}/pushes/a"
MADE = arn("iam", "role/x-staging-execution")
STAGE_BOUNDARY = {"iam:PermissionsBoundary": arn("iam", "policy/sagemaker-mlops/x-staging-boundary")}
FOREIGN_ACCOUNT = "999988887777"


def stack(name: str) -> str:
    return arn("cloudformation", f"stack/{name}/1a2b")


MORE_DANGERS = [
    *(
        Request("codebuild:StartBuild", project, tags)
        for project, tags in (
            (arn("codebuild", "project/landing-zone-admin"), SAME),
            (arn("codebuild", "project/payments-deploy-production"), OWN),
            (arn("codebuild", "project/y-deploy-production"), OTHER),
            (SEEDER_PUSH, SAME),
        )
    ),
    *(
        Request(f"cloudformation:{action}", stack(name))
        for action in ("CreateChangeSet", "DeleteStack", "ExecuteChangeSet", "UpdateStack")
        for name in ("CdkApp", "SC-111122223333-pp-1a2b", "SP-x-staging-y", "sagemaker-mlops-launch-roles")
    ),
    *(Request(f"s3:{action}", "arn:aws:s3:::payroll/x") for action in ("GetObject", "PutObject", "PutObjectAcl")),
    *(Request(f"s3:{action}", PUSHES) for action in ("GetObject", "PutObject")),
    Request("s3:PutObjectAcl", "arn:aws:s3:::x-artifacts-0a1b2c3d4e5f/x"),
    Request("s3:GetObject", "arn:aws:s3:::x-artifacts-0a1b2c3d4e5f/x", {"aws:ResourceAccount": FOREIGN_ACCOUNT}),
    *(
        Request(f"s3:{action}", bucket)
        for action in ("DeleteBucket", "PutBucketPolicy", "PutBucketPublicAccessBlock", "PutLifecycleConfiguration")
        for bucket in ("arn:aws:s3:::payroll", "arn:aws:s3:::x-pipeline-0a1b2c3d4e5f")
    ),
    *(
        Request(f"iam:{action}", MADE, {"iam:PermissionsBoundary": arn("iam", policy)})
        for action in ("CreateRole", "PutRolePermissionsBoundary", "PutRolePolicy")
        for policy in ("policy/evil-staging-boundary", "policy/x-boundary")
    ),
    Request("iam:CreateRole", MADE),
    Request("iam:UpdateAssumeRolePolicy", arn("iam", "role/payments-production-execution"), OWN),
    Request("iam:UpdateAssumeRolePolicy", MADE, OTHER),
    Request("iam:PassRole", arn("iam", "role/terraform-pipeline"), {"iam:PassedToService": "sagemaker.amazonaws.com"}),
    Request("iam:PutRolePolicy", arn("iam", "role/sagemaker-mlops/x-staging-deploy"), STAGE_BOUNDARY),
    Request("sts:AssumeRole", arn("iam", "role/payments-production-deploy")),
    Request("kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "false"}, resource_policy=ROOT_DECIDES),
    Request("kms:CreateGrant", KEY, resource_policy=ROOT_DECIDES),
    Request("sns:AddPermission", arn("sns", "x-staging-topic")),
    Request("sqs:AddPermission", arn("sqs", "x-staging-queue")),
    Request("sns:Publish", arn("sns", "x-staging-topic"), {"aws:ResourceAccount": FOREIGN_ACCOUNT}),
    Request("sagemaker:PutModelPackageGroupPolicy", arn("sagemaker", "model-package-group/x"), SAME),
    Request("sagemaker:AddTags", arn("sagemaker", "model-package-group/y"), OWN),
    Request("ssm:PutParameter", arn("ssm", "parameter/x/bindings/execution_role_arn")),
]
USEFUL = [
    Request("ec2:CreateNetworkInterface", arn("ec2", "subnet/subnet-1a2b"), {"aws:ResourceAccount": FOREIGN_ACCOUNT}),
    Request("codebuild:StartBuild", arn("codebuild", "project/x-deploy-production"), SAME),
    Request("cloudformation:CreateChangeSet", stack("x-staging-serving")),
    Request("s3:PutObjectAcl", "arn:aws:s3:::x-pipeline-0a1b2c3d4e5f/x/Source/y"),
    Request("iam:CreateRole", MADE, STAGE_BOUNDARY),
    Request("iam:UpdateAssumeRolePolicy", MADE, SAME),
    Request("kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "true"}, resource_policy=ROOT_DECIDES),
]


def _results(requests: list[Request]) -> list[str]:
    everything: list[dict[str, Any]] = [{"name": "all", "policy": EVERYTHING}]
    return simulator().results(
        requests, f"arn:aws:iam::{ACCOUNT}:role/sagemaker-mlops/x-build-ci", everything, boundary()
    )


def test_nothing_dangerous_is_left_within_the_boundary_but_what_projects_live_on() -> None:
    requests = dangers()
    denied = ("ImplicitlyDenied", "ExplicitlyDenied")
    left = {each.action for each, got in zip(requests, _results(requests), strict=True) if got not in denied}
    assert left == LEFT.keys()


def test_the_boundary_holds_against_others_builds_stacks_data_and_roles() -> None:
    answers = zip(MORE_DANGERS, _results(MORE_DANGERS), strict=True)
    assert [
        (each.action, each.resource) for each, got in answers if got not in ("ImplicitlyDenied", "ExplicitlyDenied")
    ] == []


def test_the_same_on_what_is_a_project_s_own_stays_possible() -> None:
    assert _results(USEFUL) == ["Allowed"] * len(USEFUL)
