"""The role that GitHub Actions or GitLab CI assumes for model-build by an identity token, without a stored key."""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import Fn
from constructs import Construct

from service_catalog.project import build_rights
from service_catalog.project.policies import SLUG, role

HOSTS = {"github": "token.actions.githubusercontent.com", "gitlab": "${GitLabHost}"}
SUBJECTS = {
    "github": "${BuildRepositorySubject}:environment:model-build",
    "gitlab": "project_path:${BuildRepository}:ref_type:branch:ref:main",
}


class BuildTokenRole(Construct):
    """Its trust compares audience and subject in full (model-build's README, "CI")."""

    def __init__(self, scope: Construct, construct_id: str, ci: str, provider_arn: str) -> None:
        super().__init__(scope, construct_id)
        self.role = role(
            self,
            "Role",
            build_rights.NAME,
            _trust(HOSTS[ci], SUBJECTS[ci], provider_arn),
            f"CI of {SLUG}'s model-build",
            *build_rights.statements(),
        )


def _trust(host: str, subject: str, provider_arn: str) -> Any:
    """As text, because the names of the conditions hold the host."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "${Provider}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": subject}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
    return Fn.sub(text, {"Provider": provider_arn})
