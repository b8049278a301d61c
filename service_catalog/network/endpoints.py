"""The private ways to AWS: S3 through a gateway, the other services through interfaces, all for known accounts only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct


class Endpoints(Construct):
    """Interface endpoints in every private subnet, and S3's gateway in their route table."""

    def __init__(
        self, scope: Construct, construct_id: str, vpc_id: str, subnet_ids: Sequence[str], trusted: Sequence[str]
    ) -> None:
        super().__init__(scope, construct_id)
        self._vpc_id, self._subnet_ids, self._trusted = vpc_id, list(subnet_ids), list(trusted)

    def interfaces(self, services: Mapping[str, str], group_id: str, condition: cdk.CfnCondition | None = None) -> None:
        """One endpoint for each service, with its usual name in DNS."""
        for construct_id, service in services.items():
            endpoint = ec2.CfnVPCEndpoint(
                self,
                construct_id,
                service_name=f"com.amazonaws.{cdk.Aws.REGION}.{service}",
                vpc_endpoint_type="Interface",
                vpc_id=self._vpc_id,
                subnet_ids=self._subnet_ids,
                security_group_ids=[group_id],
                private_dns_enabled=True,
                policy_document=_document(
                    self._known_accounts("KnownRoles", "*", {"aws:PrincipalAccount": self._trusted})
                ),
            )
            endpoint.cfn_options.condition = condition

    def gateway_to_s3(self, route_table_id: str) -> None:
        """Known roles to buckets of known accounts, and all to ECR's layers (ECR user guide, vpc-endpoints)."""
        layers = f"arn:{cdk.Aws.PARTITION}:s3:::prod-{cdk.Aws.REGION}-starport-layer-bucket/*"
        ec2.CfnVPCEndpoint(
            self,
            "S3",
            service_name=f"com.amazonaws.{cdk.Aws.REGION}.s3",
            vpc_endpoint_type="Gateway",
            vpc_id=self._vpc_id,
            route_table_ids=[route_table_id],
            policy_document=_document(
                self._known_accounts(
                    "KnownBuckets",
                    "s3:*",
                    {"aws:PrincipalAccount": self._trusted, "aws:ResourceAccount": self._trusted},
                ),
                {
                    "Sid": "LayersOfImages",
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "s3:GetObject",
                    "Resource": layers,
                },
            ),
        )

    def _known_accounts(self, sid: str, action: str, accounts: Mapping[str, Sequence[str]]) -> dict[str, object]:
        return {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": "*",
            "Action": action,
            "Resource": "*",
            "Condition": {"StringEquals": dict(accounts)},
        }


def _document(*statements: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
