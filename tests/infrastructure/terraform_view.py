"""What a stage consists of, in one form for both flavours: read from Terraform's state or from resolved templates."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]
STAND_IN = "-never"  # the alarm that Terraform's provider needs where CloudFormation names none


def as_list(value: Any) -> list[Any]:
    return sorted(value, key=str) if isinstance(value, (list, tuple, set)) else [value]


def ordered(value: Any) -> str:
    """Sort key of anything that JSON can say."""
    return json.dumps(value, sort_keys=True)


def statements(policy: str | Json) -> list[Json]:
    """A policy's statements, in which one action is a list of one."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    found = []
    for statement in document["Statement"]:
        listed = {key: as_list(statement[key]) for key in ("Action", "Resource") if key in statement}
        conditions = {
            operator: {key: as_list(value) for key, value in tests.items()}
            for operator, tests in statement.get("Condition", {}).items()
        }
        principal = statement.get("Principal")
        if isinstance(principal, dict):
            principal = {key: as_list(value) for key, value in principal.items()}
        found.append({**statement, **listed, "Condition": conditions, "Principal": principal})
    return found


def dashboard(body: str) -> Json:
    """A dashboard, of whose alarms only the number is told: both flavours know their ARNs after creation only."""
    document: Json = json.loads(body)
    for widget in document["widgets"]:
        if "alarms" in widget["properties"]:
            widget["properties"]["alarms"] = len(widget["properties"]["alarms"])
    return document


def query(ident: str, found: Mapping[str, Any], metric: Json | None) -> Json:
    return {
        "id": ident,
        "expression": found.get("expression") or None,
        "label": found.get("label") or None,
        "returned": bool(found["returned"]),
        "metric": metric,
    }


def by_name(items: Iterable[Json], key: str) -> dict[str, Json]:
    return {item[key]: item for item in items}


class TerraformStage:
    """A stage as the state of Terraform tells it (`terraform show -json` or `terraform test -json -verbose`)."""

    def __init__(self, state: Json) -> None:
        self.resources = [each for each in state["root_module"]["resources"] if each["mode"] == "managed"]

    def of(self, kind: str) -> list[Json]:
        return [each["values"] for each in self.resources if each["type"] == kind]

    def alarms(self) -> dict[str, Json]:
        return {
            each["alarm_name"]: {
                "description": each["alarm_description"],
                "comparison": each["comparison_operator"],
                "threshold": float(each["threshold"]),
                "periods": each["evaluation_periods"],
                "datapoints": each["datapoints_to_alarm"] or None,
                "missing": each["treat_missing_data"],
                "actions": [len(each["alarm_actions"] or []), len(each["ok_actions"] or [])],
                "metric": self._metric(each, each["statistic"]) if each["metric_name"] else None,
                "queries": by_name((self._query(one) for one in each["metric_query"]), "id"),
            }
            for each in self.of("aws_cloudwatch_metric_alarm")
            if not each["alarm_name"].endswith(STAND_IN)
        }

    def _metric(self, found: Json, statistic: str) -> Json:
        return {
            "namespace": found["namespace"],
            "name": found["metric_name"],
            "dimensions": found["dimensions"],
            "period": found["period"],
            "statistic": statistic,
        }

    def _query(self, found: Json) -> Json:
        metric = found["metric"][0] if found["metric"] else None
        shown = {**found, "returned": found["return_data"]}
        return query(found["id"], shown, self._metric(metric, metric["stat"]) if metric else None)

    def role_policies(self) -> dict[str, list[Json]]:
        return {each["name"]: statements(each["policy"]) for each in self.of("aws_iam_role_policy")}

    def roles(self) -> dict[str, Json]:
        return {
            each["name"]: {
                "trust": statements(each["assume_role_policy"]),
                "boundary": each["permissions_boundary"],
                "description": each["description"],
            }
            for each in self.of("aws_iam_role")
        }

    def resource_policies(self) -> list[list[Json]]:
        kinds = ("aws_s3_bucket_policy", "aws_sns_topic_policy", "aws_sqs_queue_policy")
        return sorted((statements(each["policy"]) for kind in kinds for each in self.of(kind)), key=ordered)

    def pipelines(self) -> dict[str, Json]:
        return {
            each["pipeline_name"]: json.loads(each["pipeline_definition"]) for each in self.of("aws_sagemaker_pipeline")
        }

    def dashboards(self) -> dict[str, Json]:
        return {
            each["dashboard_name"]: dashboard(each["dashboard_body"]) for each in self.of("aws_cloudwatch_dashboard")
        }

    def models(self) -> list[Json]:
        return sorted(
            (
                {
                    "package": each["primary_container"][0]["model_package_name"],
                    "environment": each["primary_container"][0]["environment"] or {},
                    "isolated": bool(each["enable_network_isolation"]),
                    "vpc": [
                        [sorted(one["subnets"]), sorted(one["security_group_ids"])] for one in each["vpc_config"] or []
                    ],
                }
                for each in self.of("aws_sagemaker_model")
            ),
            key=ordered,
        )

    def variants(self) -> list[Json]:
        (found,) = self.of("aws_sagemaker_endpoint_configuration")
        kinds = {"production_variants": "answers", "shadow_production_variants": "shadow"}
        return [
            {
                "name": each["variant_name"],
                "kind": kind,
                "weight": float(each["initial_variant_weight"]),
                "instances": each["initial_instance_count"] or None,
                "type": each["instance_type"] or None,
                "serverless": [
                    [one["memory_size_in_mb"], one["max_concurrency"], one["provisioned_concurrency"] or None]
                    for one in each["serverless_config"] or []
                ],
            }
            for key, kind in kinds.items()
            for each in found[key] or []
        ]

    def data_of_requests(self) -> Json:
        """Keys, capture and asynchronous output of the endpoint configuration."""
        (found,) = self.of("aws_sagemaker_endpoint_configuration")
        return {
            "volume key": found["kms_key_arn"] or None,
            "capture": [
                {
                    "percent": each["initial_sampling_percentage"],
                    "uri": each["destination_s3_uri"],
                    "key": each["kms_key_id"],
                    "modes": [one["capture_mode"] for one in each["capture_options"]],
                    "csv": sorted(each["capture_content_type_header"][0]["csv_content_types"]),
                    "json": sorted(each["capture_content_type_header"][0]["json_content_types"]),
                }
                for each in found["data_capture_config"] or []
            ],
            "async": [
                [one["s3_output_path"], one["s3_failure_path"], one["kms_key_id"]]
                + [[each["success_topic"], each["error_topic"]] for each in one["notification_config"]]
                for each in found["async_inference_config"] or []
                for one in each["output_config"]
            ],
        }

    def rollout(self) -> Json:
        (found,) = self.of("aws_sagemaker_endpoint")
        if not found["deployment_config"]:
            return {}
        (config,) = found["deployment_config"]
        rolling = [
            [
                one["maximum_batch_size"][0]["type"],
                one["maximum_batch_size"][0]["value"],
                one["wait_interval_in_seconds"],
            ]
            for one in config["rolling_update_policy"] or []
        ]
        routed = [
            [
                routing["type"],
                routing["wait_interval_in_seconds"],
                one["termination_wait_in_seconds"],
                [
                    [size["type"], size["value"]]
                    for key in ("canary_size", "linear_step_size")
                    for size in routing[key] or []
                ],
            ]
            for one in config["blue_green_update_policy"] or []
            for routing in one["traffic_routing_configuration"]
        ]
        watched = [each["alarm_name"] for one in config["auto_rollback_configuration"] for each in one["alarms"]]
        alarms = [name for name in watched if not name.endswith(STAND_IN)]
        return {"alarms": sorted(alarms), "rolling": rolling, "blue green": routed}

    def autoscaling(self) -> Json:
        targets = [
            [each["resource_id"], each["scalable_dimension"], each["min_capacity"], each["max_capacity"]]
            for each in self.of("aws_appautoscaling_target")
        ]
        policies = {}
        for each in self.of("aws_appautoscaling_policy"):
            for one in each["target_tracking_scaling_policy_configuration"] or []:
                own = [
                    [
                        spec["namespace"],
                        spec["metric_name"],
                        spec["statistic"],
                        [[d["name"], d["value"]] for d in spec["dimensions"]],
                    ]
                    for spec in one["customized_metric_specification"] or []
                ]
                known = [spec["predefined_metric_type"] for spec in one["predefined_metric_specification"] or []]
                waits = [one["scale_in_cooldown"], one["scale_out_cooldown"]]
                policies[each["name"]] = [float(one["target_value"]), *waits, own, known]
            for one in each["step_scaling_policy_configuration"] or []:
                steps = [
                    [float(step["metric_interval_lower_bound"]), step["scaling_adjustment"]]
                    for step in one["step_adjustment"]
                ]
                policies[each["name"]] = [
                    one["adjustment_type"],
                    one["metric_aggregation_type"],
                    one["cooldown"],
                    steps,
                ]
        return {"targets": targets, "policies": policies}

    def rules(self) -> dict[str, Json]:
        targets: dict[str, list[Any]] = {}
        for each in self.of("aws_cloudwatch_event_target"):
            transformer = [[one["input_paths"], one["input_template"]] for one in each["input_transformer"] or []]
            given = [
                [one["name"], one["value"]]
                for pipeline in each["sagemaker_pipeline_target"] or []
                for one in pipeline["pipeline_parameter_list"]
            ]
            targets.setdefault(each["rule"], []).append([each["target_id"], each["arn"], transformer, given])
        return {
            each["name"]: {
                "pattern": json.loads(each["event_pattern"]),
                "description": each["description"],
                "targets": targets[each["name"]],
            }
            for each in self.of("aws_cloudwatch_event_rule")
        }

    def schedules(self) -> dict[str, list[Any]]:
        return {
            each["name"]: [
                each["schedule_expression"],
                each["schedule_expression_timezone"],
                each["kms_key_arn"],
                each["target"][0]["arn"],
                [
                    [one["name"], one["value"]]
                    for one in each["target"][0]["sagemaker_pipeline_parameters"][0]["pipeline_parameter"]
                ],
            ]
            for each in self.of("aws_scheduler_schedule")
        }

    def lifecycle(self) -> dict[str, list[Any]]:
        (found,) = self.of("aws_s3_bucket_lifecycle_configuration")
        return {
            each["id"]: [
                next((one["prefix"] for one in each["filter"] if one["prefix"]), None),
                next((one["days"] for one in each["expiration"]), None),
                next((one["noncurrent_days"] for one in each["noncurrent_version_expiration"]), None),
                next((one["days_after_initiation"] for one in each["abort_incomplete_multipart_upload"]), None),
            ]
            for each in found["rule"]
        }

    def logs(self) -> dict[str, list[Any]]:
        return {
            each["name"]: [each["retention_in_days"], each["kms_key_id"]]
            for each in self.of("aws_cloudwatch_log_group")
        }

    def budget(self) -> list[Any]:
        (found,) = self.of("aws_budgets_budget")
        alerts = [[each["notification_type"], float(each["threshold"])] for each in found["notification"]]
        filters = [[each["name"], each["values"]] for each in found["cost_filter"]]
        return [found["name"], float(found["limit_amount"]), filters, sorted(alerts)]
