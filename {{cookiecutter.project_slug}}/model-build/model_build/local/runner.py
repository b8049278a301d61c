"""Runs a definition: steps as soon as what they wait for is done, a few at a time."""

from __future__ import annotations

import contextlib
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import FrameType
from typing import Any

from model_build.local.definition import Definition
from model_build.local.graph import Graph
from model_build.local.jobs import JobEnvironment, Machine, processors
from model_build.local.outcomes import Outcome, StepRunner
from model_build.local.processes import Processes
from model_build.local.records import ExecutionRecord, Status, StepRecord, now
from model_build.local.selection import select_from
from model_build.local.workspace import Workspace

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}")
_POLL_SECONDS = 0.2
_ENDING_SIGNALS = ("SIGTERM", "SIGHUP")

Observer = Callable[[ExecutionRecord, StepRecord | None], None]


class Runner:
    """Runs definitions in a workspace; `observe` is told of every change of an execution or one of its steps."""

    def __init__(
        self, workspace: Workspace, environment: JobEnvironment, observe: Observer, workers: int | None = None
    ) -> None:
        self.workspace = workspace
        self.environment = environment
        self.observe = observe
        self.workers = workers or max(2, processors())

    def run(
        self,
        definition: Definition,
        pipeline: str,
        parameters: Mapping[str, Any],
        start_from: str | None = None,
        use_cache: bool = True,
    ) -> ExecutionRecord:
        """Runs a definition and returns its record, whatever the outcome.

        `parameters` hold a value for each parameter. With `start_from`, that step and those that wait for it run
        anew, without the cache, on results of the latest execution that has them.

        Raises:
            DefinitionError: the definition can't be run; nothing has been started.
            SelectionError: no earlier execution fits `start_from`; nothing has been started.
        """
        graph = Graph(definition)
        reused = select_from(start_from, pipeline, graph, self.workspace.executions) if start_from else {}
        if not _NAME.fullmatch(pipeline):
            raise ValueError(f"{pipeline!r} is no name of a pipeline")
        steps = {name: reused.get(name) or StepRecord(name, step.type) for name, step in definition.steps.items()}
        record = ExecutionRecord(self.workspace.executions.reserve(), pipeline, dict(parameters), now(), steps)
        processes = Processes()
        machine = Machine(self.workspace.store, self.environment, processes)
        step_runner = StepRunner(self.workspace, machine, graph, record, self.workers, use_cache and not start_from)
        _Execution(graph, record, step_runner, processes, self._changed).run(self.workers)
        return record

    def _changed(self, record: ExecutionRecord, step: StepRecord | None) -> None:
        self.workspace.executions.save(record)
        self.observe(record, step)


class _Execution:
    """One execution. Only the main thread changes the record; workers return outcomes."""

    def __init__(
        self, graph: Graph, record: ExecutionRecord, step_runner: StepRunner, processes: Processes, changed: Observer
    ) -> None:
        self.graph = graph
        self.record = record
        self.step_runner = step_runner
        self.processes = processes
        self.changed = changed
        self.running: dict[Future[Outcome], StepRecord] = {}

    def run(self, workers: int) -> None:
        began = time.monotonic()
        with _signals_as_interrupt(), ThreadPoolExecutor(workers, thread_name_prefix="step") as pool:
            try:
                self.changed(self.record, None)
                for step in self.record.steps.values():
                    if step.reuse:
                        self.changed(self.record, step)
                self._schedule(pool)
                while self.running:
                    done, _ = wait(self.running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._finish(future)
                    self._schedule(pool)
                status = Status.FAILED if self.record.failure else Status.SUCCEEDED
            except BaseException as error:
                self._stop()
                status = Status.STOPPED
                if not isinstance(error, KeyboardInterrupt):
                    raise
            finally:
                self._close()
                self.record.status = status
                self.record.end, self.record.seconds = now(), round(time.monotonic() - began, 3)
                self.changed(self.record, None)

    def _schedule(self, pool: ThreadPoolExecutor) -> None:
        self._skip_branches()
        if self.record.failure:
            return
        for step in self.record.steps.values():
            if step.status is Status.WAITING and self._is_ready(step.name):
                step.status, step.start = Status.EXECUTING, now()
                self.changed(self.record, step)
                self.running[pool.submit(self.step_runner.run, step.name)] = step

    def _is_ready(self, name: str) -> bool:
        return all(self.record.steps[upstream].status is Status.SUCCEEDED for upstream in self.graph.upstream[name])

    def _skip_branches(self) -> None:
        """Marks steps in branches not taken, and all that wait for them, as not executed."""
        for name in self.graph.order:
            step, branch = self.record.steps[name], self.graph.definition.steps[name].branch
            if step.status is not Status.WAITING:
                continue
            outcome = self.record.steps[branch.condition].properties if branch else None
            if (branch and outcome and outcome["Outcome"] is not branch.outcome) or any(
                self.record.steps[upstream].status is Status.NOT_EXECUTED for upstream in self.graph.upstream[name]
            ):
                step.status = Status.NOT_EXECUTED
                self.changed(self.record, step)

    def _finish(self, future: Future[Outcome]) -> None:
        step = self.running.pop(future)
        outcome = future.result()
        step.status, step.failure, step.note = outcome.status, outcome.failure, outcome.note
        step.request, step.properties, step.log = outcome.request, outcome.properties, outcome.log
        step.reuse, step.source = ("Cache", outcome.source) if outcome.source else (None, None)
        step.end, step.seconds = now(), outcome.seconds
        if step.status is Status.FAILED and not self.record.failure:
            self.record.failure = f"{step.name}: {step.failure}"
        self.changed(self.record, step)

    def _close(self) -> None:
        """Leaves no step in a state that only a running execution has."""
        final = {Status.WAITING: Status.NOT_EXECUTED, Status.EXECUTING: Status.STOPPED}
        for step in self.record.steps.values():
            step.status = final.get(step.status, step.status)

    def _stop(self) -> None:
        with _interrupts_ignored():
            self.processes.stop()
            wait(self.running)
            for future, step in self.running.items():
                finished = future.exception() is None and future.result().status is Status.SUCCEEDED
                if finished:
                    outcome = future.result()
                    step.status, step.properties, step.seconds = outcome.status, outcome.properties, outcome.seconds
                else:
                    step.status, step.end = Status.STOPPED, now()
                self.changed(self.record, step)


@contextlib.contextmanager
def _signals_as_interrupt() -> Iterator[None]:
    """Treats the signals that end a process like Ctrl-C, so that children and records are taken care of."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with contextlib.ExitStack() as restored:
        for name in _ENDING_SIGNALS:
            if hasattr(signal, name) and threading.current_thread() is threading.main_thread():
                number = getattr(signal, name)
                restored.callback(signal.signal, number, signal.signal(number, interrupt))
        yield


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Lets an ending that is under way come to its end; it is bounded in time."""
    with contextlib.ExitStack() as restored:
        for name in ("SIGINT", *_ENDING_SIGNALS):
            if hasattr(signal, name) and threading.current_thread() is threading.main_thread():
                number = getattr(signal, name)
                restored.callback(signal.signal, number, signal.signal(number, signal.SIG_IGN))
        yield
