"""Who talked to whom in the VPC, kept encrypted."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct


class FlowLogs(Construct):
    """All connections of a VPC, in a log group with a key of its own."""

    def __init__(self, scope: Construct, construct_id: str, vpc_id: str, name: str, days: float) -> None:
        super().__init__(scope, construct_id)
        aws = cdk.Aws
        account_logs = f"arn:{aws.PARTITION}:logs:{aws.REGION}:{aws.ACCOUNT_ID}:log-group"
        group_name = f"/{name}/flow-logs"
        key = kms.CfnKey(
            self,
            "Key",
            description=f"Flow logs of {name}",
            enable_key_rotation=True,
            pending_window_in_days=30,
            key_policy=_document(
                {
                    "Sid": "GovernedByIam",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:{aws.PARTITION}:iam::{aws.ACCOUNT_ID}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                },
                {
                    "Sid": "ThisLogGroup",
                    "Effect": "Allow",
                    "Principal": {"Service": f"logs.{aws.REGION}.amazonaws.com"},
                    "Action": [
                        "kms:Decrypt",
                        "kms:DescribeKey",
                        "kms:Encrypt",
                        "kms:GenerateDataKey*",
                        "kms:ReEncrypt*",
                    ],
                    "Resource": "*",
                    "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": f"{account_logs}:{group_name}"}},
                },
            ),
        )
        group = logs.CfnLogGroup(
            self, "Group", log_group_name=group_name, kms_key_id=key.attr_arn, retention_in_days=days
        )
        for kept in (key, group):
            # A log group that a failed creation leaves would make the next one fail.
            kept.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        role = iam.CfnRole(
            self,
            "Role",
            description=f"Writes the flow logs of {name}",
            assume_role_policy_document=_document(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": aws.ACCOUNT_ID}},
                }
            ),
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="write-flow-logs",
                    policy_document=_document(
                        {
                            "Effect": "Allow",
                            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                            "Resource": [f"{account_logs}:{group_name}", f"{account_logs}:{group_name}:*"],
                        }
                    ),
                )
            ],
        )
        ec2.CfnFlowLog(
            self,
            "Log",
            resource_id=vpc_id,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_group_name=group.ref,
            deliver_logs_permission_arn=role.attr_arn,
            tags=[cdk.CfnTag(key="Name", value=name)],
        )


def _document(*statements: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
