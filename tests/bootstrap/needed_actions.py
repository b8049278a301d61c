"""Actions that CloudFormation calls for the resource types of the stage templates, by AWS's own resource schemas."""

from __future__ import annotations

import fnmatch
import json
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY_VENV = Path(os.environ.get("PROJECT_DEPLOY_VENV", ROOT / ".venv-deploy"))
INFRASTRUCTURE = ROOT / "{{cookiecutter.project_slug}}" / "model-deploy" / "infrastructure"

# Listed by a schema for properties that no stage template uses, or no action of IAM's at all.
NOT_NEEDED = {
    "options of buckets that the templates don't use": [
        *("s3:*Analytics*", "s3:*Metrics*", "s3:*Inventory*", "s3:*IntelligentTiering*", "s3:*Replication*"),
        *("s3:*Website*", "s3:*Cors", "s3:*CORS", "s3:PutAccelerate*", "s3:*ObjectLock*", "s3:*Metadata*"),
        *(
            "s3tables:*",
            "s3:*Acl",
            "s3:*BucketAbac",
            "s3:*TagResource",
            "s3:*TagsForResource",
            "s3:DeleteBucketEncryption",
        ),
        *("s3:DeleteBucketLifecycle", "s3:UntagResource"),
    ],
    "identities that the templates don't have": ["iam:*User*", "iam:*Group*"],
    "managed policies, which only an administrator attaches": ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
    "taking the boundary off, which nobody who deploys may": ["iam:DeleteRolePermissionsBoundary"],
    "options of log groups that the templates don't use": [
        *("logs:*DataProtection*", "logs:*IndexPolic*", "logs:*ResourcePolic*", "logs:CreateLogDelivery"),
        *("logs:DisassociateKmsKey", "logs:PutBearerTokenAuthentication", "logs:PutLogGroupDeletionProtection"),
        *("firehose:*", "s3:REST.PUT.OBJECT"),
    ],
    "data protection of topics": ["sns:PutDataProtectionPolicy"],
    "targets of autoscaling outside SageMaker, and schedules for it": [
        "lambda:*",
        "application-autoscaling:*ScheduledAction",
    ],
    "views of bills, which budgets of the own account don't need": ["billing:GetBillingViewData"],
}


def template_types() -> set[str]:
    templates = [path.read_text(encoding="utf-8") for path in INFRASTRUCTURE.iterdir() if ".yaml" in path.name]
    return {name for text in templates for name in re.findall(r"^    Type: (AWS::\w+::\w+)$", text, re.MULTILINE)}


def handler_actions(types: set[str]) -> set[str]:
    """Union of the permissions of the handlers of these types."""
    folder = next(DEPLOY_VENV.glob("lib/python*/site-packages/cfnlint/data/schemas/resources"))
    found, actions = set(), set()
    for path in folder.glob("*.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        if schema["typeName"] in types:
            found.add(schema["typeName"])
            for operation in ("create", "read", "update", "delete"):
                actions |= set(schema.get("handlers", {}).get(operation, {}).get("permissions", []))
    assert found == types, f"no schema for {sorted(types - found)}"
    return actions


def needed_actions() -> set[str]:
    unneeded = [pattern for patterns in NOT_NEEDED.values() for pattern in patterns]
    return {
        action
        for action in handler_actions(template_types())
        if not any(fnmatch.fnmatchcase(action, pattern) for pattern in unneeded)
    }
