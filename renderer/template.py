"""A template, by default that of this checkout or of the installed wheel, and what its cookiecutter.json says."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

__all__ = ["DEFAULT", "TEMPLATE", "AnswerError", "Template", "options", "prompts", "rules", "version"]

_RULES_MODULE = "local_extensions"
_NOT_OF_THE_TEMPLATE = shutil.ignore_patterns("__pycache__", ".*_cache", ".hypothesis", ".local", ".venv*")


def _find_template() -> Path:
    packaged = Path(__file__).resolve().parent / "template"
    return packaged if packaged.is_dir() else packaged.parent.parent


class Template:
    """A template's folder, with its cookiecutter.json and the answer rules that lie beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rules = _load_rules(folder / "local_extensions.py")

    @cached_property
    def _cookiecutter_json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "cookiecutter.json").read_text(encoding="utf-8"))
        return content

    def options(self) -> dict[str, Any]:
        """The public options in their order, each with its default (a template of text) or its list of choices."""
        return {option: default for option, default in self._cookiecutter_json.items() if not option.startswith("_")}

    def prompts(self) -> dict[str, Any]:
        questions: dict[str, Any] = self._cookiecutter_json["__prompts__"]
        return questions

    def version(self) -> str:
        return str(self._cookiecutter_json["__template_version"])

    def check(self, answers: Mapping[str, object]) -> dict[str, str]:
        """Return `answers`, all legal text; raises AnswerError for the first unknown option or illegal answer."""
        known = self.options()
        try:
            return {option: self.rules.check_answer(option, value, known) for option, value in answers.items()}
        except self.rules.AnswerError as error:
            raise AnswerError(str(error)) from None

    def files(self) -> list[Path]:
        """What the template consists of, as sorted paths in its folder, without what tools left inside."""
        files = [Path("cookiecutter.json"), Path("local_extensions.py")]
        for part in ("{{cookiecutter.project_slug}}", "hooks"):
            for inside, folders, names in os.walk(self.folder / part):
                left = _NOT_OF_THE_TEMPLATE(inside, [*folders, *names])
                folders[:] = [folder for folder in folders if folder not in left]
                files += [(Path(inside) / name).relative_to(self.folder) for name in names if name not in left]
        return sorted(files, key=Path.as_posix)

    def clean(self, folder: Path) -> Path:
        """The template without what pip (byte code) or tools (caches) left inside: as it is, or a copy in `folder`."""
        parts = [self.folder / "{{cookiecutter.project_slug}}", self.folder / "hooks"]
        if not any(_NOT_OF_THE_TEMPLATE(inside, [*folders, *files]) for inside, folders, files in os.walk(parts[0])):
            return self.folder
        for part in parts:
            if part.is_dir():
                shutil.copytree(part, folder / part.name, ignore=_NOT_OF_THE_TEMPLATE, copy_function=shutil.copy)
        return folder

    @contextmanager
    def rules_importable(self) -> Iterator[None]:
        """Let cookiecutter import *these* rules, although another template of this process may own that name."""
        with _importable(self.rules):
            yield


@contextmanager
def _importable(rules: ModuleType) -> Iterator[None]:
    other = sys.modules.get(_RULES_MODULE)
    sys.modules[_RULES_MODULE] = rules
    try:
        yield
    finally:
        if other is not None:
            sys.modules[_RULES_MODULE] = other


def _load_rules(path: Path) -> ModuleType:
    loaded = sys.modules.get(_RULES_MODULE)
    if loaded is not None and loaded.__file__ == str(path):
        return loaded
    spec = importlib.util.spec_from_file_location(_RULES_MODULE, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: no Python module")
    module = importlib.util.module_from_spec(spec)
    with _importable(module):
        spec.loader.exec_module(module)
    return module


DEFAULT = Template(_find_template())
TEMPLATE = DEFAULT.folder

if TYPE_CHECKING:
    import local_extensions as rules
else:
    rules = DEFAULT.rules

AnswerError = rules.AnswerError
options = DEFAULT.options
prompts = DEFAULT.prompts
version = DEFAULT.version
