"""Bare git repositories on disk, which the HTTP server and the services read and write."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from rehearsal.emulated_aws.settings import SETTINGS

NAME = re.compile(r"[\w.-]{1,100}")
BRANCHES = "refs/heads/"


def environment() -> dict[str, str]:
    """Git's, without any setting of this machine or of the person who runs it."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(SETTINGS.scratch),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
    }


def of_codecommit(account: str, region: str, name: str) -> Path:
    return _path("codecommit", account, region, name)


def of_host(connection: str, owner: str, name: str) -> Path:
    """The repository OWNER/NAME as the host shows it to one connection."""
    return _path("hosts", connection, *owner.split("/"), name)


def _path(*parts: str) -> Path:
    """Raises ValueError for a part that is no plain name."""
    for part in parts:
        if not NAME.fullmatch(part) or part in (".", "..") or part.endswith(".git"):
            raise ValueError(f"{part} is no name of a repository")
    return SETTINGS.scratch.joinpath("git", *parts).with_name(parts[-1] + ".git")


def create(path: Path) -> None:
    """An empty repository whose branch is main."""
    run("init", "--quiet", "--bare", "--initial-branch", "main", str(path))
    for setting in ("http.receivepack", "receive.fsckObjects"):
        run("-C", str(path), "config", setting, "true")


def delete(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)


def branches(path: Path) -> dict[str, str]:
    """Branch to commit."""
    listed = run("-C", str(path), "for-each-ref", "--format=%(refname) %(objectname)", BRANCHES)
    rows = (line.split() for line in listed.splitlines())
    return {name.removeprefix(BRANCHES): commit for name, commit in rows}


def run(*arguments: str) -> str:
    """What git prints. Raises subprocess.CalledProcessError."""
    done = subprocess.run(  # noqa: S603
        ["git", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    return done.stdout
