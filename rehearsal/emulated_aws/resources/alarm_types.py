"""AWS::CloudWatch::Alarm and AWS::CloudWatch::CompositeAlarm.

AWS: Ref gives the name, Fn::GetAtt Arn the ARN. MiniStack's own type refuses metric math, hence this one. Simplified:
tags that go away on an update stay.
"""

from __future__ import annotations

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.resources.calls import asked
from rehearsal.emulated_aws.resources.registry import Made, Properties, ResourceType, physical_name, register


def _put(operation: str, properties: Properties, name: str) -> Made:
    asked("cloudwatch", operation, **(properties | {"AlarmName": name}))
    return name, {"Arn": context.arn("cloudwatch", f"alarm:{name}")}


def _type(kind: str, operation: str) -> ResourceType:
    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        return _put(operation, properties, physical_name(properties, "AlarmName", stack, logical_id, 255))

    def update(name: str, _old: Properties, new: Properties) -> Made:
        made = _put(operation, new, name)
        if new.get("Tags"):
            asked("cloudwatch", "tag_resource", ResourceARN=made[1]["Arn"], Tags=new["Tags"])
        return made

    def delete(name: str, _properties: Properties) -> None:
        asked("cloudwatch", "delete_alarms", AlarmNames=[name])

    return ResourceType(f"AWS::CloudWatch::{kind}", create, update, delete, "AlarmName", ("Tags", "list"))


def install() -> None:
    register(_type("Alarm", "put_metric_alarm"))
    register(_type("CompositeAlarm", "put_composite_alarm"))
