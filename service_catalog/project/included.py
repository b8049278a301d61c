"""Stacks that a project's own `model-deploy/bootstrap/` defines, as parts of the project stack: one home per fact."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
import yaml
from aws_cdk import cloudformation_include
from constructs import Construct

from renderer.template import TEMPLATE
from service_catalog.project.accounts import holds

BOOTSTRAP = TEMPLATE / "{{cookiecutter.project_slug}}" / "model-deploy" / "bootstrap"


class _WithIntrinsics(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads CloudFormation's short forms as the long ones."""


def _long_form(loader: _WithIntrinsics, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = str(loader.construct_scalar(node))
        return {name: text.split(".", 1) if suffix == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_WithIntrinsics.add_multi_constructor("!", _long_form)


class Included(Construct):
    """The resources of bootstrap template `name`, each under an id that is its own in the project stack.

    Args:
        conditions: expressions that replace those of the template's conditions, which can only compare parameters.
        only_if: condition of all resources.

    Raises:
        ValueError: a parameter without default has no value, or there is no condition of a name.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        name: str,
        ci: str,
        parameters: Mapping[str, object],
        conditions: Mapping[str, cdk.ICfnConditionExpression] | None = None,
        only_if: cdk.CfnCondition | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        path = _template(name, ci)
        declared = _read(path)
        with tempfile.TemporaryDirectory(prefix="bootstrap-") as folder:
            copy = Path(folder) / "template.json"
            copy.write_text(json.dumps(declared), encoding="utf-8")
            self._include = cloudformation_include.CfnInclude(
                self,
                "Bootstrap",
                template_file=str(copy),
                preserve_logical_ids=False,
                parameters=_values(path.name, declared["Parameters"], parameters),
            )
        for condition, expression in (conditions or {}).items():
            self.condition(condition).expression = expression
        if only_if:
            self._only_if(only_if, declared.get("Conditions", {}))
        self._outputs = {each: self._taken(each) for each in declared.get("Outputs", {})}

    def output(self, name: str) -> str:
        """The value of an output, which is no output of the project stack."""
        return cdk.Token.as_string(self._outputs[name])

    def condition(self, name: str) -> cdk.CfnCondition:
        return self._include.get_condition(name)

    def resource(self, name: str) -> cdk.CfnResource:
        return self._include.get_resource(name)

    def resources(self) -> Iterator[cdk.CfnResource]:
        for each in self.node.find_all():
            if isinstance(each, cdk.CfnResource):
                yield each

    def _taken(self, name: str) -> Any:
        found = self._include.get_output(name)
        value = found.value
        self._include.node.find_child("$Outputs").node.try_remove_child(name)
        return value

    def _only_if(self, only_if: cdk.CfnCondition, conditions: Mapping[str, object]) -> None:
        for name in conditions:
            own = self.condition(name)
            own.expression = cdk.Fn.condition_and(holds(only_if), cast("cdk.ICfnConditionExpression", own.expression))
        for resource in self.resources():
            resource.cfn_options.condition = resource.cfn_options.condition or only_if


@functools.cache
def _read(path: Path) -> dict[str, Any]:
    """The template without its description, which CDK would add to the stack's."""
    template: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _WithIntrinsics)  # noqa: S506
    del template["Description"]
    return template


def _values(template: str, declared: Mapping[str, Any], given: Mapping[str, object]) -> dict[str, object]:
    if missing := [key for key, each in declared.items() if key not in given and "Default" not in each]:
        raise ValueError(f"{template}: parameters {', '.join(missing)} have no value")
    if unknown := sorted(given.keys() - declared.keys()):
        raise ValueError(f"{template}: there are no parameters {', '.join(unknown)}")
    return {key: given.get(key, each.get("Default")) for key, each in declared.items()}


def _template(name: str, ci: str) -> Path:
    """Names of files of one CI system hold a condition, as cookiecutter wants it."""
    conditions = {
        f"{{% if cookiecutter.ci == '{ci}' %}}{name}.yaml{{% endif %}}",
        f"{{% if cookiecutter.ci != 'codepipeline' %}}{name}.yaml{{% endif %}}",
        f"{name}.yaml",
    }
    return next(path for path in sorted(BOOTSTRAP.iterdir()) if path.name in conditions)
