"""Terraform as the tests run it: the real AWS provider, found on this machine and never downloaded by a test."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from machine import run_command

PROVIDER = "hashicorp/aws/5.*/*/terraform-provider-aws*"
MIRROR_DEPTHS = ("*", "*/*", "*/*/*", "*/*/*/*")
NO_FILES = {"proc", "sys", "dev", "run", "tmp"}
SHARED = ".terraform"


class TerraformError(RuntimeError):
    """Terraform ended with an error; the message is all it said."""


@dataclass(frozen=True)
class Root:
    """A root module that is initialised; `environment` is added to ours."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "TF_CLI_CONFIG_FILE": str(cli_configuration()),
            "TF_IN_AUTOMATION": "1",
            "TF_CLI_ARGS": "-no-color",
        }
        return run_command(["terraform", *arguments], cwd=self.folder, env={**environment, **self.environment})

    def run(self, *arguments: str) -> str:
        """Raises: TerraformError, with everything Terraform said."""
        done = self.attempt(*arguments)
        if done.returncode != 0:
            raise TerraformError(f"terraform {' '.join(arguments)}\n{done.stdout}")
        return done.stdout

    def json_lines(self, *arguments: str) -> Iterator[dict[str, Any]]:
        for line in self.run(*arguments).splitlines():
            if line.startswith("{"):
                yield json.loads(line)

    def give(self, **values: Any) -> None:
        """Writes variables where Terraform reads them by itself."""
        (self.folder / "stage.auto.tfvars.json").write_text(json.dumps(values), encoding="utf-8")


@functools.cache
def provider_mirror() -> Path | None:
    """Folder that holds `<host>/hashicorp/aws/<version>/…`, wherever this machine keeps it."""
    tops = [top for top in sorted(Path("/").iterdir()) if top.is_dir() and top.name not in NO_FILES]
    for depth in MIRROR_DEPTHS:
        for top in tops:
            try:
                found = next(top.glob(f"{depth}/{PROVIDER}"), None)
            except OSError:
                continue
            if found:
                return found.parents[5]
    return None


def require_terraform() -> None:
    """Ends the test where Terraform or its AWS provider is missing: as a failure in CI, as a skip elsewhere."""
    missing = "" if shutil.which("terraform") else "terraform is not on PATH"
    if not missing and provider_mirror() is None:
        missing = f"no copy of Terraform's AWS provider ({PROVIDER}) lies on this machine"
    if missing and os.environ.get("CI"):
        pytest.fail(f"{missing}; in CI the Terraform tests have to run")
    if missing:
        pytest.skip(missing)


@functools.cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="terraform-tests-")


@functools.cache
def cli_configuration() -> Path:
    mirror = json.dumps(str(provider_mirror()))
    path = Path(_scratch().name) / "terraform.rc"
    installation = f'filesystem_mirror {{\n path = {mirror}\n include = ["hashicorp/*"]\n }}'
    path.write_text(f"provider_installation {{\n {installation}\n}}\ndisable_checkpoint = true\n", encoding="utf-8")
    return path


@functools.cache
def _initialised_once(versions: str) -> Path:
    """A folder with the plugins and the lock file of one `terraform init`."""
    folder = Path(tempfile.mkdtemp(dir=_scratch().name))
    (folder / "versions.tf").write_text(versions, encoding="utf-8")
    Root(folder).run("init", "-backend=false", "-input=false")
    return folder


def without_backend(source: Path, folder: Path, environment: Mapping[str, str] | None = None) -> Root:
    """A copy of the root module at `source`, initialised; its state is a file in the folder."""
    require_terraform()
    shutil.copytree(source, folder, dirs_exist_ok=True)
    (folder / "backend.tf").unlink()
    plugins = _initialised_once((folder / "versions.tf").read_text(encoding="utf-8"))
    shutil.copytree(plugins / SHARED, folder / SHARED, symlinks=True)
    shutil.copy(plugins / ".terraform.lock.hcl", folder)
    return Root(folder, environment or {})
