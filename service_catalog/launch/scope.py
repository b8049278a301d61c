"""A scope: on which names and under which conditions needed actions are allowed, and why its wildcards stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from service_catalog.launch.names import BOUNDARY_ARN

Conditions = dict[str, dict[str, Any]]
TAG = "sagemaker:project-name"
TAGGED: Conditions = {"Null": {f"aws:ResourceTag/{TAG}": "false"}}
TAGGED_NOW: Conditions = {"Null": {f"aws:RequestTag/{TAG}": "false"}}
HERE: Conditions = {"StringEquals": {"aws:ResourceAccount": "${AWS::AccountId}"}}
BOUNDED: Conditions = {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY_ARN}}
PREFIX = "the project's name, which comes first, is not known beforehand"
RANDOM = "AWS or CloudFormation makes the name up"
NO_RESOURCE = "the action has no resource to name"


@dataclass(frozen=True)
class Scope:
    """`actions` are patterns over the needed actions; `why` is the reason of the wildcard in `resources`."""

    sid: str
    actions: tuple[str, ...]
    resources: list[str]
    why: str
    conditions: Conditions = field(default_factory=dict)


def of_projects(
    kind: str, resources: list[str], new: tuple[str, ...], own: tuple[str, ...], tag: str = "", note: str = ""
) -> list[Scope]:
    """`new` makes and reads; `own` changes and deletes what carries a project's tag; `tag` comes with a new one.

    Services that take tags with a creation ask for the tagging action too, and say nothing in the request that
    tells a new resource from an old one: the tag asked for in the request is then all that can be asked.
    """
    made = [Scope(f"New{kind}", new, resources, f"{PREFIX}; {note or 'it only makes new ones and reads'}")]
    if tag:
        made.append(Scope(f"TagsOfNew{kind}", (tag,), resources, f"{PREFIX}; only a project's tag", TAGGED_NOW))
        own = (*own, tag)
    return [*made, Scope(f"Own{kind}", own, resources, f"{PREFIX}; only with a project's tag", TAGGED)]
