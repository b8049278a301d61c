"""Every answer is checked before cookiecutter sees it, because cookiecutter evaluates answers as Jinja."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from renderer.template import DEFAULT, AnswerError, Template, rules


def validate(answers: Mapping[str, object], template: Template = DEFAULT) -> dict[str, str]:
    """Return `answers`, all of them legal text; raises AnswerError for the first unknown option or illegal answer."""
    return template.check(answers)


def parse(arguments: Iterable[str]) -> dict[str, str]:
    """Read `key=value` arguments and validate them; raises AnswerError, also for an option given twice."""
    answers: dict[str, str] = {}
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if not equals:
            raise AnswerError(f"{rules.shown(argument)}: write an answer as option=value")
        if option in answers:
            raise AnswerError(f"{rules.shown(option)}: given twice; give each option once")
        answers[option] = value
    return validate(answers)
