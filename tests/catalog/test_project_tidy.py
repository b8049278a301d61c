"""A tidied template means what it meant, whatever the parameters are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service_catalog.tidy import tidied
from tests.infrastructure.cfn_templates import Document, Resolver

PARAMETERS = ("One", "Two")
VALUES = st.sampled_from(["", "yes", "no"])
TEXTS = st.one_of(VALUES, st.sampled_from([{"Ref": name} for name in PARAMETERS]))
EQUALS = st.tuples(TEXTS, TEXTS).map(lambda pair: {"Fn::Equals": list(pair)})
NAMES = ("A", "B", "C", "D")
MAPPINGS = {"Stages": {"yes": {"Name": "first"}, "no": {"Name": "second"}, "": {"Name": "none"}}}


class Everything(Resolver):
    """Resolves what the composed templates use."""

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Or":
            return any(self.of(each) for each in argument)
        if name == "FindInMap":
            mapping, first, second = (self.of(each) for each in argument)
            return self.template["Mappings"][mapping][first][second]
        return super()._function(name, argument)


def expressions(earlier: tuple[str, ...]) -> st.SearchStrategy[Document]:
    base = st.one_of(EQUALS, *([st.sampled_from(earlier).map(lambda name: {"Condition": name})] if earlier else []))
    return st.recursive(
        base,
        lambda inner: st.one_of(
            inner.map(lambda each: {"Fn::Not": [each]}),
            st.lists(inner, min_size=2, max_size=3).map(lambda each: {"Fn::And": each}),
            st.lists(inner, min_size=2, max_size=3).map(lambda each: {"Fn::Or": each}),
        ),
        max_leaves=4,
    )


SUBSTITUTIONS = st.one_of(
    st.just({"Fn::Sub": "${One} of ${Two} in ${AWS::Region}"}),
    TEXTS.map(lambda value: {"Fn::Sub": ["a-${Own}-${One}", {"Own": value}]}),
    TEXTS.map(lambda value: {"Fn::Sub": ["${Own}", {"Own": {"Fn::Sub": ["x${Inner}", {"Inner": value}]}}]}),
    TEXTS.map(lambda value: {"Fn::Sub": ["${Own}", {"Own": {"Fn::Join": ["-", [value, "z"]]}}]}),
)
LOOKUPS = TEXTS.map(lambda key: {"Fn::FindInMap": ["Stages", key, "Name"]})
BODIES = st.recursive(
    st.one_of(TEXTS, SUBSTITUTIONS, LOOKUPS, st.just({"Ref": "AWS::NoValue"}), st.just(7)),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(NAMES), inner, inner).map(lambda each: {"Fn::If": list(each)}),
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["Key", "Value"]), inner, max_size=2),
    ),
    max_leaves=8,
)


@st.composite
def templates(draw: st.DrawFn) -> Document:
    conditions = {name: draw(expressions(NAMES[:number])) for number, name in enumerate(NAMES)}
    resources: Document = {}
    for name in ("First", "Second"):
        resources[name] = {"Type": "AWS::Some::Thing", "Properties": {"Body": draw(BODIES)}}
        if condition := draw(st.sampled_from(["", *NAMES])):
            resources[name]["Condition"] = condition
    return {
        "Parameters": {name: {"Type": "String", "Default": ""} for name in PARAMETERS},
        "Mappings": MAPPINGS,
        "Conditions": conditions,
        "Resources": resources,
    }


def meaning(template: Document, values: dict[str, str]) -> Document:
    found = Everything(template, values).resources()
    return {name: {key: value for key, value in each.items() if key != "Condition"} for name, each in found.items()}


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(template=templates())
def test_resources_and_their_properties_stay_the_same(template: Document) -> None:
    made = tidied(template)
    for one in ("", "yes", "no"):
        for two in ("", "yes"):
            values = {"One": one, "Two": two}
            assert meaning({"Mappings": {}, "Conditions": {}, **made}, values) == meaning(template, values)


@settings(max_examples=30, deadline=None)
@given(template=templates())
def test_tidying_twice_changes_nothing_more(template: Document) -> None:
    once = tidied(template)
    assert tidied(once) == once


def test_decided_equal_and_unread_parts_are_gone() -> None:
    same = {"Fn::Equals": [{"Ref": "One"}, "yes"]}
    made = tidied(
        {
            "Parameters": {"One": {"Type": "String"}},
            "Mappings": MAPPINGS,
            "Conditions": {"Never": {"Fn::Equals": ["", "x"]}, "Is": same, "IsToo": same, "Not": {"Fn::Not": [same]}},
            "Resources": {
                "Gone": {"Type": "T", "Condition": "Never"},
                "Kept": {
                    "Type": "T",
                    "Condition": "IsToo",
                    "Properties": {
                        "Name": {"Fn::Sub": ["${Slug}-a", {"Slug": {"Ref": "One"}}]},
                        "Stage": {"Fn::FindInMap": ["Stages", "no", "Name"]},
                        "Choice": {"Fn::If": ["Not", "unreachable", {"Fn::If": ["Is", {"Ref": "AWS::NoValue"}, "b"]}]},
                    },
                },
            },
        }
    )
    assert made["Conditions"] == {"Is": same, "Not": {"Fn::Not": [same]}}
    assert "Mappings" not in made
    kept = {"Name": {"Fn::Sub": "${One}-a"}, "Stage": "second"}
    assert made["Resources"] == {"Kept": {"Type": "T", "Condition": "Is", "Properties": kept}}
