"""Expressions in a definition: `Get`, `Std:Join` and `Std:JsonGet`, and the property paths inside them."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any, Protocol

_REFERENCE = re.compile(r"(?P<root>Parameters|Execution|Steps)\.(?P<name>[A-Za-z0-9_-]+)(?P<path>.*)", re.DOTALL)
_SEGMENT = re.compile(
    r"\.?(?P<name>[^.\[\]'\"]+)|\[(?P<index>\d+)\]|\['(?P<single>[^']*)'\]|\[\"(?P<double>[^\"]*)\"\]"
)
_PROPERTY_FILES = ".PropertyFiles."


class ExpressionError(ValueError):
    """An expression that can't be understood, or that asks for something that is not there."""


@dataclasses.dataclass(frozen=True)
class Reference:
    """What a `Get` names: `root` is Parameters, Execution or Steps; `path` leads on from there."""

    root: str
    name: str
    path: str

    @property
    def property_file(self) -> str | None:
        """Name of the step's property file, for a reference to one."""
        return self.path.removeprefix(_PROPERTY_FILES) if self.path.startswith(_PROPERTY_FILES) else None


class Scope(Protocol):
    """Where references lead while a pipeline runs; a method raises ExpressionError for what it doesn't have."""

    def parameter(self, name: str) -> Any: ...

    def execution(self, name: str) -> Any: ...

    def properties(self, step: str) -> Any: ...

    def property_file(self, step: str, name: str) -> Any: ...

    def document(self, uri: str) -> Any: ...


def parse_reference(text: Any) -> Reference:
    """The reference in a `Get`, such as `Steps.Train.ModelArtifacts.S3ModelArtifacts`.

    Raises:
        ExpressionError: the text has another form.
    """
    match = _REFERENCE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ExpressionError(f"{text!r} is no reference; expected Parameters., Execution. or Steps. and a name")
    return Reference(match["root"], match["name"], match["path"])


def segments(path: str) -> list[str | int]:
    """Keys and indices of a path such as `Outputs['train'].S3Output.S3Uri` or `a[0].b`.

    Raises:
        ExpressionError: the path has another form.
    """
    found: list[str | int] = []
    rest = path.removeprefix("$")
    while rest:
        match = _SEGMENT.match(rest)
        if match is None:
            raise ExpressionError(f"{path!r} is no path; expected names, [0] or ['name'] joined by dots")
        name = next(
            text for text in (match["name"], match["single"], match["double"], match["index"]) if text is not None
        )
        found.append(int(name) if match["index"] else name)
        rest = rest[match.end() :]
    return found


def follow(document: Any, path: str, where: str) -> Any:
    """What a path leads to in a document; `where` names the document in complaints.

    Raises:
        ExpressionError: a key or an index on the way is not there.
    """
    for segment in segments(path):
        try:
            document = document[segment]
        except (KeyError, IndexError, TypeError) as error:
            there = ", ".join(sorted(document)) if isinstance(document, dict) else type(document).__name__
            raise ExpressionError(
                f"{where}: nothing at {path.lstrip('.')!r}: no {segment!r} in {there or 'nothing'}"
            ) from error
    return document


def function_of(value: Any) -> str | None:
    """Name of the function that a JSON value calls, or None for plain data."""
    if isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        if name == "Get" or name.startswith("Std:"):
            return str(name)
    return None


def references(value: Any) -> Iterator[Reference]:
    """All references in a JSON value.

    Raises:
        ExpressionError: a function is unknown or a reference has another form.
    """
    function = function_of(value)
    if function == "Get":
        yield parse_reference(value["Get"])
    elif function in (None, "Std:Join", "Std:JsonGet"):
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for child in children:
            yield from references(child)
    else:
        raise ExpressionError(f"unknown function {function!r}; expected Get, Std:Join or Std:JsonGet")


def evaluate(value: Any, scope: Scope) -> Any:
    """A JSON value with every expression replaced by what it stands for.

    Raises:
        ExpressionError: a reference leads nowhere.
    """
    function = function_of(value)
    if function == "Get":
        return _get(parse_reference(value["Get"]), scope)
    if function == "Std:Join":
        join = value["Std:Join"]
        return str(join.get("On", "")).join(as_text(evaluate(part, scope)) for part in join["Values"])
    if function == "Std:JsonGet":
        return _json_get(value["Std:JsonGet"], scope)
    if isinstance(value, dict):
        return {key: evaluate(child, scope) for key, child in value.items()}
    if isinstance(value, list):
        return [evaluate(child, scope) for child in value]
    return value


def as_text(value: Any) -> str:
    """A value as text, the way JSON writes it: `true`, `0.9`, but strings without quotes."""
    return value if isinstance(value, str) else json.dumps(value)


def _get(reference: Reference, scope: Scope) -> Any:
    if reference.root == "Parameters":
        return scope.parameter(reference.name)
    if reference.root == "Execution":
        return scope.execution(reference.name)
    if reference.property_file is not None:
        return scope.property_file(reference.name, reference.property_file)
    return follow(scope.properties(reference.name), reference.path, f"step {reference.name}")


def _json_get(call: dict[str, Any], scope: Scope) -> Any:
    if "PropertyFile" in call:
        reference = parse_reference(call["PropertyFile"]["Get"])
        return follow(
            evaluate(call["PropertyFile"], scope),
            call["Path"],
            f"property file {reference.property_file} of step {reference.name}",
        )
    uri = evaluate(call["S3Uri"], scope)
    return follow(scope.document(uri), call["Path"], uri)
