"""`sagemaker-mlops new` as its user sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from renderer.template import options, prompts, version

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, typed: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "renderer", *arguments],
        cwd=ROOT,
        input=typed,
        stdin=subprocess.DEVNULL if typed is None else None,
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
    )


def record(project: Path) -> dict[str, str]:
    answers: dict[str, str] = json.loads((project / "model-build" / ".sagemaker-mlops.json").read_text("utf-8"))[
        "answers"
    ]
    return answers


def test_it_says_what_it_made_and_the_next_commands(output: Path) -> None:
    done = run("new", "--no-input", "-o", str(output), "project_name=Churn 2", "ci=github")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"cd {output}/churn-2/model-build\n" in done.stdout
    assert "make help" in done.stdout
    assert "make run" in done.stdout
    assert record(output / "churn-2")["ci"] == "github"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ci=jenkins"], "ci 'jenkins': use codepipeline, github or gitlab"),
        (["projct_slug=x"], "'projct_slug': no such option; use project_name, "),
        (["__check_owner=x"], "'__check_owner': no such option; use project_name, "),
        (["owner"], "'owner': write an answer as option=value"),
        (["owner=a", "owner=b"], "'owner': given twice; give each option once"),
        (["project_slug=../evil"], "project_slug '../evil': use 1 to 32 characters"),
        (["owner={{ 7*7 }}"], "owner '{{ 7*7 }}': use 1 to 256 characters"),
        (["project_slug=nul"], "project_slug 'nul': use 1 to 32 characters"),
    ],
    ids=str,
)
def test_refusals_are_one_line_with_exit_code_2(output: Path, arguments: list[str], said: str) -> None:
    done = run("new", "--no-input", "-o", str(output), *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"sagemaker-mlops: {said}")
    assert done.stderr.count("\n") == 1
    assert list(output.iterdir()) == []


def test_a_second_project_at_the_same_place_is_refused(output: Path) -> None:
    (output / "census-income").mkdir()
    done = run("new", "--no-input", "-o", str(output))
    assert done.returncode == 2
    assert done.stderr == (
        f"sagemaker-mlops: {output}/census-income exists: "
        "choose another project_slug or output folder, or move it away\n"
    )


def test_an_output_folder_that_is_a_file_is_refused(output: Path) -> None:
    (output / "file").touch()
    done = run("new", "--no-input", "-o", str(output / "file"))
    assert done.returncode == 2
    assert done.stderr == f"sagemaker-mlops: {output}/file is a file: give a folder as --output-dir\n"


def test_enter_takes_every_default(output: Path) -> None:
    done = run("new", "-o", str(output), typed="\n" * len(options()))
    assert done.returncode == 0, done.stderr
    assert record(output / "census-income") == record_of_defaults()


def record_of_defaults() -> dict[str, str]:
    chosen = {option: default[0] if isinstance(default, list) else default for option, default in options().items()}
    return {**chosen, "project_slug": "census-income"}


def test_it_asks_cookiecutters_questions_in_their_order(output: Path) -> None:
    done = run("new", "-o", str(output), typed="\n" * len(options()))
    texts = [text if isinstance(text, str) else text["__prompt__"] for text in prompts().values()]
    places = [done.stdout.index(text) for text in texts]
    assert places == sorted(places)
    assert list(prompts()) == list(options())


def test_every_choice_has_a_label() -> None:
    for option, default in options().items():
        if isinstance(default, list):
            assert set(prompts()[option]) == {"__prompt__", *default}


def test_prompts_hold_no_markup_by_accident() -> None:
    for prompt in prompts().values():
        for text in [prompt] if isinstance(prompt, str) else prompt.values():
            assert "[" not in text


def test_a_wrong_typed_answer_is_asked_for_again_with_the_rule(output: Path) -> None:
    typed = "Mine\nmy slug\nmine-2\n{{ 7*7 }}\nA fine model\n\n\n9\n3\n\n\n\n\n"
    done = run("new", "-o", str(output), typed=typed)
    assert done.returncode == 0, done.stderr
    assert "  project_slug 'my slug': use 1 to 32 characters" in done.stderr
    assert "  description '{{ 7*7 }}': use 1 to 1000 characters" in done.stderr
    answers = record(output / "mine-2")
    assert (answers["description"], answers["problem_type"]) == ("A fine model", "regression")


def test_a_slug_whose_folder_exists_is_asked_for_again(output: Path) -> None:
    (output / "census-income").mkdir()
    done = run("new", "-o", str(output), typed="\n\nother\n" + "\n" * len(options()))
    assert done.returncode == 0, done.stderr
    assert f"{output}/census-income exists" in done.stderr
    assert (output / "other").is_dir()


def test_what_is_given_is_not_asked(output: Path) -> None:
    given = [f"{option}={answer}" for option, answer in record_of_defaults().items() if option != "owner"]
    done = run("new", "-o", str(output), *given, typed="me\n")
    assert done.returncode == 0, done.stderr
    assert record(output / "census-income")["owner"] == "me"


def test_an_input_that_ends_too_early_is_refused(output: Path) -> None:
    done = run("new", "-o", str(output), typed="Mine\n")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("sagemaker-mlops: the input ended before the last question")
    assert list(output.iterdir()) == []


def test_a_terminal_without_unicode_gets_a_refusal_and_no_traceback(output: Path) -> None:
    done = run("new", "--no-input", "-o", str(output), "owner=\U0001f600", PYTHONUTF8="0", LC_ALL="C")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_help_shows_examples_and_every_option() -> None:
    done = run("new", "--help")
    assert done.returncode == 0
    assert "sagemaker-mlops new -o ~/projects" in done.stdout
    assert all(option in done.stdout for option in options())


def test_version_is_the_templates_version() -> None:
    assert run("--version").stdout == f"sagemaker-mlops, version {version()}\n"
