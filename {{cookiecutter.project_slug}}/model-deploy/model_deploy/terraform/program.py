"""Runs the terraform program, one stage's working folder at a time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from model_deploy.errors import DeployError, Interrupted, Terminated, UsageError

Diagnostic = dict[str, Any]


class Terraform:
    """Terraform on the module in `folder`, keeping what it downloads and remembers in `data`."""

    def __init__(self, folder: Path, data: Path) -> None:
        self._folder, self._data = folder, data

    def text(self, *arguments: str) -> str:
        """What a command prints.

        Raises:
            DeployError: it failed; what it said, in one line.
        """
        try:
            done = subprocess.run(
                self._command(arguments), capture_output=True, text=True, env=self._environment(), check=False
            )
        except KeyboardInterrupt as error:
            raise Interrupted("terraform was interrupted; nothing was applied") from error
        if done.returncode != 0:
            raise DeployError(f"terraform {arguments[0]}: {first_error(done.stderr or done.stdout)}")
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """What a command prints, as JSON."""
        return json.loads(self.text(*arguments, "-json"))

    def follow(self, tell: Callable[[dict[str, Any]], None], *arguments: str) -> list[Diagnostic]:
        """Run a command with `-json` and tell each of its messages; the errors among them, in order.

        Raises:
            Interrupted: Ctrl-C; terraform has been given time to stop between two resources.
        """
        errors: list[Diagnostic] = []
        plain: list[str] = []
        command = self._command((arguments[0], "-json", *arguments[1:]))
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self._environment()
        ) as process:
            try:
                for message in _messages(process, plain):
                    if message.get("type") == "diagnostic" and message["diagnostic"]["severity"] == "error":
                        errors.append(message["diagnostic"])
                    tell(message)
            except KeyboardInterrupt as error:
                if isinstance(error, Terminated):  # a terminal sends Ctrl-C to terraform by itself
                    process.send_signal(signal.SIGINT)
                process.wait()
                raise Interrupted(
                    f"terraform {arguments[0]} stopped between two resources and saved its state; deploy goes on there"
                ) from error
        if process.returncode != 0 and not errors:
            errors.append({"severity": "error", "summary": first_error("\n".join(plain))})
        return errors

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        program = shutil.which("terraform")
        if program is None:
            raise UsageError("terraform is not on PATH; infrastructure/install-terraform.sh puts it there")
        return [program, f"-chdir={self._folder}", *arguments]

    def _environment(self) -> dict[str, str]:
        automation = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
        return {**os.environ, **automation, "TF_DATA_DIR": str(self._data)}


def first_error(text: str) -> str:
    """The first error of terraform's own output, on one line."""
    lines = [line.strip("╷│╵ \t") for line in text.splitlines()]
    said = [line for line in lines if line]
    start = next((index for index, line in enumerate(said) if line.startswith("Error:")), 0)
    return " ".join(said[start : start + 6])[:600] or "no reason given"


def diagnostic_text(diagnostic: Diagnostic) -> str:
    """An error of terraform as one line."""
    words = f"{diagnostic['summary']} {diagnostic.get('detail', '')}"
    return " ".join(words.split())


def is_about(diagnostic: Diagnostic, resource_type: str) -> bool:
    """Whether an error is of a resource of that type; a condition that doesn't hold is told without its address."""
    address, snippet = diagnostic.get("address") or "", diagnostic.get("snippet") or {}
    context = snippet.get("context") or ""
    return address.startswith(f"{resource_type}.") or context.startswith(f'resource "{resource_type}"')


def _messages(process: subprocess.Popen[str], plain: list[str]) -> Iterator[dict[str, Any]]:
    """Terraform's messages; what it says before it can speak JSON goes to `plain`."""
    for line in process.stdout or ():
        try:
            message = json.loads(line)
        except ValueError:
            plain.append(line)
            continue
        if isinstance(message, dict):
            yield message
