"""The two repositories: in CodeCommit by default with CodePipeline, else behind a connection; and Studio's view of them."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import Fn
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from service_catalog.project.accounts import choose
from service_catalog.project.form import Form
from service_catalog.project.policies import SLUG, named

PARTS = {"Build": "model-build", "Deploy": "model-deploy"}
BRANCH = "main"


@dataclass(frozen=True)
class Repository:
    """One of both: exactly one of the two is not empty when the stack is deployed."""

    codecommit: str
    path: str


class Repositories(Construct):
    """`has_connection` is None where there is always one."""

    def __init__(self, scope: Construct, construct_id: str, form: Form, ci: str) -> None:
        super().__init__(scope, construct_id)
        self.connection = form.value("ConnectionArn")
        self.has_connection = self._condition() if ci == "codepipeline" else None
        self.owned: list[codecommit.CfnRepository] = []
        self.of = {part: self._repository(part, form) for part in PARTS}

    def _condition(self) -> cdk.CfnCondition:
        in_codecommit = Fn.condition_equals(self.connection, "")
        self.in_codecommit = cdk.CfnCondition(self, "AreInCodeCommit", expression=in_codecommit)
        return cdk.CfnCondition(self, "AreElsewhere", expression=Fn.condition_not(in_codecommit))

    def _repository(self, part: str, form: Form) -> Repository:
        path = form.value(f"{part}Repository")
        if not self.has_connection:
            return Repository("", path)
        made = codecommit.CfnRepository(
            self,
            part,
            repository_name=named(f"{SLUG}-{PARTS[part]}"),
            repository_description=form.value("Description"),
            tags=[cdk.CfnTag(key="sagemaker-mlops:project", value=form.slug)],
        )
        made.cfn_options.condition = self.in_codecommit
        made.cfn_options.deletion_policy = cdk.CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE
        made.cfn_options.update_replace_policy = cdk.CfnDeletionPolicy.RETAIN
        self.owned.append(made)
        return Repository(choose(self.has_connection, "", made.attr_name), path)

    def name(self, part: str) -> str:
        """What a pipeline's source calls it: CodeCommit's name, or the path behind the connection."""
        repository = self.of[part]
        if not self.has_connection:
            return repository.path
        return choose(self.has_connection, repository.path, named(f"{SLUG}-{PARTS[part]}"))

    def show_in_studio(self, urls: dict[str, str]) -> None:
        for part, url in urls.items():
            sagemaker.CfnCodeRepository(
                self,
                f"{part}InStudio",
                code_repository_name=named(f"{SLUG}-{PARTS[part]}"),
                git_config=sagemaker.CfnCodeRepository.GitConfigProperty(repository_url=url, branch=BRANCH),
            )
