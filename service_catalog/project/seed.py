"""The first commit of both repositories: a custom resource that renders the template with the form's answers."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from service_catalog.project.form import Form
from service_catalog.project.policies import arn
from service_catalog.project.repositories import PARTS, Repositories
from service_catalog.seeder.bundle import bundle

FUNCTION = "sagemaker-mlops-seeder"
SECONDS_TO_ANSWER = "2400"  # Lambda's 15 minutes, and those of a second try


class Seed(Construct):
    def __init__(self, scope: Construct, construct_id: str, form: Form, repositories: Repositories) -> None:
        super().__init__(scope, construct_id)
        made = bundle()
        self.resource = cdk.CfnResource(
            self,
            "Resource",
            type="Custom::ModelRepositories",
            properties={
                "ServiceToken": arn("lambda", f"function:{FUNCTION}"),
                "ServiceTimeout": SECONDS_TO_ANSWER,
                "TemplateVersion": made.version,
                "Bundle": {"Key": made.key, "Sha256": made.sha256},
                "Answers": form.answers(),
                "ProjectId": form.value("SageMakerProjectId"),
                "Repositories": {
                    folder: {
                        "CodeCommit": repositories.of[part].codecommit,
                        "ConnectionArn": repositories.connection,
                        "Path": repositories.of[part].path,
                    }
                    for part, folder in PARTS.items()
                },
            },
        )
        self.urls = {part: self.resource.get_att(f"{part}Url").to_string() for part in PARTS}

    def before(self, *resources: cdk.CfnResource) -> None:
        """Whatever starts on commits starts after the first one."""
        for each in resources:
            each.add_resource_dependency(self.resource)
