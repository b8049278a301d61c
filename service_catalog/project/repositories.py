"""The two repositories: made in CodeCommit, or behind a connection; and Studio's view of them."""

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
    """Existing repositories behind a connection."""

    def __init__(self, scope: Construct, construct_id: str, form: Form) -> None:
        super().__init__(scope, construct_id)
        self.connection = form.value("ConnectionArn")
        self.of = {part: Repository("", form.value(f"{part}Repository")) for part in PARTS}


class OwnRepositories(Repositories):
    """The stack's own in CodeCommit, where the form names no connection."""

    def __init__(self, scope: Construct, construct_id: str, form: Form) -> None:
        super().__init__(scope, construct_id, form)
        in_codecommit = Fn.condition_equals(self.connection, "")
        self.are_own = cdk.CfnCondition(self, "AreInCodeCommit", expression=in_codecommit)
        self.are_elsewhere = cdk.CfnCondition(self, "AreElsewhere", expression=Fn.condition_not(in_codecommit))
        self.made = {part: self._made(part, form) for part in PARTS}
        names = {part: choose(self.are_elsewhere, "", made.attr_name) for part, made in self.made.items()}
        self.of = {part: Repository(names[part], elsewhere.path) for part, elsewhere in self.of.items()}

    def _made(self, part: str, form: Form) -> codecommit.CfnRepository:
        made = codecommit.CfnRepository(
            self,
            part,
            repository_name=named(f"{SLUG}-{PARTS[part]}"),
            repository_description=form.value("Description"),
            tags=[cdk.CfnTag(key="sagemaker-mlops:project", value=form.slug)],
        )
        made.cfn_options.condition = self.are_own
        made.cfn_options.deletion_policy = cdk.CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE
        made.cfn_options.update_replace_policy = cdk.CfnDeletionPolicy.RETAIN
        return made

    def name(self, part: str) -> str:
        """What a pipeline's source calls it: the path behind the connection, or CodeCommit's name."""
        return choose(self.are_elsewhere, self.of[part].path, named(f"{SLUG}-{PARTS[part]}"))


def show_in_studio(scope: Construct, urls: dict[str, str]) -> list[cdk.CfnResource]:
    """Registers the repositories with SageMaker, which lists them beside the project."""
    return [
        sagemaker.CfnCodeRepository(
            scope,
            f"{part}RepositoryInStudio",
            code_repository_name=named(f"{SLUG}-{PARTS[part]}"),
            git_config=sagemaker.CfnCodeRepository.GitConfigProperty(repository_url=url, branch=BRANCH),
        )
        for part, url in urls.items()
    ]
