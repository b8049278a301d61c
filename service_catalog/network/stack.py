"""The network that jobs, endpoints and builds may live in: once per account and Region, shared by projects."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from service_catalog.network.endpoints import Endpoints
from service_catalog.network.flow_logs import FlowLogs
from service_catalog.network.parameters import Parameters
from service_catalog.network.services import BUILDS, CONNECTIONS, JOBS

ZONES = 3
HTTPS = 443


def build(app: cdk.App, name: str) -> cdk.Stack:
    """Private subnets, security groups, endpoints and flow logs; nothing in it leads to the internet."""
    stack = cdk.Stack(
        app,
        name,
        description="Private network without internet for SageMaker MLOps projects. Once per account and Region.",
        synthesizer=cdk.LegacyStackSynthesizer(),
    )
    parameters = Parameters(stack)
    vpc = ec2.CfnVPC(
        stack,
        "Vpc",
        cidr_block=parameters.cidr,
        enable_dns_hostnames=True,
        enable_dns_support=True,
        tags=[cdk.CfnTag(key="Name", value=parameters.name)],
    )
    routes = ec2.CfnRouteTable(
        stack, "Routes", vpc_id=vpc.ref, tags=[cdk.CfnTag(key="Name", value=f"{parameters.name}-private")]
    )
    subnets = [_subnet(stack, zone, vpc, routes, parameters) for zone in range(ZONES)]
    in_use = [
        *subnets[:2],
        cdk.Fn.condition_if(parameters.has_third_zone.logical_id, subnets[2], cdk.Aws.NO_VALUE).to_string(),
    ]
    jobs, endpoints = _security_groups(stack, vpc, parameters)
    ways = Endpoints(stack, "Endpoints", vpc.ref, in_use, parameters.trusted)
    ways.gateway_to_s3(routes.ref)
    ways.interfaces(JOBS, endpoints)
    ways.interfaces(BUILDS, endpoints, parameters.has_builds)
    ways.interfaces(CONNECTIONS, endpoints, parameters.has_connections)
    FlowLogs(stack, "FlowLogs", vpc.ref, parameters.name, parameters.flow_log_days)
    _outputs(stack, vpc, in_use, jobs)
    return stack


def _subnet(stack: cdk.Stack, zone: int, vpc: ec2.CfnVPC, routes: ec2.CfnRouteTable, parameters: Parameters) -> str:
    letter = "ABC"[zone]
    ranges = cdk.Fn.cidr(parameters.cidr, ZONES + 1, parameters.host_bits)
    subnet = ec2.CfnSubnet(
        stack,
        f"Subnet{letter}",
        vpc_id=vpc.ref,
        availability_zone=cdk.Fn.select(zone, cdk.Fn.get_azs()),
        cidr_block=cdk.Fn.select(zone, ranges),
        map_public_ip_on_launch=False,
        tags=[cdk.CfnTag(key="Name", value=f"{parameters.name}-private-{letter.lower()}")],
    )
    routed = ec2.CfnSubnetRouteTableAssociation(
        stack, f"Routes{letter}", route_table_id=routes.ref, subnet_id=subnet.ref
    )
    if zone == ZONES - 1:
        subnet.cfn_options.condition = routed.cfn_options.condition = parameters.has_third_zone
    return subnet.ref


def _security_groups(stack: cdk.Stack, vpc: ec2.CfnVPC, parameters: Parameters) -> tuple[str, str]:
    """Ids of the groups of jobs and of the endpoints."""
    endpoints = ec2.CfnSecurityGroup(
        stack,
        "EndpointsGroup",
        vpc_id=vpc.ref,
        group_description="Endpoints of AWS services: HTTPS from this VPC",
        security_group_ingress=[
            ec2.CfnSecurityGroup.IngressProperty(
                ip_protocol="tcp",
                from_port=HTTPS,
                to_port=HTTPS,
                cidr_ip=parameters.cidr,
                description="HTTPS from this VPC",
            )
        ],
        # Without a rule of its own a group may send anything anywhere; this one answers only.
        security_group_egress=[
            ec2.CfnSecurityGroup.EgressProperty(
                ip_protocol="tcp", from_port=HTTPS, to_port=HTTPS, cidr_ip="127.0.0.1/32", description="Nowhere"
            )
        ],
    )
    jobs = ec2.CfnSecurityGroup(
        stack,
        "JobsGroup",
        vpc_id=vpc.ref,
        group_description="Jobs, model servers and builds: each other, and AWS services by HTTPS",
        security_group_egress=[
            ec2.CfnSecurityGroup.EgressProperty(
                ip_protocol="tcp",
                from_port=HTTPS,
                to_port=HTTPS,
                destination_security_group_id=endpoints.attr_group_id,
                description="HTTPS to the endpoints",
            ),
            ec2.CfnSecurityGroup.EgressProperty(
                ip_protocol="tcp",
                from_port=HTTPS,
                to_port=HTTPS,
                destination_prefix_list_id=parameters.s3_prefix_list,
                description="HTTPS to S3",
            ),
        ],
    )
    group, between = jobs.attr_group_id, "Machines of one job to each other"
    ec2.CfnSecurityGroupIngress(
        stack, "BetweenJobsIn", group_id=group, source_security_group_id=group, ip_protocol="-1", description=between
    )
    ec2.CfnSecurityGroupEgress(
        stack,
        "BetweenJobsOut",
        group_id=group,
        destination_security_group_id=group,
        ip_protocol="-1",
        description=between,
    )
    return jobs.attr_group_id, endpoints.attr_group_id


def _outputs(stack: cdk.Stack, vpc: ec2.CfnVPC, subnets: list[str], jobs: str) -> None:
    cdk.CfnOutput(stack, "VpcId", value=vpc.ref)
    cdk.CfnOutput(
        stack, "SubnetIds", value=cdk.Fn.join(",", subnets), description="For the form's SubnetIds, as it stands"
    )
    cdk.CfnOutput(stack, "SecurityGroupIds", value=jobs, description="For the form's SecurityGroupIds, as it stands")
