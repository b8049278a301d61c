"""The commands of this project. Each imports what it needs when it runs, so that help and errors come at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from model_build import cli_serving
from model_build.settings import PROJECT_ROOT, Settings, load_settings

if TYPE_CHECKING:
    from model_build.pipelines.bindings import Bindings

FAILED, BAD_USAGE, INTERRUPTED = 1, 2, 130
FAILURES = ("AwsError", "NoExecutionError", "ServerError")

app = typer.Typer(
    help="Train, judge and register this project's model, on this machine or in SageMaker; serve it here.",
    epilog="Examples:  python -m model_build run   |   python -m model_build run --help",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(cli_serving.app)

PipelineArgument = Annotated[str, typer.Argument(metavar="PIPELINE", help="Which pipeline.")]
BindingsOption = Annotated[
    str,
    typer.Option(metavar="laptop|aws", help="Placeholders, or where this project's bytes really live."),
]
ValuesOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Value of a pipeline parameter; repeatable.")
]
VersionArgument = Annotated[int, typer.Argument(min=1, help="Version of the model, as `list` shows it.")]
ReasonOption = Annotated[str, typer.Option(help="Why; it stays with the version.")]


class UsageError(ValueError):
    """What was given and what would be accepted."""


def main() -> NoReturn:
    """Runs a command; an error of this package is one line on stderr, not a traceback."""
    try:
        app(prog_name="python -m model_build", obj=PROJECT_ROOT)
    except Exception as error:
        if not type(error).__module__.startswith("model_build."):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(FAILED if type(error).__name__ in FAILURES else BAD_USAGE)
    sys.exit(0)


@app.command()
def compile(
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help="Which pipeline; all without one.")] = "",
    bindings: BindingsOption = "laptop",
) -> None:
    """Compile pipelines to build/pipelines/*.json, without network.

    \b
    python -m model_build compile
    python -m model_build compile training --bindings aws
    """
    from model_build.pipelines.compile import PIPELINES, compile_pipeline

    settings = load_settings()
    chosen = _bindings(bindings, settings)
    for name in [pipeline] if pipeline else PIPELINES:
        print(compile_pipeline(name, settings, chosen, PROJECT_ROOT).relative_to(PROJECT_ROOT))


@app.command()
def run(
    pipeline: PipelineArgument = "training",
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of CSV or Parquet files instead of the sample."),
    ] = None,
    set_: ValuesOption = None,
    from_: Annotated[
        str, typer.Option("--from", metavar="STEP", help="Run this step and what follows it anew, keep the rest.")
    ] = "",
    cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Take unchanged steps from the cache.")] = True,
    container: Annotated[bool, typer.Option("--container", help="Run jobs in the project's image.")] = False,
) -> None:
    """Compile a pipeline and run it on this machine.

    Steps that fail here are not retried: retry policies are for faults of a cloud.

    \b
    python -m model_build run
    python -m model_build run --data ~/new-data --set GateThreshold=0.92
    python -m model_build run --from Evaluate
    python -m model_build run --no-cache --container
    """
    from model_build import laptop
    from model_build.local.console import console
    from model_build.local.records import Status

    request = laptop.RunRequest(pipeline, data, tuple(set_ or ()), from_ or None, cache, container)
    record = laptop.run(request, load_settings(), PROJECT_ROOT, console())
    sys.exit({Status.SUCCEEDED: 0, Status.STOPPED: INTERRUPTED}.get(record.status, FAILED))


@app.command(name="list")
def list_() -> None:
    """List the models registered on this machine.

    \b
    python -m model_build list
    """
    from model_build import laptop
    from model_build.local.console import console

    laptop.show_models(load_settings(), PROJECT_ROOT, console())


@app.command()
def approve(version: VersionArgument, reason: ReasonOption = "") -> None:
    """Approve a model registered on this machine.

    \b
    python -m model_build approve 3 --reason "Better for every group"
    """
    _decide(version, "Approved", reason)


@app.command()
def reject(version: VersionArgument, reason: ReasonOption = "") -> None:
    """Reject a model registered on this machine.

    \b
    python -m model_build reject 3 --reason "Worse on new customers"
    """
    _decide(version, "Rejected", reason)


@app.command()
def upsert(pipeline: PipelineArgument = "training") -> None:
    """Create or update a pipeline, and its model package group, in SageMaker.

    \b
    python -m model_build upsert
    """
    from model_build.pipelines import aws
    from model_build.pipelines.compile import compile_pipeline

    settings = load_settings()
    bindings = _bindings("aws", settings)
    definition = compile_pipeline(pipeline, settings, bindings, PROJECT_ROOT)
    client = aws.sagemaker_client(bindings)
    print(aws.run_in_aws(lambda: aws.upsert(pipeline, settings, bindings, definition, client)))


@app.command()
def start(
    pipeline: PipelineArgument = "training",
    set_: ValuesOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show its progress until it has ended.")] = False,
) -> None:
    """Start a pipeline in SageMaker; print the execution's ARN.

    \b
    python -m model_build start
    python -m model_build start --set GateThreshold=0.92 --wait
    """
    from model_build.local.parameters import parse_assignments
    from model_build.pipelines import aws
    from model_build.pipelines.compile import compile_pipeline

    settings, given = load_settings(), parse_assignments(set_ or ())
    bindings = _bindings("aws", settings)
    definition = compile_pipeline(pipeline, settings, bindings, PROJECT_ROOT)
    client, s3 = aws.sagemaker_client(bindings), aws.s3_client(bindings)
    try:
        arn = aws.run_in_aws(
            lambda: aws.start(pipeline, settings, bindings, definition, given, PROJECT_ROOT, client, s3)
        )
    except aws.NoDataError:
        if "InputData" in given or not aws.on_ci():
            raise
        folder = f"s3://{bindings.artifact_bucket}/{settings.project.slug}/data/"
        print(f"no data yet under {folder}: nothing to train; upload them and run this job again, or `make start`")
        return
    print(arn)
    if wait:
        _follow(pipeline, arn, settings, bindings)


@app.command()
def status(
    execution: Annotated[str, typer.Argument(metavar="EXECUTION", help="Id or ARN; the newest without one.")] = "",
    pipeline: Annotated[str, typer.Option(help="Which pipeline.")] = "training",
) -> None:
    """Show an execution in SageMaker until it has ended.

    \b
    python -m model_build status
    python -m model_build status abcdefghijkl
    """
    settings = load_settings()
    _follow(pipeline, execution, settings, _bindings("aws", settings))


@app.command()
def diagram(pipeline: PipelineArgument = "training") -> None:
    """Draw a pipeline from its definition, into docs/ and README.md.

    \b
    python -m model_build diagram
    """
    from model_build import laptop
    from model_build.pipelines.compile import load_definition
    from model_build.pipelines.diagram import mermaid, update_readme

    path = laptop.compile_and_draw(pipeline, load_settings(), PROJECT_ROOT)
    update_readme(PROJECT_ROOT / "README.md", mermaid(load_definition(path)))
    print(laptop.picture(pipeline, PROJECT_ROOT).relative_to(PROJECT_ROOT))


@app.command(name="image-uri")
def image_uri() -> None:
    """Print the image's URI; its tag is a hash of what the image is made of.

    \b
    python -m model_build image-uri
    """
    from model_build.pipelines import image

    print(image.image_uri(load_settings(), PROJECT_ROOT))


def _bindings(kind: str, settings: Settings) -> Bindings:
    from model_build.pipelines.bindings import Bindings, load_bindings

    if kind not in ("laptop", "aws"):
        raise UsageError(f"--bindings {kind} is not accepted; expected laptop or aws")
    return Bindings.laptop(settings) if kind == "laptop" else load_bindings(settings, PROJECT_ROOT)


def _decide(version: int, verdict: Literal["Approved", "Rejected"], reason: str) -> None:
    from model_build import laptop

    laptop.decide(version, verdict, reason, load_settings(), PROJECT_ROOT)


def _follow(pipeline: str, execution: str, settings: Settings, bindings: Bindings) -> None:
    from model_build.local.console import console
    from model_build.pipelines import aws

    client = aws.sagemaker_client(bindings)
    ended = aws.run_in_aws(lambda: aws.status(pipeline, settings, client, console(), execution))
    sys.exit(0 if ended.status == "Succeeded" else FAILED)
