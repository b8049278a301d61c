"""`sagemaker-mlops new` and bare cookiecutter give the same files, bytes and modes."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.main import cookiecutter
from cookiecutter.utils import create_env_with_context
from hypothesis import given, settings
from hypothesis import strategies as st

from local_extensions import TEXT_RULES
from renderer import Template, render
from renderer.template import TEMPLATE, options, version

ROOT = Path(__file__).resolve().parents[2]
Bake = Callable[..., Path]
CHOICES = {option: default for option, default in options().items() if isinstance(default, list)}
EVERY = [dict(zip(CHOICES, row, strict=True)) for row in itertools.product(*CHOICES.values())]
RECORD = ".sagemaker-mlops.json"


def tree(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in folder.rglob("*")
    }


def bare(output: Path, answers: dict[str, str]) -> Path:
    folders = {"replay_dir": str(output / ".replay"), "cookiecutters_dir": str(output / ".cookiecutters")}
    return Path(
        cookiecutter(
            str(ROOT),
            no_input=True,
            extra_context=answers,
            output_dir=str(output / "projects"),
            default_config=folders,
        )
    )


def assert_same(ours: Path, theirs: Path) -> None:
    left, right = tree(ours), tree(theirs)
    assert left.keys() == right.keys()
    assert [name for name in left if left[name] != right[name]] == []


@pytest.mark.slow
@pytest.mark.parametrize("answers", EVERY, ids=lambda answers: "-".join(answers.values()))
def test_every_option_set_gives_the_bytes_of_bare_cookiecutter(
    bake: Bake, tmp_path: Path, answers: dict[str, str]
) -> None:
    assert_same(bake(**answers), bare(tmp_path, answers))


def test_the_real_cookiecutter_command_gives_the_same_bytes(bake: Bake, tmp_path: Path) -> None:
    answers = {"project_name": "Café 2", "ci": "gitlab", "problem_type": "regression"}
    subprocess.run(
        [
            *(sys.executable, "-m", "cookiecutter", "--no-input", "--default-config", "-o", str(tmp_path), str(ROOT)),
            *(f"{option}={answer}" for option, answer in answers.items()),
        ],
        check=True,
        env={"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)},
    )
    assert_same(bake(**answers), tmp_path / "cafe-2")


def test_pytest_cookies_gives_the_same_bytes(bake: Bake, cookies: Any) -> None:
    result = cookies.bake(template=str(ROOT), extra_context={"ci": "github"})
    assert result.exception is None
    assert_same(bake(ci="github"), result.project_path)


def test_a_second_rendering_gives_the_same_bytes(bake: Bake, tmp_path: Path) -> None:
    assert_same(bake(), render({}, tmp_path))


def test_byte_code_and_caches_in_the_template_are_not_stamped_out(
    checkout_with: Callable[[dict[str, str]], Path], output: Path
) -> None:
    files = ["a.py", "__pycache__/a.pyc", ".ruff_cache/0", "b/.mypy_cache/c", "b/d.py", ".venv-job/e"]
    project = render({}, output, Template(checkout_with(dict.fromkeys(files, ""))))
    assert {str(path.relative_to(project)) for path in project.rglob("*")} == {"a.py", "b", "b/d.py"}


def test_the_users_cookiecutter_configuration_changes_nothing(
    bake: Bake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = tmp_path / "rc"
    configuration.write_text("default_context:\n  owner: someone\n  ci: github\n", encoding="utf-8")
    monkeypatch.setenv("COOKIECUTTER_CONFIG", str(configuration))
    assert_same(bake(), render({}, tmp_path / "output"))


def test_every_public_option_is_in_the_record_of_answers(bake: Bake) -> None:
    record = json.loads((bake(ci="github") / "model-build" / RECORD).read_text(encoding="utf-8"))
    assert list(record["answers"]) == list(options())
    assert record["answers"]["ci"] == "github"
    assert record["template_version"] == version()


@cache
def answer_files() -> dict[str, Any]:
    environment = create_env_with_context({"cookiecutter": {"_extensions": ["local_extensions.AnswerFilters"]}})
    folder = TEMPLATE / "{{cookiecutter.project_slug}}" / "model-build"
    names = ("project.toml", "pyproject.toml", RECORD)
    return {name: environment.from_string((folder / name).read_text(encoding="utf-8")) for name in names}


LEGAL = {
    option: st.from_regex(TEXT_RULES[option].pattern, fullmatch=True).filter(TEXT_RULES[option].allows)
    if option in TEXT_RULES
    else st.sampled_from(CHOICES[option])
    for option in options()
}


@settings(max_examples=500, deadline=None)
@given(answers=st.fixed_dictionaries(LEGAL))
def test_every_legal_answer_comes_back_exactly_from_the_rendered_files(answers: dict[str, str]) -> None:
    context = {**answers, "__template_version": version()}
    rendered = {name: file.render(cookiecutter=context) for name, file in answer_files().items()}
    assert json.loads(rendered[RECORD])["answers"] == answers
    tomllib.loads(rendered["pyproject.toml"])
    project = tomllib.loads(rendered["project.toml"])["project"]
    assert project.pop("name") == answers["project_name"]
    assert project.pop("slug") == answers["project_slug"]
    assert project == {option: answers[option] for option in project}
