"""What checks make of a rollout; requests and answers are held against botocore's models."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from service_catalog.verify_aws import rollout_checks
from service_catalog.verify_aws.checks import RefutedError
from tests.catalog.scripted_aws import error
from tests.catalog.verify_scripts import NOW, PACKAGE, scripted


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


def _serving(rollout: list[dict[str, Any]]) -> dict[str, Any]:
    """AWS's answers from a new role to the end of a rollout: a role counts only at the second try."""
    arn = "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/verify-1"
    role = {"Path": "/", "RoleName": "r", "RoleId": "A" * 16, "Arn": "arn:aws:iam::111122223333:role/r"}
    answers = itertools.chain(rollout, itertools.repeat(rollout[-1]))
    models = iter([error("CreateModel", "ValidationException", "Could not assume role r"), {"ModelArn": "a" * 20}])
    return {
        "iam.CreateRole": {"Role": {**role, "CreateDate": NOW}},
        "iam.PutRolePolicy": {},
        "sagemaker.CreateModel": lambda _: next(models),
        "sagemaker.CreateEndpointConfig": {"EndpointConfigArn": "a" * 20},
        "sagemaker.CreateEndpoint": {"EndpointArn": arn},
        "sagemaker.UpdateEndpoint": {"EndpointArn": arn},
        "sagemaker.DescribeEndpoint": lambda _: next(answers),
        "cloudwatch.PutMetricAlarm": {},
        "cloudwatch.SetAlarmState": {},
    }


CREATED = [_endpoint("verify-1-a", "Creating"), _endpoint("verify-1-a", "InService")]


def test_a_canary_that_goes_through_holds_the_claim_with_the_stages_seen() -> None:
    rollout = [_endpoint("verify-1-a", "Updating", "ActivatingTraffic"), _endpoint("verify-1-a", "Updating", "Baking")]
    account, aws = scripted(_serving([*CREATED, *rollout, _endpoint("verify-1-b", "InService")]), model_package=PACKAGE)
    told = rollout_checks.canary_goes_through(account)
    assert "ActivatingTraffic" in told and "Baking" in told
    assert account.facts["endpoint"] == "verify-1"
    model = aws.asked("sagemaker.CreateModel")[-1]
    assert model["PrimaryContainer"] == {"ModelPackageName": PACKAGE} and model["EnableNetworkIsolation"] is True
    assert len(aws.asked("sagemaker.CreateModel")) == 2
    assert [each["EndpointConfigName"] for each in aws.asked("sagemaker.CreateEndpointConfig")] == [
        "verify-1-a",
        "verify-1-b",
    ]
    (update,) = aws.asked("sagemaker.UpdateEndpoint")
    assert update["EndpointConfigName"] == "verify-1-b"
    assert update["DeploymentConfig"]["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": "verify-1-rollback"}]}
    assert {each["StateValue"] for each in aws.asked("cloudwatch.SetAlarmState")} == {"OK"}


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([_endpoint("verify-1-a", "Failed")], "the endpoint ended as Failed"),
        ([*CREATED, _endpoint("verify-1-a", "InService")], "InService with verify-1-a"),
        ([*CREATED, _endpoint("verify-1-b", "Failed")], "Failed with verify-1-b"),
        ([*CREATED, _endpoint("verify-1-b", "InService")], "without a canary's stage"),
    ],
)
def test_an_endpoint_that_does_not_come_to_its_new_configuration_refutes_the_claim(
    answers: list[dict[str, Any]], why: str
) -> None:
    account, _ = scripted(_serving(answers), model_package=PACKAGE)
    with pytest.raises(RefutedError, match=why):
        rollout_checks.canary_goes_through(account)


def test_a_role_that_may_not_be_used_for_another_reason_ends_the_check() -> None:
    refusal = {"sagemaker.CreateModel": error("CreateModel", "ResourceLimitExceeded")}
    account, aws = scripted({**_serving(CREATED), **refusal}, model_package=PACKAGE)
    with pytest.raises(Exception, match="ResourceLimitExceeded"):
        rollout_checks.canary_goes_through(account)
    assert len(aws.asked("sagemaker.CreateModel")) == 1
