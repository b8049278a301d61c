"""A change in words, as change sets, templates and lists of things tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["add", "modify", "replace", "remove"]
MARKS: dict[Action, tuple[str, str]] = {
    "add": ("+", "green"),
    "modify": ("~", "yellow"),
    "replace": ("!", "bold red"),
    "remove": ("-", "red"),
}
NOT_COMPARED = ("Metadata", "Description", "AWSTemplateFormatVersion")


@dataclass(frozen=True)
class Change:
    """`because` says which properties or values differ."""

    action: Action
    what: str
    because: str = ""

    @property
    def loses(self) -> bool:
        """Whether something that exists is gone afterwards."""
        return self.action in ("remove", "replace")


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
        found.append(Change(action, f"{each['ResourceType']} {each['LogicalResourceId']}", because))
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
            found.append(Change("modify", kind, ", ".join(differing)))
    found += [Change("remove", f"{old[name]['Type']} {name}") for name in old if name not in new]
    parts = sorted({*before, *after} - {"Resources", *NOT_COMPARED}) if before else []
    found += [Change("modify", part.lower()) for part in parts if before.get(part) != after.get(part)]
    return found


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
