"""Where the CI definition of each system is."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

DEFINITIONS = {
    "github": ".github/workflows/model-build.yml",
    "gitlab": ".gitlab-ci.yml",
    "codepipeline": "buildspec.yml",
}
Project = Callable[[str], Path]
Definition = Callable[[str], Path]
Tool = Callable[..., subprocess.CompletedProcess[str]]


def read_yaml(path: Path) -> Mapping[str, Any]:
    content: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content
