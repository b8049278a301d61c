"""What the emulated AWS does beside endpoints, across accounts, and what it refuses."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from endpoint_stack import ROLE, deploy

from tests.emulated import EmulatedAws

OTHER = "222233334444"
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/demo-staging/variant/primary",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def _resource(kind: str, **properties: Any) -> str:
    return json.dumps({"Resources": {"Thing": {"Type": kind, "Properties": properties}}})


@pytest.mark.parametrize(
    ("kind", "properties", "reason"),
    [
        ("AWS::SNS::Topic", {"TopicNam": "x"}, "extraneous key [TopicNam] is not permitted"),
        ("AWS::SSM::Parameter", {"Type": "String", "Value": "x", "Tags": {"owner!": 1}}, "owner!"),
        ("AWS::SageMaker::EndpointConfig", {}, "'ProductionVariants' is a required property"),
        ("AWS::SageMaker::Model", {"ModelArn": "x"}, "extraneous key [ModelArn] is not permitted"),
        (
            "AWS::CodeCommit::Repository",
            {"RepositoryName": "x", "Triggers": [{"Name": "x", "DestinationArn": "x", "Events": ["all"]}]},
            "is not emulated",
        ),
    ],
)
def test_a_resource_aws_or_the_emulator_would_not_make_fails_its_stack(
    aws: EmulatedAws, kind: str, properties: dict[str, Any], reason: str
) -> None:
    name = "refused-" + kind.replace("::", "-")
    assert deploy(aws, name, _resource(kind, **properties))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason in aws.reasons(name)["Thing"]


def test_an_unknown_resource_type_is_refused_before_anything_is_made(aws: EmulatedAws) -> None:
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        deploy(aws, "nonsense", _resource("AWS::SageMaker::Nonsense"))


@pytest.mark.parametrize(
    ("service", "operation", "request_"),
    [
        ("sagemaker", "start_pipeline_execution", {"PipelineName": "x", "ClientRequestToken": "x" * 32}),
        ("sagemaker", "create_training_plan", {"TrainingPlanName": "x", "TrainingPlanOfferingId": "x"}),
        ("codepipeline", "start_pipeline_execution", {"name": "x"}),
        ("application-autoscaling", "describe_scaling_activities", {"ServiceNamespace": "sagemaker"}),
        (
            "service-quotas",
            "request_service_quota_increase",
            {"ServiceCode": "sagemaker", "QuotaCode": "L-1", "DesiredValue": 1},
        ),
    ],
)
def test_an_operation_that_is_not_emulated_answers_501(
    aws: EmulatedAws, service: str, operation: str, request_: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="is not emulated") as refusal:
        getattr(aws.client(service), operation)(**request_)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_request_sagemaker_would_refuse_changes_nothing(aws: EmulatedAws) -> None:
    sagemaker = aws.client("sagemaker")
    with pytest.raises(ClientError, match="regular expression pattern"):
        sagemaker.create_model(ModelName="under score", ExecutionRoleArn=ROLE)
    assert "under score" not in [model["ModelName"] for model in sagemaker.list_models()["Models"]]


def _queue_of_events(aws: EmulatedAws, name: str, pattern: dict[str, Any]) -> str:
    queue = aws.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    aws.client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:{aws.region}:{aws.account}:{name}"
    aws.client("events").put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])
    return str(queue)


def _received(aws: EmulatedAws, queue: str) -> dict[str, Any]:
    messages = aws.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    return dict(json.loads(messages[0]["Body"]))


def test_an_approval_is_an_event_that_names_the_updated_fields(aws: EmulatedAws, package: str) -> None:
    pattern = {"source": ["aws.sagemaker"], "detail": {"UpdatedModelPackageFields": ["ApprovalDescription"]}}
    queue = _queue_of_events(aws, "approvals", pattern)
    aws.client("sagemaker").update_model_package(
        ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="looks right"
    )
    event = _received(aws, queue)
    assert event["detail-type"] == "SageMaker Model Package State Change"
    assert event["detail"]["UpdatedModelPackageFields"] == ["ApprovalDescription"]
    assert event["detail"]["ModelPackageGroupName"] == "served"
    assert event["resources"] == [package]


def test_a_model_package_keeps_what_it_was_registered_with(aws: EmulatedAws, package: str) -> None:
    described = aws.client("sagemaker").describe_model_package(ModelPackageName=package)
    assert described["CustomerMetadataProperties"] == {"smoke-uri": "s3://artifacts/smoke.json"}
    listed = aws.client("sagemaker").list_model_packages(ModelPackageGroupName="served", ModelApprovalStatus="Approved")
    assert [row["ModelPackageArn"] for row in listed["ModelPackageSummaryList"]] == [package]


def test_another_account_reads_a_package_only_when_the_groups_policy_says_so(aws: EmulatedAws) -> None:
    own, other = aws.client("sagemaker"), aws.client("sagemaker", OTHER)
    own.create_model_package_group(ModelPackageGroupName="shared")
    arn = own.create_model_package(ModelPackageGroupName="shared")["ModelPackageArn"]
    with pytest.raises(ClientError, match="is not authorized to perform"):
        other.describe_model_package(ModelPackageName=arn)
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
        "Action": "sagemaker:*",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    own.put_model_package_group_policy(ModelPackageGroupName="shared", ResourcePolicy=policy)
    assert other.describe_model_package(ModelPackageName=arn)["ModelPackageArn"] == arn


def test_an_assumed_role_works_in_its_own_account(aws: EmulatedAws) -> None:
    sts = aws.client("sts")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws.client("iam", OTHER).create_role(RoleName="deploy", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    caller = aws.client_with("sts", keys).get_caller_identity()
    assert caller["Account"] == OTHER


def _math_alarm(aws: EmulatedAws, name: str, endpoint: str) -> None:
    dimensions = [{"Name": "EndpointName", "Value": endpoint}]
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "Faults", "Dimensions": dimensions}
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Metrics=[
            {"Id": "sum", "Expression": "FILL(faults, 0) - FILL(callers, 0)", "ReturnData": True},
            {"Id": "faults", "MetricStat": {"Metric": metric, "Stat": "Sum", "Period": 60}, "ReturnData": False},
            {
                "Id": "callers",
                "MetricStat": {"Metric": metric | {"MetricName": "Callers"}, "Stat": "Sum", "Period": 60},
                "ReturnData": False,
            },
        ],
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )


def test_an_alarm_evaluates_its_expression_over_its_own_dimensions_only(aws: EmulatedAws) -> None:
    cloudwatch = aws.client("cloudwatch")
    queue = _queue_of_events(aws, "alarms", {"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}})
    for endpoint in ("first", "second"):
        _math_alarm(aws, endpoint, endpoint)
    datum = {"MetricName": "Faults", "Value": 2, "Dimensions": [{"Name": "EndpointName", "Value": "first"}]}
    cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[datum])
    states = {
        a["AlarmName"]: a["StateValue"]
        for a in cloudwatch.describe_alarms(AlarmNames=["first", "second"])["MetricAlarms"]
    }
    assert states == {"first": "ALARM", "second": "INSUFFICIENT_DATA"}
    assert _received(aws, queue)["detail"]["alarmName"] == "first"


def test_an_alarm_with_an_expression_the_emulator_cannot_evaluate_is_refused(aws: EmulatedAws) -> None:
    with pytest.raises(ClientError, match="ANOMALY_DETECTION_BAND"):
        aws.client("cloudwatch").put_metric_alarm(
            AlarmName="band",
            Metrics=[{"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1)", "Period": 60}],
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )


def test_scaling_targets_and_policies_are_described_and_their_tags_kept(aws: EmulatedAws) -> None:
    scaling = aws.client("application-autoscaling")
    arn = scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4, Tags={"owner": "me"})[
        "ScalableTargetARN"
    ]
    scaling.put_scaling_policy(
        **TARGET,
        PolicyName="invocations",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 400.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        },
    )
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert [policy["PolicyName"] for policy in policies] == ["invocations"]
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"owner": "me"}
    scaling.delete_scaling_policy(**TARGET, PolicyName="invocations")
    scaling.deregister_scalable_target(**TARGET)
    with pytest.raises(scaling.exceptions.ObjectNotFoundException):
        scaling.delete_scaling_policy(**TARGET, PolicyName="invocations")
    with pytest.raises(scaling.exceptions.ObjectNotFoundException):
        scaling.deregister_scalable_target(**TARGET)


def test_quotas_are_found_by_name(aws: EmulatedAws) -> None:
    pages = aws.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    found = {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}
    quota = found["ml.m5.large for endpoint usage"]
    one = aws.client("service-quotas").get_service_quota(ServiceCode="sagemaker", QuotaCode=quota["QuotaCode"])
    assert one["Quota"]["Value"] == quota["Value"]


OIDC_HOST = "token.actions.githubusercontent.com"
DEFINITION = {"Version": "2020-12-01", "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {}}]}
BUDGET = {
    "BudgetName": "b",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": "200", "Unit": "USD"},
}
PIPELINE = {"PipelineName": "batch", "PipelineDefinition": {"PipelineDefinitionBody": json.dumps(DEFINITION)}}
SCALED = "|".join([TARGET["ResourceId"], TARGET["ScalableDimension"], "sagemaker"])
GROUP_ARN = "arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/group"
PROVIDER = {"Url": f"https://{OIDC_HOST}", "ClientIdList": ["sts.amazonaws.com"]}
PROVIDER_ARN = f"arn:aws:iam::111122223333:oidc-provider/{OIDC_HOST}"


@pytest.mark.parametrize(
    ("kind", "properties", "ref"),
    [
        ("AWS::Budgets::Budget", {"Budget": BUDGET}, "b"),
        ("AWS::ApplicationAutoScaling::ScalableTarget", TARGET | {"MinCapacity": "1", "MaxCapacity": "2"}, SCALED),
        ("AWS::CloudWatch::CompositeAlarm", {"AlarmName": "any", "AlarmRule": "FALSE"}, "any"),
        ("AWS::SageMaker::Pipeline", PIPELINE | {"RoleArn": ROLE}, "batch"),
        ("AWS::SageMaker::ModelPackageGroup", {"ModelPackageGroupName": "group"}, GROUP_ARN),
        (
            "AWS::IAM::OIDCProvider",
            {"Url": f"https://{OIDC_HOST}", "ClientIdList": ["sts.amazonaws.com"]},
            PROVIDER_ARN,
        ),
    ],
)
def test_a_resource_is_made_referred_to_and_removed_as_on_aws(
    aws: EmulatedAws, kind: str, properties: dict[str, Any], ref: str
) -> None:
    name = "made-" + kind.replace("::", "-")
    body = json.loads(_resource(kind, **properties)) | {"Outputs": {"Ref": {"Value": {"Ref": "Thing"}}}}
    stack = deploy(aws, name, json.dumps(body))
    assert stack["StackStatus"] == "CREATE_COMPLETE", aws.reasons(name)
    assert stack["out"]["Ref"] == ref
    cloudformation = aws.client("cloudformation")
    cloudformation.delete_stack(StackName=stack["StackId"])
    while (
        cloudformation.describe_stacks(StackName=stack["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_IN_PROGRESS"
    ):
        time.sleep(0.05)
    deleted = cloudformation.describe_stacks(StackName=stack["StackId"])["Stacks"][0]
    assert deleted["StackStatus"] == "DELETE_COMPLETE"
    assert deploy(aws, name, json.dumps(body))["StackStatus"] == "CREATE_COMPLETE", "the name is free again"


def test_a_name_of_a_model_package_group_is_taken_once(aws: EmulatedAws) -> None:
    sagemaker = aws.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="taken")
    with pytest.raises(ClientError, match="already exists"):
        sagemaker.create_model_package_group(ModelPackageGroupName="taken")
