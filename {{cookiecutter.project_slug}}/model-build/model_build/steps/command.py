"""What every step shares as a program: its options, its exit codes, its one-line errors."""

from __future__ import annotations

import argparse
import json
import math
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from model_build.analysis.errors import DataError
from model_build.settings import SettingsError

FAILED, BAD_USAGE = 1, 2


class StepError(Exception):
    """A step can't go on; its text is the line a person reads, `exit_code` what the process returns."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Parser(argparse.ArgumentParser):
    """Options of a step; a wrong one is answered with one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_USAGE, f"{self.prog}: {message}; see python -m model_build.steps.{self.prog} --help\n")

    def folder(self, option: str, purpose: str, default: str | None = None) -> None:
        """A folder option: required without a default."""
        self.add_argument(option, type=Path, required=default is None, default=default, metavar="DIR", help=purpose)


def step_parser(name: str, documentation: str | None) -> Parser:
    """Parser of step `name`, described by its module's docstring."""
    return Parser(prog=name, description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)


def finite_float(text: str) -> float:
    """A number from the command line; `nan` and `inf` are refused."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r}; expected a finite number")
    return value


def run(main: Callable[[], None], name: str) -> NoReturn:
    """Run a step and end the process: 0 done, 1 a check failed or the data can't be used, 2 bad usage."""
    warnings.simplefilter("ignore")
    try:
        main()
    except (StepError, DataError, SettingsError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(error.exit_code if isinstance(error, StepError) else FAILED)
    except OSError as error:
        print(f"{name}: {error.strerror or error}: {error.filename}", file=sys.stderr)
        sys.exit(FAILED)
    sys.exit(0)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` as JSON that other languages can read: no NaN, no infinity."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="\n")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        StepError: the file does not exist or holds no JSON object.
    """
    if not path.is_file():
        raise StepError(f"{path} does not exist; expected the output of an earlier step", BAD_USAGE)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StepError(f"{path}: {error}; expected JSON") from error
    if not isinstance(content, dict):
        raise StepError(f"{path}: expected a JSON object")
    return content
