"""A pipeline definition (schema 2020-12-01): its parts, typed, and refused at load where this runner can't follow."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from model_build.local.durations import parse_duration
from model_build.local.parameters import Parameter

VERSION = "2020-12-01"
JOB_TYPES = ("Processing", "Training")
STEP_TYPES = (*JOB_TYPES, "Condition", "RegisterModel", "Fail")


class DefinitionError(ValueError):
    """A definition that can't be run: which step, and what would be accepted."""


@dataclasses.dataclass(frozen=True)
class PropertyFile:
    """A JSON file in a job's output that expressions may read."""

    output: str
    path: str


@dataclasses.dataclass(frozen=True)
class Branch:
    """Where a step stands inside a condition: it runs only if the condition's outcome is `outcome`."""

    condition: str
    outcome: bool


@dataclasses.dataclass(frozen=True)
class Step:
    """One step; `arguments` still hold expressions. `cache_expiry` is None for a step without an enabled cache."""

    name: str
    type: str
    arguments: Mapping[str, Any]
    depends_on: tuple[str, ...]
    property_files: Mapping[str, PropertyFile]
    cache_expiry: timedelta | None
    branch: Branch | None

    @property
    def is_job(self) -> bool:
        return self.type in JOB_TYPES

    @property
    def expressions(self) -> Any:
        """The part of the arguments that the step itself evaluates; a condition leaves its branches alone."""
        return self.arguments["Conditions"] if self.type == "Condition" else self.arguments


@dataclasses.dataclass(frozen=True)
class Definition:
    """Parameters and steps by name, in the order they were written, steps of branches after their condition."""

    parameters: Mapping[str, Parameter]
    steps: Mapping[str, Step]


def load_definition(path: Path) -> Definition:
    """The definition in a JSON file.

    Raises:
        DefinitionError: the file is missing, is no JSON or holds what this runner can't run.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DefinitionError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise DefinitionError(f"{path}: {error}") from error
    return parse_definition(document)


def parse_definition(document: Any) -> Definition:
    """The definition in a parsed JSON document.

    Raises:
        DefinitionError: another schema version, a part is missing, a name is used twice, or a step's type is unknown.
    """
    if not isinstance(document, dict) or document.get("Version") != VERSION:
        found = document.get("Version") if isinstance(document, dict) else type(document).__name__
        raise DefinitionError(f"definition version is {found!r}; expected {VERSION!r}")
    parameters: dict[str, Parameter] = {}
    for entry in document.get("Parameters", []):
        parameter = Parameter(
            entry["Name"], entry["Type"], entry.get("DefaultValue"), tuple(entry.get("EnumValues", ()))
        )
        parameters[parameter.name] = parameter
    steps: dict[str, Step] = {}
    for step in _steps(document.get("Steps", []), None):
        if step.name in steps:
            raise DefinitionError(f"step {step.name!r} is defined twice")
        steps[step.name] = step
    if not steps:
        raise DefinitionError("the definition has no steps")
    return Definition(parameters, steps)


def _steps(documents: list[dict[str, Any]], branch: Branch | None) -> Iterator[Step]:
    for document in documents:
        step = _step(document, branch)
        yield step
        if step.type == "Condition":
            yield from _steps(step.arguments.get("IfSteps") or [], Branch(step.name, True))
            yield from _steps(step.arguments.get("ElseSteps") or [], Branch(step.name, False))


def _step(document: dict[str, Any], branch: Branch | None) -> Step:
    name, kind = document.get("Name"), document.get("Type")
    if not isinstance(name, str):
        raise DefinitionError(f"a step of type {kind!r} has no name")
    if kind not in STEP_TYPES:
        raise DefinitionError(
            f"step {name!r} is of type {kind!r}, which does not run on a laptop; supported are {', '.join(STEP_TYPES)}"
        )
    arguments = document.get("Arguments")
    if not isinstance(arguments, dict) or (kind == "Condition" and not isinstance(arguments.get("Conditions"), list)):
        raise DefinitionError(f"step {name!r} has no {'Conditions' if kind == 'Condition' else 'Arguments'}")
    files = {
        entry["PropertyFileName"]: PropertyFile(entry["OutputName"], entry["FilePath"])
        for entry in document.get("PropertyFiles") or []
    }
    depends_on = tuple(_upstream(name, entry) for entry in document.get("DependsOn") or [])
    return Step(name, kind, arguments, depends_on, files, _cache_expiry(name, document.get("CacheConfig")), branch)


def _upstream(step: str, entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    raise DefinitionError(f"step {step!r} depends on {entry!r}; a laptop run knows step names only, no run conditions")


def _cache_expiry(step: str, config: Mapping[str, Any] | None) -> timedelta | None:
    if not config or not config.get("Enabled"):
        return None
    try:
        return parse_duration(config["ExpireAfter"]) if "ExpireAfter" in config else timedelta.max
    except ValueError as error:
        raise DefinitionError(f"step {step!r}: CacheConfig.ExpireAfter {error}") from error
