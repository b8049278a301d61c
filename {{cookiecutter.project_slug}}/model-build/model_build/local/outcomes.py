"""One step of an execution, from its expressions to its outcome."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

from model_build.local.cache import StepCache
from model_build.local.conditions import describe, holds
from model_build.local.definition import Step
from model_build.local.expressions import ExpressionError, evaluate
from model_build.local.graph import Graph
from model_build.local.jobs import Job, JobFailed, Machine, discard, processors
from model_build.local.processes import Stopped
from model_build.local.records import ExecutionRecord, Status
from model_build.local.registry import RegistryError
from model_build.local.scope import ExecutionScope
from model_build.local.steps import RUN_JOB, StepFailed, fail_message, register_model
from model_build.local.store import StoreError
from model_build.local.workspace import Workspace


@dataclasses.dataclass
class Outcome:
    """How a step ended. `source` is the execution whose cached result was taken."""

    status: Status = Status.SUCCEEDED
    properties: Any = None
    request: Any = None
    source: str | None = None
    failure: str | None = None
    note: str = ""
    log: str | None = None
    seconds: float = 0.0


class StepRunner:
    """Runs steps of one execution; safe to call from several threads, as it reads the record but doesn't write it."""

    def __init__(
        self,
        workspace: Workspace,
        machine: Machine,
        graph: Graph,
        record: ExecutionRecord,
        workers: int,
        use_cache: bool,
    ) -> None:
        self.workspace = workspace
        self.machine = machine
        self.graph = graph
        self.record = record
        self.workers = workers
        self.use_cache = use_cache
        self.cache = StepCache(workspace.cache / "steps", workspace.store, machine.environment.fingerprint)

    def run(self, name: str) -> Outcome:
        """Runs a step whose dependencies have succeeded.

        Raises:
            Stopped: the execution stops.
        """
        began = time.monotonic()
        outcome = Outcome()
        try:
            self._run(self.graph.definition.steps[name], outcome)
        except (ExpressionError, StepFailed, JobFailed, StoreError, RegistryError) as error:
            outcome.status, outcome.failure = Status.FAILED, str(error)
        except Stopped:
            raise
        except Exception as error:
            outcome.status, outcome.failure = Status.FAILED, f"{type(error).__name__}: {error}"
        outcome.seconds = round(time.monotonic() - began, 3)
        return outcome

    def _run(self, step: Step, outcome: Outcome) -> None:
        job_name = f"pipelines-{self.record.id}-{step.name}"[:63].rstrip("-_").replace("_", "-")
        scope = ExecutionScope(self.graph.definition, self.record, self.workspace.store, job_name)
        if step.type == "Condition":
            conditions = step.arguments["Conditions"]
            outcome.properties = {"Outcome": all(holds(condition, scope) for condition in conditions)}
            outcome.note = " and ".join(describe(condition, scope) for condition in conditions)
        elif step.type == "Fail":
            raise StepFailed(fail_message(step, scope))
        else:
            outcome.request = evaluate(step.arguments, scope)
            self._register(outcome) if step.type == "RegisterModel" else self._job(step, job_name, outcome)

    def _register(self, outcome: Outcome) -> None:
        origin = {"PipelineName": self.record.pipeline, "PipelineExecutionId": self.record.id}
        entry = register_model(outcome.request, self.workspace.store, self.workspace.registry, origin)
        outcome.properties = entry
        outcome.note = f"{entry['ModelPackageGroupName']} version {entry['ModelPackageVersion']}"

    def _job(self, step: Step, job_name: str, outcome: Outcome) -> None:
        key = None
        if step.cache_expiry is not None:
            key = self.cache.key(self.record.pipeline, step.name, step.type, outcome.request)
            cached = self.cache.find(key, step.cache_expiry) if self.use_cache else None
            if cached:
                outcome.properties, outcome.source = cached.properties, cached.execution
                return
        job = Job(job_name, self._folder(step), self._threads(step))
        outcome.log = str(job.log)
        result = RUN_JOB[step.type](job, outcome.request, self.machine)
        outcome.properties = result.properties
        discard(job)
        if key:
            self.cache.add(key, self.record.id, result.properties, result.outputs)

    def _folder(self, step: Step) -> Path:
        folder = self.workspace.executions.folder(self.record.id) / step.name
        folder.mkdir()
        (folder / "log.txt").touch()
        return folder

    def _threads(self, step: Step) -> int:
        return max(1, processors() // min(self.graph.together(step.name), self.workers))
