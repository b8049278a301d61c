"""Stacks that a project's own `model-deploy/bootstrap/` defines, as parts of the project stack: one home per fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import aws_cdk as cdk
import yaml
from aws_cdk import cloudformation_include
from constructs import Construct

from renderer.template import TEMPLATE

BOOTSTRAP = TEMPLATE / "{{cookiecutter.project_slug}}" / "model-deploy" / "bootstrap"


class _WithIntrinsics(yaml.SafeLoader):
    """Reads CloudFormation's short forms as nothing: only the names of parameters are of interest."""


_WithIntrinsics.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


class Included(Construct):
    """The resources of bootstrap template `name`, each under an id that is its own in the project stack."""

    def __init__(
        self, scope: Construct, construct_id: str, name: str, ci: str, parameters: Mapping[str, object]
    ) -> None:
        super().__init__(scope, construct_id)
        path = _template(name, ci)
        declared = yaml.load(path.read_text(encoding="utf-8"), _WithIntrinsics)["Parameters"]  # noqa: S506
        known = {key: value for key, value in parameters.items() if key in declared}
        if missing := [key for key, given in declared.items() if key not in known and "Default" not in given]:
            raise ValueError(f"{path.name}: parameters {', '.join(missing)} have no value")
        defaults = {key: given["Default"] for key, given in declared.items() if key not in known}
        self._include = cloudformation_include.CfnInclude(
            self, "T", template_file=str(path), preserve_logical_ids=False, parameters={**defaults, **known}
        )

    def output(self, name: str) -> object:
        """The value of an output, which is then no output any more."""
        found = self._include.get_output(name)
        value = found.value
        found.node.scope.node.try_remove_child(found.node.id)  # type: ignore[union-attr]
        return value

    def resources(self) -> Iterator[cdk.CfnResource]:
        for each in self.node.find_all():
            if isinstance(each, cdk.CfnResource):
                yield each


def _template(name: str, ci: str):  # type: ignore[no-untyped-def]
    """Names of files of one CI system hold a condition, as cookiecutter wants it."""
    conditions = {
        f"{{% if cookiecutter.ci == '{ci}' %}}{name}.yaml{{% endif %}}",
        f"{{% if cookiecutter.ci != 'codepipeline' %}}{name}.yaml{{% endif %}}",
        f"{name}.yaml",
    }
    return next(path for path in sorted(BOOTSTRAP.iterdir()) if path.name in conditions)
