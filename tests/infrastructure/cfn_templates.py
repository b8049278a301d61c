"""CloudFormation templates of projects as data, and what resolves their intrinsic functions."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]
ACCOUNT, REGION = "111122223333", "eu-west-1"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/stage/0a1b2c3d-4e5f-11f0-8000-0a1b2c3d4e5f",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "stack",
}
ABSENT = object()
FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "And": all,
    "Contains": lambda given: given[1] in given[0],
    "Equals": lambda given: given[0] == given[1],
    "Join": lambda given: str(given[0]).join(given[1]),
    "Not": lambda given: not given[0],
    "Select": lambda given: given[1][int(given[0])],
    "Split": lambda given: str(given[1]).split(str(given[0])),
}


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short intrinsics."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> Document:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def load(path: Path) -> Document:
    """A template with its intrinsics in the long form, as JSON has them."""
    document: Document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    return document


class Resolver:
    """Resolves a template's intrinsics with given parameters; what only AWS knows becomes `<resource>.<attribute>`."""

    def __init__(self, template: Document, parameters: Mapping[str, str]) -> None:
        self.template = template
        declared: Document = template["Parameters"]
        unknown = set(parameters) - set(declared)
        assert not unknown, f"not declared: {unknown}"
        self.values: dict[str, Any] = {**PSEUDO}
        for name, declaration in declared.items():
            text = str(parameters[name]) if name in parameters else str(declaration["Default"])
            self.values[name] = text.split(",") if declaration["Type"] == "CommaDelimitedList" else text

    def condition(self, name: str) -> bool:
        return bool(self.of(self.template["Conditions"][name]))

    def resources(self) -> Document:
        """The resources that exist, resolved."""
        return {
            name: self.of(resource)
            for name, resource in self.template["Resources"].items()
            if "Condition" not in resource or self.condition(resource["Condition"])
        }

    def broken_rules(self) -> list[str]:
        """Rules of the template that the parameters contradict."""
        return [
            name
            for name, rule in self.template.get("Rules", {}).items()
            if self.of(rule["RuleCondition"]) and not all(self.of(each["Assert"]) for each in rule["Assertions"])
        ]

    def of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [found for each in value if (found := self.of(each)) is not ABSENT]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (key, argument), *_ = value.items()
            if key in ("Ref", "Condition") and isinstance(argument, str):
                return self._reference(argument) if key == "Ref" else self.condition(argument)
            if key.startswith("Fn::"):
                return self._function(key.removeprefix("Fn::"), argument)
        return {key: found for key, each in value.items() if (found := self.of(each)) is not ABSENT}

    def _reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return ABSENT
        return self.values[name] if name in self.values else self._identity(name)

    def _identity(self, name: str) -> str:
        """What `Ref` gives: the name of what is named, else a stand-in."""
        properties = self.template["Resources"][name]["Properties"]
        given = next((properties[key] for key in ("PipelineName", "RoleName") if key in properties), None)
        return str(self.of(given)) if given else f"<{name}>"

    def _function(self, name: str, argument: Any) -> Any:
        if name == "If":
            return self.of(argument[1] if self.condition(argument[0]) else argument[2])
        if name == "Sub":
            text, given = argument if isinstance(argument, list) else (argument, {})
            extra = {key: self.of(each) for key, each in given.items()}
            return re.sub(r"\$\{([^}]+)\}", lambda found: str(self._variable(found[1], extra)), text)
        if name == "GetAtt":
            return f"<{argument[0]}.{argument[1]}>"
        arguments = [self.of(each) for each in argument]
        if name not in FUNCTIONS:
            raise NotImplementedError(name)
        return FUNCTIONS[name](arguments)

    def _variable(self, name: str, extra: Mapping[str, Any]) -> Any:
        if name in extra:
            return extra[name]
        return f"<{name}>" if "." in name else self._reference(name)


def mutated(template: Document, path: tuple[str | int, ...], value: Any = ABSENT) -> Document:
    """A copy with another value at `path`, or without what is there."""
    broken = copy.deepcopy(template)
    place: Any = broken["Resources"]
    for key in path[:-1]:
        place = place[key]
    if value is ABSENT:
        del place[path[-1]]
    else:
        assert place.get(path[-1]) != value if isinstance(place, dict) else place[path[-1]] != value
        place[path[-1]] = value
    return broken
