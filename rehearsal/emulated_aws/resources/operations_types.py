"""AWS::Budgets::Budget, AWS::CloudWatch::CompositeAlarm, AWS::IAM::OIDCProvider, over the services MiniStack emulates.

AWS: Ref gives the budget's and the alarm's name and the provider's ARN. Simplified: a budget never computes spend nor
notifies; a change of its notifications replaces it, as on AWS.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.resources.registry import Made, Properties, ResourceType, physical_name, register


def _asked(service: str, operation: str, **request: Any) -> Properties:
    try:
        return dict(getattr(context.client(service), operation)(**request))
    except ClientError as refusal:
        error = refusal.response["Error"]
        raise ServiceError(error["Code"], error["Message"]) from refusal


def _budget(properties: Properties, name: str) -> Properties:
    budget = properties["Budget"] | {"BudgetName": name}
    if limit := budget.get("BudgetLimit"):
        budget["BudgetLimit"] = {
            "Amount": f"{limit['Amount']:g}" if isinstance(limit["Amount"], float) else str(limit["Amount"]),
            "Unit": limit["Unit"],
        }
    return budget


def create_budget(logical_id: str, properties: Properties, stack: str) -> Made:
    name = physical_name(properties["Budget"], "BudgetName", stack, logical_id, 100)
    extra = {k: properties[k] for k in ("NotificationsWithSubscribers", "ResourceTags") if properties.get(k)}
    _asked("budgets", "create_budget", AccountId=context.account(), Budget=_budget(properties, name), **extra)
    return name, {"Id": name}


def update_budget(name: str, _old: Properties, new: Properties) -> Made:
    _asked("budgets", "update_budget", AccountId=context.account(), NewBudget=_budget(new, name))
    return name, {"Id": name}


def delete_budget(name: str, _properties: Properties) -> None:
    _asked("budgets", "delete_budget", AccountId=context.account(), BudgetName=name)


def create_alarm(logical_id: str, properties: Properties, stack: str) -> Made:
    name = physical_name(properties, "AlarmName", stack, logical_id, 255)
    _asked("cloudwatch", "put_composite_alarm", **(properties | {"AlarmName": name}))
    return name, {"Arn": context.arn("cloudwatch", f"alarm:{name}")}


def update_alarm(name: str, _old: Properties, new: Properties) -> Made:
    return create_alarm("", new | {"AlarmName": name}, "")


def delete_alarm(name: str, _properties: Properties) -> None:
    _asked("cloudwatch", "delete_alarms", AlarmNames=[name])


def create_provider(_logical_id: str, properties: Properties, _stack: str) -> Made:
    names = {"ClientIdList": "ClientIDList"}
    request = {names.get(key, key): value for key, value in properties.items()}
    arn = _asked("iam", "create_open_id_connect_provider", **request)["OpenIDConnectProviderArn"]
    return arn, {"Arn": arn}


def update_provider(arn: str, old: Properties, new: Properties) -> Made:
    if old.get("ThumbprintList") != new.get("ThumbprintList"):
        thumbprints = new.get("ThumbprintList", [])
        _asked(
            "iam",
            "update_open_id_connect_provider_thumbprint",
            OpenIDConnectProviderArn=arn,
            ThumbprintList=thumbprints,
        )
    for client in set(new.get("ClientIdList", [])) - set(old.get("ClientIdList", [])):
        _asked("iam", "add_client_id_to_open_id_connect_provider", OpenIDConnectProviderArn=arn, ClientID=client)
    for client in set(old.get("ClientIdList", [])) - set(new.get("ClientIdList", [])):
        _asked("iam", "remove_client_id_from_open_id_connect_provider", OpenIDConnectProviderArn=arn, ClientID=client)
    return arn, {"Arn": arn}


def delete_provider(arn: str, _properties: Properties) -> None:
    _asked("iam", "delete_open_id_connect_provider", OpenIDConnectProviderArn=arn)


def install() -> None:
    register(ResourceType("AWS::Budgets::Budget", create_budget, update_budget, delete_budget))
    tags = ("Tags", "list")
    register(
        ResourceType("AWS::CloudWatch::CompositeAlarm", create_alarm, update_alarm, delete_alarm, "AlarmName", tags)
    )
    register(ResourceType("AWS::IAM::OIDCProvider", create_provider, update_provider, delete_provider, None, tags))
