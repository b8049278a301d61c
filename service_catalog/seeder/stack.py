"""The seeder in an account and Region: the function, what it may do, its log and key, and its fallback's build project.

No policy of the function lets anyone call it: CloudFormation calls with the credentials of a stack's role, and that
role's own policy has to name the function.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from service_catalog.seeder.alarms import add_alarm
from service_catalog.seeder.package import ENTRY, RUNTIME
from service_catalog.seeder.permissions import (
    allow,
    document,
    limits_of_connections,
    pushes_to_codecommit,
    trust,
    use_of_connections,
)
from service_catalog.seeder.push_project import PushProject

NAME = "sagemaker-mlops-seeder"
LOG_DAYS = 365
SECONDS = 900
MEMORY_MB = 1024
TEMPORARY_MB = 1024


def build(app: cdk.App, name: str) -> cdk.Stack:
    """Deployed once per launch account and Region, alone or as a StackSet."""
    stack = cdk.Stack(
        app,
        name,
        description="Seeds the repositories of SageMaker MLOps projects. Once per launch account and Region.",
        synthesizer=cdk.LegacyStackSynthesizer(),
    )
    bucket = cdk.CfnParameter(
        stack,
        "ChannelBucket",
        description="The publisher's bucket of this Region, which holds bundles and the seeder's package.",
        allowed_pattern="[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    ).value_as_string
    package_key = cdk.CfnParameter(
        stack,
        "PackageKey",
        description="Key of the seeder's package in that bucket.",
        allowed_pattern="seeder/[0-9a-f]{64}\\.zip",
    ).value_as_string
    concurrency = cdk.CfnParameter(
        stack,
        "ReservedConcurrency",
        type="Number",
        description="Projects seeded at once; 0 reserves nothing, for accounts whose quota of Lambda is small.",
        default=0,
        min_value=0,
        max_value=50,
    )
    reserved = cdk.CfnCondition(
        stack,
        "HasReserved",
        expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(concurrency.value_as_string, "0")),
    )
    key = _key(stack)
    pushes = PushProject(stack, "Push", key, LOG_DAYS)
    log_group = logs.CfnLogGroup(
        stack, "Logs", log_group_name=f"/aws/lambda/{NAME}", kms_key_id=key.attr_arn, retention_in_days=LOG_DAYS
    )
    role = _role(stack, bucket, log_group, pushes)
    function = lambda_.CfnFunction(
        stack,
        "Function",
        function_name=NAME,
        description="Renders a project from the template and pushes its two repositories",
        runtime=RUNTIME,
        architectures=["arm64"],
        handler=ENTRY,
        role=role.attr_arn,
        code=lambda_.CfnFunction.CodeProperty(s3_bucket=bucket, s3_key=package_key),
        memory_size=MEMORY_MB,
        timeout=SECONDS,
        ephemeral_storage=lambda_.CfnFunction.EphemeralStorageProperty(size=TEMPORARY_MB),
        kms_key_arn=key.attr_arn,
        environment=lambda_.CfnFunction.EnvironmentProperty(
            variables={
                "BUNDLE_BUCKET": bucket,
                "PUSH_PROJECT": pushes.project.ref,
                "PUSH_BUCKET": pushes.bucket.ref,
            }
        ),
        logging_config=lambda_.CfnFunction.LoggingConfigProperty(log_group=log_group.ref),
    )
    function.add_property_override(
        "ReservedConcurrentExecutions",
        cdk.Fn.condition_if(reserved.logical_id, concurrency.value_as_number, cdk.Aws.NO_VALUE),
    )
    add_alarm(stack, function)
    cdk.CfnOutput(stack, "FunctionArn", value=function.attr_arn)
    return stack


def _role(stack: cdk.Stack, bucket: str, log_group: logs.CfnLogGroup, pushes: PushProject) -> iam.CfnRole:
    """Its name carries the Region, since roles are an account's and the stack stands in several Regions."""
    statements = [
        allow("Bundles", ["s3:GetObject"], f"arn:{cdk.Aws.PARTITION}:s3:::{bucket}/bundles/*"),
        pushes_to_codecommit(),
        *use_of_connections(),
        *limits_of_connections(),
        *pushes.grants,
        allow("Logs", ["logs:CreateLogStream", "logs:PutLogEvents"], log_group.attr_arn),
    ]
    return iam.CfnRole(
        stack,
        "Role",
        role_name=f"{NAME}-{cdk.Aws.REGION}",
        description="Pushes the first commit into the repositories of SageMaker MLOps projects",
        assume_role_policy_document=trust("lambda.amazonaws.com"),
        policies=[iam.CfnRole.PolicyProperty(policy_name="seed", policy_document=document(*statements))],
    )


def _key(stack: cdk.Stack) -> kms.CfnKey:
    """For the logs, the function's variables and the parcels on their way to a build."""
    logs_of = f"arn:{cdk.Aws.PARTITION}:logs:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:log-group"
    return kms.CfnKey(
        stack,
        "Key",
        description=f"Logs, variables and parcels of {NAME}",
        enable_key_rotation=True,
        key_policy=document(
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{cdk.Aws.PARTITION}:iam::{cdk.Aws.ACCOUNT_ID}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "Logs",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{cdk.Aws.REGION}.{cdk.Aws.URL_SUFFIX}"},
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": {
                    "ArnEquals": {
                        "kms:EncryptionContext:aws:logs:arn": [
                            f"{logs_of}:/aws/lambda/{NAME}",
                            f"{logs_of}:/aws/codebuild/{NAME}-push",
                        ]
                    }
                },
            },
        ),
    )
