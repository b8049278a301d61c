"""Running again from a step: what comes before it, or beside it, keeps the results of an earlier execution."""

from __future__ import annotations

from model_build.local.definition import DefinitionError
from model_build.local.graph import Graph
from model_build.local.records import ExecutionRecord, Executions, Status, StepRecord


class SelectionError(ValueError):
    """No earlier execution to take results from."""


def select_from(start: str, pipeline: str, graph: Graph, executions: Executions) -> dict[str, StepRecord]:
    """Records to reuse, by step: all of the latest fitting execution, but `start` and what waits for it.

    An execution fits if all steps that `start` and its descendants wait for have succeeded in it.

    Raises:
        DefinitionError: `start` is no step.
        SelectionError: no execution of the pipeline fits.
    """
    if start not in graph.definition.steps:
        raise DefinitionError(f"no step {start!r}; expected one of {', '.join(graph.definition.steps)}")
    selected = graph.descendants(start) | {start}
    needed = {upstream for step in selected for upstream in graph.upstream[step]} - selected
    for record in executions.latest_first(pipeline):
        if (
            record.status is not Status.EXECUTING
            and all(_succeeded(record, name) for name in needed)
            and _reaches(record, start, graph)
        ):
            return {
                name: _reused(record, name)
                for name in graph.definition.steps
                if name not in selected and name in record.steps
            }
    names = ", ".join(sorted(needed)) or "nothing"
    raise SelectionError(f"no earlier execution of {pipeline} holds what {start} needs ({names}); run it whole first")


def _succeeded(record: ExecutionRecord, name: str) -> bool:
    return name in record.steps and record.steps[name].status is Status.SUCCEEDED


def _reaches(record: ExecutionRecord, start: str, graph: Graph) -> bool:
    branch = graph.definition.steps[start].branch
    return branch is None or record.steps[branch.condition].properties == {"Outcome": branch.outcome}


def _reused(record: ExecutionRecord, name: str) -> StepRecord:
    step = record.steps[name]
    return StepRecord(
        name=name,
        type=step.type,
        status=step.status,
        reuse="Selection",
        source=step.source or record.id,
        note=step.note,
        request=step.request,
        properties=step.properties,
    )
