"""What CloudFormation would ask of IAM, as the launch role, for the resources of a project stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from service_catalog.launch.needed import needed_by
from tests.catalog.launch_simulator import Request
from tests.catalog.launch_templates import policy_arn, role_arn
from tests.infrastructure.cfn_templates import ACCOUNT, REGION

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/SageMakerMlopsBoundary"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d-4e5f-11f0-8000-0a1b2c3d4e5f"
ROOT_DECIDES = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    ],
}
Properties = dict[str, Any]
Target = tuple[str, dict[str, Any]]
COMES_WITH_TAGS = ("Create", "Tag", "AddTags", "PutRule", "PutMetricAlarm", "ModifyBudget")
NEW_TAG, TAG = "aws:RequestTag/sagemaker:project-name", "aws:ResourceTag/sagemaker:project-name"


def arn(service: str, resource: str) -> str:
    region = "" if service in ("iam", "budgets") else REGION
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def requests_for(resource_type: str, properties: Properties, slug: str) -> Iterator[Request]:
    """Every needed action on what it is asked for; actions that this resource doesn't need yield nothing."""
    for operation, actions in needed_by(resource_type).items():
        for action in sorted(actions):
            for resource, context in _targets(action, operation, resource_type, properties, slug):
                policy = ROOT_DECIDES if action.startswith("kms:") and ":key/" in resource else None
                yield Request(action, resource, context, resource_policy=policy)


def _targets(action: str, operation: str, kind: str, given: Properties, slug: str) -> list[Target]:
    if action == "iam:PassRole" or (action == "iam:GetRole" and kind != "AWS::IAM::Role"):
        return [(role, {"iam:PassedToService": service}) for role, service in _passed(kind, given)]
    if action in ANYWHERE:
        return [("*", {})]
    if kind == "AWS::IAM::Policy" or action in ("iam:AttachRolePolicy", "iam:DetachRolePolicy"):
        return _given_policies(kind, given)
    if action.endswith(":PassConnection"):
        connection = f"{action.partition(':')[0]}"
        context = {"aws:ResourceTag/sagemaker": "true", f"{connection}:PassedToService": "codepipeline.amazonaws.com"}
        return [(arn(connection, "connection/01234567-89ab-cdef-0123-456789abcdef"), context)]
    tags = {NEW_TAG: slug} if action.partition(":")[2].startswith(COMES_WITH_TAGS) else {TAG: slug}
    if action.startswith("kms:"):
        return _keys(action, given, slug)
    if action == "ssm:PutParameter":
        tags = {"ssm:Overwrite": "false"} if operation == "create" else {"ssm:Overwrite": "true", TAG: slug}
    if kind == "AWS::IAM::Role":
        tags = {**tags, "iam:PermissionsBoundary": BOUNDARY}
    if action == "sagemaker:AddTags":
        new = operation == "create"
        tags = {
            NEW_TAG: slug,
            **({"sagemaker:TaggingAction": f"Create{kind.rpartition(':')[2]}"} if new else {TAG: slug}),
        }
    if kind.startswith("AWS::S3::"):
        tags = {**tags, "aws:ResourceAccount": ACCOUNT}
    return [(each, tags) for each in NAMED[kind](given)]


ANYWHERE = {
    "cloudwatch:DescribeAlarms",
    "codecommit:ListRepositories",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
}


def _given_policies(kind: str, given: Properties) -> list[Target]:
    attached = {"iam:PolicyARN": policy_arn(given)} if kind == "AWS::IAM::ManagedPolicy" else {}
    roles = [] if kind == "AWS::IAM::Role" else given.get("Roles", [])
    return [(role_arn(role), {"iam:PermissionsBoundary": BOUNDARY, **attached}) for role in roles]


def _passed(kind: str, given: Properties) -> list[tuple[str, str]]:
    if kind == "AWS::CodeBuild::Project":
        return [(given["ServiceRole"], "codebuild.amazonaws.com")]
    if kind == "AWS::CodePipeline::Pipeline":
        return [(given["RoleArn"], "codepipeline.amazonaws.com")]
    if kind == "AWS::Events::Rule":
        return [(each["RoleArn"], "events.amazonaws.com") for each in given.get("Targets", []) if "RoleArn" in each]
    return []


def _keys(action: str, given: Properties, slug: str) -> list[Target]:
    through_ecr = {"kms:ViaService": f"ecr.{REGION}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
    if action == "kms:CreateKey":
        return [("*", {NEW_TAG: slug})]
    if action == "kms:TagResource":
        return [(KEY, {NEW_TAG: slug}), (KEY, {TAG: slug, "kms:ResourceAliases": [f"alias/{slug}-artifacts"]})]
    if action in ("kms:CreateGrant", "kms:RetireGrant"):
        return [(KEY, through_ecr)]
    if action == "kms:CreateAlias":
        return [(arn("kms", given["AliasName"]), {}), (KEY, {}), (KEY, {TAG: slug})]
    if "Alias" in action:
        return [(arn("kms", given["AliasName"]), {}), (KEY, {TAG: slug})]
    days = {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"} if action == "kms:ScheduleKeyDeletion" else {}
    return [(KEY, {TAG: slug, **days})]


def _bucket(given: Properties) -> list[str]:
    return [f"arn:aws:s3:::{given.get('BucketName') or given['Bucket']}"]


NAMED: dict[str, Callable[[Properties], list[str]]] = {
    "AWS::Budgets::Budget": lambda given: [arn("budgets", f"budget/{given['Budget']['BudgetName']}")],
    "AWS::CloudWatch::Alarm": lambda given: [arn("cloudwatch", f"alarm:{given['AlarmName']}")],
    "AWS::CodeBuild::Project": lambda given: [arn("codebuild", f"project/{given['Name']}")],
    "AWS::CodeCommit::Repository": lambda given: [arn("codecommit", given["RepositoryName"])],
    "AWS::CodePipeline::Pipeline": lambda given: [arn("codepipeline", given["Name"])],
    "AWS::ECR::Repository": lambda given: [arn("ecr", f"repository/{given['RepositoryName']}")],
    "AWS::Events::Rule": lambda given: [arn("events", f"rule/{given['Name']}")],
    "AWS::IAM::ManagedPolicy": lambda given: [policy_arn(given)],
    "AWS::IAM::Role": lambda given: [arn("iam", f"role{given['Path']}{given['RoleName']}")],
    "AWS::Logs::LogGroup": lambda given: [arn("logs", f"log-group:{given['LogGroupName']}")],
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket,
    "AWS::SNS::Subscription": lambda given: [given["TopicArn"]],
    "AWS::SNS::Topic": lambda given: [arn("sns", given["TopicName"])],
    "AWS::SNS::TopicPolicy": lambda given: list(given["Topics"]),
    "AWS::SQS::Queue": lambda given: [arn("sqs", given["QueueName"])],
    "AWS::SQS::QueuePolicy": lambda given: [arn("sqs", each) for each in given["Queues"]],
    "AWS::SSM::Parameter": lambda given: [arn("ssm", f"parameter{given['Name']}")],
    "AWS::SageMaker::CodeRepository": lambda given: [
        arn("sagemaker", f"code-repository/{given['CodeRepositoryName']}")
    ],
    "AWS::SageMaker::ModelPackageGroup": lambda given: [
        arn("sagemaker", f"model-package-group/{given['ModelPackageGroupName']}")
    ],
    "Custom::ModelRepositories": lambda given: [given["ServiceToken"]],
}
