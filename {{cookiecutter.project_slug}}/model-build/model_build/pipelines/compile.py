"""Compiles pipelines to definition JSON; when nothing that decides the bytes has changed, the SDK isn't imported."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from model_build.pipelines.bindings import Bindings
from model_build.pipelines.image import content_hash
from model_build.settings import Settings

PIPELINES = ("training",)
RECORD = ".sagemaker-mlops.json"
CACHED_DEFINITIONS = 50


class CompileError(ValueError):
    """A pipeline that can't be compiled: which one, and what would be accepted."""


def compile_pipeline(name: str, settings: Settings, bindings: Bindings, root: Path, *, force: bool = False) -> Path:
    """Write `build/pipelines/<name>.json` of the project at `root`; the same input always gives the same bytes.

    A definition that some project of this user compiled from equal input is taken from the user's cache.

    Raises:
        CompileError: there is no such pipeline.
    """
    if name not in PIPELINES:
        raise CompileError(f"unknown pipeline {name!r}; expected one of {', '.join(PIPELINES)}")
    template_version = _template_version(root)
    key = definition_key(name, settings, bindings, template_version)
    folder = root / "build" / "pipelines"
    target, shared = folder / f"{name}.json", user_cache() / f"{key}.json"
    if not force and _stored(target, key) is not None:
        return target
    text = None if force else _stored(shared, key)
    if text is None:
        text = _compile(name, settings, bindings, template_version)
        with contextlib.suppress(OSError):
            _store(shared, key, text)
            _forget_oldest(shared.parent)
    _store(target, key, text)
    return target


def load_definition(path: Path) -> dict[str, Any]:
    """The compiled definition in a file."""
    definition: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return definition


def definition_key(name: str, settings: Settings, bindings: Bindings, template_version: str) -> str:
    """SHA-256 over everything that decides a definition's bytes."""
    sources = Path(__file__).parent
    decisive = {
        "pipeline": name,
        "settings": dataclasses.asdict(settings),
        "bindings": dataclasses.asdict(bindings),
        "template_version": template_version,
        "sources": content_hash(sorted([*sources.glob("*.py"), sources.parent / "settings.py"]), sources.parent),
        "sdk": [version(package) for package in ("sagemaker-core", "sagemaker-train", "sagemaker-mlops", "botocore")],
        "python": sys.version_info[:2],
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def user_cache() -> Path:
    """Folder of compiled definitions of all projects of this user, by content key."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    return Path(base).expanduser() / "sagemaker-mlops" / "definitions"


def _compile(name: str, settings: Settings, bindings: Bindings, template_version: str) -> str:
    from model_build.pipelines.training import training_pipeline

    build = {"training": training_pipeline}[name]
    return json.dumps(build(settings, bindings, template_version), indent=2, ensure_ascii=False) + "\n"


def _template_version(root: Path) -> str:
    path = root / RECORD
    return str(json.loads(path.read_text(encoding="utf-8")).get("template_version", "")) if path.is_file() else ""


def _stored(path: Path, key: str) -> str | None:
    """Text of a definition that was stored under `key` and hasn't been touched since."""
    try:
        text, stamp = path.read_bytes().decode(), path.with_suffix(".key").read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None
    return text if stamp == _stamp(key, text) else None


def _store(path: Path, key: str, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for file, content in ((path, text), (path.with_suffix(".key"), _stamp(key, text))):
        temporary = file.with_name(f".{file.name}.{os.getpid()}")
        temporary.write_bytes(content.encode())
        os.replace(temporary, file)


def _forget_oldest(folder: Path) -> None:
    newest_first = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest_first[CACHED_DEFINITIONS:]:
        path.unlink(missing_ok=True)
        path.with_suffix(".key").unlink(missing_ok=True)


def _stamp(key: str, text: str) -> str:
    return f"{key} {hashlib.sha256(text.encode()).hexdigest()}\n"
