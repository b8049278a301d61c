"""What guardrails stop, and what they let through: requests with the conditions that AWS would know."""

from __future__ import annotations

from typing import Any

from tests.catalog.launch_requests import KEY, arn
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
ADMIN_BOUNDARY = {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}
OWN_BOUNDARY = {"iam:PermissionsBoundary": arn("iam", "policy/allows-everything")}
STAGE_BOUNDARY = {"iam:PermissionsBoundary": arn("iam", "policy/sagemaker-mlops/census-income-staging-boundary")}
SEEDER = arn("lambda", "function:sagemaker-mlops-seeder")
BIG = {"sagemaker:InstanceTypes": ["ml.p5.48xlarge"]}


def but(changed: dict[str, Any], **without: str) -> dict[str, Any]:
    """Good settings of a job with some changed, and without the one that `without` names."""
    return {key: value for key, value in {**GOOD, **changed}.items() if key not in without.values()}


def job(changed: dict[str, Any] | None = None, without: str = "", action: str = "CreateTrainingJob") -> Request:
    kind = {"CreateTrainingJob": "training-job", "CreateProcessingJob": "processing-job"}[action]
    return Request(f"sagemaker:{action}", arn("sagemaker", f"{kind}/pipelines-1"), but(changed or {}, key=without))


DENIED: list[tuple[str, str, Request]] = [
    ("jobs", "census-income-pipeline", job({"sagemaker:NetworkIsolation": "false"})),
    ("jobs", "census-income-pipeline", job(without="sagemaker:NetworkIsolation")),
    ("jobs", "census-income-pipeline", job(without="sagemaker:NetworkIsolation", action="CreateProcessingJob")),
    ("models", "x", Request("sagemaker:CreateModel", MODEL, {"sagemaker:NetworkIsolation": "false"})),
    ("models", "x", Request("sagemaker:CreateModel", MODEL)),
    ("jobs", "x", job(without="sagemaker:VpcSubnets")),
    ("jobs", "x", job(without="sagemaker:VpcSecurityGroupIds", action="CreateProcessingJob")),
    ("models", "x", Request("sagemaker:CreateModel", MODEL, {"sagemaker:VpcSubnets": ["subnet-1"]})),
    (
        "studio",
        "x",
        Request(
            "sagemaker:CreateDomain",
            arn("sagemaker", "domain/d-1"),
            {"sagemaker:AppNetworkAccessType": "PublicInternetOnly"},
        ),
    ),
    ("jobs", "x", job({"sagemaker:InterContainerTrafficEncryption": "false"})),
    ("jobs", "x", job(without="sagemaker:InterContainerTrafficEncryption")),
    ("jobs", "x", job(without="sagemaker:VolumeKmsKeyArn")),
    ("jobs", "x", job(without="sagemaker:OutputKmsKeyArn", action="CreateProcessingJob")),
    (
        "jobs",
        "x",
        Request(
            "sagemaker:CreateTransformJob", arn("sagemaker", "transform-job/t"), {"sagemaker:OutputKmsKeyArn": KEY}
        ),
    ),
    ("jobs", "x", Request("sagemaker:CreateEndpointConfig", CONFIG)),
    (
        "studio",
        "x",
        Request("sagemaker:CreateNotebookInstance", NOTEBOOK, {**NOTEBOOK_SETTINGS, "sagemaker:RootAccess": "Enabled"}),
    ),
    (
        "studio",
        "x",
        Request(
            "sagemaker:CreateNotebookInstance",
            NOTEBOOK,
            {**NOTEBOOK_SETTINGS, "sagemaker:DirectInternetAccess": "Enabled"},
        ),
    ),
    ("studio", "x", Request("sagemaker:CreateNotebookInstance", NOTEBOOK)),
    ("studio", "x", Request("sagemaker:UpdateNotebookInstance", NOTEBOOK, {"sagemaker:RootAccess": "Enabled"})),
    ("jobs", "x", job({"sagemaker:InstanceTypes": ["ml.p5.48xlarge"]})),
    ("jobs", "x", job({"sagemaker:InstanceTypes": ["ml.m5.large", "ml.p5.48xlarge"]})),
    (
        "jobs",
        "x",
        Request("sagemaker:CreateEndpointConfig", CONFIG, {"sagemaker:InstanceTypes": ["ml.p4d.24xlarge"]}),
    ),
    ("jobs", "x", job(without=TAG)),
    ("jobs", "x", Request("sagemaker:CreateModelPackageGroup", GROUP)),
    ("jobs", "x", Request("sagemaker:CreateEndpointConfig", CONFIG, {"aws:RequestTag/owner": "me"})),
    (
        "governance",
        "DataScientist",
        Request("sagemaker:UpdateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "Approved"}),
    ),
    (
        "governance",
        "census-income-pipeline",
        Request("sagemaker:CreateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "Approved"}),
    ),
    (
        "governance",
        "Admin",
        Request("sagemaker:UpdateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "Rejected"}),
    ),
    ("governance", "Admin", Request("sagemaker:DeleteModelPackage", PACKAGE)),
    ("governance", WORKER, Request("iam:CreateRole", arn("iam", "role/evil"))),
    ("governance", WORKER, Request("iam:AttachRolePolicy", arn("iam", f"role/{WORKER}"))),
    ("governance", WORKER, Request("sts:AssumeRole", arn("iam", "role/Admin"))),
    ("governance", WORKER, Request("organizations:LeaveOrganization", "*")),
    ("governance", WORKER, Request("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:payroll-1a2b3c"))),
    ("governance", WORKER, Request("s3:PutBucketPolicy", "arn:aws:s3:::payroll")),
    (
        "governance",
        "census-income-production-trigger",
        Request("lambda:UpdateFunctionCode", arn("lambda", "function:x")),
    ),
    ("governance", "Admin", Request("cloudtrail:StopLogging", arn("cloudtrail", "trail/all"))),
    ("governance", "MlPlatform", Request("config:StopConfigurationRecorder", "*")),
    ("governance", "Admin", Request("guardduty:DeleteDetector", arn("guardduty", "detector/1a2b"))),
    ("governance", "Admin", Request("iam:DeleteRolePermissionsBoundary", arn("iam", f"role/{WORKER}"))),
    ("governance", "Admin", Request("iam:UpdateAssumeRolePolicy", LAUNCH)),
    ("governance", "Admin", Request("iam:CreatePolicyVersion", arn("iam", "policy/SageMakerMlopsBoundary"))),
    ("governance", "Admin", Request("lambda:UpdateFunctionCode", SEEDER)),
    ("governance", "Admin", Request("lambda:PutFunctionConcurrency", SEEDER)),
    ("governance", "Admin", Request("iam:PutRolePermissionsBoundary", arn("iam", "role/People"), ADMIN_BOUNDARY)),
    ("governance", "Admin", Request("iam:PutUserPermissionsBoundary", arn("iam", "user/eve"), ADMIN_BOUNDARY)),
    *(
        ("governance", "Admin", Request("iam:PutRolePermissionsBoundary", arn("iam", role), OWN_BOUNDARY))
        for role in (f"role/{WORKER}", "role/sagemaker-mlops/census-income-staging-deploy")
    ),
    *(
        ("governance", "Admin", Request(f"iam:{action}", arn("iam", f"role/{name}")))
        for name in ("MlPlatformEve", "ModelReviewerEve", "SageMakerMlopsLaunch")
        for action in ("CreateRole", "PutRolePolicy", "UpdateAssumeRolePolicy", "UpdateRole")
    ),
    *(
        ("governance", "Admin", Request(action, resource))
        for action, resource in (
            ("cloudtrail:PutEventSelectors", arn("cloudtrail", "trail/all")),
            ("config:PutConfigurationRecorder", "*"),
            ("config:PutDeliveryChannel", "*"),
            ("guardduty:DisassociateFromAdministratorAccount", "*"),
            ("sagemaker:DeleteMonitoringSchedule", arn("sagemaker", "monitoring-schedule/x")),
            ("config:DeleteConformancePack", arn("config", "conformance-pack/x/y")),
        )
    ),
    *(
        ("jobs", "x", Request(f"sagemaker:{action}", arn("sagemaker", f"{kind}/x"), without))
        for action, kind, without in (
            ("CreateMonitoringSchedule", "monitoring-schedule", but({"sagemaker:NetworkIsolation": "false"})),
            ("UpdateMonitoringSchedule", "monitoring-schedule", but(BIG)),
            ("CreateAutoMLJobV2", "automl-job", but({}, key="sagemaker:VpcSubnets")),
            ("CreateAutoMLJob", "automl-job", but({}, key="sagemaker:VolumeKmsKeyArn")),
            ("CreateCluster", "cluster", but(BIG)),
            ("CreateCluster", "cluster", but({}, key="sagemaker:VpcSubnets")),
            ("UpdateCluster", "cluster", BIG),
        )
    ),
    *(
        ("studio", "x", Request(f"sagemaker:{action}", arn("sagemaker", resource), BIG))
        for action, resource in (
            ("CreateApp", "app/d-1/u/JupyterLab/x"),
            ("UpdateNotebookInstance", "notebook-instance/n"),
            ("UpdateSpace", "space/d-1/s"),
        )
    ),
    (
        "studio",
        "x",
        Request(
            "sagemaker:UpdateDomain",
            arn("sagemaker", "domain/d-1"),
            {"sagemaker:AppNetworkAccessType": "PublicInternetOnly"},
        ),
    ),
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
    ("MlPlatform", Request("lambda:UpdateFunctionCode", SEEDER)),
    ("MlPlatform", Request("sagemaker:DeleteMonitoringSchedule", arn("sagemaker", "monitoring-schedule/x"))),
    ("MlPlatform", Request("config:DeleteConformancePack", arn("config", "conformance-pack/x/y"))),
    *(
        (principal, Request(action, resource))
        for principal in ("stacksets-exec-0a1b2c3d", "AWSCloudFormationStackSetExecutionRole", "MlPlatform")
        for action, resource in (
            ("iam:CreateRole", LAUNCH),
            ("iam:AttachRolePolicy", LAUNCH),
            ("iam:PutRolePolicy", LAUNCH),
            ("iam:CreatePolicyVersion", arn("iam", "policy/SageMakerMlopsBoundary")),
            ("iam:PutRolePolicy", arn("iam", "role/sagemaker-mlops-seeder-eu-west-1")),
            ("lambda:UpdateFunctionCode", SEEDER),
            ("lambda:AddPermission", SEEDER),
            ("lambda:PutFunctionConcurrency", SEEDER),
        )
    ),
    (
        "census-income-staging-deploy",
        Request("iam:PutRolePermissionsBoundary", arn("iam", f"role/{WORKER}"), STAGE_BOUNDARY),
    ),
    ("Admin", Request("iam:PutRolePermissionsBoundary", arn("iam", "role/payments"), OWN_BOUNDARY)),
    *(
        ("payments-production-execution", Request(action, resource))
        for action, resource in (
            ("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:payments-x")),
            ("dynamodb:PutItem", arn("dynamodb", "table/payments")),
        )
    ),
    (
        "DataScientist",
        Request("sagemaker:UpdateNotebookInstance", NOTEBOOK, {"sagemaker:InstanceTypes": ["ml.t3.medium"]}),
    ),
    (
        "DataScientist",
        Request(
            "sagemaker:CreateApp",
            arn("sagemaker", "app/d-1/u/JupyterServer/x"),
            {"sagemaker:InstanceTypes": ["system"]},
        ),
    ),
    ("DataScientist", Request("sagemaker:CreateNotebookInstance", NOTEBOOK, NOTEBOOK_SETTINGS)),
    ("DataScientist", Request("sagemaker:CreateProject", arn("sagemaker", "project/census-income"))),
]
