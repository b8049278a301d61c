"""Tells that the function itself failed, so that CloudFormation waits for an answer that doesn't come.

A project that is refused is no such failure: CloudFormation gets the reason.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

SECONDS = 300


def add_alarm(stack: cdk.Stack, function: lambda_.CfnFunction) -> None:
    """Any error within five minutes; the topic is the account's own, and optional."""
    topic = cdk.CfnParameter(
        stack,
        "AlarmTopicArn",
        description="SNS topic that hears of the function's failures; empty for none.",
        allowed_pattern="(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]{1,256})?",
        default="",
    ).value_as_string
    has_topic = cdk.CfnCondition(
        stack, "HasAlarmTopic", expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(topic, ""))
    )
    alarm = cloudwatch.CfnAlarm(
        stack,
        "Failures",
        alarm_name=f"{function.function_name}-failures",
        alarm_description="The seeder failed without an answer to CloudFormation: see its log",
        namespace="AWS/Lambda",
        metric_name="Errors",
        dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="FunctionName", value=function.ref)],
        statistic="Sum",
        period=SECONDS,
        evaluation_periods=1,
        threshold=0,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data="notBreaching",
    )
    alarm.add_property_override("AlarmActions", [cdk.Fn.condition_if(has_topic.logical_id, topic, cdk.Aws.NO_VALUE)])
