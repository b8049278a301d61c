"""The `sagemaker-mlops` command: reads arguments, asks questions, says what happened."""

from __future__ import annotations

import logging
import shlex
import sys
from pathlib import Path
from typing import NoReturn

import click

from renderer.answers import parse
from renderer.interrupts import Stopped, stopping_as_exception
from renderer.rendering import RenderError, TargetExistsError, refuse_existing, render
from renderer.template import AnswerError, options, version

_EXAMPLES = f"""Options to answer: {", ".join(options())}.

\b
Examples:
  sagemaker-mlops new
  sagemaker-mlops new --no-input
  sagemaker-mlops new -o ~/projects project_name="Customer Churn" ci=github
"""


def _give_up(line: str, code: int) -> NoReturn:
    click.echo(f"sagemaker-mlops: {line}", err=True)
    sys.exit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(), "-V", "--version", prog_name="sagemaker-mlops")
def commands() -> None:
    """Machine-learning projects for Amazon SageMaker that run on a laptop first."""


@commands.command(epilog=_EXAMPLES, short_help="Stamp out a project.")
@click.option(
    "-o",
    "--output-dir",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder to put the project's folder in; made if it isn't there.  [default: here]",
)
@click.option("--no-input", is_flag=True, help="Ask nothing: take the default of what isn't given.")
@click.argument("answers", nargs=-1, metavar="[OPTION=VALUE]...")
def new(output_dir: Path, no_input: bool, answers: tuple[str, ...]) -> None:
    """Stamp out a project.

    Asks for every option that isn't given, checks the answers, renders the template, and puts the project into
    OUTPUT_DIR/<project_slug> when it is whole. Nothing is ever written over; a failure leaves nothing behind.
    """
    given = parse(answers)
    if output_dir.exists() and not output_dir.is_dir():
        raise TargetExistsError(f"{output_dir} is a file: give a folder as --output-dir")
    target = render(given if no_input else _ask(given, output_dir), output_dir)
    count = sum(path.is_file() for path in target.rglob("*"))
    click.echo(f"{click.style('Made', fg='green', bold=True)} {output_dir / target.name} ({count} files). Next:\n")
    click.echo(f"  cd {shlex.quote(str(output_dir / target.name / 'model-build'))}")
    click.echo("  make help    # what there is to do")
    click.echo("  make run     # train, test and register a model on this machine")


def _ask(given: dict[str, str], output_dir: Path) -> dict[str, str]:
    from renderer.ask import ask

    def check(option: str, answer: str) -> None:
        if option == "project_slug":
            refuse_existing(output_dir / answer)

    try:
        return ask(given, check, lambda line: click.secho(f"  {line}", fg="red", err=True))
    except EOFError:
        raise AnswerError("the input ended before the last question: give option=value or --no-input") from None


def main() -> None:
    """Run the command; every refusal (exit code 2) and failure (1) is one line on stderr."""
    logging.getLogger("cookiecutter").addHandler(logging.NullHandler())
    try:
        with stopping_as_exception():
            commands(prog_name="sagemaker-mlops")
    except (AnswerError, TargetExistsError) as error:
        _give_up(str(error), 2)
    except RenderError as error:
        _give_up(f"nothing was made: {error}", 1)
    except Stopped as stopped:
        _give_up("stopped; nothing was left behind", 128 + stopped.signal_number)
