"""What both repositories share: artifacts, their key, the image, and the log of who asked the buckets for what."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import Fn
from aws_cdk import aws_s3 as s3
from constructs import Construct

from service_catalog.project.accounts import Accounts
from service_catalog.project.form import Form
from service_catalog.project.included import Included
from service_catalog.project.policies import document

LOG_DAYS = 365


def tooling(scope: Construct, form: Form, ci: str, accounts: Accounts) -> Included:
    """Artifact bucket and key, image repository, and what the accounts of the stages may do with them."""
    return Included(
        scope,
        "Tooling",
        "tooling",
        ci,
        {"ProjectSlug": form.slug, "StageAccountIds": accounts.consumers(form)},
        conditions={"HasStageAccounts": accounts.some_elsewhere},
    )


class AccessLogs(Construct):
    """One bucket for the access logs of all others; S3 can't encrypt its logs with a customer's key."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.CfnBucket(
            self,
            "Bucket",
            bucket_name=unique_bucket_name("access-logs"),
            bucket_encryption=s3.CfnBucket.BucketEncryptionProperty(
                server_side_encryption_configuration=[
                    s3.CfnBucket.ServerSideEncryptionRuleProperty(
                        server_side_encryption_by_default=s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
                            sse_algorithm="AES256"
                        )
                    )
                ]
            ),
            lifecycle_configuration=s3.CfnBucket.LifecycleConfigurationProperty(
                rules=[
                    s3.CfnBucket.RuleProperty(
                        id="old-logs",
                        status="Enabled",
                        expiration_in_days=LOG_DAYS,
                        noncurrent_version_expiration=s3.CfnBucket.NoncurrentVersionExpirationProperty(
                            noncurrent_days=1
                        ),
                        abort_incomplete_multipart_upload=s3.CfnBucket.AbortIncompleteMultipartUploadProperty(
                            days_after_initiation=1
                        ),
                    )
                ]
            ),
            ownership_controls=s3.CfnBucket.OwnershipControlsProperty(
                rules=[s3.CfnBucket.OwnershipControlsRuleProperty(object_ownership="BucketOwnerEnforced")]
            ),
            public_access_block_configuration=s3.CfnBucket.PublicAccessBlockConfigurationProperty(
                block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
            ),
            versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
        )
        self.bucket.cfn_options.deletion_policy = cdk.CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE
        self.bucket.cfn_options.update_replace_policy = cdk.CfnDeletionPolicy.RETAIN
        self._policy = s3.CfnBucketPolicy(
            self, "Policy", bucket=self.bucket.ref, policy_document=_policy(self.bucket.attr_arn)
        )
        self._policy.cfn_options.deletion_policy = cdk.CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE
        self._policy.cfn_options.update_replace_policy = cdk.CfnDeletionPolicy.RETAIN

    def follow(self, bucket: s3.CfnBucket, prefix: str) -> None:
        """Log who asks `bucket` for what."""
        bucket.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
            destination_bucket_name=self.bucket.ref, log_file_prefix=f"{prefix}/"
        )
        bucket.add_resource_dependency(self._policy)


def unique_bucket_name(name: str) -> str:
    """`<slug>-<name>-` and 12 characters of the stack's id, as the bootstrap templates name their buckets."""
    guid = Fn.select(2, Fn.split("/", cdk.Aws.STACK_ID))
    parts = [Fn.select(each, Fn.split("-", guid)) for each in (0, 1)]
    return Fn.join("", [cdk.Fn.sub(f"${{SageMakerProjectName}}-{name}-"), *parts])


def _policy(bucket: str) -> dict[str, object]:
    return document(
        {
            "Sid": "AccessLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": Fn.join("", [bucket, "/*"]),
            "Condition": {"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, Fn.join("", [bucket, "/*"])],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )
