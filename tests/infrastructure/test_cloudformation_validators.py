"""cfn-lint, cloudformation-validate with our guard rules and checkov find nothing that is not explained."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

SUPPRESSIONS = tomllib.loads((Path(__file__).parent / "suppressions.toml").read_text(encoding="utf-8"))
Findings = list[dict[str, str]]

pytestmark = pytest.mark.slow


def is_explained(found: dict[str, str]) -> bool:
    explained = SUPPRESSIONS.get(f"{found['tool']} {found['rule']}", {})
    return f"{found['template']}:{found['resource']}" in explained or "*" in explained


def test_every_finding_is_explained(findings: Findings) -> None:
    unexplained = [" ".join(found.values()) for found in findings if not is_explained(found)]
    assert not unexplained, "\n".join(unexplained)


def test_every_explanation_explains_something(findings: Findings) -> None:
    found = {(f"{each['tool']} {each['rule']}", f"{each['template']}:{each['resource']}") for each in findings}
    idle = [
        f"{rule}: {place}"
        for rule, places in SUPPRESSIONS.items()
        for place in places
        if (rule, place) not in found and not (place == "*" and any(name == rule for name, _ in found))
    ]
    assert idle == []


def test_every_explanation_says_why() -> None:
    short = [rule for rule, places in SUPPRESSIONS.items() for reason in places.values() if len(reason) < 20]
    assert short == []
