"""A change in words, as change sets, templates and lists of things tell it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["add", "modify", "replace", "remove"]
MARKS: dict[Action, tuple[str, str]] = {
    "add": ("+", "green"),
    "modify": ("~", "yellow"),
    "replace": ("!", "bold red"),
    "remove": ("-", "red"),
}
STACK_SET, INSTANCES = "AWS::CloudFormation::StackSet", "StackInstancesGroup"
LEFT_OUT = "; accounts that are left out lose its stacks: delete their projects before"
NOT_COMPARED = ("Metadata", "Description", "AWSTemplateFormatVersion")


@dataclass(frozen=True)
class Change:
    """`because` says which properties or values differ; `takes` that a modification loses something elsewhere."""

    action: Action
    what: str
    because: str = ""
    takes: bool = False

    @property
    def loses(self) -> bool:
        """Whether something that exists is gone afterwards."""
        return self.takes or self.action in ("remove", "replace")


def of_change_set(changes: list[dict[str, Any]]) -> list[Change]:
    """Changes that CloudFormation's DescribeChangeSet lists."""
    actions: dict[str, Action] = {"Add": "add", "Remove": "remove", "Modify": "modify"}
    found = []
    for each in (change["ResourceChange"] for change in changes if "ResourceChange" in change):
        action = actions.get(each["Action"], "modify")
        maybe = each.get("Replacement", "False")
        if action == "modify" and maybe in ("True", "Conditional"):
            action = "replace"
        targets = {_target(detail) for detail in each.get("Details", [])} - {""}
        because = ", ".join(sorted(targets)) + (" (perhaps replaced)" if maybe == "Conditional" else "")
        found.append(_told(action, each["ResourceType"], each["LogicalResourceId"], targets, because))
    return found


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Changes that turn a template into another; whether one replaces its resource only AWS knows."""
    found: list[Change] = []
    old, new = before.get("Resources", {}), after.get("Resources", {})
    for name in new:
        kind = f"{new[name]['Type']} {name}"
        if name not in old:
            found.append(Change("add", kind))
        elif old[name]["Type"] != new[name]["Type"]:
            found.append(Change("replace", kind, f"was {old[name]['Type']}"))
        elif differing := _differing(old[name], new[name]):
            found.append(_told("modify", new[name]["Type"], name, differing, ", ".join(differing)))
    found += [Change("remove", f"{old[name]['Type']} {name}") for name in old if name not in new]
    parts = sorted({*before, *after} - {"Resources", *NOT_COMPARED}) if before else []
    found += [Change("modify", part.lower()) for part in parts if before.get(part) != after.get(part)]
    return found


def _told(action: Action, kind: str, name: str, properties: Collection[str], because: str) -> Change:
    """Units that are left out of a stack set lose their stacks, though the stack set itself is only modified."""
    takes = action == "modify" and kind == STACK_SET and INSTANCES in properties
    return Change(action, f"{kind} {name}", because + (LEFT_OUT if takes else ""), takes)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    properties = {*old.get("Properties", {}), *new.get("Properties", {})}
    found = [
        name
        for name in sorted(properties)
        if old.get("Properties", {}).get(name) != new.get("Properties", {}).get(name)
    ]
    others = {*old, *new} - {"Properties", "Metadata"}
    return found + [name for name in sorted(others) if old.get(name) != new.get(name)]


def _target(detail: Mapping[str, Any]) -> str:
    target = detail.get("Target", {})
    return str(target.get("Name") or target.get("Attribute") or "")
