"""Every policy of a stage's deploy role, put into it or attached to it."""

from __future__ import annotations

import json
from typing import Any

from tests.bootstrap.accounts import Accounts

MOST_IN_A_ROLE, MOST_ATTACHED = 10_240, 6_144  # IAM and STS character quotas; white space doesn't count
LONGEST_SLUG, LONGEST_PARTITION = 32, len("aws-us-gov")


def deploy_policies(accounts: Accounts, stage: str) -> list[dict[str, Any]]:
    account, role = accounts.stages[stage], f"{accounts.slug}-{stage}-deploy"
    return [*accounts.role_policies(role, account), *attached_policies(accounts, role, account)]


def attached_policies(accounts: Accounts, role: str, account: str) -> list[dict[str, Any]]:
    iam, found = accounts.aws.client("iam", account), []
    for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=each["PolicyArn"])["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=each["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"]
        found.append({"name": each["PolicyName"], "policy": document})
    return found


def most_characters(policy: dict[str, Any], slug: str) -> int:
    """How long the policy would be with the longest slug, in production and in the longest partition."""
    text = json.dumps(policy["policy"], separators=(",", ":")).replace("-staging", "-production")
    longer = text.lower().count(slug.lower()) * (LONGEST_SLUG - len(slug))
    return len(text) + longer + text.count("arn:aws:") * (LONGEST_PARTITION - len("aws"))
