"""Resource schemas of CloudFormation, from the copy cfn-lint ships.

AWS: a resource with an unknown, missing or ill-formed property fails with "Properties validation failed"; "1" is taken
for 1 and "true" for true. Simplified: cross-property rules that AWS keeps out of its schemas are not held.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import regex
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

Schema = dict[str, Any]


def _folder() -> Path:
    found = importlib.util.find_spec("cfnlint")
    assert found is not None and found.origin is not None  # noqa: S101
    return Path(found.origin).parent / "data" / "schemas"


@functools.cache
def _index() -> dict[str, str]:
    names: dict[str, str] = json.loads((_folder() / "providers" / "us-east-1.json").read_text())
    return names


@functools.cache
def schema_of(resource_type: str) -> Schema | None:
    """None for custom resources and types AWS does not have."""
    name = _index().get(resource_type)
    if name is None:
        return None
    found: Schema = json.loads((_folder() / "resources" / f"{name}.json").read_text())
    return found


def create_only(resource_type: str) -> tuple[str, ...]:
    """The top-level properties whose change replaces the resource."""
    paths = (schema_of(resource_type) or {}).get("createOnlyProperties") or []
    return tuple(sorted({path.removeprefix("/properties/").split("/")[0] for path in paths if path.count("/") == 2}))


def _read_only(schema: Schema) -> set[str]:
    written = {path.split("/")[2] for path in schema.get("createOnlyProperties") or []} | set(
        schema.get("required") or []
    )
    paths = [path for path in schema.get("readOnlyProperties") or [] if path.count("/") == 2]
    return {path.split("/")[2] for path in paths} - written


def _matches(pattern: str, text: str) -> bool:
    """True too for a pattern that is none here: the schema is AWS's, not ours to judge."""
    try:
        return bool(regex.search(pattern, text))
    except regex.error:
        return True


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Schema) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _matches(pattern, value):
        yield ValidationError(f"{value!r} does not match pattern {pattern}")


def _pattern_properties(
    validator: Any, patterns: dict[str, Schema], value: Any, _schema: Schema
) -> Iterator[ValidationError]:
    for name, item in value.items() if isinstance(value, dict) else ():
        for pattern, schema in patterns.items():
            if _matches(pattern, name):
                yield from validator.descend(item, schema, path=name)


def _additional_properties(_validator: Any, allowed: Any, value: Any, schema: Schema) -> Iterator[ValidationError]:
    if allowed is not False or not isinstance(value, dict):
        return
    patterns = schema.get("patternProperties", {})
    for name in sorted(set(value) - set(schema.get("properties", {}))):
        if not any(_matches(pattern, name) for pattern in patterns):
            yield ValidationError(f"extraneous key [{name}] is not permitted")


# jsonschema's own take Python's patterns, AWS writes Java's
_KEYWORDS = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
}
_Validator: Any = extend(Draft202012Validator, _KEYWORDS)  # type: ignore[no-untyped-call]


def _types(schema: Schema) -> list[str]:
    given = schema.get("type", [])
    return [given] if isinstance(given, str) else list(given)


def _coerced_scalar(value: Any, types: list[str]) -> Any:
    if isinstance(value, str) and "string" not in types:
        if "boolean" in types and value.lower() in ("true", "false"):
            return value.lower() == "true"
        try:
            return int(value) if "integer" in types else float(value) if "number" in types else value
        except ValueError:
            return value
    if isinstance(value, (bool, int, float)) and types == ["string"]:
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, float) and value.is_integer() and types == ["integer"]:
        return int(value)
    return value


def coerced(value: Any, schema: Schema, root: Schema) -> Any:
    """The value with texts for numbers and truth values turned into those, as CloudFormation does."""
    if reference := schema.get("$ref"):
        return coerced(value, root["definitions"][reference.rpartition("/")[2]], root)
    if isinstance(value, dict):
        members = schema.get("properties", {})
        return {name: coerced(item, members.get(name, {}), root) for name, item in value.items()}
    if isinstance(value, list):
        return [coerced(item, schema.get("items", {}), root) for item in value]
    return _coerced_scalar(value, _types(schema))


def _text(fault: ValidationError) -> str:
    where = "#/" + "/".join(str(part) for part in fault.absolute_path) if fault.absolute_path else "#"
    return f"{where}: {fault.message[:300]}"


def checked(resource_type: str, logical_id: str, properties: dict[str, Any]) -> dict[str, Any]:
    """The properties with CloudFormation's conversions. Raises ValueError as CloudFormation words it."""
    schema = schema_of(resource_type)
    if schema is None:
        return properties
    converted: dict[str, Any] = coerced(properties, schema, schema)
    faults = [
        _text(fault) for fault in sorted(_Validator(schema).iter_errors(converted), key=lambda f: str(f.absolute_path))
    ]
    faults += [f"#: extraneous key [{name}] is not permitted" for name in sorted(_read_only(schema) & set(properties))]
    if faults:
        raise ValueError(
            f"Properties validation failed for resource {logical_id} with message: {'; '.join(faults[:5])}"
        )
    return converted
