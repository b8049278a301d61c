"""What each type of step does once its expressions are resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from model_build.local.definition import Step
from model_build.local.expressions import Scope, as_text, evaluate
from model_build.local.jobs import Job, JobResult, Machine
from model_build.local.processing import run_processing
from model_build.local.registry import Registry
from model_build.local.store import Store
from model_build.local.training import run_training

RUN_JOB: Mapping[str, Callable[[Job, Mapping[str, Any], Machine], JobResult]] = {
    "Processing": run_processing,
    "Training": run_training,
}


class StepFailed(Exception):
    """A step that can't succeed, in one line."""


def fail_message(step: Step, scope: Scope) -> str:
    """The message of a Fail step."""
    return as_text(evaluate(step.arguments.get("ErrorMessage", ""), scope))


def register_model(
    request: Mapping[str, Any], store: Store, registry: Registry, origin: Mapping[str, str]
) -> dict[str, Any]:
    """Registers a model package whose files are all there. Returns the registry's entry.

    Raises:
        StepFailed: a model or a report that the request names is not in the store.
        RegistryError: the request is not one the registry would take.
    """
    named = ("InferenceSpecification", "ModelMetrics", "DriftCheckBaselines")
    for where, uri in _locations({name: request.get(name) for name in named}, ""):
        if not store.exists(uri):
            raise StepFailed(f"{where} is {uri}, but nothing is there")
    return registry.register(request, origin)


def _locations(value: Any, where: str) -> Iterator[tuple[str, str]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        path = f"{where}[{key}]" if isinstance(key, int) else f"{where}.{key}".lstrip(".")
        if key in ("ModelDataUrl", "S3Uri") and isinstance(child, str):
            yield path, child
        else:
            yield from _locations(child, path)
