"""Render checked answers with cookiecutter; all of the project appears at its place, or nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from renderer.answers import validate
from renderer.staging import staging_folder
from renderer.template import DEFAULT, Template


class TargetExistsError(FileExistsError):
    """One line: the project's folder exists, and nothing is ever written over."""


class RenderError(RuntimeError):
    """One line: what went wrong while rendering; nothing was left behind."""


def refuse_existing(target: Path) -> None:
    """Raises TargetExistsError if anything, a dangling link included, has the name `target`."""
    if os.path.lexists(target):
        raise TargetExistsError(f"{target} exists: choose another project_slug or output folder, or move it away")


def _complete(answers: dict[str, str], template: Template) -> dict[str, Any]:
    """Cookiecutter's context for `answers`, with the defaults of the others and none of the user's configuration."""
    from cookiecutter.generate import generate_context
    from cookiecutter.prompt import prompt_for_config

    context: dict[str, Any] = generate_context(str(template.folder / "cookiecutter.json"), extra_context=answers)
    context["cookiecutter"].update(prompt_for_config(context, no_input=True))
    return context


def _place(project: Path, target: Path) -> None:
    refuse_existing(target)
    try:
        project.rename(target)
    except OSError:
        refuse_existing(target)
        raise


def render(answers: Mapping[str, object], output_dir: Path | str = ".", template: Template = DEFAULT) -> Path:
    """Stamp out a project from `template`; returns its folder, `output_dir`/<project_slug>.

    Not for several threads at once: cookiecutter changes the working directory. Raises AnswerError, TargetExistsError,
    or RenderError with the failure of the template or the disk as its cause.
    """
    checked = validate(answers, template)
    output_dir = Path(output_dir).absolute()

    from cookiecutter.generate import generate_files

    try:
        with template.rules_importable():
            context = _complete(checked, template)
            target = output_dir / str(context["cookiecutter"]["project_slug"])
            refuse_existing(target)
            with staging_folder(output_dir) as folder:
                clean = template.clean(folder / "template")
                project = Path(generate_files(str(clean), context, folder / "rendered"))
                _place(project, target)
    except TargetExistsError:
        raise
    except Exception as error:  # a template can raise anything
        raise RenderError(_in_one_line(error)) from error
    return target


def _in_one_line(error: Exception) -> str:
    """For a syntax error with file and line, for an error that isn't cookiecutter's or the disk's with its type."""
    from cookiecutter.exceptions import CookiecutterException, UndefinedVariableInTemplate
    from jinja2 import TemplateError, TemplateSyntaxError

    if isinstance(error, TemplateSyntaxError):
        said = f"{error.name}, line {error.lineno}: {error.message}"
    elif isinstance(error, UndefinedVariableInTemplate):
        said = f"{error.message}: {error.error}"
    elif isinstance(error, CookiecutterException | TemplateError | OSError):
        said = str(error)
    else:
        said = f"{type(error).__name__}: {error}"
    return " ".join(said.split())
