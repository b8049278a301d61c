"""What whoever deploys a network decides, and the conditions that follow."""

from __future__ import annotations

import aws_cdk as cdk

from service_catalog.network.services import BUILDS, CONNECTIONS, JOBS, monthly_usd


class Parameters:
    """Parameters of the stack and the conditions on them."""

    def __init__(self, stack: cdk.Stack) -> None:
        self.name = cdk.CfnParameter(
            stack,
            "NetworkName",
            default="sagemaker-mlops",
            allowed_pattern="[a-z](-*[a-z0-9]){0,31}",
            description="Begins the names of what this stack makes.",
        ).value_as_string
        self.cidr = cdk.CfnParameter(
            stack,
            "VpcCidr",
            default="10.64.0.0/20",
            allowed_pattern=r"(10|172|192|100)\.[0-9]{1,3}\.[0-9]{1,3}\.0/(1[6-9]|2[0-2])",
            constraint_description="must be: a private range from /16 to /22, such as 10.64.0.0/20",
            description="The VPC's addresses; it meets no other network unless you connect it.",
        ).value_as_string
        self.host_bits = cdk.CfnParameter(
            stack,
            "SubnetHostBits",
            type="Number",
            default=10,
            min_value=6,
            max_value=14,
            description="Size of a subnet: 10 bits are 1,024 addresses. Four must fit into the VPC's.",
        ).value_as_string
        zones = cdk.CfnParameter(
            stack,
            "Zones",
            type="Number",
            default="2",
            allowed_values=["2", "3"],
            description="Availability zones. Each endpoint is billed in each.",
        )
        builds = _yes_no(
            stack,
            "BuildEndpoints",
            f"Whether builds run in the VPC too: {len(BUILDS)} endpoints more, about "
            f"{monthly_usd(len(BUILDS), 2):.0f} US dollars a month in 2 zones. "
            f"The {len(JOBS)} of jobs cost about {monthly_usd(len(JOBS), 2):.0f}. No build of a project does so yet.",
        )
        connections = _yes_no(
            stack,
            "ConnectionsEndpoint",
            f"Whether the Region has com.amazonaws.<region>.{CONNECTIONS['CodeConnections']}.",
        )
        self.trusted = cdk.CfnParameter(
            stack,
            "TrustedAccountIds",
            type="CommaDelimitedList",
            description="Accounts whose roles and resources the endpoints serve: this one, tooling and stages.",
            allowed_pattern="[0-9]{12}",
        ).value_as_list
        self.s3_prefix_list = cdk.CfnParameter(
            stack,
            "S3PrefixListId",
            allowed_pattern="pl-[0-9a-f]{8,17}",
            description=(
                "The Region's list of S3's addresses: aws ec2 describe-managed-prefix-lists --filters "
                "Name=prefix-list-name,Values=com.amazonaws.<region>.s3 --query 'PrefixLists[0].PrefixListId'"
            ),
        ).value_as_string
        self.flow_log_days = cdk.CfnParameter(
            stack,
            "FlowLogDays",
            type="Number",
            default="365",
            allowed_values=["30", "90", "180", "365", "731", "1827"],
            description="How long the records of connections are kept, in days.",
        ).value_as_number
        self.has_third_zone = cdk.CfnCondition(
            stack, "HasThirdZone", expression=cdk.Fn.condition_equals(zones.value_as_string, "3")
        )
        self.has_builds = cdk.CfnCondition(
            stack, "HasBuildEndpoints", expression=cdk.Fn.condition_equals(builds.value_as_string, "yes")
        )
        self.has_connections = cdk.CfnCondition(
            stack, "HasConnectionsEndpoint", expression=cdk.Fn.condition_equals(connections.value_as_string, "yes")
        )


def _yes_no(stack: cdk.Stack, name: str, description: str) -> cdk.CfnParameter:
    return cdk.CfnParameter(stack, name, default="no", allowed_values=["yes", "no"], description=description)
