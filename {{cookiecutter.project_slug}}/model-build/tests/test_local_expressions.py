from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_pipelines import compare, get, join, json_get

from model_build.local.conditions import check_condition, holds
from model_build.local.expressions import ExpressionError, evaluate, follow, parse_reference, references

NAMES = st.text("abcXYZ09_-", min_size=1, max_size=8)
KEYS = st.text(st.characters(codec="utf-8", exclude_characters="'\""), min_size=1, max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=8,
)


class World:
    """A scope with one parameter of each kind, one step and one document."""

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def parameter(self, name: str) -> Any:
        return self.value

    def execution(self, name: str) -> Any:
        return f"the {name}"

    def properties(self, step: str) -> Any:
        return self.value

    def property_file(self, step: str, name: str) -> Any:
        return self.value

    def document(self, uri: str) -> Any:
        return {"uri": uri}


@given(PLAIN)
def test_plain_json_evaluates_to_itself(value: Any) -> None:
    assert evaluate(value, World()) == value
    assert list(references(value)) == []


@given(st.lists(st.text(max_size=5), max_size=5), st.text(max_size=3))
def test_join_is_that_of_strings(values: list[str], separator: str) -> None:
    assert evaluate(join(*values, on=separator), World()) == separator.join(values)


@given(st.lists(KEYS | st.integers(0, 3), min_size=1, max_size=5), PLAIN)
def test_a_path_finds_what_was_put_there(keys: list[str | int], leaf: Any) -> None:
    document, path = leaf, ""
    for key in reversed(keys):
        document = {key: document} if isinstance(key, str) else [None] * key + [document]
    for key in keys:
        path += f"['{key}']" if isinstance(key, str) else f"[{key}]"
    assert follow(document, path, "here") == leaf


@given(NAMES, NAMES)
def test_references_are_found_however_deep(step: str, parameter: str) -> None:
    value = {"a": [join("x", get(f"Steps.{step}.A.B[0]"))], "b": {"c": get(f"Parameters.{parameter}")}}
    assert {(found.root, found.name) for found in references(value)} == {("Steps", step), ("Parameters", parameter)}


@given(st.text(max_size=12))
def test_other_text_is_no_reference(text: str) -> None:
    with pytest.raises(ExpressionError, match="no reference"):
        parse_reference(f"Stages.{text}")


def test_join_writes_numbers_and_booleans_as_json_does() -> None:
    assert evaluate(join(0.9, True, 3, get("Parameters.P"), on=","), World(0.5)) == "0.9,true,3,0.5"


def test_json_get_reads_property_files_and_documents() -> None:
    assert evaluate(json_get("Evaluate", "Report", "metrics.auc[1]"), World({"metrics": {"auc": [1, 2]}})) == 2
    call = {"Std:JsonGet": {"S3Uri": join("s3:/", "b", "k"), "Path": "uri"}}
    assert evaluate(call, World()) == "s3://b/k"


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (json_get("A", "Report", "gate.valeu"), "property file Report of step A: nothing at 'gate.valeu'"),
        (get("Steps.A.ModelArtefacts.S3"), "step A: nothing at 'ModelArtefacts.S3': no 'ModelArtefacts' in gate"),
        (json_get("A", "Report", "gate[["), "is no path"),
    ],
)
def test_what_is_not_there_is_named(value: Any, complaint: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        evaluate(value, World({"gate": {"value": 1}}))
    assert complaint in str(raised.value)


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(ExpressionError, match="unknown function 'Std:Split'"):
        list(references({"Std:Split": {}}))


CASES: list[tuple[Any, bool]] = [
    (compare(1, "Equals", 1.0), True),
    (compare("1", "Equals", 1), False),
    (compare(True, "Equals", 1), False),
    (compare("a", "NotEquals", "b"), True),
    (compare(0.91, "GreaterThan", 0.9), True),
    (compare(0.9, "GreaterThan", 0.9), False),
    (compare(0.9, "GreaterThanOrEqualTo", 0.9), True),
    (compare(1, "LessThan", 2), True),
    (compare(2, "LessThanOrEqualTo", 1.5), False),
    ({"Type": "In", "QueryValue": "a", "Values": ["a", "b"]}, True),
    ({"Type": "In", "Value": "c", "In": ["a", "b"]}, False),
    ({"Type": "NotIn", "Value": "c", "In": ["a", "b"]}, True),
    ({"Type": "Not", "Condition": compare(1, "Equals", 2)}, True),
    ({"Type": "Not", "Expression": compare(1, "Equals", 1)}, False),
    ({"Type": "Or", "Conditions": [compare(1, "Equals", 2), compare(2, "Equals", 2)]}, True),
    ({"Type": "Or", "Conditions": []}, False),
]


@pytest.mark.parametrize(("condition", "expected"), CASES)
def test_conditions_of_every_type(condition: Any, expected: bool) -> None:
    check_condition(condition)
    assert holds(condition, World()) is expected


def test_values_of_different_kinds_have_no_order() -> None:
    with pytest.raises(ExpressionError, match="cannot compare high with 0.9"):
        holds(compare("high", "GreaterThan", 0.9), World())


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        ({"Type": "Matches"}, "unknown condition type 'Matches'"),
        ({"Type": "Not", "Condition": {"Type": "Xor"}}, "unknown condition type 'Xor'"),
        ({"Type": "Equals", "LeftValue": 1}, "no 'RightValue'"),
        ({"Type": "In", "QueryValue": 1}, "no 'Values'"),
    ],
)
def test_conditions_that_cannot_be_decided_are_refused(condition: Any, complaint: str) -> None:
    with pytest.raises(ExpressionError, match=complaint):
        check_condition(condition)
