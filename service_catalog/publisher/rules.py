"""Template constraints: which values of the form a portfolio accepts (Service Catalog, "Template constraint rules").

Rules know no comparison of numbers, so that a budget too is one of a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from service_catalog.answers import ID_PARAMETER, NAME_PARAMETER, answer_fields
from service_catalog.bindings import binding_fields
from service_catalog.fields import Field

UNCONSTRAINED = (NAME_PARAMETER, ID_PARAMETER, "Ci")


def fields(flavour: str) -> dict[str, Field]:
    """What a portfolio may constrain in the template of a flavour, by parameter."""
    found = [*answer_fields(flavour), *binding_fields(flavour)]
    return {field.parameter: field for field in found if field.parameter not in UNCONSTRAINED}


def problem_with(parameter: str, values: Sequence[str], flavours: Sequence[str]) -> str:
    """Why these values can't be all that a portfolio accepts; empty if they can."""
    found = [known[parameter] for flavour in flavours if parameter in (known := fields(flavour))]
    if not found:
        return f"is no parameter to constrain; expected one of {', '.join(fields(flavours[0]))}"
    if not values:
        return "must allow at least one value"
    for field in found:
        for value in values:
            if not _is_legal(value, field):
                told = ", ".join(field.choices) or field.accepted
                return f"{value!r} must be {'one of ' if field.choices else ''}{told}"
    return ""


def rules_of(allowed: Mapping[str, Sequence[str]], flavour: str) -> str:
    """The rules, as JSON, for the template of a flavour; empty if none of the parameters is in it."""
    known = fields(flavour)
    rules = {
        f"{parameter}IsAllowed": {
            "Assertions": [
                {
                    "Assert": {"Fn::Contains": [list(values), {"Ref": parameter}]},
                    "AssertDescription": f"{parameter} must be one of {', '.join(values)}",
                }
            ]
        }
        for parameter, values in allowed.items()
        if parameter in known
    }
    return json.dumps(rules, ensure_ascii=True) if rules else ""


def _is_legal(value: str, field: Field) -> bool:
    if field.choices:
        return value in field.choices
    if field.numeric:
        return re.fullmatch(r"[1-9][0-9]{0,8}", value) is not None
    return re.fullmatch(field.pattern, value) is not None and len(value) <= (field.longest or len(value))
