"""Nothing from the form gets past its checks: no rendering, no request to a git host, one line for the stack."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from local_extensions import TEXT_RULES
from renderer.template import options
from service_catalog.answers import ID_PATTERN
from service_catalog.seeder.function import handler
from service_catalog.seeder.function.properties import PATH, PROJECT_ID, SLUG, Connected, read
from service_catalog.seeder.function.refusals import RefusedError
from tests.catalog.seeder.seeding import CONNECTION_ARN, Surroundings, form, properties

NASTY = [
    "{{ 7*7 }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "{# #}",
    "$(reboot)",
    "`id`",
    "; rm -rf /",
    "| cat",
    "&& true",
    "../../../etc/passwd",
    "..",
    "/etc/passwd",
    "a/../b",
    "a\x00b",
    "a\nb",
    "a\r\nSet-Cookie: x",
    "-oProxyCommand=x",
    "--upload-pack=x",
    "https://example.test/x",
    "ext::sh -c x",
    "user:password@host/x",
    "a b\u2028c",
    "\u202egnirts",
    "Ⓐ",
    "٣",
    "x" * 5000,
    "'\"\\",
    "%2e%2e/%2f",
    "#{x}",
    "${AWS::AccountId}",
    " leading",
    "trailing ",
    "trailing\n",
]
FIELDS = [
    *(("Answers", option) for option in options()),
    ("ProjectId",),
    ("TemplateVersion",),
    ("Bundle", "Key"),
    ("Bundle", "Sha256"),
    ("Repositories", "model-build", "CodeCommit"),
    ("Repositories", "model-deploy", "CodeCommit"),
    ("Repositories", "model-build", "ConnectionArn"),
    ("Repositories", "model-build", "Path"),
    ("Repositories", "model-deploy", "Path"),
]
WRONG_TYPES = st.one_of(st.none(), st.integers(), st.lists(st.text(max_size=3), max_size=2), st.just({"Ref": "x"}))
PARTS = st.sampled_from([*NASTY, "a", "census-income", "p-1", "0.1.0", "OWNER/NAME", ""])
VALUES = st.one_of(
    st.sampled_from(NASTY),
    st.tuples(PARTS, st.sampled_from(NASTY), PARTS).map("".join),
    st.text(min_size=1, max_size=40).filter(lambda text: not text.isascii() or not text.isprintable()),
    WRONG_TYPES,
)


def with_field(place: tuple[str, ...], value: object, connected: bool) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(properties(form(), connected))
    inside = made
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return made


def legal(place: tuple[str, ...], value: object) -> bool:
    """Some of these texts are good descriptions."""
    if place[0] != "Answers" or not isinstance(value, str):
        return False
    rule = TEXT_RULES.get(place[1])
    return rule.allows(value) if rule else value in options()[place[1]]


@settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(place=st.sampled_from(FIELDS), value=VALUES, connected=st.booleans())
def test_no_hostile_value_gets_past_validation(
    surroundings: Surroundings, place: tuple[str, ...], value: object, connected: bool
) -> None:
    assume(not legal(place, value))
    reached: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("render", "first_commit", "Repository", "Builds"):
            patch.setattr(handler, name, lambda *_, name=name: reached.append(name))
        told = surroundings.seed("Create", with_field(place, value, connected))
    assert reached == []
    assert told["Status"] == "FAILED"
    assert told["Reason"].isprintable() and len(told["Reason"]) <= 1000
    assert not told["Reason"].startswith(("KeyError", "TypeError", "AttributeError", "ValueError")), told["Reason"]
    assert surroundings.git.requests == []
    assert told["PhysicalResourceId"].replace("-", "").isalnum()


@pytest.mark.parametrize("missing", ["Answers", "Bundle", "Repositories", "ProjectId", "TemplateVersion"])
def test_every_property_is_needed(missing: str) -> None:
    given = properties(form())
    del given[missing]
    with pytest.raises(RefusedError, match=missing):
        read(given)


@pytest.mark.parametrize(
    "more",
    [
        {"Repositories": {**properties(form())["Repositories"], "third": {"CodeCommit": "x"}}},
        {"Repositories": {"model-build": {"CodeCommit": "census-income-model-build"}}},
        {"Repositories": {name: {"CodeCommit": ""} for name in ("model-build", "model-deploy")}},
        {
            "Repositories": {
                name: {"CodeCommit": f"census-income-{name}", "ConnectionArn": CONNECTION_ARN, "Path": "a/b"}
                for name in ("model-build", "model-deploy")
            }
        },
        {"Repositories": {name: {"CodeCommit": "others-model-build"} for name in ("model-build", "model-deploy")}},
    ],
    ids=["third", "one", "none", "both", "of-others"],
)
def test_other_shapes_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        read({**properties(form()), **more})


def test_what_the_stack_sends_is_read() -> None:
    seed = read(properties(form(), connected=True))
    assert seed.repositories["model-build"] == Connected(CONNECTION_ARN, "team/census-income-model-build")
    assert re.fullmatch("seed-census-income-p-abcdefghijkl-[0-9a-f]{8}", seed.physical_id)


@given(st.from_regex(TEXT_RULES["project_slug"].pattern, fullmatch=True).filter(TEXT_RULES["project_slug"].allows))
def test_every_legal_slug_is_one_here(slug: str) -> None:
    assert re.fullmatch(SLUG, slug)


def test_the_projects_id_is_the_forms_own_pattern() -> None:
    assert PROJECT_ID.replace("?:", "") == ID_PATTERN


def test_the_form_asks_for_the_very_paths_that_are_taken_here() -> None:
    from service_catalog.bindings import binding_fields

    asked = {field.parameter: field.pattern for field in binding_fields("github")}
    assert (asked["BuildRepository"], asked["DeployRepository"]) == (PATH, PATH)


@pytest.mark.parametrize("path", ["a", "a/", "/a", "a//b", ".a/b", "a/..", "a/b..c", "a/-b", "a/b\n", "a/" + "b/" * 10])
def test_other_paths_are_not(path: str) -> None:
    assert not re.fullmatch(PATH, path)


@pytest.mark.parametrize("path", ["OWNER/NAME", "group/sub.group/name_1", "a/b-c", "_x/y.z"])
def test_usual_paths_of_repositories_are_taken(path: str) -> None:
    assert re.fullmatch(PATH, path)
