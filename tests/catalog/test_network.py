"""The network: nothing leads to the internet, isolated jobs find what they need, only known accounts use it."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from service_catalog.bindings import binding_fields
from service_catalog.network.services import BUILDS, CONNECTIONS, JOBS, monthly_usd

TEMPLATE = Path(__file__).resolve().parents[2] / "service_catalog" / "templates" / "network.yaml"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    return template["Resources"]


def _of(resources: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each for each in resources.values() if each["Type"] == kind]


def _service(endpoint: dict[str, Any]) -> str:
    return "".join(part for part in endpoint["Properties"]["ServiceName"]["Fn::Join"][1] if isinstance(part, str))


def test_no_route_leads_to_the_internet(resources: dict[str, Any]) -> None:
    ways_out = ("InternetGateway", "NatGateway", "Route", "VPCGatewayAttachment", "TransitGatewayAttachment")
    assert [name for name, each in resources.items() if each["Type"].removeprefix("AWS::EC2::") in ways_out] == []
    assert all(each["Properties"]["MapPublicIpOnLaunch"] is False for each in _of(resources, "AWS::EC2::Subnet"))


def test_isolated_jobs_find_every_service_they_need_and_builds_on_request(resources: dict[str, Any]) -> None:
    found = {
        _service(each).removeprefix("com.amazonaws.."): each.get("Condition")
        for each in _of(resources, "AWS::EC2::VPCEndpoint")
    }
    assert found == {
        "s3": None,
        **dict.fromkeys(JOBS.values()),
        **dict.fromkeys(BUILDS.values(), "HasBuildEndpoints"),
        **dict.fromkeys(CONNECTIONS.values(), "HasConnectionsEndpoint"),
    }
    assert {"sagemaker.api", "sagemaker.runtime", "ecr.api", "ecr.dkr", "logs", "monitoring", "sts", "kms"} == set(
        JOBS.values()
    )


def test_endpoints_answer_under_the_services_usual_names_in_every_zone(resources: dict[str, Any]) -> None:
    for endpoint in _of(resources, "AWS::EC2::VPCEndpoint"):
        if endpoint["Properties"]["VpcEndpointType"] == "Interface":
            assert endpoint["Properties"]["PrivateDnsEnabled"] is True
            assert len(endpoint["Properties"]["SubnetIds"]) == 3


def test_endpoints_serve_known_accounts_only_but_for_layers_of_images(resources: dict[str, Any]) -> None:
    for endpoint in _of(resources, "AWS::EC2::VPCEndpoint"):
        for statement in endpoint["Properties"]["PolicyDocument"]["Statement"]:
            if statement.get("Sid") == "LayersOfImages":
                assert statement["Action"] == "s3:GetObject"
                assert "starport-layer-bucket/*" in str(statement["Resource"])
                continue
            accounts = statement["Condition"]["StringEquals"]
            assert accounts["aws:PrincipalAccount"] == {"Ref": "TrustedAccountIds"}
            if _service(endpoint).endswith(".s3"):
                assert accounts["aws:ResourceAccount"] == {"Ref": "TrustedAccountIds"}


def test_jobs_reach_each_other_the_endpoints_and_s3_and_nothing_else(resources: dict[str, Any]) -> None:
    jobs = {"Fn::GetAtt": ["JobsGroup", "GroupId"]}
    rules = resources["JobsGroup"]["Properties"]["SecurityGroupEgress"]
    assert [(rule["FromPort"], rule["ToPort"]) for rule in rules] == [(443, 443)] * 2
    assert rules[0]["DestinationSecurityGroupId"] == {"Fn::GetAtt": ["EndpointsGroup", "GroupId"]}
    assert rules[1]["DestinationPrefixListId"] == {"Ref": "S3PrefixListId"}
    between = [*_of(resources, "AWS::EC2::SecurityGroupIngress"), *_of(resources, "AWS::EC2::SecurityGroupEgress")]
    for rule in between:
        ends = {key: value for key, value in rule["Properties"].items() if "SecurityGroupId" in key or key == "GroupId"}
        assert all(end == jobs for end in ends.values()) and len(ends) == 2


def test_endpoints_take_https_from_the_vpc_and_begin_nothing(resources: dict[str, Any]) -> None:
    group = resources["EndpointsGroup"]["Properties"]
    assert [(rule["CidrIp"], rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupIngress"]] == [
        ({"Ref": "VpcCidr"}, 443, 443)
    ]
    assert [rule["CidrIp"] for rule in group["SecurityGroupEgress"]] == ["127.0.0.1/32"]


def test_connections_are_recorded_encrypted_and_for_a_time(resources: dict[str, Any]) -> None:
    (log,) = _of(resources, "AWS::EC2::FlowLog")
    (group,) = _of(resources, "AWS::Logs::LogGroup")
    assert log["Properties"]["TrafficType"] == "ALL"
    assert group["Properties"]["KmsKeyId"] and group["Properties"]["RetentionInDays"] == {"Ref": "FlowLogDays"}


@pytest.mark.parametrize(("zones", "subnets"), [("2", 2), ("3", 3)])
def test_outputs_are_what_the_form_takes(template: dict[str, Any], zones: str, subnets: int) -> None:
    accepted = {field.parameter: field.pattern for field in binding_fields("codepipeline")}
    separator, parts = template["Outputs"]["SubnetIds"]["Value"]["Fn::Join"]
    made = []
    for number, part in enumerate(parts):
        if "Fn::If" in part:
            condition, yes, no = part["Fn::If"]
            assert condition == "HasThirdZone" and no == {"Ref": "AWS::NoValue"}
            part = yes if zones == "3" else no
        if part != {"Ref": "AWS::NoValue"}:
            made.append(f"subnet-0123456789abcde{number}")
    assert len(made) == subnets
    assert re.fullmatch(accepted["SubnetIds"], separator.join(made))
    assert template["Outputs"]["SecurityGroupIds"]["Value"] == {"Fn::GetAtt": ["JobsGroup", "GroupId"]}
    assert re.fullmatch(accepted["SecurityGroupIds"], "sg-0123456789abcdef0")


def test_default_subnets_fit_into_the_default_vpc(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    network = ipaddress.ip_network(parameters["VpcCidr"]["Default"])
    assert re.fullmatch(parameters["VpcCidr"]["AllowedPattern"], str(network))
    bits = int(parameters["SubnetHostBits"]["Default"])
    assert network.num_addresses >= 4 * 2**bits


def test_cost_note_counts_the_endpoints_there_are(template: dict[str, Any]) -> None:
    note = template["Parameters"]["BuildEndpoints"]["Description"]
    assert f"{len(BUILDS)} endpoints more, about {monthly_usd(len(BUILDS), 2):.0f} US dollars" in note
    assert "No build of a project does so yet" in note
    assert monthly_usd(8, 2) == pytest.approx(116.8)


def test_flow_logs_outlive_the_stack_but_not_a_failed_creation(template: dict[str, Any]) -> None:
    kept = {
        each["Type"]: (each.get("DeletionPolicy"), each.get("UpdateReplacePolicy"))
        for each in template["Resources"].values()
        if each["Type"] in ("AWS::KMS::Key", "AWS::Logs::LogGroup")
    }
    assert set(kept.values()) == {("RetainExceptOnCreate", "Retain")}
    assert len(kept) == 2
