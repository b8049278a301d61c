"""The model of this project served on this machine, by the image's own entrypoint or in the image, and asked."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_build.laptop import STATE, job_python, laptop_image
from model_build.local import server
from model_build.local.answers import Row, show_predictions
from model_build.local.asking import ATTRIBUTIONS, JSON, JSON_LINES, Question, ask, predictions_of, question_of
from model_build.local.container import Container, find_container
from model_build.local.files import locked
from model_build.local.models import LocalModel, find_model
from model_build.local.processes import end
from model_build.local.workspace import Workspace
from model_build.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

DEFAULT_URL = f"http://{server.HOST}:8080"
PASSED_ON = ("PATH", "SYSTEMROOT", "WEB_CONCURRENCY", "SERVING_MAX_PAYLOAD_MB")


@dataclasses.dataclass(frozen=True)
class ServeRequest:
    """What a person asked to serve; `version` None is the newest approved one, `port` 0 any free one."""

    version: int | None = None
    port: int = 8080
    container: bool = False


@dataclasses.dataclass(frozen=True)
class InvokeRequest:
    """What a person asked: `url` None is this machine's server, `file` None are `rows` of smoke.json.

    `accept` None is a table.
    """

    url: str | None = None
    file: Path | None = None
    rows: int = 5
    attributions: bool = False
    accept: str | None = None


@dataclasses.dataclass(frozen=True)
class Program:
    """What to start as a server and how to clean up after it."""

    command: list[str]
    environment: dict[str, str]
    clean_up: Callable[[], object]


def serve(request: ServeRequest, settings: Settings, root: Path, console: Console) -> None:
    """Serves a registered model until Ctrl-C.

    Raises:
        ModelError: no model is approved.
        ServerError: the port is taken, or the server does not start or ends by itself.
    """
    model, port = _model_and_port(request, settings, root)
    program, url = _program(request, model, port, settings, root), f"http://{server.HOST}:{port}"
    try:
        with server.started(program.command, program.environment) as process:
            server.wait_until_ready(process, url)
            _show(console, model, url, "Ctrl-C")
            code = process.wait()
    except KeyboardInterrupt:
        console.print("Stopped")
        return
    finally:
        program.clean_up()
    raise server.ServerError(f"the server ended by itself, with exit code {code}")


def serve_in_background(request: ServeRequest, settings: Settings, root: Path, console: Console) -> None:
    """Serves a registered model until `stop`; its log is kept.

    Raises:
        ModelError: no model is approved.
        ServerError: one runs already, the port is taken, or the server does not start.
    """
    state = _state(root)
    _expect_none(state)
    model, port = _model_and_port(request, settings, root)
    program, url = _program(request, model, port, settings, root), f"http://{server.HOST}:{port}"
    with locked(_lock(state)):
        _expect_none(state)
        _start_in_background(model, program, url, state)
    _show(console, model, url, "python -m model_build serve --stop")


def _expect_none(state: Path) -> None:
    if running := server.background(state):
        raise server.ServerError(
            f"version {running.version} is served at {running.url}; end it with `python -m model_build serve --stop`"
        )


def _start_in_background(model: LocalModel, program: Program, url: str, state: Path) -> None:
    log = state.with_suffix(".log")
    with log.open("wb") as output:
        process = server.start(program.command, program.environment, output)
    try:
        server.wait_until_ready(process, url, lambda: _last_line(log))
        version = model.entry["ModelPackageVersion"]
        server.remember(state, server.Background(process.pid, url, version, str(log)))
    except BaseException:
        end([process])
        program.clean_up()
        raise


def stop(root: Path, console: Console) -> None:
    """Ends the server in the background.

    Raises:
        ServerError: there is none.
    """
    state = _state(root)
    with locked(_lock(state)):
        ended = server.stop(state)
    console.print(f"Stopped version {ended.version} at {ended.url}")


def invoke(request: InvokeRequest, settings: Settings, root: Path, console: Console) -> None:
    """Asks a server and shows its answer, as a table or, in the media type that was asked for, as it came.

    Raises:
        QuestionError: the file or the URL can't be used.
        ModelError: there is no file and no approved model whose rows could be sent instead.
        ServerError: nobody answers, or the answer is a refusal.
    """
    running = server.background(_state(root))
    address = request.url or (running.url if running else DEFAULT_URL)
    question = question_of(request.file) if request.file else _smoke_question(request.rows, settings, root, running)
    answer = ask(address, question, request.accept or JSON, ATTRIBUTIONS if request.attributions else {})
    if request.accept:
        sys.stdout.buffer.write(answer.body)
        sys.stdout.flush()
        return
    predictions = predictions_of(answer, address)
    rows = _rows_by_feature(question)
    show_predictions(console, predictions, rows if rows and len(rows) == len(predictions) else None)
    count = f"{len(predictions):,} row{'s' if len(predictions) > 1 else ''}"
    console.print(f"{count} in {answer.milliseconds:.1f} ms from {address}")


def openapi(settings: Settings, root: Path) -> str:
    """The OpenAPI document of the newest approved model.

    Raises:
        ModelError: no model is approved.
    """
    from model_build.serving.openapi import document

    model = find_model(Workspace(root / STATE), settings.model_package_group)
    return json.dumps(document(model.signature, settings.project.name), indent=2)


def _model_and_port(request: ServeRequest, settings: Settings, root: Path) -> tuple[LocalModel, int]:
    model = find_model(Workspace(root / STATE), settings.model_package_group, request.version)
    return model, server.free_port(request.port)


def _program(request: ServeRequest, model: LocalModel, port: int, settings: Settings, root: Path) -> Program:
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    if not request.container:
        environment = {
            **passed,
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(root),
            "PYTHONUNBUFFERED": "1",
            "SM_MODEL_DIR": str(model.folder),
            "SERVING_HOST": server.HOST,
            "SAGEMAKER_BIND_TO_PORT": str(port),
        }
        return Program([str(job_python(root)), "-m", "model_build.entrypoint", "serve"], environment, lambda: None)
    image = os.environ.get("MODEL_BUILD_IMAGE") or laptop_image(settings)
    container: Container = find_container(image, os.environ.get("DOCKER"))
    name = f"{settings.project.slug}-model_build-serve-{port}"
    passed.pop("PATH", None)
    command = container.serving_command(name, model.folder, port, passed)
    return Program(command, dict(os.environ), lambda: container.remove(name))


def _show(console: Console, model: LocalModel, url: str, ended_by: str) -> None:
    from rich.text import Text

    rows = model.smoke.get("rows", [])[:1]
    body = shlex.quote(json.dumps(rows))
    lines = {
        "Model": model.title,
        "URL": url,
        "Try": "python -m model_build invoke --attributions",
        "Or": f"curl -s -H 'Content-Type: {JSON}' -d {body} {url}/invocations",
        "Contract": f"{url}/openapi.json",
        "End": ended_by,
    }
    for name, text in lines.items():
        console.print(Text.assemble((f"{name:<9}", "bold"), text), soft_wrap=True)


def _smoke_question(count: int, settings: Settings, root: Path, running: server.Background | None) -> Question:
    version = running.version if running else None
    model = find_model(Workspace(root / STATE), settings.model_package_group, version)
    rows = model.smoke.get("rows", [])[:count]
    if not rows:
        raise server.ServerError(f"{model.title} was packaged without smoke.json; give rows with --file")
    return Question(json.dumps({"instances": rows}).encode(), JSON)


def _rows_by_feature(question: Question) -> list[Row] | None:
    """The rows that were sent, where the request names their features."""
    rows: Any = None
    try:
        if question.content_type == JSON:
            content = json.loads(question.body)
            rows = content["instances"] if isinstance(content, dict) else content
        elif question.content_type == JSON_LINES:
            rows = [json.loads(line) for line in question.body.splitlines() if line.strip()]
    except (ValueError, KeyError):  # another server may answer what ours refuses
        return None
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def _state(root: Path) -> Path:
    return root / STATE / "server.json"


def _lock(state: Path) -> Path:
    return state.with_suffix(".lock")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
