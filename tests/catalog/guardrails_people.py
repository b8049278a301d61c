"""What people may do within their boundary, and what not."""

from __future__ import annotations

from tests.catalog.guardrails_cases import GOOD, GROUP, JOB, PACKAGE
from tests.catalog.launch_requests import KEY, ROOT_DECIDES, arn
from tests.catalog.launch_simulator import Request
from tests.infrastructure.cfn_templates import ACCOUNT, REGION

TRAINING = "role/sagemaker-mlops/x-training-pipeline"
PRODUCT, BUILD = arn("catalog", "product/prod-1"), arn("codebuild", "project/x-deploy-production")
FOR_SERVICE, FOR_ANYBODY = ({"kms:GrantIsForAWSResource": each} for each in ("true", "false"))
PEOPLE_MAY = [
    Request("kms:CreateGrant", KEY, FOR_SERVICE, resource_policy=ROOT_DECIDES),
    Request("servicecatalog:DescribeProductView", "*"),
    Request("servicecatalog:UpdateProvisionedProduct", "*"),
    Request("servicecatalog:TerminateProvisionedProduct", "*"),
    Request("codebuild:BatchGetBuilds", BUILD),
    Request("codepipeline:GetPipelineState", arn("codepipeline", "x-deploy")),
    Request("sagemaker:CreateProject", arn("sagemaker", "project/x")),
    Request("sagemaker:StartPipelineExecution", arn("sagemaker", "pipeline/x-training")),
    Request("sagemaker:CreateTrainingJob", JOB, GOOD),
    Request("servicecatalog:ProvisionProduct", arn("catalog", "product/prod-1")),
    Request("s3:GetObject", "arn:aws:s3:::x-artifacts-0a1b2c3d4e5f/x"),
    Request("codecommit:GitPush", arn("codecommit", "x-model-build")),
    Request("iam:PassRole", arn("iam", TRAINING), {"iam:PassedToService": "sagemaker.amazonaws.com"}),
    Request("sagemaker:UpdateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}),
]
PEOPLE_MAY_NOT = [
    Request("iam:CreateRole", arn("iam", "role/x-pipeline")),
    Request("iam:AttachRolePolicy", arn("iam", "role/x-pipeline")),
    Request("iam:CreateUser", arn("iam", "user/eve")),
    Request("iam:PassRole", arn("iam", "role/Admin"), {"iam:PassedToService": "sagemaker.amazonaws.com"}),
    Request("iam:PassRole", arn("iam", TRAINING), {"iam:PassedToService": "ec2.amazonaws.com"}),
    Request("sts:AssumeRole", arn("iam", "role/Admin")),
    Request("sagemaker:UpdateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "Approved"}),
    Request("kms:ScheduleKeyDeletion", KEY, resource_policy=ROOT_DECIDES),
    Request("kms:PutKeyPolicy", KEY, resource_policy=ROOT_DECIDES),
    Request("s3:PutBucketPolicy", "arn:aws:s3:::x-artifacts-0a1b2c3d4e5f"),
    *(
        Request(f"servicecatalog:{action}", PRODUCT)
        for action in (
            *("CreateProvisioningArtifact", "UpdateProvisioningArtifact", "DeleteProvisioningArtifact"),
            *("UpdateProduct", "DeleteProduct"),
        )
    ),
    Request("servicecatalog:CreateProduct", "*"),
    Request("servicecatalog:AssociateProductWithPortfolio", "*"),
    *(Request(f"servicecatalog:{verb}Constraint", "*") for verb in ("Create", "Update", "Delete")),
    Request("servicecatalog:CreatePortfolioShare", arn("catalog", "portfolio/port-1")),
    *(
        Request(f"codebuild:{action}", BUILD)
        for action in ("StartBuild", "StartBuildBatch", "RetryBuild", "UpdateProject", "CreateProject", "DeleteProject")
    ),
    Request("codepipeline:PutApprovalResult", arn("codepipeline", "x-deploy/Production/Approve")),
    Request("codepipeline:UpdatePipeline", arn("codepipeline", "x-deploy")),
    Request("codepipeline:CreatePipeline", arn("codepipeline", "x-deploy")),
    Request("sagemaker:PutModelPackageGroupPolicy", GROUP),
    Request("sagemaker:DeleteModelPackageGroup", GROUP),
    Request("sagemaker:DeleteModelPackage", PACKAGE),
    Request("ecr:SetRepositoryPolicy", arn("ecr", "repository/x-model-build")),
    Request("kms:CreateGrant", KEY, FOR_ANYBODY, resource_policy=ROOT_DECIDES),
    *(Request("sts:AssumeRole", arn("iam", f"role/{name}")) for name in ("SageMakerMlopsProjectsLaunch", "x-deploy")),
    Request("iam:PassRole", arn("iam", "role/terraform-pipeline"), {"iam:PassedToService": "sagemaker.amazonaws.com"}),
    Request("s3:PutObject", "arn:aws:s3:::x-pipeline-0a1b2c3d4e5f/x-deploy/Source/y"),
    Request("s3:PutObject", f"arn:aws:s3:::sagemaker-mlops-{ACCOUNT}-{REGION}/bundles/1/x.zip"),
    Request("ssm:PutParameter", arn("ssm", "parameter/x/bindings/execution_role_arn")),
    Request("lambda:UpdateFunctionCode", arn("lambda", "function:sagemaker-mlops-seeder")),
    Request("organizations:LeaveOrganization", "*"),
]
