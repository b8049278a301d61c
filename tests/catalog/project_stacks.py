"""The committed project templates as CloudFormation would resolve them for a form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from service_catalog.stacks import FOLDER
from tests.infrastructure.cfn_templates import ACCOUNT, REGION, Document, Resolver, load

FLAVOURS = ("codepipeline", "github", "gitlab")
SLUG, PROJECT_ID = "census-income", "p-1a2b3c4d5e6f"
STAGING, PRODUCTION = "222222222222", "333333333333"
CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/01234567-89ab-cdef-0123-456789abcdef"
CONNECTED = {"ConnectionArn": CONNECTION, "BuildRepository": "octo/build", "DeployRepository": "octo/deploy"}
PROVIDERS = {
    "github": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com",
    "gitlab": f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com",
}
FILLED_IN = {
    "codepipeline": {},
    "github": {
        **CONNECTED,
        "BuildRepositorySubject": "repo:octo@1/build@2",
        "DeployRepositorySubject": "repo:octo@1/deploy@3",
        "CommitterEmail": "bot@git.invalid",
        "OidcProviderArn": PROVIDERS["github"],
    },
    "gitlab": {**CONNECTED, "CommitterEmail": "bot@git.invalid", "OidcProviderArn": PROVIDERS["gitlab"]},
}
TWO_ACCOUNTS = {"Accounts": "multi", "StagingAccountId": STAGING, "ProductionAccountId": PRODUCTION}
NAMES = re.compile(
    r"(Role|ManagedPolicy|Policy|Bucket|Topic|Queue|Alarm|Alias|Repository|LogGroup|ModelPackageGroup)Name"
)


class ProjectStack(Resolver):
    """`given` overrides the defaults and what FILLED_IN says."""

    def __init__(self, ci: str, **given: str) -> None:
        identity = {"SageMakerProjectName": SLUG, "SageMakerProjectId": PROJECT_ID}
        super().__init__(template(ci), {**identity, **FILLED_IN[ci], **given})

    def of_type(self, kind: str) -> dict[str, Document]:
        return {name: each["Properties"] for name, each in self.resources().items() if each["Type"] == kind}

    def parameters(self) -> dict[str, str]:
        """SSM parameters: name -> value."""
        return {each["Name"]: each["Value"] for each in self.of_type("AWS::SSM::Parameter").values()}

    def policies(self, role: str) -> list[dict[str, Any]]:
        """Policies of the role of this logical id: in it, and put into it by others."""
        resources = self.resources()
        own = resources[role]["Properties"]
        documents = [each["PolicyDocument"] for each in own.get("Policies", [])]
        documents += [
            each["Properties"]["PolicyDocument"]
            for each in resources.values()
            if each["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
            and own["RoleName"] in each["Properties"].get("Roles", [])
        ]
        return [{"name": f"policy-{number}", "policy": each} for number, each in enumerate(documents)]

    def _identity(self, name: str) -> str:
        properties: Mapping[str, Any] = self.template["Resources"][name].get("Properties", {})
        given = next((properties[key] for key in properties if NAMES.fullmatch(key) or key == "Name"), None)
        return str(self.of(given)) if given else f"<{name}>"

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Or":
            return any(self.of(each) for each in argument)
        if name == "FindInMap":
            mapping, first, second = (self.of(each) for each in argument)
            return self.template["Mappings"][mapping][first][second]
        if name == "GetAtt" and argument[1] == "Arn":
            return f"<{argument[0]}.Arn {self._identity(argument[0])}>"
        return super()._function(name, argument)


@cache
def template(ci: str) -> Document:
    return load(FOLDER / f"project-{ci}.yaml")
