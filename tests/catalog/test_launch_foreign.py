"""The launch roles don't touch what other teams called alike; where a tag could be set first, it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from service_catalog.launch.statements import PROJECTS, SERVICE_CATALOG
from tests.catalog.launch_foreign import Foreign, act, foreign, tagging
from tests.catalog.launch_simulator import Request, simulator
from tests.catalog.launch_templates import launch_roles, policies_of
from tests.infrastructure.cfn_templates import ACCOUNT

pytestmark = pytest.mark.slow
ROLES = (SERVICE_CATALOG, PROJECTS)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "launch-role.md"
# One call both makes and changes.
UPSERTS = {("alarm", "cloudwatch:PutMetricAlarm"), ("rule", "events:PutRule")}
# A tag that comes with a new one looks like a tag for one that is there.
TAGGED_FIRST = {"alarm", "binding", "image", "key", "log group", "pipeline", "queue", "repository", "rule", "topic"}


def allowed(role: str, requests: list[Request]) -> list[bool]:
    results = simulator().results(requests, f"arn:aws:iam::{ACCOUNT}:role/{role}", policies_of(launch_roles(), role))
    assert set(results) <= {"Allowed", "ImplicitlyDenied", "ExplicitlyDenied"}
    return [got == "Allowed" for got in results]


def acts() -> list[tuple[Foreign, str]]:
    return [(thing, action) for thing in foreign() for action in thing.actions]


@pytest.mark.parametrize("role", ROLES)
def test_what_is_called_alike_is_left_alone(role: str) -> None:
    asked = acts()
    assert len(asked) > 200
    got = allowed(role, [act(thing, action, tagged=False) for thing, action in asked])
    assert {(thing.name, action) for (thing, action), yes in zip(asked, got, strict=True) if yes} == UPSERTS


@pytest.mark.parametrize("role", ROLES)
def test_roles_policies_and_buckets_are_left_alone_whatever_their_tags(role: str) -> None:
    asked = [(thing, action) for thing, action in acts() if thing.name in ("role", "policy", "bucket")]
    got = allowed(role, [act(thing, action, tagged=True) for thing, action in asked])
    assert [one for one, yes in zip(asked, got, strict=True) if yes] == []


@pytest.mark.parametrize("role", ROLES)
def test_what_could_be_tagged_first_is_known_and_told(role: str) -> None:
    things = [(thing, request) for thing in foreign() if (request := tagging(thing))]
    tagged = allowed(role, [request for _, request in things])
    open_to_tags = [thing for (thing, _), yes in zip(things, tagged, strict=True) if yes]
    chains = [(thing, action) for thing in open_to_tags for action in thing.actions]
    got = allowed(role, [act(thing, action, tagged=True) for thing, action in chains])
    assert {thing.name for (thing, _), yes in zip(chains, got, strict=True) if yes} == TAGGED_FIRST
    (line,) = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("Tagged first: ")]
    assert set(line.removeprefix("Tagged first: ").removesuffix(".").split(", ")) == TAGGED_FIRST


def test_who_holds_the_role_itself_deletes_no_code_and_no_image() -> None:
    things = [thing for thing in foreign() if thing.name in ("repository", "image")]
    asked = [
        act(thing, action, tagged=True) for thing in things for action in thing.actions if "DeleteRepository" in action
    ]
    deletes = [each for each in asked if each.action.endswith(":DeleteRepository")]
    assert len(deletes) == 3
    assert allowed(PROJECTS, deletes) == [False] * 3
    assert allowed(SERVICE_CATALOG, deletes) == [True] * 3
