"""What must not get in the way of a repair: alarms that are on, autoscaling, a second model, scaled-out instances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.deploy.account import GROUP, Account, Project
from tests.terraform_cli import cli_configuration, require_terraform

NAME = f"{GROUP}-staging"
ALARM = f"{NAME}-errors-5xx"
STAGING = ("--stage", "staging")
FLAVOURS = ["cloudformation", "terraform"]
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("infrastructure", FLAVOURS)]


class Staging:
    """A realtime staging of one flavour, and what SageMaker says about its endpoint."""

    def __init__(self, project: Project, infrastructure: str) -> None:
        self.project, self.aws = project, project.account.aws
        self.given: dict[str, str] = {}
        if infrastructure == "terraform":
            require_terraform()
            # The provider waits about a minute until S3 shows a new lifecycle; the stage's whole life keeps it.
            (project.folder / "infrastructure" / "storage_lifecycle.tf").unlink()
            self.given = {"TF_CLI_CONFIG_FILE": str(cli_configuration())}

    def say(self, command: str, *options: str, **variables: str) -> str:
        agreed = ("--yes",) if command in ("deploy", "rollback") else ()
        return self.project.succeed(command, *STAGING, *agreed, *options, **self.given, **variables)

    def set(self, old: str, new: str) -> None:
        """Change a setting of staging, the first stage of deploy.toml."""
        file = self.project.folder / "deploy.toml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def alarm(self, state: str) -> None:
        self.aws.client("cloudwatch").set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="played")

    def endpoint(self) -> dict[str, Any]:
        return dict(self.aws.client("sagemaker").describe_endpoint(EndpointName=NAME))

    def config(self) -> dict[str, Any]:
        name = self.endpoint()["EndpointConfigName"]
        return dict(self.aws.client("sagemaker").describe_endpoint_config(EndpointConfigName=name))

    def models(self) -> dict[str, str]:
        """Model package of each variant."""
        sagemaker, config = self.aws.client("sagemaker"), self.config()
        return {
            variant["VariantName"]: sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"][
                "ModelPackageName"
            ]
            for variant in [*config["ProductionVariants"], *config.get("ShadowProductionVariants", [])]
        }

    def watched(self) -> list[str]:
        alarms = self.endpoint()["LastDeploymentConfig"].get("AutoRollbackConfiguration", {}).get("Alarms", [])
        return [alarm["AlarmName"] for alarm in alarms]

    def targets(self) -> list[str]:
        listed = self.aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
        return [target["ResourceId"] for target in listed["ScalableTargets"]]


@pytest.fixture
def staging(project: Callable[..., Project], infrastructure: str) -> Staging:
    return Staging(project(inference="realtime", infrastructure=infrastructure), infrastructure)


def test_a_bad_model_is_taken_back_and_repaired_while_its_alarm_is_on(account: Account, staging: Staging) -> None:
    first = account.register()
    staging.say("deploy")
    second = account.register()
    assert "undone by 3 alarms" in staging.say("deploy")
    assert staging.models() == {"primary": second} and ALARM in staging.watched()
    created = staging.endpoint()["CreationTime"]

    staging.alarm("ALARM")
    assert staging.say("changed") == "false\n", "an alarm alone rolls nothing out"
    told = staging.say("rollback")
    assert f"undone by no alarm, because {ALARM} is on already" in told
    assert staging.models() == {"primary": first} and ALARM not in staging.watched()
    assert staging.endpoint()["CreationTime"] == created, "the endpoint was replaced"

    third = account.register()
    assert f"because {ALARM} is on already" in staging.say("deploy")
    assert staging.models() == {"primary": third}
    staging.alarm("OK")
    assert staging.say("changed") == "false\n", "an alarm that is off again rolls nothing out"

    assert "undone by no alarm, because it goes back to an earlier model" in staging.say("rollback")
    account.register()
    assert "undone by 3 alarms" in staging.say("deploy")
    assert ALARM in staging.watched() and staging.endpoint()["CreationTime"] == created


def test_another_instance_type_takes_two_updates_and_keeps_autoscaling(account: Account, staging: Staging) -> None:
    account.register()
    staging.say("deploy")
    assert staging.targets() == [f"endpoint/{NAME}/variant/primary"]
    staging.set('instance_type = "ml.m5.large"', 'instance_type = "ml.m5.xlarge"')
    plan = staging.say("plan")
    assert "ml.m5.large to ml.m5.xlarge, in two updates: SageMaker refuses that while autoscaling is on" in plan
    told = staging.say("deploy")
    assert "autoscaling off" in told and "Version 1 is in staging" in told
    assert staging.config()["ProductionVariants"][0]["InstanceType"] == "ml.m5.xlarge"
    assert staging.targets() == [f"endpoint/{NAME}/variant/primary"]
    assert staging.say("changed") == "false\n"

    refused = staging.project.fail("rollback", *STAGING, "--yes", **staging.given)
    assert "the last deployment to staging changed settings and kept version 1" in refused


def test_going_back_keeps_the_second_model(account: Account, staging: Staging) -> None:
    first = account.register()
    staging.say("deploy")
    account.register()
    staging.set("version = 0 ", "version = 1 ")
    staging.set('mode = "shadow"', 'mode = "ab"')
    staging.say("deploy")
    staging.say("rollback")
    assert staging.models() == {"primary": first, "challenger": first}
    weights = {each["VariantName"]: each["InitialVariantWeight"] for each in staging.config()["ProductionVariants"]}
    assert weights == pytest.approx({"primary": 0.9, "challenger": 0.1})


def test_a_rollout_keeps_what_autoscaling_has_started(account: Account, staging: Staging, infrastructure: str) -> None:
    staging.set("max_instances = 1", "max_instances = 4")
    account.register()
    staging.say("deploy")
    capacity = [{"VariantName": "primary", "DesiredInstanceCount": 3}]
    staging.aws.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=NAME, DesiredWeightsAndCapacities=capacity
    )
    assert staging.say("changed") == "false\n", "scaling out rolls nothing out"
    account.register()
    told = staging.say("deploy")
    assert ("begins with 3 instances, as many as run now" in told) == (infrastructure == "terraform")
    assert staging.endpoint()["ProductionVariants"][0]["CurrentInstanceCount"] == 3
    assert staging.say("changed") == "false\n"
