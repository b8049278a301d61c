"""What the settings of a stage make of its endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infrastructure.cfn_templates import Document, Resolver
from tests.infrastructure.conftest import Parameters, accepted

REALTIME, ASYNC, SERVERLESS = "endpoint-realtime", "endpoint-async", "endpoint-serverless"
NOBODY = {"ChallengerModelPackageArn": ""}


def resources(name: str, templates: dict[str, Document], parameters: Parameters, **changes: str) -> dict[str, Any]:
    """Resources with their properties, resolved with production's values."""
    values = {**accepted(templates[name], parameters[name]["production"]), **changes}
    resolved = Resolver(templates[name], values).resources()
    return {key: resource["Properties"] for key, resource in resolved.items()}


def step(policy: str) -> dict[str, Any]:
    size = {"Type": "CAPACITY_PERCENT", "Value": "25"}
    return {"canary": {"CanarySize": size}, "linear": {"LinearStepSize": size}}.get(policy, {})


@pytest.mark.parametrize("name", [REALTIME, ASYNC])
@pytest.mark.parametrize("policy", ["all_at_once", "canary", "linear"])
def test_blue_green_policies_shift_traffic(
    name: str, policy: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    changes = {"RolloutPolicy": policy, "RolloutStepPercent": "25", "RolloutWaitSeconds": "60"}
    config = resources(name, templates, parameters, **changes)["Endpoint"]["DeploymentConfig"]
    routing = {"Type": policy.upper(), "WaitIntervalInSeconds": "60", **step(policy)}
    assert config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"] == routing
    assert config["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] == "60"
    assert "RollingUpdatePolicy" not in config
    assert len(config["AutoRollbackConfiguration"]["Alarms"]) == 3


@pytest.mark.parametrize("name", [REALTIME, ASYNC])
def test_a_rolling_policy_moves_batches(name: str, templates: dict[str, Document], parameters: Parameters) -> None:
    changes = {"RolloutPolicy": "rolling", "RolloutStepPercent": "25"}
    config = resources(name, templates, parameters, **changes)["Endpoint"]["DeploymentConfig"]
    assert config["RollingUpdatePolicy"]["MaximumBatchSize"] == {"Type": "CAPACITY_PERCENT", "Value": "25"}
    assert "BlueGreenUpdatePolicy" not in config
    assert len(config["AutoRollbackConfiguration"]["Alarms"]) == 3


@pytest.mark.parametrize("name", [REALTIME, ASYNC])
@pytest.mark.parametrize("policy", ["all_at_once", "canary", "linear", "rolling"])
def test_no_alarm_undoes_a_repair(
    name: str, policy: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    guarded = resources(name, templates, parameters, RolloutPolicy=policy)["Endpoint"]["DeploymentConfig"]
    repair = resources(name, templates, parameters, RolloutPolicy=policy, AutoRollback="false")
    assert repair["Endpoint"]["DeploymentConfig"] == {k: guarded[k] for k in guarded if k.endswith("UpdatePolicy")}


def test_a_shadow_gets_copies_and_answers_nobody(templates: dict[str, Document], parameters: Parameters) -> None:
    config = resources(REALTIME, templates, parameters, ChallengerMode="shadow", ChallengerWeight="0.1")
    variants = config["EndpointConfig"]["ProductionVariants"]
    (shadow,) = config["EndpointConfig"]["ShadowProductionVariants"]
    assert [variant["VariantName"] for variant in variants] == ["primary"]
    assert (shadow["VariantName"], shadow["InitialVariantWeight"]) == ("challenger", "0.1")


def test_a_rival_answers_its_share(templates: dict[str, Document], parameters: Parameters) -> None:
    changes = {"ChallengerMode": "ab", "ChallengerWeight": "0.1", "PrimaryWeight": "0.9"}
    config = resources(REALTIME, templates, parameters, **changes)["EndpointConfig"]
    weights = {variant["VariantName"]: variant["InitialVariantWeight"] for variant in config["ProductionVariants"]}
    assert weights == {"primary": "0.9", "challenger": "0.1"}
    assert "ShadowProductionVariants" not in config


def test_without_a_challenger_there_is_one_model(templates: dict[str, Document], parameters: Parameters) -> None:
    found = resources(REALTIME, templates, parameters, **NOBODY)
    assert "ChallengerModel" not in found
    assert [variant["VariantName"] for variant in found["EndpointConfig"]["ProductionVariants"]] == ["primary"]
    assert "ShadowProductionVariants" not in found["EndpointConfig"]


@pytest.mark.parametrize("percent", ["0", "100"])
def test_capture_can_be_switched_off(percent: str, templates: dict[str, Document], parameters: Parameters) -> None:
    config = resources(REALTIME, templates, parameters, CapturePercent=percent)["EndpointConfig"]
    assert ("DataCaptureConfig" in config) == (percent == "100")


@pytest.mark.parametrize("name", [REALTIME, ASYNC])
def test_network_and_volume_key_may_be_absent(
    name: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    changes = {"SubnetIds": "", "SecurityGroupIds": "", "VolumeKeyArn": ""}
    bare, plenty = resources(name, templates, parameters, **changes), resources(name, templates, parameters)
    assert ("VpcConfig" in bare["Model"], "VpcConfig" in plenty["Model"]) == (False, True)
    assert ("KmsKeyId" in bare["EndpointConfig"], "KmsKeyId" in plenty["EndpointConfig"]) == (False, True)
    assert plenty["Model"]["VpcConfig"]["Subnets"] == parameters[name]["production"]["SubnetIds"].split(",")


@pytest.mark.parametrize(("instances", "sleeps"), [("0", True), ("1", False)])
def test_an_asynchronous_endpoint_sleeps_and_wakes(
    instances: str, sleeps: bool, templates: dict[str, Document], parameters: Parameters
) -> None:
    found = resources(ASYNC, templates, parameters, Instances=instances)
    (variant,) = found["EndpointConfig"]["ProductionVariants"]
    assert str(variant["InitialInstanceCount"]) == "1", "a configuration can't begin with none"
    assert found["ScalableTarget"]["MinCapacity"] == instances
    assert found["Endpoint"]["RetainAllVariantProperties"] is not sleeps
    assert ("WakePolicy" in found, "WakeAlarm" in found) == (sleeps, sleeps)
    if sleeps:
        assert found["WakeAlarm"]["AlarmActions"] == ["<WakePolicy>"]
        assert found["WakeAlarm"]["MetricName"] == "HasBacklogWithoutCapacity"


@pytest.mark.parametrize("name", [REALTIME, ASYNC])
def test_autoscaling_can_be_switched_off_for_another_instance_type(
    name: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    """SageMaker developer guide, endpoint-scaling-update: it refuses the change while the variant is registered."""
    kept = set(resources(name, templates, parameters)) - set(
        resources(name, templates, parameters, Autoscaling="false")
    )
    assert {"ScalableTarget", "ScalingPolicy"} <= kept


@pytest.mark.parametrize(("provisioned", "there"), [("0", False), ("2", True)])
def test_a_serverless_endpoint_may_be_kept_warm(
    provisioned: str, there: bool, templates: dict[str, Document], parameters: Parameters
) -> None:
    config = resources(SERVERLESS, templates, parameters, ProvisionedConcurrency=provisioned)["EndpointConfig"]
    assert ("ProvisionedConcurrency" in config["ProductionVariants"][0]["ServerlessConfig"]) == there


@pytest.mark.parametrize(("name", "limit"), [(ASYNC, "1024"), ("batch", "100"), (REALTIME, None)])
def test_the_server_knows_how_large_a_request_may_be(
    name: str, limit: str | None, templates: dict[str, Document], parameters: Parameters
) -> None:
    environment = resources(name, templates, parameters)["Model"]["PrimaryContainer"].get("Environment", {})
    assert environment.get("SERVING_MAX_PAYLOAD_MB") == limit
