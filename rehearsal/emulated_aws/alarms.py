"""CloudWatch alarms look at the metric with their own dimensions only.

AWS: an alarm watches one metric, which its dimensions identify. MiniStack takes every metric of the same name together.
Simplified: TreatMissingData and M out of N are not evaluated, metric math is MiniStack's.
"""

from __future__ import annotations

from typing import Any

from ministack.services import cloudwatch


def install() -> None:
    evaluate = cloudwatch._evaluate_alarm

    def evaluate_with_dimensions(alarm: dict[str, Any]) -> None:
        key = cloudwatch._dims_key({d["Name"]: d["Value"] for d in alarm.get("Dimensions") or []})
        everything = cloudwatch._metrics
        cloudwatch._metrics = {name: points for name, points in everything.items() if name[2] == key}
        try:
            evaluate(alarm)
        finally:
            cloudwatch._metrics = everything

    cloudwatch._evaluate_alarm = evaluate_with_dimensions
