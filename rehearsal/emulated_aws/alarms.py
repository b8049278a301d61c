"""CloudWatch alarms: by dimensions, M out of N, missing data, metric math, and the event of every change.

AWS: an alarm looks at the last EvaluationPeriods periods every minute. MiniStack takes every metric of the same name
together, drops Metrics, and sends no event. Simplified: an alarm is looked at whenever a metric arrives, the running
period included; without any data in its window it keeps its state (so a state set by SetAlarmState stays).
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch

from rehearsal.emulated_aws import context, metric_math, shapes
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.metric_math import Value

Alarm = dict[str, Any]
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_DROPPED = ("Metrics", "EvaluateLowSampleCountPercentile")
_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit", "Dimensions")


def _series(query: Alarm, starts: list[float], period: int) -> list[Value]:
    """One metric's statistic in each period."""
    metric = query["Metric"]
    dimensions = {d["Name"]: d["Value"] for d in metric.get("Dimensions") or []}
    points = cloudwatch._metrics.get((metric["Namespace"], metric["MetricName"], cloudwatch._dims_key(dimensions)), [])
    values: list[Value] = []
    for start in starts:
        inside = [point for point in points if start <= point["Timestamp"] < start + period]
        found = cloudwatch._stat_value(cloudwatch._calc_stats(inside), query["Stat"], inside) if inside else None
        values.append(found)
    return values


def _queries(alarm: Alarm) -> list[Alarm]:
    if alarm.get("Metrics"):
        return list(alarm["Metrics"])
    metric = {name: alarm.get(name) for name in ("Namespace", "MetricName", "Dimensions")}
    stat = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    return [{"Id": "m", "MetricStat": {"Metric": metric, "Stat": stat, "Period": alarm.get("Period", 60)}}]


def _period(queries: list[Alarm]) -> int:
    periods = [q["MetricStat"]["Period"] if "MetricStat" in q else q.get("Period") for q in queries]
    return int(next(period for period in periods if period))


def datapoints(alarm: Alarm) -> tuple[list[Value], bool]:
    """The value the alarm watches in each period of its window, and whether any metric had data."""
    queries = _queries(alarm)
    period = _period(queries)
    newest = time.time() // period * period
    starts = [newest - period * back for back in range(int(alarm.get("EvaluationPeriods", 1)))]
    known = {q["Id"]: _series(q["MetricStat"], starts, period) for q in queries if "MetricStat" in q}
    for query in queries:
        if expression := query.get("Expression"):
            moments = [{name: series[place] for name, series in known.items()} for place in range(len(starts))]
            known[query["Id"]] = [metric_math.evaluate(expression, moment) for moment in moments]
    watched = next(q["Id"] for q in queries if q.get("ReturnData", True))
    metrics = [q["Id"] for q in queries if "MetricStat" in q]
    return known[watched], any(value is not None for name in metrics for value in known[name])


def state(alarm: Alarm) -> str | None:
    """OK or ALARM, None to keep the present state."""
    values, any_data = datapoints(alarm)
    if not any_data:
        return None
    breaching = _COMPARISONS[alarm["ComparisonOperator"]]
    missing = alarm.get("TreatMissingData", "missing") == "breaching"
    verdicts = [missing if value is None else breaching(value, float(alarm["Threshold"])) for value in values]
    return "ALARM" if sum(verdicts) >= int(alarm.get("DatapointsToAlarm") or len(verdicts)) else "OK"


def _evaluate(alarm: Alarm) -> None:
    old, new = alarm["StateValue"], state(alarm)
    if new is None or new == old:
        return
    reason = f"Threshold Crossed: {datapoints(alarm)[0]} {alarm['ComparisonOperator']} {alarm['Threshold']}"
    alarm |= {"StateValue": new, "StateReason": reason, "StateUpdatedTimestamp": int(time.time())}
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _check(request: Alarm) -> None:
    shapes.check_request("cloudwatch", "PutMetricAlarm", request)
    queries = request.get("Metrics") or []
    if bool(queries) == ("MetricName" in request):
        raise ServiceError("ValidationError", "Either MetricName or Metrics is required, not both")
    if queries and sum(query.get("ReturnData", True) for query in queries) != 1:
        raise ServiceError("ValidationError", "Exactly one element of the metrics list should return data.")
    if request["ComparisonOperator"] not in _COMPARISONS:
        raise ServiceError("NotEmulated", f"{request['ComparisonOperator']} is not emulated", 501)
    for query in queries:
        if "Expression" in query:
            metric_math.check(query["Expression"], {q["Id"] for q in queries})


def install() -> None:
    put, act = cloudwatch._put_metric_alarm, cloudwatch._dispatch_alarm_actions

    def put_with_everything(params: Any, data: Alarm, is_cbor: bool, is_json: bool = False) -> Any:
        if not (is_cbor or is_json):
            return put(params, data, is_cbor, is_json)
        try:
            _check(data)
        except ServiceError as refusal:
            return cloudwatch._error(refusal.code, refusal.message, refusal.status, use_json=is_json, use_cbor=is_cbor)
        answer = put(params, data, is_cbor, is_json)
        if answer[0] == 200:
            alarm = cloudwatch._alarms[data["AlarmName"]]
            alarm |= {name: data[name] for name in _DROPPED if name in data}
            for name in (
                _OF_ONE_METRIC if data.get("Metrics") else ("Statistic",) if "ExtendedStatistic" in data else ()
            ):
                alarm.pop(name, None)
        return answer

    def act_and_tell(alarm: Alarm, old: str, new: str, reason: str) -> None:
        act(alarm, old, new, reason)
        detail = {
            "alarmName": alarm["AlarmName"],
            "state": {"value": new, "reason": reason},
            "previousState": {"value": old},
        }
        context.send_event("aws.cloudwatch", "CloudWatch Alarm State Change", detail, [alarm["AlarmArn"]])

    cloudwatch._put_metric_alarm = put_with_everything
    cloudwatch._dispatch_alarm_actions = act_and_tell
    cloudwatch._evaluate_alarm = _evaluate
