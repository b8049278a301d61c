"""The fields for answers, generated from cookiecutter.json and its rules: what decides a project's bytes."""

from __future__ import annotations

from collections.abc import Mapping

from renderer.template import options, prompts, rules
from service_catalog.fields import Field

PROJECT, MODEL, DELIVERY = "Your project", "The model", "How it is delivered"
_GROUPS = {"problem_type": MODEL, "inference": MODEL, "ci": DELIVERY, "infrastructure": DELIVERY, "accounts": DELIVERY}
NAME_PARAMETER = "SageMakerProjectName"
ID_PARAMETER = "SageMakerProjectId"
ID_PATTERN = "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,19}"


def parameter_of(option: str) -> str:
    """`problem_type` becomes `ProblemType`; SageMaker's own name of a project is the answer `project_slug`."""
    if option == "project_slug":
        return NAME_PARAMETER
    return "".join(word.capitalize() for word in option.split("_"))


def identity_fields() -> list[Field]:
    """The two that SageMaker fills in itself where a project is created in Studio (developer guide)."""
    rule = rules.TEXT_RULES["project_slug"]
    return [
        Field(NAME_PARAMETER, "Name of the project", PROJECT, rule.accepted, rule.pattern, rule.longest),
        Field(
            ID_PARAMETER,
            "Id of the project, given by SageMaker",
            PROJECT,
            "up to 20 letters and digits, with hyphens between them",
            ID_PATTERN,
            20,
        ),
    ]


def answer_fields(ci: str) -> list[Field]:
    """One field for each public option but the slug, in cookiecutter.json's order; `ci` is the only choice of that."""
    return [_field(option, default, ci) for option, default in options().items() if option != "project_slug"]


def _field(option: str, default: object, ci: str) -> Field:
    question = prompts()[option]
    group = _GROUPS.get(option, PROJECT)
    if isinstance(default, list):
        choices = (ci,) if option == "ci" else tuple(default)
        told = "; ".join(f"{choice}: {question[choice]}" for choice in choices)
        label = question["__prompt__"]
        return Field(parameter_of(option), label, group, told, choices=choices, default=choices[0])
    rule = rules.TEXT_RULES[option]
    return Field(
        parameter_of(option), str(question), group, rule.accepted, rule.pattern, rule.longest, (), str(default)
    )


def answers_from(parameters: Mapping[str, str]) -> dict[str, str]:
    """The answers that a filled-in form gives: every public option, none of the bindings."""
    return {option: parameters[parameter_of(option)] for option in options()}
