"""Endpoints of the emulated AWS come up, fail, roll back and answer as SageMaker's do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from endpoint_stack import answer, deploy, template

from tests.emulated import EmulatedAws


@pytest.fixture(scope="module")
def endpoint(aws: EmulatedAws, package: str) -> Iterator[str]:
    """A stack `serving` with an endpoint that other tests of this module leave as it is."""
    stack = deploy(aws, "serving", template(package))
    assert stack["StackStatus"] == "CREATE_COMPLETE", aws.reasons("serving")
    yield stack["out"]["EndpointName"]
    aws.client("cloudformation").delete_stack(StackName="serving")


def test_an_endpoint_is_served_by_a_process_with_the_models_files_and_environment(
    aws: EmulatedAws, endpoint: str
) -> None:
    assert answer(aws, endpoint) == {"body": "1,2", "files": ["model.ubj"], "x": "one"}


def test_custom_attributes_and_the_answering_variant_are_passed_on(aws: EmulatedAws, endpoint: str) -> None:
    invoked = aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, Body=b"1", ContentType="text/csv", CustomAttributes="attributes=true"
    )
    assert (invoked["CustomAttributes"], invoked["InvokedProductionVariant"]) == ("attributes=true", "primary")


@pytest.mark.parametrize("status", [400, 413, 500])
def test_an_error_of_the_container_is_a_model_error_with_its_status(
    aws: EmulatedAws, endpoint: str, status: int
) -> None:
    runtime = aws.client("sagemaker-runtime")
    with pytest.raises(runtime.exceptions.ModelError) as refusal:
        runtime.invoke_endpoint(EndpointName=endpoint, Body=f"fail {status}".encode())
    assert refusal.value.response["OriginalStatusCode"] == status
    assert refusal.value.response["OriginalMessage"] == '{"error": "as asked"}'


def test_an_unknown_endpoint_does_not_answer(aws: EmulatedAws) -> None:
    with pytest.raises(ClientError, match="Endpoint nowhere of account 111122223333 not found"):
        answer(aws, "nowhere")


def test_describe_names_variants_image_and_configuration(aws: EmulatedAws, endpoint: str) -> None:
    described = aws.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    variant = described["ProductionVariants"][0]
    assert described["EndpointStatus"] == "InService"
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (2, 1.0)
    assert variant["DeployedImages"][0]["SpecifiedImage"].startswith("111122223333.dkr.ecr.")


def test_a_model_that_does_not_start_fails_the_stack_with_its_last_line(aws: EmulatedAws, package: str) -> None:
    stack = deploy(aws, "broken", template(package, "broken"))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "the model is broken" in aws.reasons("broken")["Endpoint"]
    assert not [e for e in aws.client("sagemaker").list_endpoints()["Endpoints"] if "broken" in e["EndpointName"]]


def test_a_change_set_tells_what_is_replaced_and_the_update_leaves_nothing_old(aws: EmulatedAws, package: str) -> None:
    name = deploy(aws, "updated", template(package))["out"]["EndpointName"]
    cloudformation = aws.client("cloudformation")
    cloudformation.create_change_set(StackName="updated", ChangeSetName="next", TemplateBody=template(package, "two"))
    cloudformation.get_waiter("change_set_create_complete").wait(
        StackName="updated", ChangeSetName="next", WaiterConfig={"Delay": 0.1}
    )
    changes = cloudformation.describe_change_set(StackName="updated", ChangeSetName="next")["Changes"]
    told = {c["ResourceChange"]["LogicalResourceId"]: c["ResourceChange"]["Replacement"] for c in changes}
    assert told == {"Model": "True", "Config": "True", "Endpoint": "False"}
    assert deploy(aws, "updated", template(package, "two"), update=True)["StackStatus"] == "UPDATE_COMPLETE"
    assert answer(aws, name)["x"] == "two"
    models = [m["ModelName"] for m in aws.client("sagemaker").list_models()["Models"]]
    assert len([model for model in models if model.startswith("updated-")]) == 1


def _alarm(aws: EmulatedAws, name: str, state: str) -> None:
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Test",
        MetricName="None",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


GUARDED = {
    "DeploymentConfig": {
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "guard"}]},
        "RollingUpdatePolicy": {
            "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            "WaitIntervalInSeconds": 60,
        },
    }
}


def test_an_alarm_during_the_bake_brings_the_old_model_back_and_fails_the_update(
    aws: EmulatedAws, package: str
) -> None:
    _alarm(aws, "guard", "OK")
    name = deploy(aws, "guarded", template(package, "one", GUARDED))["out"]["EndpointName"]
    _alarm(aws, "guard", "ALARM")
    stack = deploy(aws, "guarded", template(package, "two", GUARDED), update=True)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "alarm guard is in ALARM" in aws.reasons("guarded")["Endpoint"]
    assert answer(aws, name)["x"] == "one"
    _alarm(aws, "guard", "OK")
    assert deploy(aws, "guarded", template(package, "two", GUARDED), update=True)["StackStatus"] == "UPDATE_COMPLETE"
    assert answer(aws, name)["x"] == "two"


def test_capturing_and_a_shadow_copy_leave_json_lines_in_s3(aws: EmulatedAws, package: str) -> None:
    shadow = {
        "VariantName": "challenger",
        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": 1,
    }
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://artifacts/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }
    stack = deploy(aws, "captured", template(package, ShadowProductionVariants=[shadow], DataCaptureConfig=capture))
    name = stack["out"]["EndpointName"]
    answer(aws, name)
    lines = {variant: _captured(aws, f"capture/{name}/{variant}/") for variant in ("primary", "challenger")}
    assert lines["primary"]["captureData"]["endpointInput"]["data"] == "1,2"
    assert json.loads(lines["challenger"]["captureData"]["endpointOutput"]["data"])["body"] == "1,2"


def _captured(aws: EmulatedAws, prefix: str) -> dict[str, Any]:
    s3 = aws.client("s3")
    while not (found := s3.list_objects_v2(Bucket="artifacts", Prefix=prefix).get("Contents")):
        time.sleep(0.05)
    body = s3.get_object(Bucket="artifacts", Key=found[0]["Key"])["Body"].read().decode()
    return dict(json.loads(body))


def test_an_asynchronous_request_writes_its_answer_or_its_failure(aws: EmulatedAws, package: str) -> None:
    output = {"S3OutputPath": "s3://artifacts/async/output", "S3FailurePath": "s3://artifacts/async/failure"}
    stack = deploy(aws, "asynchronous", template(package, AsyncInferenceConfig={"OutputConfig": output}))
    s3 = aws.client("s3")
    for body, place, found in (("1,2", "OutputLocation", '"body": "1,2"'), ("fail 500", "FailureLocation", "as asked")):
        s3.put_object(Bucket="artifacts", Key="async/input/rows", Body=body.encode(), ContentType="text/csv")
        asked = aws.client("sagemaker-runtime").invoke_endpoint_async(
            EndpointName=stack["out"]["EndpointName"], InputLocation="s3://artifacts/async/input/rows"
        )
        key = asked[place].removeprefix("s3://artifacts/")
        s3.get_waiter("object_exists").wait(Bucket="artifacts", Key=key, WaiterConfig={"Delay": 0.1})
        assert found in s3.get_object(Bucket="artifacts", Key=key)["Body"].read().decode()


def test_a_variant_under_automatic_scaling_keeps_its_instance_type(aws: EmulatedAws, package: str) -> None:
    name = deploy(aws, "scaled", template(package))["out"]["EndpointName"]
    aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{name}/variant/primary",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=1,
        MaxCapacity=2,
    )
    larger = template(package).replace("ml.m5.large", "ml.m5.xlarge")
    assert deploy(aws, "scaled", larger, update=True)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "registered for automatic scaling" in aws.reasons("scaled")["Endpoint"]


def test_a_change_set_leaves_out_what_a_condition_excludes(aws: EmulatedAws) -> None:
    topic = {"Type": "AWS::SNS::Topic"}
    body = {
        "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"In": topic, "Out": topic | {"Condition": "No"}},
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_change_set(
        StackName="conditional", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=json.dumps(body)
    )
    changes = cloudformation.describe_change_set(StackName="conditional", ChangeSetName="first")["Changes"]
    assert [change["ResourceChange"]["LogicalResourceId"] for change in changes] == ["In"]


@pytest.mark.parametrize(("excluded", "count"), [([], 3), (["DesiredInstanceCount"], 2)])
def test_an_update_keeps_the_scaled_instance_count_unless_it_is_excluded(
    aws: EmulatedAws, package: str, excluded: list[str], count: int
) -> None:
    kept = [{"VariantPropertyType": kind} for kind in excluded]
    retaining = {"RetainAllVariantProperties": True, "ExcludeRetainedVariantProperties": kept}
    stack = f"retained-{count}"
    name = deploy(aws, stack, template(package, "one", retaining))["out"]["EndpointName"]
    sagemaker = aws.client("sagemaker")
    desired = [{"VariantName": "primary", "DesiredInstanceCount": 3, "DesiredWeight": 1.0}]
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=desired)
    assert deploy(aws, stack, template(package, "two", retaining), update=True)["StackStatus"] == "UPDATE_COMPLETE"
    assert sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"][0]["CurrentInstanceCount"] == count
