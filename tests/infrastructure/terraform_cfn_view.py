"""The same view as `terraform_view.TerraformStage`, read from resolved CloudFormation templates."""

from __future__ import annotations

import json
from typing import Any

from tests.infrastructure.terraform_view import Json, by_name, dashboard, ordered, query, statements


def _topics(notification: Json) -> list[str]:
    return [notification["SuccessTopic"], notification["ErrorTopic"]]


class CloudFormationStage:
    """A stage as the resolved resources of its stacks tell it."""

    def __init__(self, resources: list[Json]) -> None:
        self.resources = resources

    def of(self, kind: str) -> list[Json]:
        return [each["Properties"] for each in self.resources if each["Type"] == kind]

    def alarms(self) -> dict[str, Json]:
        return {
            each["AlarmName"]: {
                "description": each["AlarmDescription"],
                "comparison": each["ComparisonOperator"],
                "threshold": float(each["Threshold"]),
                "periods": each["EvaluationPeriods"],
                "datapoints": each.get("DatapointsToAlarm"),
                "missing": each["TreatMissingData"],
                "actions": [len(each["AlarmActions"]), len(each.get("OKActions", []))],
                "metric": self._metric(each, each["Period"], each["Statistic"]) if "MetricName" in each else None,
                "queries": by_name((self._query(one) for one in each.get("Metrics", [])), "id"),
            }
            for each in self.of("AWS::CloudWatch::Alarm")
        }

    def _metric(self, found: Json, period: int, statistic: str) -> Json:
        return {
            "namespace": found["Namespace"],
            "name": found["MetricName"],
            "dimensions": {each["Name"]: each["Value"] for each in found["Dimensions"]},
            "period": period,
            "statistic": statistic,
        }

    def _query(self, found: Json) -> Json:
        measured = found.get("MetricStat")
        metric = self._metric(measured["Metric"], measured["Period"], measured["Stat"]) if measured else None
        shown = {"expression": found.get("Expression"), "label": found.get("Label"), "returned": found["ReturnData"]}
        return query(found["Id"], shown, metric)

    def role_policies(self) -> dict[str, list[Json]]:
        inline = [policy for role in self.of("AWS::IAM::Role") for policy in role["Policies"]]
        return {
            each["PolicyName"]: statements(each["PolicyDocument"]) for each in [*inline, *self.of("AWS::IAM::Policy")]
        }

    def roles(self) -> dict[str, Json]:
        return {
            each["RoleName"]: {
                "trust": statements(each["AssumeRolePolicyDocument"]),
                "boundary": each["PermissionsBoundary"],
                "description": each["Description"],
            }
            for each in self.of("AWS::IAM::Role")
        }

    def resource_policies(self) -> list[list[Json]]:
        kinds = ("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")
        return sorted((statements(each["PolicyDocument"]) for kind in kinds for each in self.of(kind)), key=ordered)

    def pipelines(self) -> dict[str, Json]:
        return {
            each["PipelineName"]: json.loads(each["PipelineDefinition"]["PipelineDefinitionBody"])
            for each in self.of("AWS::SageMaker::Pipeline")
        }

    def dashboards(self) -> dict[str, Json]:
        return {
            each["DashboardName"]: dashboard(each["DashboardBody"]) for each in self.of("AWS::CloudWatch::Dashboard")
        }

    def models(self) -> list[Json]:
        return sorted(
            (
                {
                    "package": each["PrimaryContainer"]["ModelPackageName"],
                    "environment": each["PrimaryContainer"].get("Environment", {}),
                    "isolated": each.get("EnableNetworkIsolation", False),
                    "vpc": [
                        [sorted(one["Subnets"]), sorted(one["SecurityGroupIds"])]
                        for one in [each.get("VpcConfig")]
                        if one
                    ],
                }
                for each in self.of("AWS::SageMaker::Model")
            ),
            key=ordered,
        )

    def variants(self) -> list[Json]:
        (found,) = self.of("AWS::SageMaker::EndpointConfig")
        kinds = {"ProductionVariants": "answers", "ShadowProductionVariants": "shadow"}
        return [
            {
                "name": each["VariantName"],
                "kind": kind,
                "weight": float(each["InitialVariantWeight"]),
                "instances": int(each["InitialInstanceCount"]) if "InitialInstanceCount" in each else None,
                "type": each.get("InstanceType"),
                "serverless": [
                    [int(one["MemorySizeInMB"]), int(one["MaxConcurrency"]), int(one["ProvisionedConcurrency"])]
                    for one in [each.get("ServerlessConfig")]
                    if one
                ],
            }
            for key, kind in kinds.items()
            for each in found.get(key, [])
        ]

    def data_of_requests(self) -> Json:
        (found,) = self.of("AWS::SageMaker::EndpointConfig")
        outputs = [found["AsyncInferenceConfig"]["OutputConfig"]] if "AsyncInferenceConfig" in found else []
        return {
            "volume key": found.get("KmsKeyId"),
            "capture": [
                {
                    "percent": int(each["InitialSamplingPercentage"]),
                    "uri": each["DestinationS3Uri"],
                    "key": each["KmsKeyId"],
                    "modes": [one["CaptureMode"] for one in each["CaptureOptions"]],
                    "csv": sorted(each["CaptureContentTypeHeader"]["CsvContentTypes"]),
                    "json": sorted(each["CaptureContentTypeHeader"]["JsonContentTypes"]),
                }
                for each in [found.get("DataCaptureConfig")]
                if each
            ],
            "async": [
                [one["S3OutputPath"], one["S3FailurePath"], one["KmsKeyId"], _topics(one["NotificationConfig"])]
                for one in outputs
            ],
        }

    def rollout(self) -> Json:
        (found,) = self.of("AWS::SageMaker::Endpoint")
        config = found.get("DeploymentConfig")
        if not config:
            return {}
        rolling = [
            [one["MaximumBatchSize"]["Type"], int(one["MaximumBatchSize"]["Value"]), int(one["WaitIntervalInSeconds"])]
            for one in [config.get("RollingUpdatePolicy")]
            if one
        ]
        routed = []
        if "BlueGreenUpdatePolicy" in config:
            one = config["BlueGreenUpdatePolicy"]
            routing = one["TrafficRoutingConfiguration"]
            sizes = [
                [routing[key]["Type"], int(routing[key]["Value"])]
                for key in ("CanarySize", "LinearStepSize")
                if key in routing
            ]
            waits = [int(routing["WaitIntervalInSeconds"]), int(one["TerminationWaitInSeconds"])]
            routed = [[routing["Type"], *waits, sizes]]
        names = {
            f"<{logical}>": properties["AlarmName"]
            for logical, properties in ((each["LogicalId"], each["Properties"]) for each in self.resources)
            if "AlarmName" in properties
        }
        watched = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
        alarms = [names[each["AlarmName"]] for each in watched]
        return {"alarms": sorted(alarms), "rolling": rolling, "blue green": routed}

    def autoscaling(self) -> Json:
        targets = [
            [each["ResourceId"], each["ScalableDimension"], int(each["MinCapacity"]), int(each["MaxCapacity"])]
            for each in self.of("AWS::ApplicationAutoScaling::ScalableTarget")
        ]
        policies: dict[str, list[Any]] = {}
        for each in self.of("AWS::ApplicationAutoScaling::ScalingPolicy"):
            if one := each.get("TargetTrackingScalingPolicyConfiguration"):
                own = [
                    [
                        s["Namespace"],
                        s["MetricName"],
                        s["Statistic"],
                        [[d["Name"], d["Value"]] for d in s["Dimensions"]],
                    ]
                    for s in [one.get("CustomizedMetricSpecification")]
                    if s
                ]
                known = [s["PredefinedMetricType"] for s in [one.get("PredefinedMetricSpecification")] if s]
                waits = [one["ScaleInCooldown"], one["ScaleOutCooldown"]]
                policies[each["PolicyName"]] = [float(one["TargetValue"]), *waits, own, known]
            if one := each.get("StepScalingPolicyConfiguration"):
                steps = [[float(s["MetricIntervalLowerBound"]), s["ScalingAdjustment"]] for s in one["StepAdjustments"]]
                policies[each["PolicyName"]] = [
                    one["AdjustmentType"],
                    one["MetricAggregationType"],
                    one["Cooldown"],
                    steps,
                ]
        return {"targets": targets, "policies": policies}

    def rules(self) -> dict[str, Json]:
        return {
            each["Name"]: {
                "pattern": each["EventPattern"],
                "description": each["Description"],
                "targets": [
                    [
                        target["Id"],
                        target["Arn"],
                        [
                            [one["InputPathsMap"], one["InputTemplate"]]
                            for one in [target.get("InputTransformer")]
                            if one
                        ],
                        [
                            [one["Name"], one["Value"]]
                            for one in target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
                        ],
                    ]
                    for target in each["Targets"]
                ],
            }
            for each in self.of("AWS::Events::Rule")
        }

    def schedules(self) -> dict[str, list[Any]]:
        return {
            each["Name"]: [
                each["ScheduleExpression"],
                each["ScheduleExpressionTimezone"],
                each["KmsKeyArn"],
                each["Target"]["Arn"],
                [
                    [one["Name"], one["Value"]]
                    for one in each["Target"]["SageMakerPipelineParameters"]["PipelineParameterList"]
                ],
            ]
            for each in self.of("AWS::Scheduler::Schedule")
        }

    def lifecycle(self) -> dict[str, list[Any]]:
        (found,) = self.of("AWS::S3::Bucket")
        return {
            each["Id"]: [
                each.get("Prefix"),
                each.get("ExpirationInDays"),
                each.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"),
                each.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation"),
            ]
            for each in found["LifecycleConfiguration"]["Rules"]
        }

    def logs(self) -> dict[str, list[Any]]:
        return {
            each["LogGroupName"]: [int(each["RetentionInDays"]), each["KmsKeyId"]]
            for each in self.of("AWS::Logs::LogGroup")
        }

    def budget(self) -> list[Any]:
        (found,) = self.of("AWS::Budgets::Budget")
        budget, alerts = found["Budget"], found["NotificationsWithSubscribers"]
        told = [[each["Notification"]["NotificationType"], float(each["Notification"]["Threshold"])] for each in alerts]
        filters = [[name, values] for name, values in budget["CostFilters"].items()]
        return [budget["BudgetName"], float(budget["BudgetLimit"]["Amount"]), filters, sorted(told)]
