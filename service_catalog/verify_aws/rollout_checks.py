"""What an endpoint's guardrails do: a canary that goes through, and one that an alarm takes back."""

from __future__ import annotations

from typing import Any

from service_catalog.verify_aws.account import Account
from service_catalog.verify_aws.checks import RefutedError, check
from service_catalog.verify_aws.project_checks import needed
from service_catalog.verify_aws.roles import make_role, trusted

INSTANCE_TYPE, INSTANCES = "ml.m5.large", 2
MINUTES = 45
CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack")
SERVING_ACTIONS = (
    "cloudwatch:PutMetricData",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "kms:Decrypt",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "s3:GetObject",
    "s3:ListBucket",
)
# An endpoint of two, its replacement beside it and the canary, for about an hour and a half, at 0.115 USD an hour.
USD = round(5 * 1.5 * 0.115, 2)


@check(
    creates=f"a role, a model, an endpoint of {INSTANCES} {INSTANCE_TYPE} (needs a quota of 5) and an alarm", usd=USD
)
def canary_goes_through(account: Account) -> str:
    """A registered model comes up at an endpoint, and a canary rollout replaces it while traffic is shifted in steps.

    Source: SageMaker developer guide, deployment-guardrails; docs/deploying.md.
    """
    package = needed(account, "model_package")
    name, endpoints = account.prefix, account.client("sagemaker")
    role = _role(account)
    account.afterwards(f"model {name}", lambda: endpoints.delete_model(ModelName=name))
    account.wait("the new role", lambda: _model(account, name, package, role), 3, 10)
    for config in (f"{name}-a", f"{name}-b"):
        _configuration(account, config, name)
    _alarm(account)
    account.afterwards(f"endpoint {name}", lambda: _delete_endpoint(account, name))
    endpoints.create_endpoint(EndpointName=name, EndpointConfigName=f"{name}-a")
    first = account.wait("the endpoint", lambda: _settled(account, name), MINUTES, 20)
    if first["EndpointStatus"] != "InService":
        raise RefutedError(f"the endpoint ended as {first['EndpointStatus']}: {first.get('FailureReason', '')}")
    account.facts["endpoint"] = name
    seen = _roll(account, name, f"{name}-b", alarm=False)
    found = endpoints.describe_endpoint(EndpointName=name)
    if found["EndpointConfigName"] != f"{name}-b" or found["EndpointStatus"] != "InService":
        raise RefutedError(f"{found['EndpointStatus']} with {found['EndpointConfigName']} after {', '.join(seen)}")
    if "Baking" not in seen:
        raise RefutedError(f"the new configuration serves without a canary's stage on the way: {', '.join(seen)}")
    return f"the new configuration serves; on the way: {', '.join(seen)}"


@check(creates="nothing more")
def alarm_takes_a_canary_back(account: Account) -> str:
    """An alarm during the bake makes SageMaker go back to the configuration before, and the endpoint stays in service.

    Source: SageMaker developer guide, deployment-guardrails-configuration; docs/deploying.md.
    """
    name = needed(account, "endpoint")
    endpoints = account.client("sagemaker")
    before = endpoints.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    seen = _roll(account, name, f"{name}-a", alarm=True)
    found = endpoints.describe_endpoint(EndpointName=name)
    if found["EndpointConfigName"] != before or found["EndpointStatus"] != "InService":
        raise RefutedError(f"{found['EndpointStatus']} with {found['EndpointConfigName']} after {', '.join(seen)}")
    return f"{found.get('FailureReason', 'no reason told')}; on the way: {', '.join(seen)}"


def _roll(account: Account, name: str, config: str, alarm: bool) -> list[str]:
    """Replaces the endpoint's configuration by a canary; with `alarm` ours goes off. Returns the states seen."""
    endpoints, seen = account.client("sagemaker"), list[str]()
    size = {"Type": "CAPACITY_PERCENT", "Value": 50}
    endpoints.update_endpoint(
        EndpointName=name,
        EndpointConfigName=config,
        DeploymentConfig={
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {"Type": "CANARY", "CanarySize": size, "WaitIntervalInSeconds": 300},
                "TerminationWaitInSeconds": 60,
                "MaximumExecutionTimeoutInSeconds": 3600,
            },
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": _alarm_name(account)}]},
        },
    )

    def ended() -> dict[str, Any] | None:
        found = endpoints.describe_endpoint(EndpointName=name)
        for variant in found.get("PendingDeploymentSummary", {}).get("ProductionVariants", []):
            seen.extend(each["Status"] for each in variant.get("VariantStatus", []) if each["Status"] not in seen)
        if found["EndpointStatus"] not in seen:
            seen.append(found["EndpointStatus"])
        if alarm and "Baking" in seen:
            account.client("cloudwatch").set_alarm_state(
                AlarmName=_alarm_name(account), StateValue="ALARM", StateReason="make verify-aws"
            )
        return None if found["EndpointStatus"] in CHANGING else found

    account.wait("the rollout", ended, 2 * MINUTES, 15)
    return seen


def _settled(account: Account, name: str) -> dict[str, Any] | None:
    found: dict[str, Any] = account.client("sagemaker").describe_endpoint(EndpointName=name)
    return None if found["EndpointStatus"] in CHANGING else found


def _role(account: Account) -> str:
    return make_role(account, f"{account.prefix}-endpoint", trusted("sagemaker.amazonaws.com"), SERVING_ACTIONS)


def _model(account: Account, name: str, package: str, role: str) -> bool:
    """A new role can be used only after some seconds; whether it could."""
    models = account.client("sagemaker")
    try:
        models.create_model(
            ModelName=name,
            ExecutionRoleArn=role,
            EnableNetworkIsolation=True,
            PrimaryContainer={"ModelPackageName": package},
        )
    except models.exceptions.ClientError as error:
        if "assume" in str(error).lower():
            return False
        raise
    return True


def _configuration(account: Account, config: str, model: str) -> None:
    endpoints = account.client("sagemaker")
    account.afterwards(f"configuration {config}", lambda: endpoints.delete_endpoint_config(EndpointConfigName=config))
    endpoints.create_endpoint_config(
        EndpointConfigName=config,
        ProductionVariants=[
            {
                "VariantName": "primary",
                "ModelName": model,
                "InitialInstanceCount": INSTANCES,
                "InstanceType": INSTANCE_TYPE,
                "InitialVariantWeight": 1.0,
            }
        ],
    )


def _alarm_name(account: Account) -> str:
    return f"{account.prefix}-rollback"


def _alarm(account: Account) -> None:
    alarms, name = account.client("cloudwatch"), _alarm_name(account)
    account.afterwards(f"alarm {name}", lambda: alarms.delete_alarms(AlarmNames=[name]))
    alarms.put_metric_alarm(
        AlarmName=name,
        AlarmDescription="Set off by hand by make verify-aws",
        Namespace="verify-aws",
        MetricName="never-sent",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="ignore",
    )
    alarms.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="make verify-aws")


def _delete_endpoint(account: Account, name: str) -> None:
    endpoints = account.client("sagemaker")
    account.wait("the endpoint's end of change", lambda: _settled(account, name), MINUTES, 15)
    endpoints.delete_endpoint(EndpointName=name)
