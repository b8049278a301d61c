"""Committed templates as CloudFormation would resolve them, and the policies of the roles in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from service_catalog.launch.names import PATH
from service_catalog.stacks import FOLDER
from tests.infrastructure.cfn_templates import ACCOUNT, REGION, Document, Resolver, load

SLUG = "census-income"
FLAVOURS = ("codepipeline", "github", "gitlab")
FORM = {
    "SageMakerProjectName": SLUG,
    "SageMakerProjectId": "p-1a2b3c4d5e6f",
    "ConnectionArn": f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/01234567-89ab-cdef-0123-456789abcdef",
    "BuildRepository": "octo/model-build",
    "DeployRepository": "octo/model-deploy",
    "BuildRepositorySubject": "repo:octo@1/model-build@2",
    "DeployRepositorySubject": "repo:octo@1/model-deploy@3",
    "OidcProviderArn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com",
    "CommitterEmail": "bot@git.invalid",
    "NotificationEmail": "team@git.invalid",
    "StagingAccountId": "444455556666",
    "ProductionAccountId": "777788889999",
    "Accounts": "multi",
}
NAMES = (
    "RoleName",
    "Name",
    "LogGroupName",
    "ManagedPolicyName",
    "BucketName",
    "TopicName",
    "QueueName",
    "AlarmName",
    "AliasName",
)

ARNS = {
    "AWS::CodeBuild::Project": f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{}}",
}


class Stack(Resolver):
    """A template resolved with the form filled in; every resource counts, whatever its condition says."""

    def __init__(self, name: str, parameters: Mapping[str, str]) -> None:
        template = template_of(name)
        given = {key: value for key, value in parameters.items() if key in template.get("Parameters", {})}
        super().__init__({"Parameters": {}, **template}, given)

    def all_resources(self) -> Document:
        return {name: self.of(resource) for name, resource in self.template["Resources"].items()}

    def _identity(self, name: str) -> str:
        resource = self.template["Resources"][name]
        if resource["Type"] == "AWS::SNS::Topic":
            return f"arn:aws:sns:{REGION}:{ACCOUNT}:{self.of(resource['Properties']['TopicName'])}"
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            return policy_arn(self.of(resource["Properties"]))
        given = next(
            (resource.get("Properties", {})[key] for key in NAMES if key in resource.get("Properties", {})), None
        )
        return str(self.of(given)) if given else f"<{name}>"

    def _variable(self, name: str, extra: Mapping[str, Any]) -> Any:
        return self._function("GetAtt", name) if "." in name else super()._variable(name, extra)

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Or":
            return any(self.of(each) for each in argument)
        if name == "FindInMap":
            mapping, first, second = (self.of(each) for each in argument)
            return self.template["Mappings"][mapping][first][second]
        if name == "GetAtt":
            logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
            resource = self.template["Resources"][logical_id]
            if attribute == "Arn" and resource["Type"] in ARNS:
                name = self._identity(logical_id).strip("<>")
                path = self.of(resource.get("Properties", {}).get("Path", "/"))
                return ARNS[resource["Type"]].format(f"{path}{name}" if resource["Type"] == "AWS::IAM::Role" else name)
            return f"<{logical_id}.{attribute}>"
        return super()._function(name, argument)


def policy_arn(properties: Mapping[str, Any]) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy{properties.get('Path', '/')}{properties['ManagedPolicyName']}"


def role_arn(name: str) -> str:
    """Of a role of a project."""
    return f"arn:aws:iam::{ACCOUNT}:role{PATH}{name}"


@cache
def template_of(name: str) -> Document:
    return load(FOLDER / f"{name}.yaml")


def launch_roles(execution_roles: str = f"arn:aws:iam::{ACCOUNT}:role/studio") -> Stack:
    return Stack("launch-roles", {"ExecutionRoleArns": execution_roles})


def project(flavour: str, slug: str = SLUG, **parameters: str) -> Stack:
    return Stack(f"project-{flavour}", {**FORM, "SageMakerProjectName": slug, **parameters})


def policies_of(stack: Stack, role: str) -> list[dict[str, Any]]:
    """Every policy of the role of this name: in it, put into it by others, attached to it."""
    resources = stack.all_resources()
    (logical_id,) = (
        name
        for name, each in resources.items()
        if each["Type"] == "AWS::IAM::Role" and each["Properties"].get("RoleName") == role
    )
    properties = resources[logical_id]["Properties"]
    found = [{"name": each["PolicyName"], "policy": each["PolicyDocument"]} for each in properties.get("Policies", [])]
    for each in resources.values():
        if each["Type"] not in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            continue
        own = each["Properties"]
        name = own.get("PolicyName") or own["ManagedPolicyName"]
        attached = each["Type"].endswith("ManagedPolicy") and policy_arn(own) in properties.get("ManagedPolicyArns", [])
        if attached or role in own.get("Roles", []):
            found.append({"name": name, "policy": own["PolicyDocument"]})
    return found


def boundary() -> dict[str, Any]:
    """The policy that limits every role of a project stack."""
    document = launch_roles().all_resources()["Boundary"]["Properties"]["PolicyDocument"]
    return {"name": "boundary", "policy": document}


def role_names(stack: Stack) -> Iterator[str]:
    for each in stack.all_resources().values():
        if each["Type"] == "AWS::IAM::Role":
            yield str(each["Properties"]["RoleName"])


def characters(document: Mapping[str, Any]) -> int:
    """As IAM counts them, in the longest partition."""
    text = json.dumps(document, separators=(",", ":"))
    return len(text) + text.count("arn:aws:") * len("-us-gov")
