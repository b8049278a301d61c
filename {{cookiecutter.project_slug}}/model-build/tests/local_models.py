"""A project of its own with registered models, and its command line in this process."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from step_outputs import StepOutputs

from model_build import cli
from model_build.local.workspace import Workspace
from model_build.settings import PROJECT_ROOT, load_settings

GROUP = load_settings().model_package_group
Answer = tuple[int, str, str]
Run = Callable[..., Answer]


class Project:
    """A folder with this project's code and a state of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.workspace = Workspace(root / ".local")
        for name in ("model_build", "project.toml"):
            (root / name).symlink_to(PROJECT_ROOT / name)

    def register(self, package: Path) -> int:
        """Registers the files of a package step's output as the next version."""
        version = max(self.workspace.registry.versions(GROUP), default=0) + 1
        uri = f"s3://models/{version}"
        shutil.copytree(package, self.workspace.store.path(uri))
        entry = self.workspace.registry.register(
            {
                "ModelPackageGroupName": GROUP,
                "InferenceSpecification": {"Containers": [{"Image": "image", "ModelDataUrl": f"{uri}/model.tar.gz"}]},
                "CustomerMetadataProperties": {"smoke-uri": f"{uri}/smoke.json"},
            },
            {},
        )
        return int(entry["ModelPackageVersion"])

    def approve(self, version: int) -> None:
        self.workspace.registry.decide(GROUP, version, "Approved", "")

    def archive(self, version: int) -> Path:
        return self.workspace.store.path(f"s3://models/{version}/model.tar.gz")


def project_with_models(root: Path, steps: StepOutputs, count: int = 1) -> Project:
    """A project with `count` models, of which the first is approved."""
    project = Project(root)
    for _ in range(count):
        project.register(steps.package)
    if count:
        project.approve(1)
    return project


def command_line(root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`run("serve", ...)` gives exit code, stdout and stderr of a command in the project at `root`."""
    monkeypatch.setattr(cli, "PROJECT_ROOT", root)
    monkeypatch.setenv("MODEL_BUILD_JOB_PYTHON", sys.executable)

    def answer(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["model_build", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return answer
