"""The form as parameters of the template, with the labels and groups that Studio and Service Catalog show."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from constructs import Construct

from service_catalog.answers import answer_fields, answers_from, identity_fields
from service_catalog.bindings import binding_fields
from service_catalog.fields import Field


class Form:
    """Every field as a parameter of the stack; `value("Inference")` is a reference to one."""

    def __init__(self, stack: cdk.Stack, ci: str) -> None:
        self.fields = [*identity_fields(), *answer_fields(ci), *binding_fields(ci)]
        scope = Construct(stack, "Form")
        self._parameters = {field.parameter: _declared(scope, field) for field in self.fields}
        stack.template_options.metadata = {
            "AWS::CloudFormation::Interface": _interface(self.fields),
            "SagemakerTemplateParameterRules": {
                field.parameter: {"Optional": True} for field in self.fields if field.optional
            },
        }

    def value(self, parameter: str) -> str:
        return self._parameters[parameter].value_as_string

    def has(self, parameter: str) -> bool:
        return parameter in self._parameters

    @property
    def slug(self) -> str:
        return self.value("SageMakerProjectName")

    def answers(self) -> dict[str, str]:
        return answers_from({name: parameter.value_as_string for name, parameter in self._parameters.items()})


def _declared(scope: Construct, field: Field) -> cdk.CfnParameter:
    return cdk.CfnParameter(
        scope,
        field.parameter,
        type="Number" if field.numeric else "String",
        description=f"{field.label} {field.accepted}".strip(),
        allowed_pattern=field.pattern or None,
        allowed_values=list(field.choices) or None,
        constraint_description=f"must be: {field.accepted}" if field.pattern else None,
        default=field.default,
        max_length=field.longest,
        min_value=1 if field.numeric else None,
    )


def _interface(fields: Sequence[Field]) -> dict[str, object]:
    groups = dict.fromkeys(field.group for field in fields)
    return {
        "ParameterGroups": [
            {"Label": {"default": group}, "Parameters": [field.parameter for field in fields if field.group == group]}
            for group in groups
        ],
        "ParameterLabels": {field.parameter: {"default": field.label} for field in fields},
    }
