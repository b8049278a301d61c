"""Bare repositories, looked at and added to with git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

WHO = {"GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x", "GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x"}


def git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **WHO}).stdout.strip()


def commit_of_somebody(repository: Path, **files: str) -> str:
    """Adds a commit to main in a bare repository."""
    work = repository.with_suffix(".work")
    git(repository.parent, "clone", "--quiet", str(repository), str(work))
    for name, text in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text, encoding="utf-8")
        git(work, "add", name)
    git(work, "commit", "--quiet", "--message", "by somebody")
    git(work, "push", "--quiet", "origin", "HEAD:main")
    return git(work, "rev-parse", "HEAD")


def files_of(repository: Path, ref: str) -> dict[str, str]:
    lines = (line.split("\t") for line in git(repository, "ls-tree", "-r", ref).splitlines())
    return {name: entry for entry, name in lines}


def refs(repository: Path) -> dict[str, str]:
    lines = git(repository, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.split(" ") for line in lines)


def commits(repository: Path) -> list[str]:
    return git(repository, "rev-list", "--all").split()
