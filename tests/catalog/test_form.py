"""The form offers every answer as cookiecutter.json has it, and no binding becomes one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from renderer import render
from renderer.template import options, prompts, rules
from service_catalog.answers import answer_fields, answers_from, identity_fields, parameter_of
from service_catalog.bindings import binding_fields
from service_catalog.fields import Field
from tests.catalog.project_stacks import FILLED_IN, FLAVOURS, PROJECT_ID, SLUG, TWO_ACCOUNTS, template
from tests.infrastructure.cfn_templates import Document

TEXT = [name for name, default in options().items() if isinstance(default, str)]
CHOICES = [name for name, default in options().items() if isinstance(default, list) and name != "ci"]
# What both channels take: a project's parameters and their values (SageMaker's API), and Java's and Python's patterns.
MOST_PARAMETERS, LONGEST_VALUE, LONGEST_DESCRIPTION = 180, 4096, 4000


def fields(ci: str) -> list[Field]:
    return [*identity_fields(), *answer_fields(ci), *binding_fields(ci)]


def parameters(ci: str) -> dict[str, Document]:
    found: dict[str, Document] = template(ci)["Parameters"]
    return found


@pytest.mark.parametrize("ci", FLAVOURS)
@pytest.mark.parametrize("option", TEXT)
def test_a_text_answer_is_a_parameter_with_the_rule_s_pattern_and_length(ci: str, option: str) -> None:
    rule, given = rules.TEXT_RULES[option], parameters(ci)[parameter_of(option)]
    assert given["AllowedPattern"] == rule.pattern
    assert given["MaxLength"] == rule.longest
    assert rule.accepted in given["ConstraintDescription"]
    assert given.get("Default") == (None if option == "project_slug" else options()[option])


@pytest.mark.parametrize("ci", FLAVOURS)
@pytest.mark.parametrize("option", CHOICES)
def test_a_choice_is_a_parameter_with_the_same_choices_and_default(ci: str, option: str) -> None:
    given = parameters(ci)[parameter_of(option)]
    assert given["AllowedValues"] == options()[option]
    assert given["Default"] == options()[option][0]
    assert all(prompts()[option][choice] in given["Description"] for choice in options()[option])


@pytest.mark.parametrize("ci", FLAVOURS)
def test_ci_has_one_choice(ci: str) -> None:
    assert parameters(ci)["Ci"]["AllowedValues"] == [ci]
    assert parameters(ci)["Ci"]["Default"] == ci


@pytest.mark.parametrize("ci", FLAVOURS)
def test_sagemaker_s_two_parameters_come_first_and_then_the_answers(ci: str) -> None:
    public = [parameter_of(option) for option in options() if option != "project_slug"]
    names = list(parameters(ci))
    assert names[: 2 + len(public)] == ["SageMakerProjectName", "SageMakerProjectId", *public]
    assert names == [field.parameter for field in fields(ci)]


@pytest.mark.parametrize("ci", FLAVOURS)
def test_a_label_and_a_group_is_shown_for_every_parameter(ci: str) -> None:
    shown = template(ci)["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in shown["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(parameters(ci))
    assert all(shown["ParameterLabels"][name]["default"] for name in parameters(ci))


@pytest.mark.parametrize("ci", FLAVOURS)
def test_what_may_stay_empty_is_marked_optional_for_studio(ci: str) -> None:
    marked = template(ci)["Metadata"]["SagemakerTemplateParameterRules"]
    assert sorted(marked) == sorted(name for name, given in parameters(ci).items() if given.get("Default") == "")


@pytest.mark.parametrize("ci", FLAVOURS)
def test_both_channels_take_the_form(ci: str) -> None:
    assert len(parameters(ci)) <= MOST_PARAMETERS
    for name, given in parameters(ci).items():
        assert len(name) <= 255
        assert len(given["Description"]) <= LONGEST_DESCRIPTION
        assert given.get("MaxLength", 0) <= LONGEST_VALUE
        # Named groups, possessive marks and the like differ between Java and Python.
        assert not re.search(r"\(\?(?![:!=])|[+*?}]\+", given.get("AllowedPattern", "")), name


@pytest.mark.parametrize("ci", FLAVOURS)
def test_a_default_is_accepted(ci: str) -> None:
    for field in fields(ci):
        if field.default is not None and field.pattern:
            assert re.fullmatch(field.pattern, field.default), field.parameter


@pytest.mark.parametrize("ci", FLAVOURS)
def test_the_seed_gets_every_answer_and_no_binding(ci: str) -> None:
    answers = template(ci)["Resources"]["Seed"]["Properties"]["Answers"]
    assert answers == {option: {"Ref": parameter_of(option)} for option in options()}


@pytest.mark.parametrize("ci", FLAVOURS)
def test_no_binding_reaches_a_rendered_file(ci: str, tmp_path: Path) -> None:
    bindings = {field.parameter: f"binding-{number}-of-the-form" for number, field in enumerate(binding_fields(ci))}
    answers = {field.parameter: field.default or SLUG for field in fields(ci)[: -len(bindings)]}
    project = render(answers_from({**answers, **bindings, "SageMakerProjectId": "id-of-the-form"}), tmp_path)
    texts = [path.read_bytes() for path in project.rglob("*") if path.is_file()]
    assert len(texts) > 100
    assert not [text for text in texts if b"-of-the-form" in text]


def test_answers_are_those_of_cookiecutter_and_nothing_else() -> None:
    filled_in = {parameter_of(option): f"{option} as answered" for option in options()}
    given = {**filled_in, "SageMakerProjectId": PROJECT_ID, **FILLED_IN["github"], **TWO_ACCOUNTS}
    given |= filled_in
    assert answers_from(given) == {option: f"{option} as answered" for option in options()}


BINDINGS = {
    "ConnectionArn": (
        [
            "arn:aws:codeconnections:eu-west-1:111122223333:connection/01234567-89ab-cdef-0123-456789abcdef",
            "arn:aws-us-gov:codestar-connections:us-gov-west-1:111122223333:connection/01234567-89ab-cdef-0123-456789abcdef",
        ],
        ["arn:aws:codeconnections:eu-west-1:111122223333:host/name", "connection"],
    ),
    "BuildRepository": (["octo/build", "group/sub-group/build.v2"], ["build", "octo/", "/build", "octo/a b", "a/${b}"]),
    "StagingAccountId": (["", "111122223333"], ["11112222333", "1111-2222-3333"]),
    "StagingKmsKeyArn": (
        ["", "arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"],
        ["arn:aws:kms:eu-west-1:111122223333:alias/x", "01234567-89ab-cdef-0123-456789abcdef"],
    ),
    "StagingStateBucket": (["", "census-income-staging-state-0a1b2c3d4e5f"], ["A", "s3://bucket", "-bucket"]),
    "SubnetIds": (
        ["", "subnet-0a1b2c3d", "subnet-0a1b2c3d,subnet-00112233445566778"],
        ["subnet-x", "subnet-0a1b2c3d,"],
    ),
    "SecurityGroupIds": (["", "sg-0a1b2c3d"], ["sg-", "sg-0a1b2c3d;sg-0a1b2c3e"]),
    "NotificationEmail": (["", "team.ml+alarms@company.example"], ["team", "a@b", "a b@c.example", "x@y.example\n"]),
    "GitLabHost": (["gitlab.com", "git.company.example"], ["https://gitlab.com", "gitlab.com/", "-x"]),
    "DeployRepositorySubject": (
        ["repo:octo@12/deploy@34", "repo:octo/deploy"],
        ["repo:*", "repo:octo/*", "octo/deploy", "repo:octo/deploy:ref:refs/heads/main"],
    ),
    "OidcProviderArn": (
        ["arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"],
        ["", "arn:aws:iam::111122223333:role/x"],
    ),
    "CommitterEmail": (["bot@company.example"], ["", "bot"]),
}


@pytest.mark.parametrize("parameter", BINDINGS)
def test_a_binding_takes_what_is_right_and_refuses_what_is_not(parameter: str) -> None:
    accepted, refused = BINDINGS[parameter]
    declared = {field.parameter: field for ci in FLAVOURS[1:] for field in binding_fields(ci)}
    pattern = declared[parameter].pattern
    assert [value for value in accepted if not re.fullmatch(pattern, value)] == []
    assert [value for value in refused if re.fullmatch(pattern, value)] == []
