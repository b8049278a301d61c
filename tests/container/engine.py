"""A container engine for the tests: that of this machine, else one of our own that leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from machine import require_program, run_command

IMAGE = "model-build-test"
LOCKED = ("--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")  # noqa: S108
Docker = Callable[..., subprocess.CompletedProcess[str]]
PATIENCE_SECONDS = 30


@contextmanager
def running_engine() -> Iterator[dict[str, str]]:
    """Environment variables with which `docker` reaches a running engine."""
    if shutil.which("docker") and run_command(["docker", "info"]).returncode == 0:
        yield {}
        return
    if os.geteuid() != 0:
        pytest.skip("no Docker engine answers, and only root can start one for the test")
    require_program("dockerd", "docker.io")
    # A short path: that of a Unix socket may have 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="engine-", dir="/tmp"))
    variables = {"DOCKER_HOST": f"unix://{home}/socket", "DOCKER_BUILDKIT": "0"}
    with (home / "log").open("w") as log:
        daemon = subprocess.Popen(
            _dockerd(home), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for(daemon, home, variables)
        yield variables
    finally:
        _end(daemon, home, variables)


def _dockerd(home: Path) -> list[str]:
    """Without firewall rules, which would stay behind and would close the machine's own forwarding."""
    folders = ["--data-root", f"{home}/data", "--exec-root", f"{home}/exec", "--pidfile", f"{home}/pid"]
    network = ["--iptables=false", "--ip6tables=false", "--ip-masq=false", "--bridge=none"]
    return ["dockerd", "--host", f"unix://{home}/socket", *folders, *network]


def _wait_for(daemon: subprocess.Popen[bytes], home: Path, variables: dict[str, str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while run_command(["docker", "info"], env=variables).returncode:
        if daemon.poll() is not None or time.monotonic() > deadline:
            last = (home / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
            pytest.skip(f"a Docker engine can't be started on this machine: {' '.join(last)}")
        time.sleep(0.1)


def _end(daemon: subprocess.Popen[bytes], home: Path, variables: dict[str, str]) -> None:
    containers = run_command(["docker", "ps", "--all", "--quiet"], env=variables).stdout.split()
    if daemon.poll() is None and containers:
        run_command(["docker", "rm", "--force", *containers], env=variables)
    daemon.terminate()
    try:
        daemon.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        if (mount := line.split()[1]).startswith(f"{home}/"):
            run_command(["umount", "--lazy", mount])
    shutil.rmtree(home, ignore_errors=True)
