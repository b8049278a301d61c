"""A template in another folder is rendered by its own options and rules, and leaves those of this one alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from renderer import AnswerError, Template, render, validate
from renderer.template import DEFAULT, options, rules

MakeTemplate = Callable[[dict[str, str]], Path]


def stricter(checkout: Path) -> Template:
    module = checkout / "local_extensions.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(text + '\nTEXT_RULES["owner"] = TextRule("[a-z]+", 5, "use small letters")\n', encoding="utf-8")
    (checkout / "cookiecutter.json").write_text(
        '{"project_slug": "other", "owner": "x", "_extensions": ["local_extensions.AnswerFilters"]}', encoding="utf-8"
    )
    return Template(checkout)


def test_its_options_and_rules_hold(checkout_with: MakeTemplate, output: Path) -> None:
    template = stricter(checkout_with({"a.txt": "{{ cookiecutter.owner }}"}))
    assert list(template.options()) == ["project_slug", "owner"]
    project = render({"owner": "me"}, output, template)
    assert project == output / "other"
    assert (project / "a.txt").read_text(encoding="utf-8") == "me"
    with pytest.raises(AnswerError, match=r"^owner 'a-team': use small letters$"):
        render({"owner": "a-team"}, output, template)
    with pytest.raises(AnswerError, match="no such option"):
        validate({"ci": "github"}, template)


def test_the_default_template_is_as_before(checkout_with: MakeTemplate) -> None:
    stricter(checkout_with({}))
    assert sys.modules["local_extensions"] is rules
    assert validate({"owner": "a-team", "ci": "github"}) == {"owner": "a-team", "ci": "github"}
    assert "ci" in options()


def test_files_are_sorted_and_without_caches(checkout_with: MakeTemplate) -> None:
    template = Template(checkout_with(dict.fromkeys(["b/c.py", "a.py", "__pycache__/a.pyc", "b/.ruff_cache/0"], "")))
    project = "{{cookiecutter.project_slug}}"
    assert [path.as_posix() for path in template.files()] == [
        "cookiecutter.json",
        "local_extensions.py",
        f"{project}/a.py",
        f"{project}/b/c.py",
    ]
    assert {path.suffix for path in DEFAULT.files()} > {".py", ".yaml", ".toml"}
