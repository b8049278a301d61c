"""What bare cookiecutter refuses by the private `__check` values, and what it can't: docs/cookiecutter-limits.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_extensions import TEXT_RULES

ROOT = Path(__file__).resolve().parents[2]
LIMITS = (ROOT / "docs" / "cookiecutter-limits.md").read_text(encoding="utf-8")


def cookiecutter(output: Path, *answers: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    home = output.parent / "home"
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [
            *(sys.executable, "-m", "cookiecutter", "-o", str(output), str(ROOT), *answers),
            *(() if typed is not None else ("--no-input",)),
        ],
        input=typed,
        env={**os.environ, "HOME": str(home), "TMPDIR": str(home / "tmp")},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "answer",
    [
        "project_slug=../evil",
        "project_slug=/abs/evil",
        "project_slug=con",
        "owner=a;b",
        "description=a\nb",
        "cost_center=é",
    ],
)
def test_check_values_refuse_in_one_line_and_leave_nothing(output: Path, answer: str) -> None:
    done = cookiecutter(output, answer)
    option = answer.partition("=")[0]
    assert done.returncode == 1
    assert done.stderr.startswith(f"{option} ") or done.stdout.startswith(f"{option} ")
    assert (done.stdout + done.stderr).strip().count("\n") == 0
    assert list(output.iterdir()) == []
    assert list((output.parent / "home" / "tmp").iterdir()) == []


def test_a_wrong_typed_answer_is_refused_before_the_next_question(output: Path) -> None:
    done = cookiecutter(output, typed="a/b\n")
    assert done.returncode == 1
    assert "project_name 'a/b': use " in done.stdout + done.stderr
    assert "[2/9]" not in done.stdout
    assert list(output.iterdir()) == []


def test_every_text_option_is_checked_right_after_its_value() -> None:
    keys = list(json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8")))
    for option in TEXT_RULES:
        assert keys[keys.index(option) + 1] == f"__check_{option}"


def documented(promise: str) -> None:
    assert promise in LIMITS, f"docs/cookiecutter-limits.md should say: {promise}"


def test_as_documented_it_evaluates_answers_before_they_are_checked(output: Path) -> None:
    documented("evaluates `key=value` answers as Jinja")
    done = cookiecutter(output, "project_slug={{ 'a' * 3 }}")
    assert done.returncode == 0
    assert (output / "aaa").is_dir()


def test_as_documented_it_ignores_unknown_options(output: Path) -> None:
    documented("ignores unknown options")
    assert cookiecutter(output, "projct_slug=x").returncode == 0
    assert (output / "census-income").is_dir()


def test_as_documented_it_shows_a_traceback_for_a_wrong_choice(output: Path) -> None:
    documented("a traceback for a wrong choice")
    done = cookiecutter(output, "ci=jenkins")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert list(output.iterdir()) == []


def test_as_documented_its_caller_may_switch_the_rules_off(output: Path) -> None:
    documented("can be switched off by whoever calls it")
    assert cookiecutter(output, "owner=a*b", "__check_owner=off").returncode == 0


def test_as_documented_it_leaves_files_in_home_and_temporary_folder(output: Path) -> None:
    documented("leaves a replay file and a script")
    assert cookiecutter(output).returncode == 0
    assert list((output.parent / "home" / ".cookiecutter_replay").iterdir())
    assert list((output.parent / "home" / "tmp").iterdir())


def test_as_documented_the_users_configuration_changes_defaults(output: Path) -> None:
    documented("`~/.cookiecutterrc`")
    (output.parent / "home").mkdir()
    (output.parent / "home" / ".cookiecutterrc").write_text(
        "default_context:\n  project_slug: theirs\n", encoding="utf-8"
    )
    assert cookiecutter(output).returncode == 0
    assert (output / "theirs").is_dir()
