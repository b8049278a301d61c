"""AWS::Budgets::Budget and AWS::IAM::OIDCProvider, over the services MiniStack emulates.

AWS: Ref gives the budget's name and the provider's ARN; a change of a budget's notifications replaces it. Simplified: a
budget never computes spend nor notifies; a change of its name is refused.
"""

from __future__ import annotations

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.errors import NotEmulatedError
from rehearsal.emulated_aws.resources.calls import asked
from rehearsal.emulated_aws.resources.registry import Made, Properties, ResourceType, physical_name, register


def _budget(properties: Properties, name: str) -> Properties:
    budget: Properties = properties["Budget"] | {"BudgetName": name}
    if limit := budget.get("BudgetLimit"):
        budget["BudgetLimit"] = {
            "Amount": f"{limit['Amount']:g}" if isinstance(limit["Amount"], float) else str(limit["Amount"]),
            "Unit": limit["Unit"],
        }
    return budget


def create_budget(logical_id: str, properties: Properties, stack: str) -> Made:
    name = physical_name(properties["Budget"], "BudgetName", stack, logical_id, 100)
    extra = {k: properties[k] for k in ("NotificationsWithSubscribers", "ResourceTags") if properties.get(k)}
    asked("budgets", "create_budget", AccountId=context.account(), Budget=_budget(properties, name), **extra)
    return name, {"Id": name}


def update_budget(name: str, _old: Properties, new: Properties) -> Made:
    if new["Budget"].get("BudgetName", name) != name:
        raise NotEmulatedError("a change of a budget's name")
    asked("budgets", "update_budget", AccountId=context.account(), NewBudget=_budget(new, name))
    return name, {"Id": name}


def delete_budget(name: str, _properties: Properties) -> None:
    asked("budgets", "delete_budget", AccountId=context.account(), BudgetName=name)


def create_provider(_logical_id: str, properties: Properties, _stack: str) -> Made:
    names = {"ClientIdList": "ClientIDList"}
    request = {names.get(key, key): value for key, value in properties.items()}
    arn = asked("iam", "create_open_id_connect_provider", **request)["OpenIDConnectProviderArn"]
    return arn, {"Arn": arn}


def update_provider(arn: str, old: Properties, new: Properties) -> Made:
    if old.get("ThumbprintList") != new.get("ThumbprintList"):
        thumbprints = new.get("ThumbprintList", [])
        asked(
            "iam",
            "update_open_id_connect_provider_thumbprint",
            OpenIDConnectProviderArn=arn,
            ThumbprintList=thumbprints,
        )
    for client in set(new.get("ClientIdList", [])) - set(old.get("ClientIdList", [])):
        asked("iam", "add_client_id_to_open_id_connect_provider", OpenIDConnectProviderArn=arn, ClientID=client)
    for client in set(old.get("ClientIdList", [])) - set(new.get("ClientIdList", [])):
        asked("iam", "remove_client_id_from_open_id_connect_provider", OpenIDConnectProviderArn=arn, ClientID=client)
    return arn, {"Arn": arn}


def delete_provider(arn: str, _properties: Properties) -> None:
    asked("iam", "delete_open_id_connect_provider", OpenIDConnectProviderArn=arn)


def install() -> None:
    register(ResourceType("AWS::Budgets::Budget", create_budget, update_budget, delete_budget))
    tags = ("Tags", "list")
    register(ResourceType("AWS::IAM::OIDCProvider", create_provider, update_provider, delete_provider, None, tags))
