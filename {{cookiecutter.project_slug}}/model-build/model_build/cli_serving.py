"""The commands that serve and ask a model on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from model_build.settings import load_settings

app = typer.Typer()


@app.command()
def serve(
    context: typer.Context,
    version: Annotated[
        int | None, typer.Option(min=1, help="Which version, approved or not; the newest approved one without.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8080,
    background: Annotated[bool, typer.Option("--background", help="Return when it answers; --stop ends it.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the server in the background.")] = False,
    container: Annotated[bool, typer.Option("--container", help="Serve in the project's image.")] = False,
) -> None:
    """Serve a registered model on this machine, for this machine only.

    \b
    python -m model_build serve
    python -m model_build serve --version 2 --port 9000
    python -m model_build serve --background
    python -m model_build serve --stop
    """
    from model_build import laptop_server
    from model_build.local.console import console

    if stop:
        laptop_server.stop(context.obj, console())
        return
    request = laptop_server.ServeRequest(version, port, container)
    run = laptop_server.serve_in_background if background else laptop_server.serve
    run(request, load_settings(), context.obj, console())


@app.command()
def invoke(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(help="Address of a server; the one that `serve` started without.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="Rows as .csv without header, .json, .jsonl or .parquet; real ones of smoke.json without."),
    ] = None,
    rows: Annotated[int, typer.Option(min=1, max=20, help="How many rows of smoke.json.")] = 5,
    attributions: Annotated[bool, typer.Option("--attributions", help="Ask what moved each prediction.")] = False,
    accept: Annotated[str | None, typer.Option(help="Media type of the answer, which is then printed as is.")] = None,
) -> None:
    """Ask a server for predictions over HTTP.

    \b
    python -m model_build invoke
    python -m model_build invoke --rows 1 --attributions
    python -m model_build invoke --file rows.csv --accept application/jsonlines
    """
    from model_build import laptop_server
    from model_build.local.console import console

    question = laptop_server.InvokeRequest(url, file, rows, attributions, accept)
    laptop_server.invoke(question, load_settings(), context.obj, console())


@app.command()
def openapi(context: typer.Context) -> None:
    """Print the OpenAPI document of the newest approved model.

    \b
    python -m model_build openapi > openapi.json
    """
    from model_build import laptop_server

    print(laptop_server.openapi(load_settings(), context.obj))
