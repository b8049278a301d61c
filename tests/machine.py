"""What tests need from the machine beside Python packages."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest


def require_program(program: str, package: str) -> None:
    """Has `program` on PATH, from its Debian package where we may install one; elsewhere the test is skipped."""
    if shutil.which(program):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip(f"{program} is missing and can be installed here only by its user (Debian package {package})")
    with (Path(tempfile.gettempdir()) / "apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shutil.which(program):
            _apt_get("update", "-qq")
            _apt_get("install", "--yes", "-qq", "--no-install-recommends", package)
    assert shutil.which(program), f"package {package} has no program {program}"


def _apt_get(*arguments: str) -> None:
    done = run_command(["apt-get", *arguments], env={"DEBIAN_FRONTEND": "noninteractive"})
    assert done.returncode == 0, done.stdout


def run_command(
    command: Sequence[str | Path],
    given: str | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end, `env` added to our environment; stdout holds stderr as well."""
    return subprocess.run(
        [str(part) for part in command],
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
