"""A stack that is to be as a template says: shown as changes, then changed through a change set."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from botocore.exceptions import ClientError

from service_catalog.publisher.aws import Aws, pauses, told_in_one_line
from service_catalog.publisher.changes import Change, between, of_change_set
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.telling import Telling

LONGEST_BODY = 51_200
NOTHING = ("didn't contain changes", "No updates are to be performed")
TAGS = [{"Key": "sagemaker-mlops:part", "Value": "publisher"}]


@dataclass
class StackStep:
    """`text` is the template; parameters in `kept` stay as they are once the stack exists.

    A template longer than CloudFormation takes by itself is read from `url`, where it was uploaded before.
    """

    aws: Aws
    name: str
    text: str
    parameters: Mapping[str, str]
    url: str
    kept: frozenset[str] = frozenset()
    _change_set: str = field(default="", init=False)

    @property
    def title(self) -> str:
        return f"stack {self.name}"

    def compare(self) -> list[Change]:
        """What would change, found by reading alone."""
        with told_in_one_line():
            stack = describe(self.aws, self.name)
            if stack is None:
                return between({}, yaml.safe_load(self.text))
            _require_usable(stack)
            template = self.aws.client("cloudformation").get_template(StackName=self.name, TemplateStage="Original")
        body = template["TemplateBody"]
        before = yaml.safe_load(body) if isinstance(body, str) else json.loads(json.dumps(body))
        given = {each["ParameterKey"]: each.get("ParameterValue", "") for each in stack.get("Parameters", [])}
        found = between(before, yaml.safe_load(self.text))
        return found + [
            Change("modify", f"parameter {name}", f"{given[name] or 'empty'} to {value or 'empty'}")
            for name, value in self.parameters.items()
            if name in given and given[name] != value and name not in self.kept
        ]

    def prepare(self) -> list[Change]:
        """What a change set would change; it waits to be applied or discarded."""
        client = self.aws.client("cloudformation")
        with told_in_one_line():
            stack = describe(self.aws, self.name)
            if stack is not None:
                _require_usable(stack)
            self._change_set = client.create_change_set(
                StackName=self.name,
                ChangeSetName=f"publish-{time.time_ns()}",
                ChangeSetType="CREATE" if stack is None else "UPDATE",
                Capabilities=["CAPABILITY_NAMED_IAM"],
                Parameters=self._given(stack),
                Tags=TAGS,
                **(
                    {"TemplateBody": self.text}
                    if len(self.text.encode()) <= LONGEST_BODY
                    else {"TemplateURL": self.url}
                ),
            )["Id"]
            for _ in pauses():
                found = client.describe_change_set(ChangeSetName=self._change_set, StackName=self.name)
                if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
                    break
            if found["Status"] == "CREATE_COMPLETE":
                # CloudFormation lists no changes of outputs, but makes them.
                return of_change_set(list(self._changes(found))) or [Change("modify", "outputs or parameters")]
            self.discard()
        reason = found.get("StatusReason", "")
        if any(words in reason for words in NOTHING):
            return []
        raise PublishError(f"{self.title}: {reason or 'its change set failed'}")

    def apply(self, telling: Telling) -> None:
        """Raises PublishError: the stack's update failed; it is as before then, or, if it was new, to be deleted."""
        client = self.aws.client("cloudformation")
        with told_in_one_line():
            seen = {event["EventId"] for event in self._events()}
            client.execute_change_set(ChangeSetName=self._change_set, StackName=self.name)
            failed: list[str] = []
            for _ in pauses():
                stack = client.describe_stacks(StackName=self.name)["Stacks"][0]
                for event in reversed(self._events()):
                    if event["EventId"] not in seen:
                        seen.add(event["EventId"])
                        failed += _tell(event, telling)
                if not stack["StackStatus"].endswith("_IN_PROGRESS") or stack["StackStatus"].endswith(
                    "COMPLETE_CLEANUP_IN_PROGRESS"
                ):
                    break
        if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"):
            raise PublishError(f"{self.title} is {stack['StackStatus']}: {failed[0] if failed else 'see its events'}")

    def discard(self) -> None:
        """Remove the change set, and the empty stack that one for a new stack makes."""
        client = self.aws.client("cloudformation")
        client.delete_change_set(ChangeSetName=self._change_set, StackName=self.name)
        if describe(self.aws, self.name) is None and self._exists_empty():
            client.delete_stack(StackName=self.name)

    def _exists_empty(self) -> bool:
        try:
            found = self.aws.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        except ClientError:
            return False
        return bool(found) and found[0]["StackStatus"] == "REVIEW_IN_PROGRESS"

    def _given(self, stack: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """What isn't named here stays as it was set, instead of falling back to the template's default."""
        before = {each["ParameterKey"] for each in (stack or {}).get("Parameters", [])}
        declared = yaml.safe_load(self.text).get("Parameters", {})
        given = {name: value for name, value in self.parameters.items() if name not in self.kept & before}
        return [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()] + [
            {"ParameterKey": name, "UsePreviousValue": True}
            for name in declared
            if name in before and name not in given
        ]

    def _changes(self, found: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from found["Changes"]
        while token := found.get("NextToken"):
            found = self.aws.client("cloudformation").describe_change_set(
                ChangeSetName=self._change_set, StackName=self.name, NextToken=token
            )
            yield from found["Changes"]

    def _events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.aws.client("cloudformation").describe_stack_events(StackName=self.name)[
            "StackEvents"
        ]
        return events


def describe(aws: Aws, name: str) -> dict[str, Any] | None:
    """The stack; None if it is absent, deleted, or only a change set without resources."""
    try:
        stack: dict[str, Any] = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else stack


def outputs(aws: Aws, name: str) -> dict[str, str]:
    """Outputs of a stack; empty if it is absent."""
    with told_in_one_line():
        stack = describe(aws, name) or {}
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def _require_usable(stack: Mapping[str, Any]) -> None:
    name, status = stack["StackName"], stack["StackStatus"]
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        raise PublishError(
            f"stack {name} is {status}: it could not be made; see why in its events, then "
            f"`aws cloudformation delete-stack --stack-name {name}`, and publish again"
        )
    if status.endswith("_IN_PROGRESS") and "CLEANUP" not in status:
        raise PublishError(f"stack {name} is {status}; wait until it has ended, then publish again")


def _tell(event: Mapping[str, Any], telling: Telling) -> list[str]:
    status, resource = event["ResourceStatus"], f"{event['ResourceType']} {event['LogicalResourceId']}"
    if status.endswith("FAILED"):
        reason = " ".join(event.get("ResourceStatusReason", "").split())
        telling.line(f"failed   {resource}: {reason}", "bold red")
        return [f"{resource}: {reason}"]
    if status.endswith("COMPLETE"):
        telling.line(f"{status.split('_')[0].lower():8} {resource}")
    else:
        telling.under_way(resource)
    return []
