"""What no launch role may ever do: with concrete resources, and with the best that an attacker could claim."""

from __future__ import annotations

from typing import Any

from tests.catalog.launch_requests import BOUNDARY, KEY, ROOT_DECIDES, arn
from tests.catalog.launch_simulator import Request
from tests.infrastructure.cfn_templates import ACCOUNT, REGION

TAG, NEW_TAG = "aws:ResourceTag/sagemaker:project-name", "aws:RequestTag/sagemaker:project-name"
BOUNDED = {"iam:PermissionsBoundary": BOUNDARY, TAG: "x", NEW_TAG: "x"}
ADMIN_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"
OURS, ADMIN = arn("iam", "role/sagemaker-mlops/x-staging-deploy"), arn("iam", "role/Admin")
ALIKE = arn("iam", "role/github-production-deploy")
SELF = [
    arn("iam", f"role/{name}")
    for name in ("SageMakerMlopsLaunch", "SageMakerMlopsProjectsLaunch", "sagemaker-mlops-seeder-eu-west-1")
]
SEEDER = arn("lambda", "function:sagemaker-mlops-seeder")
PAYROLL = "arn:aws:s3:::payroll"
HERE = {"aws:ResourceAccount": ACCOUNT}


def dangers() -> list[Request]:
    return [*_identities(), *_roles(), *_alike(), *_makers(), *_keys(), *_data(), *_delivery(), *_elsewhere()]


def _identities() -> list[Request]:
    user = arn("iam", "user/eve")
    return [
        Request("iam:CreateUser", user),
        Request("iam:CreateAccessKey", user),
        Request("iam:CreateLoginProfile", user),
        Request("iam:AttachUserPolicy", user, {"iam:PolicyARN": ADMIN_POLICY}),
        Request("iam:PutUserPolicy", user),
        Request("iam:AddUserToGroup", arn("iam", "group/admins")),
        Request("iam:PutGroupPolicy", arn("iam", "group/admins")),
        Request("iam:CreateSAMLProvider", arn("iam", "saml-provider/evil")),
        Request(
            "iam:AddClientIDToOpenIDConnectProvider", arn("iam", "oidc-provider/token.actions.githubusercontent.com")
        ),
        Request("iam:DeleteOpenIDConnectProvider", arn("iam", "oidc-provider/token.actions.githubusercontent.com")),
        Request("iam:UpdateAccountPasswordPolicy", "*"),
        Request("iam:CreateServiceLinkedRole", arn("iam", "role/aws-service-role/ec2.amazonaws.com/x")),
        Request("iam:CreateInstanceProfile", arn("iam", "instance-profile/x")),
        Request("iam:AddRoleToInstanceProfile", arn("iam", "instance-profile/x")),
    ]


def _roles() -> list[Request]:
    other_boundary = {**BOUNDED, "iam:PermissionsBoundary": ADMIN_POLICY}
    admin = {**BOUNDED, "iam:PolicyARN": ADMIN_POLICY}
    passing = {"iam:PassedToService": "codebuild.amazonaws.com"}
    return [
        Request("iam:CreateRole", OURS, {NEW_TAG: "x"}),
        Request("iam:CreateRole", OURS, other_boundary),
        Request("iam:CreateRole", ADMIN, BOUNDED),
        Request("iam:CreateRole", arn("iam", "role/x-anything"), BOUNDED),
        Request("iam:CreateRole", arn("iam", "role/sagemaker-mlops/x-anything"), BOUNDED),
        Request("iam:PutRolePolicy", OURS, {TAG: "x"}),
        Request("iam:PutRolePolicy", ADMIN, BOUNDED),
        Request("iam:PutRolePolicy", arn("iam", "role/x-staging-execution"), BOUNDED),
        Request("iam:AttachRolePolicy", OURS, admin),
        Request("iam:AttachRolePolicy", ADMIN, admin),
        Request(
            "iam:AttachRolePolicy",
            OURS,
            {TAG: "x", "iam:PolicyARN": arn("iam", "policy/sagemaker-mlops/x-staging-deploy-operation")},
        ),
        Request("iam:UpdateAssumeRolePolicy", ADMIN, BOUNDED),
        Request("iam:UpdateAssumeRolePolicy", OURS),
        Request("iam:DeleteRole", ADMIN, BOUNDED),
        Request("iam:DeleteRolePermissionsBoundary", OURS, BOUNDED),
        Request("iam:PutRolePermissionsBoundary", OURS, other_boundary),
        Request("iam:PassRole", ADMIN, passing),
        Request("iam:PassRole", arn("iam", "role/OrganizationAccountAccessRole"), passing),
        Request(
            "iam:PassRole",
            arn("iam", "role/sagemaker-mlops/x-deploy-test"),
            {"iam:PassedToService": "ec2.amazonaws.com"},
        ),
        Request(
            "iam:PassRole",
            arn("iam", "role/sagemaker-mlops/x-deploy-test"),
            {"iam:PassedToService": "lambda.amazonaws.com"},
        ),
        Request("iam:PassRole", OURS, passing),
        Request("iam:CreatePolicy", arn("iam", "policy/evil")),
        Request("iam:CreatePolicyVersion", arn("iam", "policy/company-boundary-policy")),
        Request("iam:SetDefaultPolicyVersion", arn("iam", "policy/sagemaker-mlops/x-staging-boundary")),
        Request("sts:AssumeRole", ADMIN),
        Request("sts:AssumeRole", OURS),
        Request("sts:AssumeRole", "arn:aws:iam::999988887777:role/Admin", account="999988887777"),
    ]


def _alike() -> list[Request]:
    """Other teams' things that are called as a project's are, and what would lead to them."""
    provider = arn("iam", "oidc-provider/token.actions.githubusercontent.com")
    changes = ("UpdateAssumeRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy", "DeleteRole", "UntagRole")
    return [
        Request("iam:TagRole", ALIKE, {NEW_TAG: "x"}),
        *(Request(f"iam:{change}", ALIKE, BOUNDED) for change in changes),
        *(Request(f"iam:{change}", arn("iam", "role/terraform-training-pipeline"), BOUNDED) for change in changes),
        Request("iam:PassRole", arn("iam", "role/corp-build-ci"), {"iam:PassedToService": "codebuild.amazonaws.com"}),
        Request("iam:CreatePolicy", arn("iam", "policy/evil-staging-boundary")),
        Request("iam:CreatePolicyVersion", arn("iam", "policy/corp-production-boundary")),
        Request("iam:DeletePolicy", arn("iam", "policy/corp-production-boundary")),
        Request("iam:CreateOpenIDConnectProvider", provider, {NEW_TAG: "x"}),
        Request("iam:TagOpenIDConnectProvider", provider, {NEW_TAG: "x"}),
        Request("iam:DeleteOpenIDConnectProvider", provider, {TAG: "x"}),
        Request("codecommit:TagResource", arn("codecommit", "payments-model-build")),
        Request("codecommit:TagResource", arn("codecommit", "payments"), {NEW_TAG: "x"}),
        Request("codebuild:UpdateProject", arn("codebuild", "project/payments-deploy-production"), {NEW_TAG: "x"}),
        Request("codebuild:DeleteProject", arn("codebuild", "project/payments-deploy-production")),
        Request("codepipeline:UpdatePipeline", arn("codepipeline", "payments-deploy")),
        Request("s3:DeleteBucket", f"arn:aws:s3:::tf-production-state-{ACCOUNT}", HERE),
        Request("s3:PutBucketPolicy", f"arn:aws:s3:::corp-access-logs-{ACCOUNT}", HERE),
        Request(
            "cloudformation:CreateChangeSet",
            arn("cloudformation", "stack/SC-1/1a2b"),
            {"cloudformation:ImportResourceTypes": ["AWS::CodeBuild::Project"]},
        ),
    ]


def _makers() -> list[Request]:
    changes = (
        "UpdateAssumeRolePolicy",
        "PutRolePolicy",
        "AttachRolePolicy",
        "DeleteRole",
        "DeleteRolePermissionsBoundary",
    )
    return [
        *(Request(f"iam:{change}", role, BOUNDED) for role in SELF for change in changes),
        Request("iam:CreatePolicyVersion", BOUNDARY),
        Request("iam:DeletePolicy", BOUNDARY),
        Request("iam:CreatePolicyVersion", arn("iam", "policy/SageMakerMlopsLaunch-identities")),
        Request("iam:PassRole", SELF[2], {"iam:PassedToService": "lambda.amazonaws.com"}),
        Request("iam:PassRole", SELF[0], {"iam:PassedToService": "cloudformation.amazonaws.com"}),
        Request("lambda:UpdateFunctionCode", SEEDER),
        Request("lambda:UpdateFunctionConfiguration", SEEDER),
        Request("lambda:AddPermission", SEEDER),
        Request("lambda:DeleteFunction", SEEDER),
        Request("lambda:CreateFunction", arn("lambda", "function:evil")),
        Request("lambda:InvokeFunction", arn("lambda", "function:payroll")),
        Request("servicecatalog:ProvisionProduct", arn("catalog", "product/prod-1")),
        Request("servicecatalog:TerminateProvisionedProduct", "*"),
        Request("servicecatalog:UpdateProvisionedProduct", "*"),
        Request("servicecatalog:DeleteConstraint", "*"),
        Request("s3:PutObject", f"arn:aws:s3:::sagemaker-mlops-{ACCOUNT}-{REGION}/bundles/1/x.zip", HERE),
        Request("s3:PutBucketPolicy", f"arn:aws:s3:::sagemaker-mlops-{ACCOUNT}-{REGION}", HERE),
    ]


def _keys() -> list[Request]:
    foreign: dict[str, Any] = {"kms:ResourceAliases": ["alias/payroll"]}
    own = {TAG: "x", "kms:ResourceAliases": ["alias/x-artifacts"]}
    soon = {"kms:ScheduleKeyDeletionPendingWindowInDays": "7"}
    late = {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}
    grant = {**foreign, "kms:GrantIsForAWSResource": "false"}
    asked = [
        ("ScheduleKeyDeletion", {**foreign, **late}), ("ScheduleKeyDeletion", {**own, **soon}),
        ("PutKeyPolicy", foreign),
        ("DisableKey", own), ("DisableKeyRotation", own), ("Decrypt", own), ("Decrypt", foreign), ("Encrypt", foreign),
        ("GenerateDataKey", own), ("CreateGrant", grant), ("TagResource", {**foreign, NEW_TAG: "x"}),
        ("CreateAlias", foreign), ("UpdateAlias", foreign), ("DeleteImportedKeyMaterial", own),
    ]  # fmt: skip
    return [
        *(Request(f"kms:{action}", KEY, context, resource_policy=ROOT_DECIDES) for action, context in asked),
        Request("kms:DeleteAlias", arn("kms", "alias/payroll")),
        Request("kms:CreateKey", "*"),
    ]


def _data() -> list[Request]:
    artifacts = "arn:aws:s3:::x-artifacts-0a1b2c3d4e5f"
    return [
        Request("s3:DeleteBucket", PAYROLL, HERE),
        Request("s3:PutBucketPolicy", PAYROLL, HERE),
        Request("s3:PutBucketPolicy", artifacts, {"aws:ResourceAccount": "999988887777"}),
        Request("s3:PutBucketAcl", artifacts, HERE),
        Request("s3:PutReplicationConfiguration", artifacts, HERE),
        Request("s3:GetObject", f"{artifacts}/x/model.tar.gz", HERE),
        Request("s3:PutObject", f"{artifacts}/x/model.tar.gz", HERE),
        Request("s3:DeleteObject", f"{artifacts}/x/model.tar.gz", HERE),
        Request("s3:DeleteObjectVersion", f"{artifacts}/x/model.tar.gz", HERE),
        Request("s3:PutAccountPublicAccessBlock", "*"),
        Request("s3:ListAllMyBuckets", "*"),
        Request("ecr:DeleteRepository", arn("ecr", "repository/payroll")),
        Request("ecr:PutImage", arn("ecr", "repository/x-model-build")),
        Request("ecr:BatchDeleteImage", arn("ecr", "repository/x-model-build")),
        Request("ssm:PutParameter", arn("ssm", "parameter/payroll/password")),
        Request("ssm:GetParameters", arn("ssm", "parameter/payroll/password")),
        Request("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:payroll-1a2b3c")),
        Request("dynamodb:DeleteTable", arn("dynamodb", "table/payroll")),
        Request("sagemaker:DeleteModelPackageGroup", arn("sagemaker", "model-package-group/payroll")),
        Request("sagemaker:PutModelPackageGroupPolicy", arn("sagemaker", "model-package-group/payroll")),
        Request("sagemaker:AddTags", arn("sagemaker", "model-package-group/payroll"), {NEW_TAG: "x"}),
        Request("sagemaker:UpdateModelPackage", arn("sagemaker", "model-package/x/1"), {TAG: "x"}),
        Request("sagemaker:CreateModelPackage", arn("sagemaker", "model-package/x/1"), {TAG: "x"}),
        Request("sagemaker:CreateNotebookInstance", arn("sagemaker", "notebook-instance/eve")),
        Request("sagemaker:CreateTrainingJob", arn("sagemaker", "training-job/eve")),
        Request("sagemaker:DeleteEndpoint", arn("sagemaker", "endpoint/payroll")),
    ]


def _delivery() -> list[Request]:
    stack = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack"
    return [
        Request("cloudformation:DeleteStack", f"{stack}/payroll/1a2b"),
        Request("cloudformation:UpdateStack", f"{stack}/payroll/1a2b"),
        Request("cloudformation:CreateStack", f"{stack}/eve/1a2b"),
        Request("cloudformation:CreateStackSet", "*"),
        Request("cloudformation:UpdateTerminationProtection", f"{stack}/payroll/1a2b"),
        Request("codecommit:DeleteRepository", arn("codecommit", "payroll"), {TAG: "x"}),
        Request("codecommit:DeleteRepository", arn("codecommit", "x-model-build")),
        Request("codecommit:GitPush", arn("codecommit", "x-model-build"), {TAG: "x"}),
        Request("codecommit:GitPull", arn("codecommit", "payroll")),
        Request("codebuild:StartBuild", arn("codebuild", "project/x-deploy-production")),
        Request("codebuild:UpdateProject", arn("codebuild", "project/payroll")),
        Request("codebuild:ImportSourceCredentials", "*"),
        Request("codepipeline:PutApprovalResult", arn("codepipeline", "x-deploy/Approval/Approve")),
        Request("codepipeline:StartPipelineExecution", arn("codepipeline", "x-deploy")),
        Request(
            "codeconnections:UseConnection",
            arn("codeconnections", "connection/01234567-89ab"),
            {"aws:ResourceTag/sagemaker": "true"},
        ),
        Request("codeconnections:PassConnection", arn("codeconnections", "connection/01234567-89ab")),
        Request("events:DeleteRule", arn("events", "rule/payroll")),
        Request("events:PutPermission", "*"),
        Request("sns:DeleteTopic", arn("sns", "security")),
        Request("sns:Unsubscribe", arn("sns", "security")),
        Request("sqs:DeleteQueue", arn("sqs", "payroll")),
        Request("cloudwatch:DeleteAlarms", arn("cloudwatch", "alarm:root-login")),
        Request("logs:DeleteLogGroup", arn("logs", "log-group:/aws/cloudtrail")),
        Request("logs:GetLogEvents", arn("logs", "log-group:/aws/codebuild/x-deploy-test:log-stream:a")),
    ]


def _elsewhere() -> list[Request]:
    return [
        Request("cloudtrail:StopLogging", arn("cloudtrail", "trail/all")),
        Request("cloudtrail:DeleteTrail", arn("cloudtrail", "trail/all")),
        Request("config:StopConfigurationRecorder", "*"),
        Request("guardduty:DeleteDetector", arn("guardduty", "detector/1a2b")),
        Request("organizations:LeaveOrganization", "*"),
        Request(
            "organizations:DetachPolicy",
            "arn:aws:organizations::999988887777:policy/o-1/service_control_policy/p-1",
            account="999988887777",
        ),
        Request("account:CloseAccount", "*"),
        Request("ram:CreateResourceShare", "*"),
        Request("ec2:RunInstances", arn("ec2", "instance/i-1")),
        Request("ec2:AuthorizeSecurityGroupIngress", arn("ec2", "security-group/sg-1")),
        Request("budgets:ModifyBudget", arn("budgets", "budget/company")),
    ]
