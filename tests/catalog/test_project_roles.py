"""What the project stack's own roles may do, and what not; what bootstrap makes is tried in tests/bootstrap."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.catalog.launch_instances import as_aws_knows
from tests.catalog.launch_simulator import Request, simulator
from tests.catalog.launch_templates import boundary
from tests.catalog.project_stacks import PROJECT_ID, PROVIDERS, SLUG, ProjectStack
from tests.infrastructure.cfn_templates import ACCOUNT, REGION

pytestmark = pytest.mark.slow

HERE = {"aws:ResourceAccount": ACCOUNT}
TAGS = {"aws:RequestTag/sagemaker:project-name": SLUG, "aws:RequestTag/sagemaker:project-id": PROJECT_ID}
ISOLATED = {"sagemaker:NetworkIsolation": "true", "sagemaker:InterContainerTrafficEncryption": "true"}
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
BUCKET = f"arn:aws:s3:::{SLUG}-artifacts-0a1b2c3d4e5f"
BUILDS = {"codepipeline": "BuildCiPublishRole", "github": "BuildCiRole", "gitlab": "BuildCiRole"}


def sagemaker(resource: str) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{resource}"


def role(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/sagemaker-mlops/{name}"


def passed(name: str, service: str = "sagemaker.amazonaws.com") -> Request:
    return Request("iam:PassRole", role(name), {"iam:PassedToService": service})


GROUP, VERSION = sagemaker(f"model-package-group/{SLUG}"), sagemaker(f"model-package/{SLUG}/3")
JOBS = {
    "sagemaker:CreateProcessingJob": sagemaker("processing-job/pipelines-abc-Preprocess-def"),
    "sagemaker:CreateTrainingJob": sagemaker("training-job/pipelines-abc-Train-def"),
}
NEW_JOBS = [Request(action, job, {**TAGS, **ISOLATED}) for action, job in JOBS.items()]
REGISTERING = Request(
    "sagemaker:CreateModelPackage", VERSION, {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}
)
NOT_FOR_ANY = [
    Request("sagemaker:UpdateModelPackage", VERSION, {"sagemaker:ModelApprovalStatus": "Approved"}),
    Request("sagemaker:DeleteModelPackage", VERSION),
    *(Request(f"sagemaker:{action}ModelPackageGroupPolicy", GROUP) for action in ("Put", "Delete")),
    Request("sagemaker:CreateEndpoint", sagemaker(f"endpoint/{SLUG}-production")),
    Request("sagemaker:UpdatePipeline", sagemaker("pipeline/other-training")),
    Request("sagemaker:UpdatePipeline", sagemaker(f"pipeline/{SLUG}-production-batch")),
    Request("iam:CreateRole", role(f"{SLUG}-new")),
    Request("iam:PutRolePolicy", role(f"{SLUG}-training-pipeline")),
    Request("sts:AssumeRole", role(f"{SLUG}-production-deploy")),
    Request("codebuild:StartBuild", f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{SLUG}-deploy-production"),
    Request(
        "codepipeline:PutApprovalResult", f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{SLUG}-deploy/Approval/Approve"
    ),
    Request("ssm:PutParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{SLUG}/released/production"),
    Request("ssm:GetParameters", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/other/bindings/region"),
    Request("s3:PutObject", f"arn:aws:s3:::{SLUG}-pipeline-0a1b2c3d4e5f/{SLUG}-deploy/Source/x", HERE),
    Request("s3:GetObject", f"arn:aws:s3:::{SLUG}-production-0a1b2c3d4e5f/capture/x", HERE),
    Request("s3:GetObject", f"arn:aws:s3:::other-artifacts-0a1b2c3d4e5f/{SLUG}/x", HERE),
    Request("s3:DeleteBucket", BUCKET, HERE),
    Request("ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/other-model-build"),
    Request("kms:ScheduleKeyDeletion", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/any"),
    passed("Admin"),
    passed(f"{SLUG}-training-pipeline", "lambda.amazonaws.com"),
]


DENIED = {"ImplicitlyDenied", "ExplicitlyDenied"}


def otherwise(expected: set[str], requests: list[Request], principal: str, given: list[dict[str, Any]]) -> str:
    """One line for each request that is not answered as expected."""
    asked = [as_aws_knows(each) for each in requests]
    results = simulator().results(asked, role(principal), given, boundary())
    lines = (
        f"{result}: {request.action} {request.resource} {request.context}"
        for request, result in zip(requests, results, strict=True)
        if result not in expected
    )
    return "\n".join(lines)


def policies(stack: ProjectStack, logical_id: str) -> list[dict[str, Any]]:
    """With the key's ARN as AWS would know it."""
    text = json.dumps(stack.policies(logical_id)).replace("<ToolingKey.Arn <ToolingKey>>", KEY)
    found: list[dict[str, Any]] = json.loads(text)
    return found


def test_training_may_run_jobs_and_register_versions() -> None:
    data = f"{BUCKET}/{SLUG}/training/abc/x"
    key_policy = ProjectStack("github").resources()["ToolingKey"]["Properties"]["KeyPolicy"]
    wanted = [
        *NEW_JOBS,
        *(
            Request("sagemaker:AddTags", job, {**TAGS, "sagemaker:TaggingAction": action.split(":")[1]})
            for action, job in JOBS.items()
        ),
        Request(
            "sagemaker:DescribeTrainingJob",
            JOBS["sagemaker:CreateTrainingJob"],
            {"aws:ResourceTag/sagemaker:project-name": SLUG},
        ),
        Request(
            "sagemaker:StopProcessingJob",
            JOBS["sagemaker:CreateProcessingJob"],
            {"aws:ResourceTag/sagemaker:project-name": SLUG},
        ),
        REGISTERING,
        passed(f"{SLUG}-training-pipeline"),
        Request("s3:ListBucket", BUCKET, HERE),
        *(Request(f"s3:{action}", data, HERE) for action in ("GetObject", "PutObject", "DeleteObject")),
        *(
            Request(f"kms:{action}", KEY, resource_policy=key_policy)
            for action in ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey")
        ),
        Request("ecr:BatchGetImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{SLUG}-model-build"),
        Request("ecr:GetAuthorizationToken", "*"),
        Request("ec2:CreateNetworkInterface", f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-interface/*"),
        Request("ec2:DescribeSubnets", "*"),
        Request("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}),
        Request(
            "logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/TrainingJobs:log-stream:x"
        ),
    ]
    assert (
        otherwise({"Allowed"}, wanted, f"{SLUG}-training-pipeline", policies(ProjectStack("github"), "TrainingRole"))
        == ""
    )


def test_training_may_not_leave_its_isolation_its_project_or_approve() -> None:
    other = {**TAGS, "aws:RequestTag/sagemaker:project-name": "other"}
    refused = [
        *NOT_FOR_ANY,
        *(replace(each, context=TAGS) for each in NEW_JOBS),
        *(replace(each, context={**TAGS, **ISOLATED, "sagemaker:NetworkIsolation": "false"}) for each in NEW_JOBS),
        *(replace(each, context={**other, **ISOLATED}) for each in NEW_JOBS),
        *(replace(each, context=ISOLATED) for each in NEW_JOBS),
        Request("sagemaker:AddTags", JOBS["sagemaker:CreateTrainingJob"], TAGS),
        Request(
            "sagemaker:StopTrainingJob",
            JOBS["sagemaker:CreateTrainingJob"],
            {"aws:ResourceTag/sagemaker:project-name": "other"},
        ),
        replace(REGISTERING, context={"sagemaker:ModelApprovalStatus": "Approved"}),
        replace(REGISTERING, resource=sagemaker("model-package/other/1")),
        Request("s3:GetObject", f"{BUCKET}/elsewhere/x", HERE),
        Request("s3:GetObject", f"{BUCKET}/{SLUG}/x", {"aws:ResourceAccount": "999988887777"}),
        Request("ssm:GetParameters", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{SLUG}/bindings/region"),
    ]
    assert (
        otherwise(DENIED, refused, f"{SLUG}-training-pipeline", policies(ProjectStack("github"), "TrainingRole")) == ""
    )


@pytest.mark.parametrize("ci", BUILDS)
def test_ci_of_model_build_may_publish_and_start(ci: str) -> None:
    training, image = (
        sagemaker(f"pipeline/{SLUG}-training"),
        f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{SLUG}-model-build",
    )
    actions = ("AddTags", "CreatePipeline", "DescribePipeline", "StartPipelineExecution", "UpdatePipeline")
    wanted = [
        Request("ssm:GetParameters", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{SLUG}/bindings/kms_key_arn"),
        Request("ecr:GetAuthorizationToken", "*"),
        *(Request(f"ecr:{action}", image) for action in ("DescribeImages", "InitiateLayerUpload", "PutImage")),
        *(Request(f"sagemaker:{action}", training) for action in actions),
        Request("sagemaker:GetModelPackageGroupPolicy", GROUP),
        Request("sagemaker:DescribeModelPackageGroup", GROUP),
        Request("sagemaker:AddTags", GROUP),
        passed(f"{SLUG}-training-pipeline"),
        Request("s3:ListBucket", BUCKET, {**HERE, "s3:prefix": f"{SLUG}/data/"}),
    ]
    assert otherwise({"Allowed"}, wanted, f"{SLUG}-build-ci", policies(ProjectStack(ci), BUILDS[ci])) == ""


@pytest.mark.parametrize("ci", BUILDS)
def test_ci_of_model_build_may_not_deploy_approve_or_run_jobs_itself(ci: str) -> None:
    refused = [
        *NOT_FOR_ANY,
        *NEW_JOBS,
        REGISTERING,
        Request("s3:ListBucket", BUCKET, {**HERE, "s3:prefix": "elsewhere/"}),
        Request("s3:GetObject", f"{BUCKET}/{SLUG}/data/x", HERE),
        Request("sagemaker:DeletePipeline", sagemaker(f"pipeline/{SLUG}-training")),
        Request("ecr:BatchDeleteImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{SLUG}-model-build"),
    ]
    assert otherwise(DENIED, refused, f"{SLUG}-build-ci", policies(ProjectStack(ci), BUILDS[ci])) == ""


def test_what_tests_changes_of_model_build_can_read_only_its_sources() -> None:
    stack = ProjectStack("codepipeline")
    source = f"arn:aws:s3:::{SLUG}-pipeline-0a1b2c3d4e5f/{SLUG}-build/Code/x"
    refused = [
        *NOT_FOR_ANY,
        Request("s3:GetObject", source.replace("Code", "Source"), HERE),
        Request("s3:PutObject", source, HERE),
        Request("ssm:GetParameters", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{SLUG}/bindings/region"),
        Request("ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{SLUG}-model-build"),
    ]
    given = policies(stack, "BuildCiTestRole")
    assert otherwise({"Allowed"}, [Request("s3:GetObject", source, HERE)], f"{SLUG}-build-test", given) == ""
    assert otherwise(DENIED, refused, f"{SLUG}-build-test", given) == ""


@pytest.mark.parametrize(
    ("ci", "host", "subject"),
    [
        ("github", "token.actions.githubusercontent.com", "repo:octo@1/build@2:environment:model-build"),
        ("gitlab", "gitlab.com", "project_path:octo/build:ref_type:branch:ref:main"),
    ],
)
def test_only_main_of_model_build_gets_its_role_by_token(ci: str, host: str, subject: str) -> None:
    trust = json.loads(ProjectStack(ci).resources()["BuildCiRole"]["Properties"]["AssumeRolePolicyDocument"])
    (statement,) = trust["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Principal"] == {"Federated": PROVIDERS[ci]}
    assert statement["Condition"] == {"StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": subject}}
