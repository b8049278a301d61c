"""What CloudFormation makes of a template for given parameters, as far as text can tell: no reference, no condition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

PSEUDO = {
    "AWS::AccountId": "444455556666",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackId": "arn:aws:cloudformation:eu-west-1:444455556666:stack/name/0a1b2c3d-4e5f-1a2b-8c3d-0123456789ab",
}
NOTHING = object()


class _Intrinsics(yaml.SafeLoader):
    """Reads short forms as the long ones."""


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Intrinsics.add_multi_constructor("!", _long_form)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _Intrinsics)  # noqa: S506
    return found


def evaluated(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Resources and outputs that are made; a reference to a resource is `<its type>`, also with an attribute."""
    known = {name: parameters.get(name, each.get("Default", "")) for name, each in template["Parameters"].items()}
    return _Evaluation(template, {**PSEUDO, **known}).result()


class _Evaluation:
    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str]) -> None:
        self._template, self._values = template, values

    def result(self) -> dict[str, Any]:
        return {
            section: {
                name: self._of({key: value for key, value in each.items() if key != "Condition"})
                for name, each in self._template.get(section, {}).items()
                if "Condition" not in each or self._holds(each["Condition"])
            }
            for section in ("Resources", "Outputs")
        }

    def _holds(self, condition: str) -> bool:
        return bool(self._of(self._template["Conditions"][condition]))

    def _of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [found for each in value if (found := self._of(each)) is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return getattr(self, "_" + name.removeprefix("Fn::").lower())(argument)
        return {key: found for key, each in value.items() if (found := self._of(each)) is not NOTHING}

    def _ref(self, name: str, attribute: str = "") -> Any:
        if name == "AWS::NoValue":
            return NOTHING
        if name in self._values:
            return self._values[name]
        return f"<{self._template['Resources'][name]['Type']}{attribute and '.' + attribute}>"

    def _getatt(self, argument: Any) -> Any:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self._ref(name, attribute)

    def _sub(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        values = {key: self._of(each) for key, each in own.items()}

        def replaced(match: re.Match[str]) -> str:
            name = match[1]
            if name in values:
                return str(values[name])
            return str(self._getatt(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}!]+)\}", replaced, text)

    def _join(self, argument: Any) -> str:
        separator, parts = argument
        return str(separator).join(str(each) for each in self._of(parts))

    def _split(self, argument: Any) -> list[str]:
        return str(self._of(argument[1])).split(argument[0])

    def _select(self, argument: Any) -> Any:
        return self._of(argument[1])[int(argument[0])]

    def _findinmap(self, argument: Any) -> Any:
        name, first, second = (self._of(each) for each in argument)
        return self._template["Mappings"][name][first][second]

    def _if(self, argument: Any) -> Any:
        return self._of(argument[1] if self._holds(argument[0]) else argument[2])

    def _equals(self, argument: Any) -> bool:
        return bool(self._of(argument[0]) == self._of(argument[1]))

    def _not(self, argument: Any) -> bool:
        return not self._of(argument[0])
