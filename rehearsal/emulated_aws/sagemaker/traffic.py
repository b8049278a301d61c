"""How an update moves requests from the old fleet to the new one, and what makes it go back.

AWS: blue/green all at once, canary or linear, or rolling; between steps it bakes for WaitIntervalInSeconds, and any
AutoRollbackConfiguration alarm in ALARM rolls back. Simplified: every bake lasts the emulator's --bake-seconds whatever
the configuration says; a rolling update shifts shares of requests like a linear one; the last step bakes once more.
"""

from __future__ import annotations

import math
import time

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.settings import SETTINGS


def _share(size: Request, instances: int) -> float:
    return float(size["Value"]) / (100 if size["Type"] == "CAPACITY_PERCENT" else max(instances, 1))


def _even(step: float) -> list[float]:
    return [min(1.0, step * place) for place in range(1, math.ceil(1 / max(step, 0.01)) + 1)]


def steps(deployment: Request, instances: int) -> list[float]:
    """The new fleet's share of requests after each step, ending with 1.0."""
    if rolling := deployment.get("RollingUpdatePolicy"):
        return _even(_share(rolling["MaximumBatchSize"], instances))
    routing = deployment.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"})
    if routing["Type"] == "CANARY":
        return [_share(routing["CanarySize"], instances), 1.0]
    if routing["Type"] == "LINEAR":
        return _even(_share(routing["LinearStepSize"], instances))
    return [1.0]


def alarm_names(deployment: Request) -> list[str]:
    return [alarm["AlarmName"] for alarm in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])]


def _ringing(names: list[str]) -> str | None:
    answer = context.client("cloudwatch").describe_alarms(
        AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    alarms = answer.get("MetricAlarms", []) + answer.get("CompositeAlarms", [])
    missing = set(names) - {alarm["AlarmName"] for alarm in alarms}
    if missing:
        return f"alarm {sorted(missing)[0]} does not exist"
    return next((f"alarm {a['AlarmName']} is in ALARM" for a in alarms if a["StateValue"] == "ALARM"), None)


def bake(names: list[str]) -> str | None:
    """Wait for one bake; the reason to roll back, as soon as there is one."""
    deadline = time.monotonic() + SETTINGS.bake_seconds
    while time.monotonic() < deadline:
        if names and (reason := _ringing(names)):
            return reason
        time.sleep(0.05)
    return _ringing(names) if names else None
