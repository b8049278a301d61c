"""Tables of deploy.toml into dataclasses: every setting there, none unknown, each of its type."""

from __future__ import annotations

import dataclasses
import math
import re
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from model_deploy.errors import SettingsError

ONLY_FOR = "only_for"


def only_for(*inference: str) -> Any:
    """A field that is there for these ways of inference, and for no others."""
    return dataclasses.field(default=None, metadata={ONLY_FOR: inference})


def build(cls: type[Any], table: dict[str, Any], where: str, inference: str = "") -> Any:
    """`cls` from a table that has exactly the settings which `cls` has for this way of inference.

    Raises:
        SettingsError: a setting is missing, unknown or of the wrong type.
    """
    hints = get_type_hints(cls)
    limits = {field.name: field.metadata.get(ONLY_FOR, (inference,)) for field in dataclasses.fields(cls)}
    expected = [name for name in limits if inference in limits[name]]
    unknown, missing = sorted(table.keys() - set(expected)), [name for name in expected if name not in table]
    if unknown or missing:
        complaint = f"unknown setting {unknown[0]!r}" if unknown else f"setting {missing[0]!r} is missing"
        reason = f" with project.inference = {inference!r}" if unknown and unknown[0] in limits else ""
        raise SettingsError(f"deploy.toml: {complaint} in [{where}]{reason}; expected {', '.join(expected)}")
    return cls(**{name: read_value(hints[name], table[name], f"{where}.{name}", inference) for name in expected})


def read_value(hint: Any, value: Any, where: str, inference: str = "") -> Any:
    """`value` as the type says.

    Raises:
        SettingsError: it is of another type.
    """
    if isinstance(hint, UnionType):
        hint = next(member for member in get_args(hint) if member is not NoneType)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return build(hint, read_table(value, where), where, inference)
    if get_origin(hint) is Literal:
        require(value in get_args(hint), where, value, f"one of {', '.join(get_args(hint))}")
        return value
    if get_origin(hint) is dict:
        for name, member in read_table(value, where).items():
            require(isinstance(member, str), f"{where}.{name}", member, "text in quotes")
        return value
    if hint is float and type(value) is int:
        value = float(value)
    words = {str: "text in quotes", bool: "true or false", int: "a whole number", float: "a number"}[hint]
    require(type(value) is hint and (hint is not float or math.isfinite(value)), where, value, words)
    require(hint is not str or not re.search(r"[\x00-\x1f\x7f]", value), where, value, "text on one line")
    return value


def read_table(value: Any, where: str) -> dict[str, Any]:
    """`value`, which is a table.

    Raises:
        SettingsError: it is not.
    """
    require(isinstance(value, dict), where, value, f"a table [{where}]")
    table: dict[str, Any] = value
    return table


def require(holds: object, setting: str, value: object, expected: str) -> None:
    """Refuse a setting unless it `holds`.

    Raises:
        SettingsError: names the setting, its value and what would be accepted.
    """
    if not holds:
        raise SettingsError(f"deploy.toml: {setting} = {value!r}; expected {expected}")
