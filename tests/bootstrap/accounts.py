"""A project's accounts, set up from the bootstrap templates in the emulated AWS, and the policies that came out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.emulated import EmulatedAws

SLUG = "census-income"
REGION = "eu-west-1"
CONNECTION = "00000000-0000-0000-0000-000000000000"
Policy = Mapping[str, Any]


@dataclass
class Accounts:
    """`folder` is a project's model-deploy; `tooling` has registry and CI, `stages` the account of each stage."""

    aws: EmulatedAws
    folder: Path
    tooling: str
    stages: dict[str, str]
    slug: str = SLUG
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def deploy(self, template: str, account: str, stage: str = "", **parameters: str) -> dict[str, str]:
        """Outputs of a new stack, which is given those of all parameters that its template declares."""
        name = "-".join(part for part in (self.slug, "bootstrap", template, stage) if part)
        body = (self.folder / "bootstrap" / f"{template}.yaml").read_text(encoding="utf-8")
        client = self.aws.client("cloudformation", account)
        declared = {given["ParameterKey"] for given in client.validate_template(TemplateBody=body)["Parameters"]}
        known = {"ProjectSlug": self.slug, "Stage": stage, "ToolingAccountId": self.tooling, **parameters}
        given = [{"ParameterKey": key, "ParameterValue": known[key]} for key in sorted(declared & known.keys())]
        client.create_stack(StackName=name, TemplateBody=body, Parameters=given, Capabilities=["CAPABILITY_NAMED_IAM"])
        stack = self.aws.stack(name, account)
        assert stack["StackStatus"] == "CREATE_COMPLETE", self.aws.reasons(name, account)
        self.outputs[name] = {made["OutputKey"]: made["OutputValue"] for made in stack.get("Outputs", [])}
        return self.outputs[name]

    def set_up(self, ci: str, **bindings: str) -> None:
        """Every bootstrap stack of a project with this CI system, with further bindings of its stages."""
        consumers = ",".join(sorted(set(self.stages.values()) - {self.tooling}))
        stage_accounts = ",".join(sorted(set(self.stages.values())))
        for stage, account in self.stages.items():
            made = self.deploy("stage", account, stage, TerraformState="yes")
            made |= self.deploy("deploy-role", account, stage)
            self.deploy("bindings", self.tooling, stage, AccountId=account, **made, **bindings)
        key = self.deploy("tooling", self.tooling, StageAccountIds=consumers)["ArtifactKeyArn"]
        given = {"StageAccountIds": stage_accounts, "ArtifactKeyArn": key}
        if ci == "codepipeline":
            topic = self.deploy("events", self.tooling, CodeCommitRepositoryName="model-deploy", **given)["TopicArn"]
            self.deploy("builds", self.tooling, **given)
            self.deploy("pipeline", self.tooling, RepositoryName="model-deploy", TopicArn=topic, **given)
            return
        subject = {"RepositorySubject": "repo:octo@1/model-deploy@2", "ProjectPath": "team/model-deploy"}
        self.deploy("ci", self.tooling, **subject, **given)
        connection = f"arn:aws:codeconnections:{REGION}:{self.tooling}:connection/{CONNECTION}"
        repository = {"ConnectionArn": connection, "ConnectionId": CONNECTION, "RepositoryPath": "octo/model-deploy"}
        self.deploy("approvals", self.tooling, CommitterEmail="bot@git.invalid", **repository, **given)

    def role_policies(self, role: str, account: str) -> list[dict[str, Any]]:
        iam = self.aws.client("iam", account)
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        return [
            {"name": name, "policy": iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]}
            for name in names
        ]

    def trust(self, role: str, account: str) -> Policy:
        document: Policy = self.aws.client("iam", account).get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        return document

    def boundary(self, stage: str) -> dict[str, Any]:
        account = self.stages[stage]
        iam, arn = (
            self.aws.client("iam", account),
            f"arn:aws:iam::{account}:policy/sagemaker-mlops/{self.slug}-{stage}-boundary",
        )
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        return {"name": "boundary", "policy": document}

    def key_policy(self, key_arn: str, account: str) -> Policy:
        answer = self.aws.client("kms", account).get_key_policy(KeyId=key_arn, PolicyName="default")
        policy: Policy = json.loads(answer["Policy"])
        return policy
