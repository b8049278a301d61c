"""What checks make of a rollout; requests and answers are held against botocore's models."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from service_catalog.verify_aws import rollout_checks
from service_catalog.verify_aws.checks import RefutedError
from tests.catalog.verify_scripts import NOW, scripted


def _endpoint(config: str, status: str, stage: str = "") -> dict[str, Any]:
    pending = {
        "EndpointConfigName": "x",
        "ProductionVariants": [{"VariantName": "primary", "VariantStatus": [{"Status": stage}]}],
    }
    return {
        "EndpointName": "verify-1",
        "EndpointArn": "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/verify-1",
        "EndpointConfigName": config,
        "EndpointStatus": status,
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
        **({"PendingDeploymentSummary": pending} if stage else {}),
    }


@pytest.mark.parametrize(("after", "holds"), [("verify-1-b", True), ("verify-1-a", False)])
def test_an_alarm_is_set_off_while_the_canary_bakes_and_the_old_configuration_has_to_come_back(
    after: str, holds: bool
) -> None:
    baking = _endpoint("verify-1-b", "Updating", "Baking")
    answers = itertools.chain(
        [_endpoint("verify-1-b", "InService"), baking, baking, _endpoint("verify-1-b", "RollingBack")],
        itertools.repeat(_endpoint(after, "InService")),
    )
    account, aws = scripted(
        {
            "sagemaker.DescribeEndpoint": lambda _: next(answers),
            "sagemaker.UpdateEndpoint": {"EndpointArn": "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/verify-1"},
            "cloudwatch.SetAlarmState": {},
        },
        endpoint="verify-1",
    )
    if holds:
        assert "Baking" in rollout_checks.alarm_takes_a_canary_back(account)
    else:
        with pytest.raises(RefutedError):
            rollout_checks.alarm_takes_a_canary_back(account)
    assert aws.asked("cloudwatch.SetAlarmState")[0]["StateValue"] == "ALARM"
    policy = aws.asked("sagemaker.UpdateEndpoint")[0]["DeploymentConfig"]
    assert policy["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["CanarySize"]["Type"] == "CAPACITY_PERCENT"
