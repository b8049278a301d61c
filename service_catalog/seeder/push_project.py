"""The fallback's build project, with the bucket that it gets its parcels from; see function/building.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from service_catalog.seeder.permissions import allow, document, trust, use_of_connections

NAME = "sagemaker-mlops-seeder-push"
FOLDER = "pushes"
BUILDSPEC = Path(__file__).with_name("push-buildspec.yml")
IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
DAYS_OF_PARCELS = 1
MINUTES = 5


class PushProject(Construct):
    """`grants` are the statements that the function needs to use it."""

    def __init__(self, scope: Construct, construct_id: str, key: kms.CfnKey, log_days: int) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        self.bucket = self._bucket()
        log_group = logs.CfnLogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/codebuild/{NAME}",
            kms_key_id=key.attr_arn,
            retention_in_days=log_days,
        )
        self.project = self._project(self._role(log_group), log_group)
        self.grants = [
            allow(
                "Parcels",
                ["s3:PutObject", "s3:DeleteObject"],
                f"{self.bucket.attr_arn}/{FOLDER}/*",
            ),
            allow("ParcelsKey", ["kms:GenerateDataKey", "kms:Decrypt"], key.attr_arn),
            allow("Pushes", ["codebuild:StartBuild", "codebuild:BatchGetBuilds"], self.project.attr_arn),
        ]

    def _bucket(self) -> s3.CfnBucket:
        bucket = s3.CfnBucket(
            self,
            "Bucket",
            bucket_name=f"sagemaker-mlops-pushes-{cdk.Aws.ACCOUNT_ID}-{cdk.Aws.REGION}",
            bucket_encryption=s3.CfnBucket.BucketEncryptionProperty(
                server_side_encryption_configuration=[
                    s3.CfnBucket.ServerSideEncryptionRuleProperty(
                        bucket_key_enabled=True,
                        server_side_encryption_by_default=s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
                            sse_algorithm="aws:kms", kms_master_key_id=self._key.attr_arn
                        ),
                    )
                ]
            ),
            lifecycle_configuration=s3.CfnBucket.LifecycleConfigurationProperty(
                rules=[
                    s3.CfnBucket.RuleProperty(id="parcels", status="Enabled", expiration_in_days=DAYS_OF_PARCELS),
                ]
            ),
            ownership_controls=s3.CfnBucket.OwnershipControlsProperty(
                rules=[s3.CfnBucket.OwnershipControlsRuleProperty(object_ownership="BucketOwnerEnforced")]
            ),
            public_access_block_configuration=s3.CfnBucket.PublicAccessBlockConfigurationProperty(
                block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
            ),
        )
        s3.CfnBucketPolicy(
            self,
            "BucketPolicy",
            bucket=bucket.ref,
            policy_document=document(
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [bucket.attr_arn, f"{bucket.attr_arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ),
        )
        return bucket

    def _role(self, log_group: logs.CfnLogGroup) -> iam.CfnRole:
        statements: list[Any] = [
            allow("Parcels", ["s3:GetObject", "s3:GetObjectVersion"], f"{self.bucket.attr_arn}/{FOLDER}/*"),
            allow("ParcelsKey", ["kms:Decrypt"], self._key.attr_arn),
            allow("Logs", ["logs:CreateLogStream", "logs:PutLogEvents"], log_group.attr_arn),
            *use_of_connections(),
        ]
        return iam.CfnRole(
            self,
            "Role",
            role_name=f"{NAME}-{cdk.Aws.REGION}",
            description="Builds that push a project's first commit where the seeder's function can't",
            assume_role_policy_document=trust(
                "codebuild.amazonaws.com", {"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}}
            ),
            policies=[iam.CfnRole.PolicyProperty(policy_name="push", policy_document=document(*statements))],
        )

    def _project(self, role: iam.CfnRole, log_group: logs.CfnLogGroup) -> codebuild.CfnProject:
        return codebuild.CfnProject(
            self,
            "Project",
            name=NAME,
            description="Pushes a project's first commit where the seeder's function can't",
            service_role=role.attr_arn,
            encryption_key=self._key.attr_arn,
            timeout_in_minutes=MINUTES,
            artifacts=codebuild.CfnProject.ArtifactsProperty(type="NO_ARTIFACTS"),
            source=codebuild.CfnProject.SourceProperty(
                type="NO_SOURCE", build_spec=BUILDSPEC.read_text(encoding="utf-8")
            ),
            environment=codebuild.CfnProject.EnvironmentProperty(
                type="LINUX_CONTAINER", compute_type="BUILD_GENERAL1_SMALL", image=IMAGE
            ),
            logs_config=codebuild.CfnProject.LogsConfigProperty(
                cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                    status="ENABLED", group_name=log_group.ref
                )
            ),
        )
