"""This project on this machine: what the local runner needs to know of it, and what a person wants to know after."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_build.local.container import find_container
from model_build.local.definition import Definition, load_definition
from model_build.local.graph import Graph
from model_build.local.jobs import JobEnvironment
from model_build.local.parameters import parse_assignments, parse_given, resolve_parameters
from model_build.local.progress import progress_on, show_failures
from model_build.local.records import ExecutionRecord, Status
from model_build.local.registry import Approval
from model_build.local.runner import Runner
from model_build.local.store import StoreError, folder_digest
from model_build.local.workspace import Workspace
from model_build.pipelines.bindings import Bindings
from model_build.pipelines.image import image_tag
from model_build.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

STATE = ".local"


class LaptopError(RuntimeError):
    """What this machine lacks, and the command that brings it."""


@dataclasses.dataclass(frozen=True)
class RunRequest:
    """What a person asked to run; `data` None is the project's sample."""

    pipeline: str
    data: Path | None = None
    values: tuple[str, ...] = ()
    start_from: str | None = None
    use_cache: bool = True
    container: bool = False


def run(request: RunRequest, settings: Settings, root: Path, console: Console) -> ExecutionRecord:
    """Compiles a pipeline, brings the data to it, runs it and tells the outcome."""
    given = parse_assignments(request.values)
    if request.data and "InputData" in given:
        raise LaptopError("--data and --set InputData=... say different things; give one of them")
    path = compile_and_draw(request.pipeline, settings, root)
    definition = load_definition(path)
    Graph(definition)
    parse_given(definition.parameters, given)
    workspace, environment = Workspace(root / STATE), job_environment(root, settings, request.container)
    filled = _fill(given, request, definition, settings, root, workspace)
    parameters = resolve_parameters(definition.parameters, filled)
    with progress_on(console) as progress:
        record = Runner(workspace, environment, progress.changed).run(
            definition, settings.pipeline_name(request.pipeline), parameters, request.start_from, request.use_cache
        )
    show_failures(console, record)
    _show_summary(record, workspace, console)
    return record


def compile_and_draw(pipeline: str, settings: Settings, root: Path) -> Path:
    """The compiled definition for this machine; the picture in docs/ follows it."""
    from model_build.pipelines import compile as compiling
    from model_build.pipelines.diagram import svg

    path = compiling.compile_pipeline(pipeline, settings, Bindings.laptop(settings), root)
    drawn, target = svg(compiling.load_definition(path)), picture(pipeline, root)
    if not target.is_file() or target.read_text(encoding="utf-8") != drawn:
        target.parent.mkdir(exist_ok=True)
        target.write_text(drawn, encoding="utf-8", newline="\n")
    return path


def picture(pipeline: str, root: Path) -> Path:
    """Where the picture of a pipeline is; the report shows it."""
    return root / "docs" / f"{pipeline}-pipeline.svg"


def job_environment(root: Path, settings: Settings, container: bool) -> JobEnvironment:
    """What jobs run with: the image, or the interpreter that has the image's packages.

    Raises:
        LaptopError: there is no such interpreter yet.
        ContainerError: there is no engine or no image.
    """
    from model_build.pipelines.compile import user_cache

    engine = os.environ.get("DOCKER")
    image = os.environ.get("MODEL_BUILD_IMAGE") or laptop_image(settings)
    return JobEnvironment(
        python=Path(sys.executable) if container else job_python(root),
        project=root,
        variables={"MPLCONFIGDIR": str(user_cache().parent / "matplotlib"), "MPLBACKEND": "Agg"},
        fingerprint=image_tag(root),
        container=find_container(image, engine) if container else None,
    )


def laptop_image(settings: Settings) -> str:
    """The image that `make image` builds: one name per project, so that projects keep out of each other's way."""
    return f"{settings.project.slug}-model-build:latest"


def job_python(root: Path) -> Path:
    """Interpreter of jobs: MODEL_BUILD_JOB_PYTHON, else that of the environment JOB_VENV, else of .venv-job.

    Raises:
        LaptopError: there is none.
    """
    below = Path("Scripts", "python.exe") if sys.platform == "win32" else Path("bin", "python")
    given = os.environ.get("MODEL_BUILD_JOB_PYTHON")
    python = Path(given) if given else root / os.environ.get("JOB_VENV", ".venv-job") / below
    if not python.is_file():
        raise LaptopError(f"no interpreter for jobs at {python}; make it with `make setup`")
    return python.absolute()


def decide(version: int, verdict: Approval, reason: str, settings: Settings, root: Path) -> None:
    """Approves or rejects a version of this project's models.

    Raises:
        RegistryError: there is no such version.
    """
    group = settings.model_package_group
    entry = Workspace(root / STATE).registry.decide(group, version, verdict, reason)
    print(f"{group} version {version}: {entry['ModelApprovalStatus']}")


def show_models(settings: Settings, root: Path, console: Console) -> None:
    """Prints the versions of this project's models."""
    from rich.table import Table

    workspace, group = Workspace(root / STATE), settings.model_package_group
    entries = workspace.registry.entries(group)
    if not entries:
        console.print(f"No models in {group} yet; train one with `python -m model_build run`")
        return
    table = Table("Version", "Status", "Quality", "Registered", "Commit", "Reason", box=None, pad_edge=False)
    for entry in entries:
        decision = entry["ApprovalHistory"][-1]
        table.add_row(
            str(entry["ModelPackageVersion"]),
            entry["ModelApprovalStatus"],
            _quality(entry, workspace),
            entry["CreationTime"][:16].replace("T", " "),
            entry.get("CustomerMetadataProperties", {}).get("git-commit", "")[:12],
            f"{decision['Reason']} ({decision['By']})",
        )
    console.print(table)


def _fill(
    given: dict[str, str],
    request: RunRequest,
    definition: Definition,
    settings: Settings,
    root: Path,
    workspace: Workspace,
) -> dict[str, str]:
    """Parameters that nobody gave but this machine knows: the data, under its content's digest, and the commit."""
    filled = dict(given)
    if "InputData" in definition.parameters and "InputData" not in given:
        folder = request.data or root / settings.data.sample
        if not folder.is_dir():
            raise LaptopError(f"{folder} is no folder; expected one with CSV or Parquet files")
        digest = folder_digest(folder)[:16]
        filled["InputData"] = f"{definition.parameters['InputData'].default.rstrip('/')}/{digest}"
        workspace.store.copy_in(folder, filled["InputData"])
        if "DataVersion" in definition.parameters:
            filled.setdefault("DataVersion", digest)
    if "DataVersion" in definition.parameters:
        filled.setdefault("DataVersion", "by-content")
    if "GitCommit" in definition.parameters and "GitCommit" not in given:
        from model_build.pipelines.aws import git_commit

        filled["GitCommit"] = git_commit(root)
    return filled


def _show_summary(record: ExecutionRecord, workspace: Workspace, console: Console) -> None:
    from rich.text import Text

    lines: dict[str, str] = {}
    registered = [step.properties for step in record.steps.values() if step.type == "RegisterModel" and step.properties]
    for entry in registered:
        version = entry["ModelPackageVersion"]
        container = entry["InferenceSpecification"]["Containers"][0]
        lines["Model"] = _from_here(workspace.store.path(container["ModelDataUrl"]))
        group = entry["ModelPackageGroupName"]
        lines["Registered"] = f"{group} version {version}, {entry['ModelApprovalStatus']}"
        lines["Entry"] = _from_here(workspace.registry.path(group, version))
        if entry["ModelApprovalStatus"] == "PendingManualApproval":
            lines["Next"] = f"python -m model_build approve {version}"
    report = _report(record, workspace)
    if report:
        lines["Report"] = _from_here(report)
    if record.status is Status.FAILED:
        lines["Record"] = _from_here(workspace.executions.folder(record.id) / "execution.json")
    for name in ("Model", "Report", "Registered", "Entry", "Record", "Next"):
        if name in lines:
            console.print(Text.assemble((f"{name:<11}", "bold"), lines[name]), soft_wrap=True)


def _from_here(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _report(record: ExecutionRecord, workspace: Workspace) -> Path | None:
    evaluate = record.steps.get("Evaluate")
    if not evaluate or not evaluate.properties:
        return None
    output = evaluate.properties["ProcessingOutputConfig"]["Outputs"]["output"]["S3Output"]["S3Uri"]
    path = workspace.store.path(f"{output}/report.html")
    return path if path.is_file() else None


def _quality(entry: dict[str, Any], workspace: Workspace) -> str:
    try:
        gate = workspace.store.document(entry["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"])["gate"]
        return f"{gate['metric']} {gate['value']:.4f}"
    except (KeyError, TypeError, StoreError):
        return ""
