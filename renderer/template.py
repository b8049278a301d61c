"""Where the template lies, in a checkout or inside the installed wheel, and what its cookiecutter.json says."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

__all__ = [
    "TEMPLATE",
    "AnswerError",
    "clean_template",
    "options",
    "prompts",
    "rules",
    "rules_importable",
    "template_files",
    "version",
]

_RULES_MODULE = "local_extensions"
_NOT_OF_THE_TEMPLATE = shutil.ignore_patterns("__pycache__", ".*_cache", ".hypothesis", ".local", ".venv*")


def _find_template() -> Path:
    packaged = Path(__file__).resolve().parent / "template"
    return packaged if packaged.is_dir() else packaged.parent.parent


def _load_rules(path: Path) -> ModuleType:
    loaded = sys.modules.get(_RULES_MODULE)
    if loaded is not None and loaded.__file__ == str(path):
        return loaded
    spec = importlib.util.spec_from_file_location(_RULES_MODULE, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_RULES_MODULE] = module
    spec.loader.exec_module(module)
    return module


TEMPLATE = _find_template()

if TYPE_CHECKING:
    import local_extensions as rules
else:
    rules = _load_rules(TEMPLATE / "local_extensions.py")

AnswerError = rules.AnswerError


@cache
def _cookiecutter_json() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
    return content


def options() -> dict[str, Any]:
    """The public options in their order, each with its default (a template of text) or its list of choices."""
    return {option: default for option, default in _cookiecutter_json().items() if not option.startswith("_")}


def prompts() -> dict[str, Any]:
    questions: dict[str, Any] = _cookiecutter_json()["__prompts__"]
    return questions


def version() -> str:
    return str(_cookiecutter_json()["__template_version"])


def clean_template(folder: Path) -> Path:
    """The template without what pip (byte code) or tools (caches) left inside: as it is, or a copy made in `folder`."""
    parts = [TEMPLATE / "{{cookiecutter.project_slug}}", TEMPLATE / "hooks"]
    if not any(_NOT_OF_THE_TEMPLATE(inside, [*folders, *files]) for inside, folders, files in os.walk(parts[0])):
        return TEMPLATE
    for part in parts:
        if part.is_dir():
            shutil.copytree(part, folder / part.name, ignore=_NOT_OF_THE_TEMPLATE, copy_function=shutil.copy)
    return folder


def template_files() -> list[Path]:
    """What the template consists of, as sorted paths in TEMPLATE, without what tools left inside."""
    files = [Path("cookiecutter.json"), Path("local_extensions.py")]
    for part in ("{{cookiecutter.project_slug}}", "hooks"):
        for inside, folders, names in os.walk(TEMPLATE / part):
            left = _NOT_OF_THE_TEMPLATE(inside, [*folders, *names])
            folders[:] = [folder for folder in folders if folder not in left]
            files += [(Path(inside) / name).relative_to(TEMPLATE) for name in names if name not in left]
    return sorted(files, key=Path.as_posix)


@contextmanager
def rules_importable() -> Iterator[None]:
    """Let cookiecutter import *these* rules, although another template in this process may own the module's name."""
    other = sys.modules.get(_RULES_MODULE)
    sys.modules[_RULES_MODULE] = rules
    try:
        yield
    finally:
        if other is not None:
            sys.modules[_RULES_MODULE] = other
