from __future__ import annotations

from typing import Any

import pytest
from local_pipelines import (
    Laptop,
    compare,
    condition,
    definition,
    fail,
    get,
    json_get,
    output_of,
    parameter,
    processing,
)

from model_build.local.definition import DefinitionError, load_definition, parse_definition
from model_build.local.graph import Graph
from model_build.local.parameters import ParameterError, parse_assignments, resolve_parameters


def graph(*steps: dict[str, Any]) -> Graph:
    return Graph(parse_definition(definition(*steps)))


def test_steps_wait_for_what_they_refer_to_and_for_what_they_depend_on() -> None:
    made = graph(processing("B", inputs={"in": output_of("A")}), processing("A"), processing("C", depends_on=["B"]))
    assert made.upstream == {"A": set(), "B": {"A"}, "C": {"B"}}
    assert made.descendants("A") == {"B", "C"}


def test_a_condition_waits_for_its_values_and_its_branches_wait_for_it() -> None:
    gate = condition(
        "Gate",
        compare(json_get("A", "Report", "x"), "Equals", 1),
        then=[processing("Then", inputs={"in": output_of("B")})],
        otherwise=[fail("Else", json_get("A", "Report", "message"))],
    )
    made = graph(processing("A"), processing("B"), gate)
    assert made.upstream["Gate"] == {"A"}
    assert made.upstream["Then"] == {"Gate", "B"}
    assert made.upstream["Else"] == {"Gate", "A"}


def test_jobs_that_may_overlap_share_the_processor() -> None:
    made = graph(processing("A"), processing("B", depends_on=["A"]), processing("C", depends_on=["A"]))
    assert [made.together(name) for name in "ABC"] == [1, 2, 2]


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        definition(processing("A", depends_on=["B"]), processing("B", depends_on=["A"])),
        "wait for each other in a circle",
    ),
    (definition(processing("A", inputs={"in": output_of("A")})), "circle: A -> A"),
    (definition(processing("A", depends_on=["Nowhere"])), "step 'A' waits for step 'Nowhere', which does not exist"),
    (definition(processing("A", inputs={"in": output_of("B")})), "waits for step 'B'"),
    (
        definition(processing("A", arguments=[get("Parameters.P")])),
        "step 'A': unknown parameter 'P'; expected one of none",
    ),
    (definition(processing("A", arguments=[get("Execution.Who")])), "unknown variable 'Execution.Who'"),
    (definition(processing("A", arguments=[{"Std:Upper": "a"}])), "unknown function 'Std:Upper'"),
    (
        definition(
            processing("A"), condition("G", compare(json_get("A", "Repotr", "x"), "Equals", 1), then=[], otherwise=[])
        ),
        "step 'G': step A has no property file 'Repotr'; it has Report",
    ),
    (definition(condition("G", {"Type": "Like"}, then=[], otherwise=[])), "step 'G': unknown condition type 'Like'"),
    (definition(processing("A"), processing("A")), "step 'A' is defined twice"),
    (definition(), "no steps"),
    (
        definition(processing("A"), {"Name": "Tune", "Type": "Tuning", "Arguments": {}}),
        "step 'Tune' is of type 'Tuning', which does not run on a laptop; supported are Processing, Training",
    ),
    (
        definition(condition("G", then=[{"Name": "Score", "Type": "Transform", "Arguments": {}}], otherwise=[])),
        "step 'Score' is of type 'Transform'",
    ),
    (
        definition({**processing("A"), "DependsOn": [{"Step": "B", "Trigger": "Failed"}]}),
        "knows step names only, no run conditions",
    ),
    (
        definition(processing("A", cache="a while")),
        "step 'A': CacheConfig.ExpireAfter 'a while' is no ISO 8601 duration",
    ),
    ({"Version": "2019-01-01", "Steps": []}, "definition version is '2019-01-01'; expected '2020-12-01'"),
]


@pytest.mark.parametrize(("document", "complaint"), REFUSED)
def test_a_definition_that_cannot_run_is_refused_before_anything_starts(
    document: dict[str, Any], complaint: str, laptop: Laptop
) -> None:
    with pytest.raises(DefinitionError) as raised:
        laptop.run(document)
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not laptop.workspace.root.exists()


def test_a_missing_or_broken_file_is_named(tmp_path: Any) -> None:
    with pytest.raises(DefinitionError, match=r"none\.json: No such file"):
        load_definition(tmp_path / "none.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(DefinitionError, match=r"broken\.json: Expecting"):
        load_definition(tmp_path / "broken.json")


PARAMETERS = parse_definition(
    definition(
        processing("A"),
        parameters=[
            parameter("Text", "String", "a"),
            parameter("Choice", "String", "x", ["x", "y"]),
            parameter("Count", "Integer", 1),
            parameter("Share", "Float", 0.5),
            parameter("Flag", "Boolean", True),
        ],
    )
).parameters


def test_parameters_take_the_type_of_the_definition() -> None:
    given = {"Text": "1", "Choice": "y", "Count": "7", "Share": "1e-3", "Flag": "false"}
    expected = {"Text": "1", "Choice": "y", "Count": 7, "Share": 0.001, "Flag": False}
    assert resolve_parameters(PARAMETERS, given) == expected
    assert resolve_parameters(PARAMETERS, {})["Share"] == 0.5


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"Choice": "z"}, "Choice=z is not accepted; expected one of x, y"),
        ({"Count": "1.5"}, "Count=1.5 is not accepted; expected a whole number"),
        ({"Share": "much"}, "Share=much is not accepted; expected a number"),
        ({"Share": "nan"}, "Share=nan is not accepted; expected a number"),
        ({"Flag": "1"}, "Flag=1 is not accepted; expected true or false"),
        ({"Shares": "1"}, "unknown parameter 'Shares'; expected one of Text, Choice, Count, Share, Flag"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_one_line(given: dict[str, str], complaint: str) -> None:
    with pytest.raises(ParameterError) as raised:
        resolve_parameters(PARAMETERS, given)
    assert str(raised.value) == complaint


def test_a_parameter_without_default_must_be_given() -> None:
    needed = parse_definition(definition(processing("A"), parameters=[parameter("Who", "String")])).parameters
    with pytest.raises(ParameterError, match="parameter Who has no default"):
        resolve_parameters(needed, {})


@pytest.mark.parametrize("assignments", [["Name"], ["=1"], ["A=1", "A=2"]])
def test_assignments_of_another_form_are_refused(assignments: list[str]) -> None:
    with pytest.raises(ParameterError):
        parse_assignments(assignments)
    assert parse_assignments(["A=b=c", "D="]) == {"A": "b=c", "D": ""}
