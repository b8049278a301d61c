"""Where the CI definitions of each system are, and the commands in them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

DEFINITIONS = {
    "github": (".github/workflows/model-build.yml",),
    "gitlab": (".gitlab-ci.yml",),
    "codepipeline": ("buildspec-test.yml", "buildspec.yml"),
}
EVERY_DEFINITION = [(ci, name) for ci, names in DEFINITIONS.items() for name in names]
Project = Callable[[str], Path]
Definition = Callable[..., Path]
Tool = Callable[..., subprocess.CompletedProcess[str]]


def read_yaml(path: Path) -> Mapping[str, Any]:
    content: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def scripts(ci: str, definition: Path) -> list[str]:
    """Shell scripts of a definition's jobs or phases, in the order they run."""
    content = read_yaml(definition)
    jobs: Iterable[list[str]]
    if ci == "github":
        jobs = ([step["run"] for step in job["steps"] if "run" in step] for job in content["jobs"].values())
    elif ci == "gitlab":
        jobs = (content[job]["script"] for job in content["stages"])
    else:
        jobs = (phase["commands"] for phase in content["phases"].values())
    return ["\n".join(job) for job in jobs]
