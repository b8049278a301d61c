"""What guardrails stop, and what they let through: requests with the conditions that AWS would know."""

from __future__ import annotations

from typing import Any

from tests.catalog.launch_requests import KEY, ROOT_DECIDES, arn
from tests.catalog.launch_simulator import Request

JOB = arn("sagemaker", "training-job/pipelines-1")
TAG = "aws:RequestTag/sagemaker:project-name"
GOOD: dict[str, Any] = {
    "sagemaker:NetworkIsolation": "true",
    "sagemaker:InterContainerTrafficEncryption": "true",
    "sagemaker:VpcSubnets": ["subnet-1"],
    "sagemaker:VpcSecurityGroupIds": ["sg-1"],
    "sagemaker:InstanceTypes": ["ml.m5.large"],
    "sagemaker:VolumeKmsKeyArn": KEY,
    "sagemaker:OutputKmsKeyArn": KEY,
    TAG: "census-income",
}
NOTEBOOK, NOTEBOOK_SETTINGS = (
    arn("sagemaker", "notebook-instance/n"),
    {
        "sagemaker:RootAccess": "Disabled",
        "sagemaker:DirectInternetAccess": "Disabled",
        "sagemaker:VolumeKmsKeyArn": KEY,
        "sagemaker:InstanceTypes": ["ml.t3.medium"],
    },
)
CONFIG = arn("sagemaker", "endpoint-config/c")
PACKAGE, GROUP = (
    arn("sagemaker", "model-package/census-income/1"),
    arn("sagemaker", "model-package-group/census-income"),
)
MODEL, LAUNCH = arn("sagemaker", "model/m"), arn("iam", "role/SageMakerMlopsLaunch")
WORKER = "census-income-staging-execution"


def but(changed: dict[str, Any], **without: str) -> dict[str, Any]:
    """Good settings of a job with some changed, and without the one that `without` names."""
    return {key: value for key, value in {**GOOD, **changed}.items() if key not in without.values()}


def job(changed: dict[str, Any] | None = None, without: str = "", action: str = "CreateTrainingJob") -> Request:
    kind = {"CreateTrainingJob": "training-job", "CreateProcessingJob": "processing-job"}[action]
    return Request(f"sagemaker:{action}", arn("sagemaker", f"{kind}/pipelines-1"), but(changed or {}, key=without))


DENIED: list[tuple[str, str, Request]] = [
    ("isolation", "census-income-pipeline", job({"sagemaker:NetworkIsolation": "false"})),
    ("isolation", "census-income-pipeline", job(without="sagemaker:NetworkIsolation")),
    ("isolation", "census-income-pipeline", job(without="sagemaker:NetworkIsolation", action="CreateProcessingJob")),
    ("model-isolation", "x", Request("sagemaker:CreateModel", MODEL, {"sagemaker:NetworkIsolation": "false"})),
    ("model-isolation", "x", Request("sagemaker:CreateModel", MODEL)),
    ("network", "x", job(without="sagemaker:VpcSubnets")),
    ("network", "x", job(without="sagemaker:VpcSecurityGroupIds", action="CreateProcessingJob")),
    ("network", "x", Request("sagemaker:CreateModel", MODEL, {"sagemaker:VpcSubnets": ["subnet-1"]})),
    (
        "network",
        "x",
        Request(
            "sagemaker:CreateDomain",
            arn("sagemaker", "domain/d-1"),
            {"sagemaker:AppNetworkAccessType": "PublicInternetOnly"},
        ),
    ),
    ("encryption", "x", job({"sagemaker:InterContainerTrafficEncryption": "false"})),
    ("encryption", "x", job(without="sagemaker:InterContainerTrafficEncryption")),
    ("encryption", "x", job(without="sagemaker:VolumeKmsKeyArn")),
    ("encryption", "x", job(without="sagemaker:OutputKmsKeyArn", action="CreateProcessingJob")),
    (
        "encryption",
        "x",
        Request(
            "sagemaker:CreateTransformJob", arn("sagemaker", "transform-job/t"), {"sagemaker:OutputKmsKeyArn": KEY}
        ),
    ),
    ("encryption", "x", Request("sagemaker:CreateEndpointConfig", CONFIG)),
    (
        "notebooks",
        "x",
        Request("sagemaker:CreateNotebookInstance", NOTEBOOK, {**NOTEBOOK_SETTINGS, "sagemaker:RootAccess": "Enabled"}),
    ),
    (
        "notebooks",
        "x",
        Request(
            "sagemaker:CreateNotebookInstance",
            NOTEBOOK,
            {**NOTEBOOK_SETTINGS, "sagemaker:DirectInternetAccess": "Enabled"},
        ),
    ),
    ("notebooks", "x", Request("sagemaker:CreateNotebookInstance", NOTEBOOK)),
    ("notebooks", "x", Request("sagemaker:UpdateNotebookInstance", NOTEBOOK, {"sagemaker:RootAccess": "Enabled"})),
    ("instances", "x", job({"sagemaker:InstanceTypes": ["ml.p5.48xlarge"]})),
    ("instances", "x", job({"sagemaker:InstanceTypes": ["ml.m5.large", "ml.p5.48xlarge"]})),
    (
        "instances",
        "x",
        Request("sagemaker:CreateEndpointConfig", CONFIG, {"sagemaker:InstanceTypes": ["ml.p4d.24xlarge"]}),
    ),
    ("tags", "x", job(without=TAG)),
    ("tags", "x", Request("sagemaker:CreateModelPackageGroup", GROUP)),
    ("tags", "x", Request("sagemaker:CreateEndpointConfig", CONFIG, {"aws:RequestTag/owner": "me"})),
    (
        "approval",
        "DataScientist",
        Request("sagemaker:UpdateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "Approved"}),
    ),
    (
        "approval",
        "census-income-pipeline",
        Request("sagemaker:CreateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "Approved"}),
    ),
    (
        "approval",
        "Admin",
        Request("sagemaker:UpdateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "Rejected"}),
    ),
    ("approval", "Admin", Request("sagemaker:DeleteModelPackage", PACKAGE)),
    ("project-roles", WORKER, Request("iam:CreateRole", arn("iam", "role/evil"))),
    ("project-roles", WORKER, Request("iam:AttachRolePolicy", arn("iam", f"role/{WORKER}"))),
    ("project-roles", WORKER, Request("sts:AssumeRole", arn("iam", "role/Admin"))),
    ("project-roles", WORKER, Request("organizations:LeaveOrganization", "*")),
    ("project-roles", WORKER, Request("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:payroll-1a2b3c"))),
    ("project-roles", WORKER, Request("s3:PutBucketPolicy", "arn:aws:s3:::payroll")),
    (
        "project-roles",
        "census-income-production-trigger",
        Request("lambda:UpdateFunctionCode", arn("lambda", "function:x")),
    ),
    ("evidence", "Admin", Request("cloudtrail:StopLogging", arn("cloudtrail", "trail/all"))),
    ("evidence", "MlPlatform", Request("config:StopConfigurationRecorder", "*")),
    ("evidence", "Admin", Request("guardduty:DeleteDetector", arn("guardduty", "detector/1a2b"))),
    ("evidence", "Admin", Request("iam:DeleteRolePermissionsBoundary", arn("iam", f"role/{WORKER}"))),
    ("evidence", "Admin", Request("iam:UpdateAssumeRolePolicy", LAUNCH)),
    ("evidence", "Admin", Request("iam:CreatePolicyVersion", arn("iam", "policy/SageMakerMlopsBoundary"))),
    ("evidence", "Admin", Request("lambda:UpdateFunctionCode", arn("lambda", "function:sagemaker-mlops-seeder"))),
]


ALLOWED: list[tuple[str, Request]] = [
    ("SageMakerMlopsLaunch", Request("iam:CreateRole", arn("iam", "role/census-income-staging-deploy"))),
    ("SageMakerMlopsLaunch", Request("sagemaker:CreateModelPackageGroup", GROUP, {TAG: "census-income"})),
    ("SageMakerMlopsLaunch", Request("sagemaker:DeleteModelPackageGroup", GROUP)),
    ("SageMakerMlopsLaunch", Request("lambda:InvokeFunction", arn("lambda", "function:sagemaker-mlops-seeder"))),
    ("census-income-staging-deploy", Request("sagemaker:CreateModel", MODEL, GOOD)),
    (
        "census-income-staging-deploy",
        Request(
            "sagemaker:CreateEndpointConfig",
            CONFIG,
            {
                "sagemaker:VolumeKmsKeyArn": KEY,
                "sagemaker:InstanceTypes": ["ml.m5.large"],
                "aws:RequestTag/deployment": "census-income-staging",
            },
        ),
    ),
    ("census-income-staging-deploy", Request("iam:PutRolePolicy", arn("iam", f"role/{WORKER}"))),
    (WORKER, Request("s3:GetObject", "arn:aws:s3:::census-income-artifacts-0a1b2c3d4e5f/x")),
    (WORKER, Request("iam:PassRole", arn("iam", f"role/{WORKER}"), {"iam:PassedToService": "sagemaker.amazonaws.com"})),
    (WORKER, Request("sagemaker:StartPipelineExecution", arn("sagemaker", "pipeline/census-income-staging-batch"))),
    ("ModelReviewer", Request("sagemaker:UpdateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "Approved"})),
    ("MlPlatform", Request("iam:CreatePolicyVersion", arn("iam", "policy/SageMakerMlopsBoundary"))),
    ("MlPlatform", Request("lambda:UpdateFunctionCode", arn("lambda", "function:sagemaker-mlops-seeder"))),
    ("DataScientist", Request("sagemaker:CreateNotebookInstance", NOTEBOOK, NOTEBOOK_SETTINGS)),
    ("DataScientist", Request("sagemaker:CreateProject", arn("sagemaker", "project/census-income"))),
]


PEOPLE_MAY = [
    Request("sagemaker:CreateProject", arn("sagemaker", "project/x")),
    Request("sagemaker:StartPipelineExecution", arn("sagemaker", "pipeline/x-training")),
    Request("sagemaker:CreateTrainingJob", JOB, GOOD),
    Request("servicecatalog:ProvisionProduct", arn("catalog", "product/prod-1")),
    Request("s3:GetObject", "arn:aws:s3:::x-artifacts-0a1b2c3d4e5f/x"),
    Request("codecommit:GitPush", arn("codecommit", "x-model-build")),
    Request("iam:PassRole", arn("iam", "role/x-pipeline"), {"iam:PassedToService": "sagemaker.amazonaws.com"}),
    Request("sagemaker:UpdateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}),
]
PEOPLE_MAY_NOT = [
    Request("iam:CreateRole", arn("iam", "role/x-pipeline")),
    Request("iam:AttachRolePolicy", arn("iam", "role/x-pipeline")),
    Request("iam:CreateUser", arn("iam", "user/eve")),
    Request("iam:PassRole", arn("iam", "role/Admin"), {"iam:PassedToService": "sagemaker.amazonaws.com"}),
    Request("iam:PassRole", arn("iam", "role/x-pipeline"), {"iam:PassedToService": "ec2.amazonaws.com"}),
    Request("sts:AssumeRole", arn("iam", "role/Admin")),
    Request("sagemaker:UpdateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "Approved"}),
    Request("kms:ScheduleKeyDeletion", KEY, resource_policy=ROOT_DECIDES),
    Request("kms:PutKeyPolicy", KEY, resource_policy=ROOT_DECIDES),
    Request("s3:PutBucketPolicy", "arn:aws:s3:::x-artifacts-0a1b2c3d4e5f"),
    Request("servicecatalog:CreateConstraint", "*"),
    Request("lambda:UpdateFunctionCode", arn("lambda", "function:sagemaker-mlops-seeder")),
    Request("organizations:LeaveOrganization", "*"),
]
