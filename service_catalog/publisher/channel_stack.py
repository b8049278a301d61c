"""The channel: one bucket for bundles, the seeder's package and templates, read by an account or organisation."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3

from service_catalog.publisher import names

LOGS_DAYS = 400
OLD_VERSIONS_DAYS = 90
STUDIO = "https://*.sagemaker.aws"


def build(app: cdk.App, name: str) -> cdk.Stack:
    """Deployed once per account and Region that publishes, before anything else."""
    stack = cdk.Stack(
        app,
        name,
        description="Where project templates, their bundles and the seeder are published. Once per account and Region.",
        synthesizer=cdk.LegacyStackSynthesizer(),
    )
    organisation = cdk.CfnParameter(
        stack,
        "OrganizationId",
        description="Organisation that may read what is published, o-...; empty for this account only.",
        default="",
        allowed_pattern="(o-[a-z0-9]{10,32})?",
    ).value_as_string
    shared = cdk.CfnCondition(
        stack, "IsShared", expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(organisation, ""))
    )
    logs = _logs(stack)
    bucket = _bucket(stack, logs)
    arn = bucket.attr_arn
    s3.CfnBucketPolicy(
        stack,
        "ChannelPolicy",
        bucket=bucket.ref,
        policy_document=_document(
            _only_tls(arn),
            _written_once(arn),
            cdk.Fn.condition_if(shared.logical_id, _organisation_reads(arn, organisation), cdk.Aws.NO_VALUE),
        ),
    )
    cdk.CfnOutput(stack, "ChannelBucket", value=bucket.ref)
    cdk.CfnOutput(stack, "StudioLocation", value=f"s3://{bucket.ref}/{names.STUDIO_FOLDER}/")
    return stack


def _bucket(stack: cdk.Stack, logs: s3.CfnBucket) -> s3.CfnBucket:
    bucket = s3.CfnBucket(
        stack,
        "Channel",
        bucket_name=names.bucket(cdk.Aws.ACCOUNT_ID, cdk.Aws.REGION),
        bucket_encryption=_encrypted(),
        # AWS's sample for S3 templates in Studio; being allowed by CORS gives nobody a permission.
        cors_configuration=s3.CfnBucket.CorsConfigurationProperty(
            cors_rules=[
                s3.CfnBucket.CorsRuleProperty(
                    allowed_headers=["*"],
                    allowed_methods=["POST", "PUT", "GET", "HEAD", "DELETE"],
                    allowed_origins=[STUDIO],
                )
            ]
        ),
        lifecycle_configuration=_lifecycle("old-versions"),
        logging_configuration=s3.CfnBucket.LoggingConfigurationProperty(
            destination_bucket_name=logs.ref, log_file_prefix="channel/"
        ),
        ownership_controls=_owned(),
        public_access_block_configuration=_private(),
        versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
    )
    bucket.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
    return bucket


def _logs(stack: cdk.Stack) -> s3.CfnBucket:
    logs = s3.CfnBucket(
        stack,
        "Logs",
        bucket_name=f"sagemaker-mlops-logs-{cdk.Aws.ACCOUNT_ID}-{cdk.Aws.REGION}",
        bucket_encryption=_encrypted(),
        lifecycle_configuration=_lifecycle("old-logs", LOGS_DAYS),
        ownership_controls=_owned(),
        public_access_block_configuration=_private(),
        versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
    )
    logs.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
    # By its name, since the bucket of the condition would refer to this one, which it logs to.
    channel = f"arn:{cdk.Aws.PARTITION}:s3:::{names.bucket(cdk.Aws.ACCOUNT_ID, cdk.Aws.REGION)}"
    s3.CfnBucketPolicy(
        stack,
        "LogsPolicy",
        bucket=logs.ref,
        policy_document=_document(
            _only_tls(logs.attr_arn),
            {
                "Sid": "AccessLogs",
                "Effect": "Allow",
                "Principal": {"Service": "logging.s3.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{logs.attr_arn}/channel/*",
                "Condition": {
                    "ArnLike": {"aws:SourceArn": channel},
                    "StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID},
                },
            },
        ),
    )
    return logs


def _document(*statements: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _only_tls(arn: str) -> dict[str, object]:
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _written_once(arn: str) -> dict[str, object]:
    """S3 refuses to overwrite where a request must say If-None-Match (user guide, "Enforce conditional writes")."""
    return {
        "Sid": "WrittenOnce",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": [f"{arn}/{folder}/*" for folder in names.FIXED_FOLDERS],
        "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
    }


def _organisation_reads(arn: str, organisation: str) -> dict[str, object]:
    """S3 doesn't take a policy for public that names the organisation (user guide, "The meaning of public")."""
    return {
        "Sid": "OrganisationReads",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["s3:GetObject", "s3:GetObjectTagging", "s3:ListBucket"],
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": organisation}},
    }


def _encrypted() -> s3.CfnBucket.BucketEncryptionProperty:
    """With S3's own key: all who may read the bucket may read all of it, and access logs can have no other."""
    return s3.CfnBucket.BucketEncryptionProperty(
        server_side_encryption_configuration=[
            s3.CfnBucket.ServerSideEncryptionRuleProperty(
                server_side_encryption_by_default=s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
                    sse_algorithm="AES256"
                )
            )
        ]
    )


def _lifecycle(name: str, days: int | None = None) -> s3.CfnBucket.LifecycleConfigurationProperty:
    return s3.CfnBucket.LifecycleConfigurationProperty(
        rules=[
            s3.CfnBucket.RuleProperty(
                id=name,
                status="Enabled",
                expiration_in_days=days,
                noncurrent_version_expiration=s3.CfnBucket.NoncurrentVersionExpirationProperty(
                    noncurrent_days=OLD_VERSIONS_DAYS
                ),
                abort_incomplete_multipart_upload=s3.CfnBucket.AbortIncompleteMultipartUploadProperty(
                    days_after_initiation=7
                ),
            )
        ]
    )


def _owned() -> s3.CfnBucket.OwnershipControlsProperty:
    return s3.CfnBucket.OwnershipControlsProperty(
        rules=[s3.CfnBucket.OwnershipControlsRuleProperty(object_ownership="BucketOwnerEnforced")]
    )


def _private() -> s3.CfnBucket.PublicAccessBlockConfigurationProperty:
    return s3.CfnBucket.PublicAccessBlockConfigurationProperty(
        block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
    )
