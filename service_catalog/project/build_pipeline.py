"""CI of model-build in CodePipeline: tests, then, for main only, the image and SageMaker's pipeline."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from service_catalog.project.accounts import choose_any
from service_catalog.project.build_projects import ARTIFACT, BuildProjects
from service_catalog.project.policies import SLUG, allow, arn, assumed_by, named, role
from service_catalog.project.repositories import BRANCH, OwnRepositories

NAME = f"{SLUG}-build"
Action = codepipeline.CfnPipeline.ActionDeclarationProperty


class BuildPipeline(Construct):
    """Shares bucket and key with the pipeline that deploys; each can read the sources of its own only."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        repositories: OwnRepositories,
        bucket: cdk.CfnResource,
        key_arn: str,
        undelivered: cdk.CfnResource,
    ) -> None:
        super().__init__(scope, construct_id)
        self._repositories, self._bucket, self._key_arn = repositories, bucket, key_arn
        self._builds = BuildProjects(self, "Ci", key_arn)
        self.pipeline = codepipeline.CfnPipeline(
            self,
            "Pipeline",
            name=named(NAME),
            pipeline_type="V2",
            # A newer commit takes the place of one that waits.
            execution_mode="SUPERSEDED",
            role_arn=self._role().attr_arn,
            artifact_store=codepipeline.CfnPipeline.ArtifactStoreProperty(
                type="S3",
                location=bucket.ref,
                encryption_key=codepipeline.CfnPipeline.EncryptionKeyProperty(type="KMS", id=key_arn),
            ),
            stages=[
                _stage("Source", self._source()),
                _stage("Test", _build("Test", "Test", self._builds.test.ref)),
                _stage("Publish", _build("PublishAndStart", "Build", self._builds.publish.ref)),
            ],
        )
        self.commit = self._commit(undelivered)

    def _source(self) -> Any:
        name = self._repositories.name("Build")
        connected = _source_action(
            "CodeStarSourceConnection",
            {"ConnectionArn": self._repositories.connection, "FullRepositoryId": name, "BranchName": BRANCH},
        )
        owned = _source_action(
            "CodeCommit", {"RepositoryName": name, "BranchName": BRANCH, "PollForSourceChanges": "false"}
        )
        return choose_any(self._repositories.are_elsewhere, connected, owned)

    def _role(self) -> iam.CfnRole:
        bucket = self._bucket.get_att("Arn").to_string()
        name = self._repositories.name("Build")
        connection = self._repositories.connection
        connected = {
            **allow("Source", ["codeconnections:UseConnection", "codestar-connections:UseConnection"], [connection]),
            "Condition": {
                "StringEqualsIfExists": {
                    "codeconnections:FullRepositoryId": name,
                    "codestar-connections:FullRepositoryId": name,
                }
            },
        }
        sources = cdk.Fn.join("", [bucket, f"/*/{ARTIFACT}/*"])
        # A connection's source is put with an ACL, which the bucket then ignores.
        upload = allow("UploadOfSource", ["s3:PutObjectAcl"], [sources])
        actions = ["CancelUploadArchive", "GetBranch", "GetCommit", "GetRepository", "GetUploadArchiveStatus"]
        owned = allow(
            "Source",
            [f"codecommit:{each}" for each in (*actions, "UploadArchive")],
            [arn("codecommit", f"{SLUG}-model-build")],
        )
        return role(
            self,
            "Role",
            f"{SLUG}-build-pipeline",
            assumed_by("codepipeline.amazonaws.com"),
            f"Pipeline of {SLUG}'s model-build",
            allow(
                "Artifacts",
                ["s3:GetBucketVersioning", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
                [bucket, sources],
            ),
            allow(
                "Key",
                ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                [self._key_arn],
            ),
            allow(
                "Builds",
                ["codebuild:BatchGetBuilds", "codebuild:StartBuild"],
                [self._builds.test.attr_arn, self._builds.publish.attr_arn],
            ),
            choose_any(self._repositories.are_elsewhere, connected, owned),
            choose_any(self._repositories.are_elsewhere, upload, cdk.Aws.NO_VALUE),
        )

    def _commit(self, undelivered: cdk.CfnResource) -> events.CfnRule:
        """CodeCommit's commits start the pipeline; those behind a connection do so by themselves."""
        start = role(
            self,
            "StartRole",
            f"{SLUG}-build-start",
            assumed_by("events.amazonaws.com"),
            f"Starts the pipeline of {SLUG}'s model-build",
            allow("Start", ["codepipeline:StartPipelineExecution"], [arn("codepipeline", NAME)]),
        )
        repository = self._repositories.made["Build"]
        start.cfn_options.condition = self._repositories.are_own
        rule = events.CfnRule(
            self,
            "Commit",
            name=named(f"{SLUG}-build-commit"),
            event_pattern={
                "source": ["aws.codecommit"],
                "detail-type": ["CodeCommit Repository State Change"],
                "resources": [repository.attr_arn],
                "detail": {
                    "event": ["referenceCreated", "referenceUpdated"],
                    "referenceType": ["branch"],
                    "referenceName": [BRANCH],
                },
            },
            targets=[
                events.CfnRule.TargetProperty(
                    id="pipeline",
                    arn=arn("codepipeline", NAME),
                    role_arn=start.attr_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                        arn=undelivered.get_att("Arn").to_string()
                    ),
                )
            ],
        )
        rule.cfn_options.condition = self._repositories.are_own
        return rule


def _stage(name: str, action: Any) -> codepipeline.CfnPipeline.StageDeclarationProperty:
    return codepipeline.CfnPipeline.StageDeclarationProperty(name=name, actions=[action])


def _source_action(provider: str, configuration: dict[str, str]) -> dict[str, Any]:
    """As CloudFormation writes it, since it stands in a condition."""
    return {
        "Name": "Source",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": provider, "Version": "1"},
        "Configuration": configuration,
        "OutputArtifacts": [{"Name": ARTIFACT}],
    }


def _build(name: str, category: str, project: str) -> Action:
    return Action(
        name=name,
        action_type_id=codepipeline.CfnPipeline.ActionTypeIdProperty(
            category=category, owner="AWS", provider="CodeBuild", version="1"
        ),
        configuration={"ProjectName": project},
        input_artifacts=[codepipeline.CfnPipeline.InputArtifactProperty(name=ARTIFACT)],
    )
