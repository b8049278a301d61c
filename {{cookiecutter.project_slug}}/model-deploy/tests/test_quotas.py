"""Quotas: what is asked of AWS for them, and what is told where AWS refuses."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from model_deploy import quotas
from model_deploy.aws import Aws
from model_deploy.quotas import ACROSS_ENDPOINTS
from tests.stages import deployment_of

ON_ENDPOINTS = "ml.m5.large for endpoint usage"
REFUSED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListEndpoints")


class Account:
    """An account with one other endpoint of three instances; it notes what it is asked and refuses some of it."""

    def __init__(self, limit: float, refused: tuple[str, ...] = ()) -> None:
        self.limit, self.refused = limit, refused
        self.asked: list[str] = []

    def stage(self, service: str) -> Account:
        return self

    def get_paginator(self, name: str) -> Pages:
        return Pages(self, name)

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        self.note("describe_endpoint")
        return {"EndpointConfigName": "c", "ProductionVariants": [{"VariantName": "v", "CurrentInstanceCount": 3}]}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        self.note("describe_endpoint_config")
        return {"ProductionVariants": [{"VariantName": "v", "InstanceType": "ml.m5.large"}]}

    def note(self, name: str) -> None:
        self.asked.append(name)
        if name in self.refused:
            raise REFUSED


class Pages:
    def __init__(self, account: Account, name: str) -> None:
        self.account, self.name = account, name

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        self.account.note(self.name)
        names = (ON_ENDPOINTS, ACROSS_ENDPOINTS, "ml.m5.large for transform job usage")
        rows = [{"QuotaName": name, "QuotaCode": "L-1", "Value": self.account.limit} for name in names]
        yield {"Quotas": rows, "Endpoints": [{"EndpointName": "theirs", "EndpointStatus": "InService"}]}


def check(account: Any, inference: str = "realtime") -> tuple[list[quotas.Finding], str]:
    return quotas.check(deployment_of(inference), account)


def test_other_endpoints_count() -> None:
    most = max(found.need.own for found in check(Account(99))[0])
    findings, unchecked = check(Account(most + 2))
    assert unchecked == "" and {found.need.others for found in findings} == {3}
    assert all(found.short for found in findings)
    assert not any(found.short for found in check(Account(most + 3))[0])


@pytest.mark.parametrize(("limit", "inference"), [(0, "realtime"), (99, "batch")])
def test_other_endpoints_are_not_looked_at_where_they_change_nothing(limit: float, inference: str) -> None:
    account = Account(limit)
    findings, unchecked = check(account, inference)
    assert account.asked == ["list_service_quotas"] and findings and unchecked == ""


@pytest.mark.parametrize("refused", ["list_endpoints", "describe_endpoint", "describe_endpoint_config"])
def test_quotas_are_checked_without_other_endpoints_where_these_are_out_of_sight(refused: str) -> None:
    findings, unchecked = check(Account(99, (refused,)))
    assert unchecked == "not checked with the account's other endpoints: AccessDeniedException"
    assert findings and not any(found.short for found in findings)


def test_quotas_that_are_out_of_sight_are_said_to_be_unchecked() -> None:
    assert check(Account(99, ("list_service_quotas",))) == ([], "not checked: AccessDeniedException")


@pytest.mark.parametrize("infrastructure", ["cloudformation", "terraform"])
def test_a_rollout_needs_room_for_what_autoscaling_has_started(infrastructure: str) -> None:
    """Production rolls in halves, from two instances to four."""
    deployment = deployment_of(stage="production", infrastructure=infrastructure)
    for running, needed in [(0, 4), (2, 4), (3, 5), (4, 6)]:
        findings, _ = quotas.check(deployment, cast("Aws", Account(99)), running)
        assert {found.need.own for found in findings} == {needed}, running


def test_rolling_is_advised_with_what_it_takes_of_what_runs() -> None:
    deployment = deployment_of(stage="production")
    stage = deployment.settings.stages["production"]
    assert stage.endpoint
    rollout = dataclasses.replace(stage.endpoint.rollout, policy="all_at_once")
    at_once = dataclasses.replace(stage, endpoint=dataclasses.replace(stage.endpoint, rollout=rollout))
    settings = dataclasses.replace(deployment.settings, stages={**deployment.settings.stages, "production": at_once})
    deployment = dataclasses.replace(deployment, settings=settings)
    (finding, *_), _ = quotas.check(deployment, cast("Aws", Account(1)), 4)
    assert finding.need.own == 8
    assert quotas.advice(finding, deployment, 4).endswith('rollout.policy = "rolling", which takes 6')
