"""Alarms and dashboards name metrics that exist, with the dimensions they are published under."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.cfn_templates import Document, Resolver
from tests.infrastructure.conftest import Parameters, accepted

METRICS = json.loads((Path(__file__).parent / "metrics.json").read_text(encoding="utf-8"))
ENDPOINTS = ("endpoint-async", "endpoint-realtime", "endpoint-serverless")
NAMES = (*ENDPOINTS, "batch")
Metric = tuple[str, str, tuple[str, ...], str]


def known(kind: str, metric: Metric) -> bool:
    """Whether AWS publishes the metric for this kind of thing, with this statistic."""
    namespace, name, dimensions, statistic = metric
    return any(
        namespace == group["namespace"]
        and list(dimensions) == group["dimensions"]
        and statistic in group["metrics"].get(name, [])
        for group in METRICS
        if kind in group["kinds"]
    )


def alarm_metrics(alarm: dict[str, Any]) -> Iterator[Metric]:
    if "MetricName" in alarm:
        yield from [_metric(alarm, alarm["Statistic"])]
    for query in alarm.get("Metrics", []):
        if stat := query.get("MetricStat"):
            yield _metric(stat["Metric"], stat["Stat"])


def _metric(metric: dict[str, Any], statistic: str) -> Metric:
    dimensions = tuple(sorted(each["Name"] for each in metric["Dimensions"]))
    return metric["Namespace"], metric["MetricName"], dimensions, statistic


def resolved(name: str, templates: dict[str, Document], parameters: Parameters, **changes: str) -> dict[str, Any]:
    values = {**accepted(templates[name], parameters[name]["production"]), **changes}
    found: dict[str, Any] = Resolver(templates[name], values).resources()
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_alarm_watches_a_metric_that_exists(
    name: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    changes = {"ChallengerMode": "ab"} if name == "endpoint-realtime" else {}
    changes |= {"Instances": "0"} if name == "endpoint-async" else {}
    resources = resolved(name, templates, parameters, **changes)
    alarms = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    metrics = [metric for alarm in alarms for metric in alarm_metrics(alarm)]
    assert len(metrics) >= len(alarms) > 0
    assert [metric for metric in metrics if not known(name, metric)] == []


@pytest.mark.parametrize(
    "metric",
    [
        ("AWS/SageMaker", "ModelLatency", ("EndpointName",), "p99"),
        ("AWS/SageMaker", "CPUUtilization", ("EndpointName", "VariantName"), "Maximum"),
        ("/aws/sagemaker/Endpoints", "Invocation5XXErrors", ("EndpointName", "VariantName"), "Sum"),
        ("/aws/sagemaker/Endpoints", "CPUUtilizationNormalized", ("EndpointName", "VariantName"), "Maximum"),
    ],
)
def test_metrics_that_nobody_publishes_are_unknown(metric: Metric) -> None:
    assert not known("endpoint-realtime", metric)


def test_async_endpoint_has_no_invocations_and_no_percentiles() -> None:
    both = ("EndpointName", "VariantName")
    assert not known("endpoint-async", ("AWS/SageMaker", "InvocationModelErrors", both, "Sum"))
    assert not known("endpoint-async", ("AWS/SageMaker", "ModelLatency", both, "p99"))


@pytest.mark.parametrize("name", ENDPOINTS)
def test_latency_is_compared_in_milliseconds(name: str, templates: dict[str, Document], parameters: Parameters) -> None:
    alarm = resolved(name, templates, parameters)["LatencyAlarm"]["Properties"]
    (returned,) = [query for query in alarm["Metrics"] if query["ReturnData"]]
    assert alarm["Threshold"] == parameters[name]["production"]["LatencyP99Ms"]
    assert returned["Expression"].endswith("/ 1000")


@pytest.mark.parametrize("mode", ["shadow", "ab"])
def test_challenger_counts_for_alarms_only_when_it_answers(
    mode: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    resources = resolved("endpoint-realtime", templates, parameters, ChallengerMode=mode)
    for name in ("Errors5xxAlarm", "ErrorsModelAlarm", "LatencyAlarm"):
        queries = {query["Id"]: query for query in resources[name]["Properties"]["Metrics"]}
        (expression,) = [query["Expression"] for query in queries.values() if query["ReturnData"]]
        assert ("challenger" in queries) == (mode == "ab")
        assert ("challenger" in expression) == (mode == "ab")


@pytest.mark.parametrize("name", ["endpoint-async", "endpoint-realtime"])
def test_rollback_alarms_never_change(name: str, templates: dict[str, Document]) -> None:
    """Every guarded rollout is watched by the same alarms, whatever the settings."""
    deployment = templates[name]["Resources"]["Endpoint"]["Properties"]["DeploymentConfig"]
    condition, guarded, unguarded = deployment["AutoRollbackConfiguration"]["Fn::If"]
    assert (condition, unguarded) == ("IsGuarded", {"Ref": "AWS::NoValue"})
    alarms = [alarm["AlarmName"]["Ref"] for alarm in guarded["Alarms"]]
    assert alarms == ["Errors5xxAlarm", "ErrorsModelAlarm", "LatencyAlarm"]
    assert not any("Condition" in templates[name]["Resources"][alarm] for alarm in alarms)


@pytest.mark.parametrize("name", NAMES)
def test_dashboard_shows_metrics_that_exist(name: str, templates: dict[str, Document], parameters: Parameters) -> None:
    body = resolved(name, templates, parameters)["Dashboard"]["Properties"]["DashboardBody"]
    widgets = json.loads(body)["widgets"]
    assert {"alarm", "metric"} == {widget["type"] for widget in widgets}
    shown = [metric for widget in widgets if widget["type"] == "metric" for metric in dashboard_metrics(widget)]
    assert len(shown) > 4
    assert [metric for metric in shown if not known(name, metric)] == []


def dashboard_metrics(widget: dict[str, Any]) -> Iterator[Metric]:
    """Metrics of a widget, CloudWatch's abbreviations written out: `.` is as above, `...` is all but the last."""
    before: list[str] = []
    for row in widget["properties"]["metrics"]:
        options = row[-1] if isinstance(row[-1], dict) else {}
        fields = [field for field in row if isinstance(field, str)]
        if fields[0] == "...":
            fields = [*before[: len(before) - len(fields) + 1], *fields[1:]]
        fields = [before[place] if field == "." else field for place, field in enumerate(fields)]
        before = fields
        dimensions = tuple(sorted(fields[2::2]))
        yield fields[0], fields[1], dimensions, options.get("stat", widget["properties"]["stat"])
