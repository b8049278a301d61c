"""Cookiecutter's questions, asked again until the answer is one that the rules allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from renderer.template import DEFAULT, AnswerError, options, prompts, rules


def ask(given: Mapping[str, str], check: Callable[[str, str], None], complain: Callable[[str], None]) -> dict[str, str]:
    """Answers to all options: the `given` ones, and for each other one what the user types (Enter takes the default).

    `check(option, answer)` may refuse by an error besides the rules; `complain` is handed the line to show.
    Raises EOFError if the input ends.
    """
    from cookiecutter.utils import create_env_with_context

    known = options()
    with DEFAULT.rules_importable():
        environment = create_env_with_context({"cookiecutter": {"_extensions": ["local_extensions.AnswerFilters"]}})
    answers: dict[str, str] = {}
    for number, (option, default) in enumerate(known.items(), 1):
        prefix = f"  [dim][{number}/{len(known)}][/] "
        while option not in answers:
            answer = given[option] if option in given else _read(option, default, answers, environment, prefix)
            try:
                rules.check_answer(option, answer, known)
                check(option, answer)
            except (AnswerError, FileExistsError) as error:
                if option in given:
                    raise
                complain(str(error))
            else:
                answers[option] = answer
    return answers


def _read(option: str, default: Any, answers: dict[str, str], environment: Any, prefix: str) -> str:
    from cookiecutter.prompt import read_user_choice, read_user_variable, render_variable

    if isinstance(default, list):
        return str(read_user_choice(option, default, prompts(), prefix))
    return str(read_user_variable(option, render_variable(environment, default, answers), prompts(), prefix))
