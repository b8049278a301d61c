"""The two CodeBuild projects of model-build: one tests, one publishes the image and starts the pipeline."""

from __future__ import annotations

from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from service_catalog.project import build_rights
from service_catalog.project.policies import OWN_BUCKETS, SLUG, allow, arn, assumed_by, bucket_arn, named, role

# SageMaker's instances are x86_64, and so is the image.
IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
ARTIFACT = "Code"
LOG_DAYS = 365


class BuildProjects(Construct):
    """Only the pipeline starts them, on main; the one that tests has no rights that its code could misuse."""

    def __init__(self, scope: Construct, construct_id: str, key_arn: str) -> None:
        super().__init__(scope, construct_id)
        self._key_arn = key_arn
        test = self._role("TestRole", f"{SLUG}-build-test", "test", f"Tests of {SLUG}'s model-build")
        publish = self._role(
            "PublishRole", build_rights.NAME, "publish", f"CI of {SLUG}'s model-build", *build_rights.statements()
        )
        self.test = self._project("Test", "test", test, "buildspec-test.yml", 30, privileged=False)
        self.publish = self._project("Publish", "publish", publish, "buildspec.yml", 60, privileged=True)

    def _role(self, construct_id: str, name: str, project: str, description: str, *more: object) -> iam.CfnRole:
        group = f"log-group:/aws/codebuild/{SLUG}-build-{project}"
        return role(
            self,
            construct_id,
            name,
            assumed_by("codebuild.amazonaws.com", [arn("codebuild", f"project/{SLUG}-build-{project}")]),
            description,
            allow("OwnLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [arn("logs", f"{group}*")]),
            allow(
                "Source",
                ["s3:GetObject", "s3:GetObjectVersion"],
                [bucket_arn(f"{SLUG}-pipeline-????????????/*/{ARTIFACT}/*")],
                OWN_BUCKETS,
            ),
            allow("Key", ["kms:Decrypt", "kms:GenerateDataKey*"], [self._key_arn]),
            *more,
        )

    def _project(
        self, construct_id: str, name: str, runs_as: iam.CfnRole, spec: str, minutes: int, *, privileged: bool
    ) -> codebuild.CfnProject:
        group = logs.CfnLogGroup(
            self,
            f"{construct_id}Logs",
            log_group_name=named(f"/aws/codebuild/{SLUG}-build-{name}"),
            kms_key_id=self._key_arn,
            retention_in_days=LOG_DAYS,
        )
        return codebuild.CfnProject(
            self,
            construct_id,
            name=named(f"{SLUG}-build-{name}"),
            service_role=runs_as.attr_arn,
            encryption_key=self._key_arn,
            timeout_in_minutes=minutes,
            artifacts=codebuild.CfnProject.ArtifactsProperty(type="CODEPIPELINE"),
            cache=codebuild.CfnProject.ProjectCacheProperty(type="LOCAL", modes=["LOCAL_CUSTOM_CACHE"]),
            environment=codebuild.CfnProject.EnvironmentProperty(
                type="LINUX_CONTAINER",
                compute_type="BUILD_GENERAL1_MEDIUM",
                image=IMAGE,
                privileged_mode=privileged,
            ),
            logs_config=codebuild.CfnProject.LogsConfigProperty(
                cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                    status="ENABLED", group_name=group.ref
                )
            ),
            source=codebuild.CfnProject.SourceProperty(type="CODEPIPELINE", build_spec=spec),
        )
