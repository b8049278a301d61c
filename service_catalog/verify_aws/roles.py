"""Roles for the experiment, removed with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial

from service_catalog.verify_aws.account import Account
from service_catalog.verify_aws.removing import each_of


def make_role(
    account: Account, name: str, trust: Mapping[str, object], actions: Sequence[str], resource: str = "*"
) -> str:
    """ARN of a new role; it can be used only after some seconds."""
    roles, allowed = account.client("iam"), {"Effect": "Allow", "Action": actions, "Resource": resource}
    account.afterwards(f"role {name}", lambda: _delete_role(account, name))
    made = roles.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    roles.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=_document(allowed))
    return str(made)


def trusted(service: str, **condition: Mapping[str, str]) -> dict[str, object]:
    """The statement by which a service may take a role."""
    condition_part = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **condition_part}


def _document(statement: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def _delete_role(account: Account, name: str) -> None:
    roles = account.client("iam")
    policies = roles.list_role_policies(RoleName=name)["PolicyNames"]
    each_of(
        *(partial(roles.delete_role_policy, RoleName=name, PolicyName=policy) for policy in policies),
        partial(roles.delete_role, RoleName=name),
    )
