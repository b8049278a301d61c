"""The page about the launch roles names every wildcard that is in their template, with its reason."""

from __future__ import annotations

from service_catalog.launch.document import PAGE, WHY_IN_ROLES, has_wildcard, page_with, reasons
from service_catalog.launch.statements import PROJECTS, SERVICE_CATALOG
from tests.catalog.launch_templates import launch_roles, policies_of


def wildcards() -> set[str]:
    policies = [each["policy"] for role in (SERVICE_CATALOG, PROJECTS) for each in policies_of(launch_roles(), role)]
    statements = [each for policy in policies for each in policy["Statement"]]
    return {each["Sid"] for each in statements if each["Effect"] == "Allow" and has_wildcard(each)}


def test_table_is_what_the_code_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page_with(text), "python -m service_catalog.launch.document writes it again"


def test_each_wildcard_of_the_template_has_its_row_and_its_reason() -> None:
    rows = {line.split("|")[1].strip() for line in PAGE.read_text(encoding="utf-8").splitlines() if line.count("|") > 4}
    assert rows - {"statement", "---"} == wildcards()
    assert wildcards() <= reasons().keys()
    assert reasons().keys() >= WHY_IN_ROLES.keys()


def test_no_action_of_a_launch_role_is_a_wildcard() -> None:
    for role in (SERVICE_CATALOG, PROJECTS):
        statements = [each for policy in policies_of(launch_roles(), role) for each in policy["policy"]["Statement"]]
        allowed = [each["Action"] for each in statements if each["Effect"] == "Allow"]
        actions = [action for given in allowed for action in ([given] if isinstance(given, str) else given)]
        assert len(actions) > 150
        assert [action for action in actions if "*" in action] == []
