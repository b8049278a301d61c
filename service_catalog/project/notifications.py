"""Who hears of what fails or waits: failed builds and pipelines, and versions that wait for a person's approval."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from constructs import Construct

from service_catalog.project.build_rights import PIPELINES
from service_catalog.project.policies import SLUG, arn, named


class Notifications(Construct):
    """Rules that write to the topic of the deployments, so that a person confirms one subscription."""

    def __init__(self, scope: Construct, construct_id: str, topic: cdk.CfnResource, slug: str) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic
        self._rule(
            "PipelineFailure",
            "pipeline-failure",
            "aws.sagemaker",
            "SageMaker Model Building Pipeline Execution Status Change",
            {
                "currentPipelineExecutionStatus": ["Failed"],
                "pipelineArn": [arn("sagemaker", f"pipeline/{SLUG}-{name}") for name in PIPELINES],
            },
            {"execution": "$.detail.pipelineExecutionArn"},
            "Pipeline execution <execution> failed; make status in model-build, or Studio, shows which step and why.",
        )
        self._rule(
            "Registration",
            "model-registered",
            "aws.sagemaker",
            "SageMaker Model Package State Change",
            {
                "ModelPackageGroupName": [slug],
                "ModelApprovalStatus": ["PendingManualApproval"],
                "ModelPackageStatus": ["Completed"],
            },
            {"package": "$.detail.ModelPackageArn"},
            "Model <package> passed its gate and waits for approval in the model registry.",
        )

    def of_build_pipeline(self, pipeline: cdk.CfnResource) -> None:
        self._rule(
            "BuildFailure",
            "build-failure",
            "aws.codepipeline",
            "CodePipeline Stage Execution State Change",
            {"pipeline": [pipeline.ref], "state": ["FAILED"]},
            {"stage": "$.detail.stage", "execution": "$.detail.execution-id", "pipeline": "$.detail.pipeline"},
            "Stage <stage> of <pipeline> failed in execution <execution>; the console shows its log.",
        )

    def _rule(
        self,
        construct_id: str,
        name: str,
        source: str,
        kind: str,
        detail: dict[str, Any],
        paths: dict[str, str],
        text: str,
    ) -> None:
        events.CfnRule(
            self,
            construct_id,
            name=named(f"{SLUG}-{name}"),
            event_pattern={"source": [source], "detail-type": [kind], "detail": detail},
            targets=[
                events.CfnRule.TargetProperty(
                    id="topic",
                    arn=self._topic.ref,
                    input_transformer=events.CfnRule.InputTransformerProperty(
                        input_paths_map=paths, input_template=f'"{text}"'
                    ),
                )
            ],
        )
