"""The boundary of every role in a project stack: without it, who may create roles could do anything."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from service_catalog.launch.names import BOUNDARY_ARN


def bound_roles(stack: cdk.Stack) -> None:
    """Puts every role of the stack within the boundary that launch-roles.yaml makes in the account."""
    for each in stack.node.find_all():
        if isinstance(each, iam.CfnRole):
            each.permissions_boundary = cdk.Fn.sub(BOUNDARY_ARN)
