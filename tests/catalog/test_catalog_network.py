"""The network stack comes up and goes again in the emulated AWS, in its smallest form and in its largest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulated import ROOT, EmulatedAws, emulated_aws

pytestmark = pytest.mark.slow
TEMPLATE = ROOT / "service_catalog" / "templates" / "network.yaml"
EVERYTHING = {"Zones": "3", "BuildEndpoints": "yes", "ConnectionsEndpoint": "yes"}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmulatedAws]:
    with emulated_aws("--control-plane-only") as running:
        yield running


def endpoints(aws: EmulatedAws) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    return found


@pytest.mark.parametrize(("parameters", "zones"), [({}, 2), (EVERYTHING, 3)], ids=["least", "most"])
def test_the_network_of_isolated_jobs_comes_up_and_goes(
    aws: EmulatedAws, parameters: dict[str, str], zones: int
) -> None:
    cloudformation = aws.client("cloudformation")
    given = {"TrustedAccountIds": aws.account, "S3PrefixListId": "pl-0123456789abcdef0", **parameters}
    identity = cloudformation.create_stack(
        StackName="network",
        TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )["StackId"]
    stack = aws.stack("network")
    assert stack["StackStatus"] == "CREATE_COMPLETE", aws.reasons("network")
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert len(outputs["SubnetIds"].split(",")) == zones
    services = {each["ServiceName"].rpartition(".")[2] for each in endpoints(aws) if each["State"] != "deleted"}
    assert {"s3", "logs", "sts"} <= services
    (log,) = aws.client("ec2").describe_flow_logs()["FlowLogs"]
    assert log["ResourceId"] == outputs["VpcId"]
    cloudformation.delete_stack(StackName="network")
    assert aws.stack(identity)["StackStatus"] == "DELETE_COMPLETE", aws.reasons(identity)
    assert aws.client("ec2").describe_flow_logs()["FlowLogs"] == []
    assert [each for each in endpoints(aws) if each["State"] != "deleted"] == []
