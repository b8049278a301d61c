"""Compiled training pipelines of this project in every way it could be deployed, for the tests that read them."""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

from model_build.pipelines.bindings import Bindings
from model_build.pipelines.compile import compile_pipeline, load_definition
from model_build.settings import Accounts, Inference, Settings, load_settings

REAL_IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/project@sha256:" + "0" * 64
VARIANTS = list(zip(get_args(Inference), itertools.cycle(get_args(Accounts)), strict=False))


def variant(inference: str, accounts: str) -> tuple[Settings, Bindings]:
    """This project's settings with another answer, and bindings as on a laptop but for the image."""
    settings = load_settings()
    project = dataclasses.replace(settings.project, inference=inference, accounts=accounts)  # type: ignore[arg-type]
    settings = dataclasses.replace(settings, project=project)
    return settings, dataclasses.replace(Bindings.laptop(settings), image_uri=REAL_IMAGE)


@cache
def definition(inference: str, accounts: str) -> dict[str, Any]:
    settings, bindings = variant(inference, accounts)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_definition(compile_pipeline("training", settings, bindings, Path(folder)))


def steps(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All steps, those of branches included."""
    pending = list(document["Steps"])
    while pending:
        step = pending.pop(0)
        yield step
        if step["Type"] == "Condition":
            pending += step["Arguments"]["IfSteps"] + step["Arguments"]["ElseSteps"]


def step(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(step for step in steps(document) if step["Name"] == name)
