"""Simplifies a synthesized template without changing what it means, since people review it.

What was composed from templates of its own carries conditions that are decided, mappings with one entry that is ever
read, and substitutions of one parameter's name for another's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOTHING: dict[str, Any] = {"Ref": "AWS::NoValue"}
_VARIABLE = re.compile(r"\$\{([^!][^}]*)\}")


def tidied(template: Mapping[str, Any]) -> dict[str, Any]:
    """The same template, in fewer words."""
    made = _Plain(template.get("Mappings", {})).of(dict(template))
    conditions = _Conditions(made.get("Conditions", {}))
    made["Conditions"] = conditions.left
    for section in ("Resources", "Outputs"):
        if section in made:
            made[section] = conditions.left_of(made[section])
    return _without_unused(made)


def _without_unused(template: dict[str, Any]) -> dict[str, Any]:
    read = set(_mappings_read(template["Resources"]))
    mappings = {name: value for name, value in template.get("Mappings", {}).items() if name in read}
    return {
        key: mappings if key == "Mappings" else value
        for key, value in template.items()
        if key not in ("Mappings", "Conditions") or (mappings if key == "Mappings" else value)
    }


def _mappings_read(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for each in value for name in _mappings_read(each)]
    if not isinstance(value, dict):
        return []
    found = [str(value["Fn::FindInMap"][0])] if "Fn::FindInMap" in value else []
    return found + [name for each in value.values() for name in _mappings_read(each)]


@dataclass(frozen=True)
class _Plain:
    """Looks up constant keys of mappings and writes substitutions in one string where that is possible."""

    mappings: Mapping[str, Any]

    def of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.of(each) for each in value]
        if not isinstance(value, dict):
            return value
        made = {key: self.of(each) for key, each in value.items()}
        if len(made) != 1:
            return made
        if "Fn::FindInMap" in made:
            return self._found(made)
        if "Fn::Sub" in made:
            return _substituted(made["Fn::Sub"])
        if isinstance(made.get("Fn::GetAtt"), str):
            return {"Fn::GetAtt": made["Fn::GetAtt"].split(".", 1)}
        return made

    def _found(self, value: dict[str, Any]) -> Any:
        keys = value["Fn::FindInMap"]
        if not all(isinstance(key, str) for key in keys):
            return value
        name, first, second = keys
        return self.mappings[name][first][second]


def _substituted(body: Any) -> Any:
    text, variables = (body, {}) if isinstance(body, str) else body
    left: dict[str, Any] = {}

    def written(found: re.Match[str]) -> str:
        name = found.group(1)
        value = variables.get(name)
        if isinstance(value, str):
            return value.replace("${", "${!")
        if isinstance(value, dict) and isinstance(value.get("Ref"), str):
            return f"${{{value['Ref']}}}"
        if isinstance(value, dict) and isinstance(value.get("Fn::Sub"), str):
            return str(value["Fn::Sub"])
        if name in variables:
            left[name] = value
        return found.group(0)

    made = _VARIABLE.sub(written, text)
    if left:
        return {"Fn::Sub": [made, left]}
    return {"Fn::Sub": made} if "${" in made else made


class _Conditions:
    """Conditions that are decided, that say the same as another, and that are left."""

    def __init__(self, declared: Mapping[str, Any]) -> None:
        self._decided: dict[str, bool] = {}
        self._same: dict[str, str] = {}
        self.left: dict[str, Any] = {}
        for name, expression in declared.items():
            made = self._expression(expression)
            same = next((other for other, known in self.left.items() if known == made), None)
            if isinstance(made, bool):
                self._decided[name] = made
            elif isinstance(made, dict) and made.keys() == {"Condition"}:
                self._same[name] = made["Condition"]
            elif same:
                self._same[name] = same
            else:
                self.left[name] = made

    def of(self, name: str | None) -> str | bool | None:
        """What a condition has become: another's name, a decision, or None where there is none."""
        if name is None:
            return None
        found = self._decided.get(name, self._same.get(name, name))
        return None if found is True else found

    def left_of(self, section: Mapping[str, Any]) -> dict[str, Any]:
        """Resources or outputs whose condition isn't decided to be false."""
        return {
            name: self._conditional(each, condition)
            for name, each in section.items()
            if (condition := self.of(each.get("Condition"))) is not False
        }

    def _conditional(self, each: Mapping[str, Any], condition: str | bool | None) -> dict[str, Any]:
        body = {key: value for key, value in each.items() if key != "Condition"}
        if not isinstance(condition, str):
            return dict(self.applied(body, {}))
        kind = {"Type": body.pop("Type")} if "Type" in body else {}
        return {**kind, "Condition": condition, **self.applied(body, self._knowing({}, condition, True))}

    def _knowing(self, known: Mapping[str, bool], name: str, holds: bool) -> dict[str, bool]:
        opposite = _negated(self.left[name])
        others = {other: not holds for other, expression in self.left.items() if expression == opposite}
        return {**known, **others, name: holds}

    def _expression(self, value: Any) -> Any:
        if not isinstance(value, dict) or len(value) != 1:
            return value
        ((function, body),) = value.items()
        if function == "Condition":
            found = self._decided.get(body, self._same.get(body, body))
            return found if isinstance(found, bool) else {"Condition": found}
        if function == "Fn::Equals":
            return body[0] == body[1] if all(isinstance(each, str) for each in body) else value
        parts = [self._expression(each) for each in body] if function in ("Fn::Not", "Fn::And", "Fn::Or") else []
        if function == "Fn::Not":
            return _negated(parts[0])
        return _combined(function, parts) if parts else value

    def applied(self, value: Any, known: Mapping[str, bool]) -> Any:
        """`value` without choices that are decided, by themselves or by what is `known` where it stands."""
        if isinstance(value, list):
            return [made for each in value if (made := self.applied(each, known)) != NOTHING]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"Fn::If"}:
            condition, yes, no = value["Fn::If"]
            return self._choice(condition, yes, no, known)
        made = {key: self.applied(each, known) for key, each in value.items()}
        return {key: each for key, each in made.items() if each != NOTHING}

    def _choice(self, condition: str, yes: Any, no: Any, known: Mapping[str, bool]) -> Any:
        name = self._same.get(condition, condition)
        decided = self._decided.get(name, known.get(name))
        if decided is not None:
            return self.applied(yes if decided else no, known)
        branches = [self._branch(each, self._knowing(known, name, holds)) for each, holds in ((yes, True), (no, False))]
        return branches[0] if branches[0] == branches[1] else {"Fn::If": [name, *branches]}

    def _branch(self, value: Any, known: Mapping[str, bool]) -> Any:
        return value if value == NOTHING else self.applied(value, known)


def _negated(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, dict) and value.keys() == {"Fn::Not"}:
        return value["Fn::Not"][0]
    return {"Fn::Not": [value]}


def _combined(function: str, parts: list[Any]) -> Any:
    decides = function == "Fn::Or"
    if any(each is decides for each in parts):
        return decides
    left = [each for each in parts if not isinstance(each, bool)]
    if not left:
        return not decides
    return left[0] if len(left) == 1 else {function: left}
