"""Change sets: what CloudFormation would do, held until it is executed or thrown away."""

from __future__ import annotations

import dataclasses
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from model_deploy.aws import code_of
from model_deploy.cloudformation.stack import NEVER_CREATED, find_stack
from model_deploy.errors import AwsError, UsageError
from model_deploy.infrastructure import Action, Change, plain_kind, plain_name
from model_deploy.values import Values, parameter_text

MOST_TEMPLATE_BYTES = 51_200
LONGEST_PAUSE = 5.0
NO_CHANGES = re.compile(r"didn't contain changes|No updates are to be performed", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class ChangeSet:
    """A change set that waits; `parameters` tell whether it still fits when the foundation's outputs are known."""

    stack: str
    id: str
    creates: bool
    parameters: dict[str, str]


def pauses() -> Iterator[float]:
    """Seconds between two looks: short at first, so that small changes end soon."""
    pause = 0.2
    while True:
        yield pause
        pause = min(pause * 1.5, LONGEST_PAUSE)


def template_parameters(client: Any, template: str, values: Values, file: str) -> dict[str, str]:
    """Those of the values that the template declares, as text.

    Raises:
        UsageError: the template asks for something that is no deployment value, or is too long for CloudFormation.
    """
    if len(template.encode()) > MOST_TEMPLATE_BYTES:
        raise UsageError(f"{file} has more than the {MOST_TEMPLATE_BYTES} bytes that CloudFormation takes; shorten it")
    declared = client.get_template_summary(TemplateBody=template)["Parameters"]
    for parameter in declared:
        if parameter["ParameterKey"] not in values and "DefaultValue" not in parameter:
            raise UsageError(f"{file}: parameter {parameter['ParameterKey']} is no deployment value; see `values`")
    names = [parameter["ParameterKey"] for parameter in declared if parameter["ParameterKey"] in values]
    return {name: parameter_text(values[name]) for name in names}


def create(
    client: Any, stack: str, creates: bool, template: str, parameters: dict[str, str], tags: Mapping[str, str]
) -> tuple[ChangeSet, tuple[Change, ...]] | None:
    """A change set and what it holds; None where nothing would change. No template means the stack's own.

    Raises:
        AwsError: CloudFormation refuses the template or its values.
    """
    name = f"deploy-{uuid.uuid4().hex}"
    made = client.create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType="CREATE" if creates else "UPDATE",
        **({"TemplateBody": template} if template else {"UsePreviousTemplate": True}),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())],
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Tags=[{"Key": key, "Value": value} for key, value in sorted(tags.items())],
    )
    change_set = ChangeSet(stack, made["Id"], creates, parameters)
    try:
        described = _wait(client, change_set)
        changes = tuple(_changes(client, change_set, described))
    except BaseException:
        discard(client, change_set)
        raise
    if described["Status"] == "FAILED":
        discard(client, change_set)
        if not NO_CHANGES.search(described.get("StatusReason", "")):
            raise AwsError(f"{stack}: {' '.join(described.get('StatusReason', 'no reason given').split())}")
        return None
    if not changes and not creates:
        discard(client, change_set)
        return None
    return change_set, changes


def execute(client: Any, change_set: ChangeSet) -> None:
    """Begin to carry out a change set.

    Raises:
        AwsError: the stack has changed since the change set was made.
    """
    from botocore.exceptions import ClientError

    try:
        client.execute_change_set(ChangeSetName=change_set.id, StackName=change_set.stack)
    except ClientError as error:
        if code_of(error) in ("InvalidChangeSetStatus", "ChangeSetNotFound", "InvalidChangeSetStatusException"):
            raise AwsError(
                f"{change_set.stack}: somebody has changed the stack since this plan was made; plan again"
            ) from error
        raise


def discard(client: Any, change_set: ChangeSet) -> None:
    """Throw a change set away, and with it the empty stack that came into being for it, unless others wait there."""
    client.delete_change_set(ChangeSetName=change_set.id, StackName=change_set.stack)
    if not change_set.creates or client.list_change_sets(StackName=change_set.stack)["Summaries"]:
        return
    stack = find_stack(client, change_set.stack)
    if stack and stack.status in NEVER_CREATED:
        client.delete_stack(StackName=stack.id)


def _wait(client: Any, change_set: ChangeSet) -> dict[str, Any]:
    for pause in pauses():
        described: dict[str, Any] = client.describe_change_set(ChangeSetName=change_set.id, StackName=change_set.stack)
        if described["Status"] in ("CREATE_COMPLETE", "FAILED"):
            return described
        time.sleep(pause)
    raise AssertionError("pauses never end")


def _changes(client: Any, change_set: ChangeSet, described: dict[str, Any]) -> Iterator[Change]:
    while True:
        for change in described.get("Changes", []):
            yield _change(change["ResourceChange"])
        if not described.get("NextToken"):
            return
        described = client.describe_change_set(
            ChangeSetName=change_set.id, StackName=change_set.stack, NextToken=described["NextToken"]
        )


def _change(found: dict[str, Any]) -> Change:
    targets = (detail.get("Target", {}) for detail in found.get("Details", []))
    because = {target.get("Name") or target.get("Attribute", "") for target in targets}
    return Change(
        action=_action(found),
        kind=plain_kind(found["ResourceType"]),
        name=plain_name(found.get("PhysicalResourceId") or found["LogicalResourceId"]),
        because=tuple(sorted(because - {""})),
    )


def _action(found: dict[str, Any]) -> Action:
    if found["Action"] == "Modify":
        replaced: dict[str, Action] = {"True": "replace", "Conditional": "may replace"}
        return replaced.get(found.get("Replacement", ""), "update")
    actions: dict[str, Action] = {"Add": "create", "Remove": "remove", "Import": "create"}
    return actions.get(found["Action"], "may replace")


def read_template(root: Path, part: str) -> tuple[str, str]:
    """A part's template and its name.

    Raises:
        UsageError: it isn't there.
    """
    file = f"infrastructure/{part}.yaml"
    try:
        return (root / file).read_text(encoding="utf-8"), file
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}") from error
