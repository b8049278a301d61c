"""Every legal answer gives AWS names that AWS takes, by AWS's own service models."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from botocore.loaders import Loader
from hypothesis import given, settings
from hypothesis import strategies as st

from local_extensions import DERIVED_NAMES, LONGEST_BINDINGS, TEXT_RULES, DerivedName, length_budget

UNICODE_CLASSES = {
    r"\p{L}": "A-Za-zÀ-ÖØ-öø-ÿ",
    r"\p{M}": "",
    r"\p{Z}": " ",
    r"\p{N}": "0-9",
    r"\p{P}": r"_\-.,:@()%?",
    r"\p{S}": "+=",
}
BUCKET = r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
STACK = r"[a-zA-Z][a-zA-Z0-9-]{0,127}"
PARAMETER = r"/(?!(?i:aws|ssm))[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+){0,14}"
USER_GUIDES = {
    "bucket": BUCKET,
    "data bucket of a Terraform stage": BUCKET,
    "function": r"[a-zA-Z0-9_-]{1,64}",
    "queue of a stage": r"[a-zA-Z0-9_-]{1,80}",
    "stack": STACK,
    "stack of a stage": STACK,
    "stack of an account": STACK,
    "topic": r"[A-Za-z0-9_-]{1,256}",
    "parameter": PARAMETER,
    "parameter of a stage": PARAMETER,
    "topic's display name": r"(?!\s).{1,100}",
}


@cache
def shapes_of(service: str) -> dict[str, Any]:
    shapes: dict[str, Any] = Loader().load_service_model(service, "service-2")["shapes"]
    return shapes


@cache
def shape_of(source: str) -> dict[str, Any] | None:
    service, _, shape = source.partition(":")
    if not shape or " " in source:
        return None
    found: dict[str, Any] = shapes_of(service)[shape]
    return found


@cache
def pattern_of(derived: DerivedName) -> str:
    shape = shape_of(derived.source)
    if shape is None:
        return USER_GUIDES[derived.kind]
    pattern = str(shape.get("pattern", ".*"))
    for escape, characters in UNICODE_CLASSES.items():
        pattern = pattern.replace(escape, characters)
    return pattern.replace("(?i).*<script>", ".*<script>")


def legal(option: str) -> st.SearchStrategy[str]:
    rule = TEXT_RULES[option]
    return st.from_regex(rule.pattern, fullmatch=True).filter(rule.allows)


IDENTIFIERS = st.from_regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", fullmatch=True).filter(lambda text: len(text) <= 20)
BINDINGS = st.fixed_dictionaries(
    {
        "project_id": st.just(LONGEST_BINDINGS["project_id"]) | IDENTIFIERS,
        "account_id": st.from_regex("[0-9]{12}", fullmatch=True),
        "region": st.sampled_from(["us-east-1", "ap-southeast-1", "us-gov-east-1"]),
        "stage": st.sampled_from(["staging", "production"]),
    }
)
LONGEST_ANSWERS = {option: st.just("a" * TEXT_RULES[option].longest) for option in TEXT_RULES}
ANSWERS = st.fixed_dictionaries({option: legal(option) | LONGEST_ANSWERS[option] for option in TEXT_RULES})


@settings(max_examples=150, deadline=None)
@given(answers=ANSWERS, bindings=BINDINGS)
def test_every_name_derived_from_legal_answers_is_legal_in_aws(
    answers: dict[str, str], bindings: dict[str, str]
) -> None:
    for derived in DERIVED_NAMES:
        name = derived.name(**answers, **bindings)
        assert len(name) <= derived.limit, (derived.kind, name)
        assert re.fullmatch(pattern_of(derived), name), (derived.kind, name)


@pytest.mark.parametrize("derived", DERIVED_NAMES, ids=lambda derived: f"{derived.kind}-{derived.template}")
def test_the_ledgers_limit_is_that_of_awss_service_model(derived: DerivedName) -> None:
    shape = shape_of(derived.source)
    if shape is None:
        assert derived.kind in USER_GUIDES
    else:
        assert derived.limit <= shape.get("max", derived.limit)


def test_the_budget_is_spent_by_the_tightest_name() -> None:
    for option, rule in TEXT_RULES.items():
        assert rule.longest == length_budget(option)
        answers = {**dict.fromkeys(TEXT_RULES, ""), **LONGEST_BINDINGS, option: "a" * (rule.longest + 1)}
        assert any(len(derived.name(**answers)) > derived.limit for derived in DERIVED_NAMES)


def test_sagemakers_longest_project_name_fits() -> None:
    assert length_budget("project_slug") == 32
