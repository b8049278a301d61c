"""Which step waits for which."""

from __future__ import annotations

import graphlib
from collections.abc import Mapping

from model_build.local.conditions import check_condition
from model_build.local.definition import Definition, DefinitionError, Step
from model_build.local.expressions import ExpressionError, Reference, references

EXECUTION_VARIABLES = (
    "StartDateTime",
    "CurrentDateTime",
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "TrainingJobName",
    "ProcessingJobName",
)


class Graph:
    """Steps and their dependencies, with references checked and cycles refused.

    Raises:
        DefinitionError: a reference or dependency leads nowhere, an expression can't be read, or steps wait in
            a circle.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.upstream: Mapping[str, frozenset[str]] = {
            name: frozenset(_dependencies(step, definition)) for name, step in definition.steps.items()
        }
        try:
            self.order = tuple(graphlib.TopologicalSorter(self.upstream).static_order())
        except graphlib.CycleError as error:
            raise DefinitionError(
                f"steps wait for each other in a circle: {' -> '.join(reversed(error.args[1]))}"
            ) from error

    def descendants(self, name: str) -> frozenset[str]:
        """All steps that directly or indirectly wait for a step."""
        found = {name}
        for step in self.order:
            if self.upstream[step] & found:
                found.add(step)
        return frozenset(found - {name})

    def together(self, name: str) -> int:
        """How many jobs may run at the same time as this one, itself included, if nothing but the graph limits them."""
        related = self.descendants(name) | {name}
        return 1 + sum(
            step.is_job and other not in related and name not in self.descendants(other)
            for other, step in self.definition.steps.items()
        )


def _dependencies(step: Step, definition: Definition) -> set[str]:
    found = set(step.depends_on)
    try:
        if step.type == "Condition":
            for condition in step.arguments["Conditions"]:
                check_condition(condition)
        for reference in references(step.expressions):
            _check_reference(reference, definition)
            if reference.root == "Steps":
                found.add(reference.name)
    except ExpressionError as error:
        raise DefinitionError(f"step {step.name!r}: {error}") from error
    if step.branch:
        found.add(step.branch.condition)
    unknown = sorted(found - definition.steps.keys())
    if unknown:
        raise DefinitionError(f"step {step.name!r} waits for step {unknown[0]!r}, which does not exist")
    return found


def _check_reference(reference: Reference, definition: Definition) -> None:
    if reference.root == "Parameters" and reference.name not in definition.parameters:
        raise ExpressionError(
            f"unknown parameter {reference.name!r}; expected one of {', '.join(definition.parameters) or 'none'}"
        )
    if reference.root == "Execution" and reference.name not in EXECUTION_VARIABLES:
        raise ExpressionError(
            f"unknown variable 'Execution.{reference.name}'; expected one of {', '.join(EXECUTION_VARIABLES)}"
        )
    step = definition.steps.get(reference.name) if reference.root == "Steps" else None
    if step and reference.property_file is not None and reference.property_file not in step.property_files:
        files = ", ".join(step.property_files) or "none"
        raise ExpressionError(f"step {step.name} has no property file {reference.property_file!r}; it has {files}")
