"""Which image a step runs on: its tag is a hash of everything that decides what the image does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from model_build.settings import Settings

SOURCES = (
    "Dockerfile",
    ".dockerignore",
    "requirements/job.txt",
    "project.toml",
    "model_build/**/*",
    "docs/*.svg",
)
TAG_LENGTH = 20


def image_sources(root: Path) -> Iterator[Path]:
    """Files that go into the image of the project at `root` or decide how it is built, in a fixed order."""
    for pattern in SOURCES:
        files = [path for path in root.glob(pattern) if path.is_file() and "__pycache__" not in path.parts]
        yield from sorted(files, key=lambda path: path.as_posix())


def content_hash(files: Iterable[Path], root: Path) -> str:
    """SHA-256 over names and contents, the same on every system: line ends count as one newline."""
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{file.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def image_tag(root: Path) -> str:
    """Content tag of the project at `root`: unchanged sources give the image, and the step cache, they gave before."""
    return content_hash(image_sources(root), root)[:TAG_LENGTH]


def repository_uri(account_id: str, region: str, slug: str) -> str:
    """ECR repository of the project; Amazon's China regions have a domain of their own."""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{account_id}.dkr.ecr.{region}.{suffix}/{slug}-model-build"


def image_uri(settings: Settings, root: Path) -> str:
    """Where CI pushes the image of the project at `root`: its repository and content tag.

    Raises:
        BindingsError: account_id or region is missing or malformed.
    """
    from model_build.pipelines.bindings import required

    values = required(("account_id", "region"), settings, root)
    return f"{repository_uri(values['account_id'], values['region'], settings.project.slug)}:{image_tag(root)}"
