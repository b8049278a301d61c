"""Pipeline parameters and the values a person gives for them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

_EXPECTED = {"String": "text", "Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}


class ParameterError(ValueError):
    """A parameter value that the definition does not accept, and what it would accept."""


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A parameter of a definition; `default` is None for one that must be given, `choices` empty for a free one."""

    name: str
    type: str
    default: Any
    choices: tuple[Any, ...]

    def parse(self, text: str) -> Any:
        """The value written in `text`.

        Raises:
            ParameterError: the text is not of this parameter's type, or not one of its choices.
        """
        value = _parse(self.type, text)
        if value is None:
            raise ParameterError(f"{self.name}={text} is not accepted; expected {_EXPECTED.get(self.type, self.type)}")
        if self.choices and value not in self.choices:
            raise ParameterError(
                f"{self.name}={text} is not accepted; expected one of {', '.join(map(str, self.choices))}"
            )
        return value


def _parse(kind: str, text: str) -> Any:
    try:
        if kind == "Boolean":
            return {"true": True, "false": False}.get(text.lower())
        if kind == "Integer":
            return int(text)
        if kind == "Float":
            number = float(text)
            return number if math.isfinite(number) else None
    except ValueError:
        return None
    return text


def parse_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """Names and texts of `Name=Value` arguments.

    Raises:
        ParameterError: an argument has no `=`, or a name is given twice.
    """
    given: dict[str, str] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise ParameterError(f"{assignment!r} is not accepted; expected Name=Value")
        if name in given:
            raise ParameterError(f"{name} is given twice")
        given[name] = text
    return given


def parse_given(parameters: Mapping[str, Parameter], given: Mapping[str, str]) -> dict[str, Any]:
    """The given texts as values.

    Raises:
        ParameterError: an unknown name, or a value that is not accepted.
    """
    unknown = sorted(given.keys() - parameters.keys())
    if unknown:
        raise ParameterError(f"unknown parameter {unknown[0]!r}; expected one of {', '.join(parameters) or 'none'}")
    return {name: parameters[name].parse(text) for name, text in given.items()}


def resolve_parameters(parameters: Mapping[str, Parameter], given: Mapping[str, str]) -> dict[str, Any]:
    """The value of every parameter: the given text, typed, else its default.

    Raises:
        ParameterError: an unknown name, a value that is not accepted, or no value for a parameter without default.
    """
    values = {name: parameter.default for name, parameter in parameters.items()} | parse_given(parameters, given)
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise ParameterError(f"parameter {missing[0]} has no default; give it as {missing[0]}=VALUE")
    return values
