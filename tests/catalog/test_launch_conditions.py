"""A condition on a key that AWS doesn't send for an action would deny what has to be allowed, or allow too much."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from service_catalog.launch.statements import PROJECTS, SERVICE_CATALOG
from tests.catalog.guardrails_requests import known_keys
from tests.catalog.launch_templates import launch_roles, policies_of

pytestmark = pytest.mark.slow
EVERYWHERE = {"aws:ResourceAccount"}
KEY_OF_A_TAG = re.compile(r"(?<=Tag/).*")


def conditions() -> Iterator[tuple[str, str]]:
    """(action, key) of every statement that allows something under a condition that must hold."""
    for role in (SERVICE_CATALOG, PROJECTS):
        for policy in policies_of(launch_roles(), role):
            for statement in policy["policy"]["Statement"]:
                actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
                tests = statement.get("Condition", {}).items() if statement["Effect"] == "Allow" else []
                keys = [key for operator, values in tests if not operator.endswith("IfExists") for key in values]
                yield from ((action, key) for action in actions for key in keys)


def test_launch_roles_use_only_keys_that_iam_knows_for_the_action() -> None:
    asked = sorted(set(conditions()))
    known = known_keys(sorted({action for action, _ in asked}))
    general = {action: {KEY_OF_A_TAG.sub("", key) for key in keys} for action, keys in known.items()}
    assert len(asked) > 50
    assert [
        each for each in asked if each[1] not in EVERYWHERE and KEY_OF_A_TAG.sub("", each[1]) not in general[each[0]]
    ] == []
