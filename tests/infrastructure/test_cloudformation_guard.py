"""Every guard rule holds for our templates and fails on one that breaks its promise: a rule that can't fail is none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.cfn_templates import ABSENT, Document, mutated
from tests.infrastructure.conftest import run_validators

GUARD = Path(__file__).parent / "guard"
RULES = sorted(
    name for path in GUARD.glob("*.guard") for name in re.findall(r"^rule (\w+)", path.read_text(), flags=re.MULTILINE)
)
REALTIME, ASYNC, BATCH, FOUNDATION = "endpoint-realtime", "endpoint-async", "batch", "foundation"
MODEL = ("Model", "Properties")
CONFIG = ("EndpointConfig", "Properties")
CAPTURE = (*CONFIG, "DataCaptureConfig", "Fn::If", 1)
ROLLBACK = ("Endpoint", "Properties", "DeploymentConfig", "AutoRollbackConfiguration", "Fn::If")
ALARMS = (*ROLLBACK, 1, "Alarms")
BUCKET = ("DataBucket", "Properties")
KEY = (*BUCKET, "BucketEncryption", "ServerSideEncryptionConfiguration", 0, "ServerSideEncryptionByDefault")
BUCKET_POLICY = ("DataBucketPolicy", "Properties", "PolicyDocument", "Statement")
TOPIC_POLICY = ("NotificationTopicPolicy", "Properties", "PolicyDocument", "Statement")
QUEUE_POLICY = ("UndeliveredPolicy", "Properties", "PolicyDocument", "Statement")
TARGET = ("NewDataRule", "Properties", "Targets", 0)
MEMORY = ("MemoryAlarm", "Properties")
BUDGET = ("Budget", "Properties")

Path_ = tuple[str | int, ...]
MUTATIONS: list[tuple[str, str, Path_, Any]] = [
    ("models_have_no_network", REALTIME, (*MODEL, "EnableNetworkIsolation"), ABSENT),
    ("models_have_no_network", REALTIME, ("ChallengerModel", "Properties", "EnableNetworkIsolation"), False),
    ("models_run_in_vpc", BATCH, (*MODEL, "VpcConfig"), ABSENT),
    ("models_come_from_registry", ASYNC, (*MODEL, "PrimaryContainer", "ModelPackageName"), ABSENT),
    ("models_come_from_registry", ASYNC, (*MODEL, "PrimaryContainer", "Image"), "image"),
    ("models_come_from_registry", ASYNC, (*MODEL, "PrimaryContainer", "ModelDataUrl"), "s3://bucket/model.tar.gz"),
    ("replaced_things_have_no_name", REALTIME, (*MODEL, "ModelName"), "model"),
    ("replaced_things_have_no_name", ASYNC, (*CONFIG, "EndpointConfigName"), {"Fn::Sub": "${ProjectSlug}"}),
    ("volumes_are_encrypted", REALTIME, (*CONFIG, "KmsKeyId"), ABSENT),
    ("capture_is_encrypted", REALTIME, (*CAPTURE, "KmsKeyId"), ABSENT),
    ("capture_names_content_types", REALTIME, (*CAPTURE, "CaptureContentTypeHeader", "CsvContentTypes"), ["a/b"]),
    ("capture_names_content_types", REALTIME, (*CAPTURE, "CaptureContentTypeHeader", "JsonContentTypes", 1), "a/b"),
    (
        "asynchronous_answers_are_encrypted",
        ASYNC,
        (*CONFIG, "AsyncInferenceConfig", "OutputConfig", "KmsKeyId"),
        ABSENT,
    ),
    ("rollouts_are_undone_by_alarms", REALTIME, ALARMS, []),
    ("rollouts_are_undone_by_alarms", ASYNC, (*ALARMS, 0, "AlarmName"), "another-stack's"),
    ("rollouts_are_undone_by_alarms", REALTIME, (*ROLLBACK, 0), "HasVpc"),
    ("endpoints_wait_for_permissions", REALTIME, ("Endpoint", "DependsOn"), "LogGroup"),
    ("instances_scale", REALTIME, ("ScalableTarget",), ABSENT),
    ("buckets_are_encrypted", FOUNDATION, (*KEY, "SSEAlgorithm"), "AES256"),
    ("buckets_are_encrypted", FOUNDATION, (*KEY, "KMSMasterKeyID"), ABSENT),
    ("buckets_are_private", FOUNDATION, (*BUCKET, "PublicAccessBlockConfiguration", "BlockPublicPolicy"), False),
    ("buckets_are_private", FOUNDATION, (*BUCKET, "PublicAccessBlockConfiguration"), ABSENT),
    ("buckets_keep_versions", FOUNDATION, (*BUCKET, "VersioningConfiguration"), ABSENT),
    ("buckets_outlive_their_stack", FOUNDATION, ("DataBucket", "DeletionPolicy"), "Delete"),
    ("buckets_tell_of_new_data", FOUNDATION, (*BUCKET, "NotificationConfiguration"), ABSENT),
    ("buckets_demand_tls", FOUNDATION, (*BUCKET_POLICY, 0), ABSENT),
    ("buckets_demand_tls", FOUNDATION, ("DataBucketPolicy",), ABSENT),
    ("buckets_refuse_other_keys", FOUNDATION, (*BUCKET_POLICY, 1), ABSENT),
    ("buckets_refuse_other_keys", FOUNDATION, (*BUCKET_POLICY, 2, "Condition", "Null"), ABSENT),
    ("topics_are_encrypted", FOUNDATION, ("NotificationTopic", "Properties", "KmsMasterKeyId"), ABSENT),
    ("topics_demand_tls", FOUNDATION, (*TOPIC_POLICY, 2, "Effect"), "Allow"),
    ("topics_demand_tls", ASYNC, ("AnswerTopicPolicy",), ABSENT),
    ("topics_take_only_this_account", FOUNDATION, (*TOPIC_POLICY, 0, "Condition"), ABSENT),
    ("queues_are_encrypted", BATCH, ("Undelivered", "Properties", "KmsMasterKeyId"), ABSENT),
    ("queues_demand_tls", BATCH, (*QUEUE_POLICY, 1), ABSENT),
    ("log_groups_are_encrypted_and_end", ASYNC, ("LogGroup", "Properties", "KmsKeyId"), ABSENT),
    ("log_groups_are_encrypted_and_end", "endpoint-serverless", ("LogGroup", "Properties", "RetentionInDays"), ABSENT),
    ("roles_are_bounded", FOUNDATION, ("ExecutionRole", "Properties", "PermissionsBoundary"), ABSENT),
    ("roles_are_bounded", BATCH, ("TriggerRole", "Properties", "ManagedPolicyArns"), ["arn"]),
    (
        "roles_serve_only_this_account",
        BATCH,
        ("TriggerRole", "Properties", "AssumeRolePolicyDocument", "Statement", 0, "Condition"),
        ABSENT,
    ),
    ("alarms_treat_missing_data_on_purpose", REALTIME, (*MEMORY, "TreatMissingData"), ABSENT),
    ("alarms_tell_someone", REALTIME, (*MEMORY, "AlarmActions"), []),
    ("alarms_tell_someone", ASYNC, (*MEMORY, "AlarmDescription"), ABSENT),
    ("pipelines_are_started_with_care", BATCH, (*TARGET, "DeadLetterConfig"), ABSENT),
    ("pipelines_are_started_with_care", BATCH, (*TARGET, "RoleArn"), ABSENT),
    ("people_get_words", REALTIME, ("EndpointRule", "Properties", "Targets", 0, "InputTransformer"), ABSENT),
    ("schedules_are_exact_and_kept", BATCH, ("Timetable", "Properties", "FlexibleTimeWindow", "Mode"), "FLEXIBLE"),
    ("schedules_are_exact_and_kept", BATCH, ("Timetable", "Properties", "Target", "DeadLetterConfig"), ABSENT),
    ("budgets_warn", FOUNDATION, (*BUDGET, "NotificationsWithSubscribers", 1), ABSENT),
    ("budgets_warn", FOUNDATION, (*BUDGET, "Budget", "CostFilters"), ABSENT),
    ("there_is_a_dashboard", "endpoint-serverless", ("Dashboard",), ABSENT),
]


def test_every_rule_has_a_mutation() -> None:
    assert sorted({rule for rule, *_ in MUTATIONS}) == RULES


@pytest.fixture(scope="module")
def broken(templates: dict[str, Document], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Rules that each mutation breaks, by its number; by its name what a template breaks as it is."""
    folder = tmp_path_factory.mktemp("mutations")
    for name, template in templates.items():
        (folder / f"{name}.json").write_text(json.dumps(template), encoding="utf-8")
    for number, (_, name, path, value) in enumerate(MUTATIONS):
        (folder / f"{number}.json").write_text(json.dumps(mutated(templates[name], path, value)), encoding="utf-8")
    found: dict[str, list[str]] = run_validators("break_templates.py", folder, GUARD)
    return found


@pytest.mark.parametrize("number", range(len(MUTATIONS)), ids=[f"{rule}-{path[-1]}" for rule, _, path, _ in MUTATIONS])
def test_rule_fails_on_a_broken_promise(number: int, broken: dict[str, list[str]]) -> None:
    rule, name, *_ = MUTATIONS[number]
    assert rule not in broken[name]
    assert rule in broken[str(number)]
