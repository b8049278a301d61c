"""All of a project appears at its place, or nothing remains: not in the output folder, not in the temporary one."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import cookiecutter.generate
import pytest

from renderer import AnswerError, RenderError, TargetExistsError, Template, render

ROOT = Path(__file__).resolve().parents[2]
MakeTemplate = Callable[[dict[str, str]], Path]
Bake = Callable[..., Path]
HOSTILE: list[dict[str, str]] = [
    {"project_slug": "../evil"},
    {"project_slug": "/evil"},
    {"project_name": "{{ cycler.__init__.__globals__.os.system('touch evil') }}"},
    {"description": "{% for x in range(9) %}a{% endfor %}"},
    {"owner": "$(touch evil)"},
    {"ci": "jenkins"},
    {"no_such": "option"},
    {"_copy_without_render": "*"},
]
BROKEN_FILES = {
    "syntax error": "{% if %}",
    "unclosed tag": "{{ cookiecutter.project_name",
    "undefined name": "{{ cookiecutter.nonsense }}",
    "wrong type": "{{ 'a' + 1 }}",
    "division by zero": "{{ 1 / 0 }}",
    "unknown filter": "{{ 1 | nonsense }}",
    "missing include": "{% include 'nowhere' %}",
}


def command(checkout: Path, output: Path, *arguments: str, **settings: Any) -> subprocess.Popen[str]:
    temporary = output.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "renderer", "new", "--no-input", "-o", str(output), *arguments],
        cwd=checkout,
        env={**os.environ, "TMPDIR": str(temporary), "HOME": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **settings,
    )


def assert_nothing_left(output: Path) -> None:
    assert list(output.iterdir()) == []
    temporary = output.parent / "temporary"
    assert not temporary.exists() or list(temporary.iterdir()) == []


@pytest.mark.parametrize("answers", HOSTILE, ids=str)
def test_hostile_answers_never_reach_cookiecutter(
    output: Path, monkeypatch: pytest.MonkeyPatch, answers: dict[str, str]
) -> None:
    def reached(*_: object, **__: object) -> NoReturn:
        raise AssertionError("cookiecutter saw the answers")

    monkeypatch.setattr(cookiecutter.generate, "generate_context", reached)
    with pytest.raises(AnswerError):
        render(answers, output)
    assert_nothing_left(output)


@pytest.mark.parametrize("text", BROKEN_FILES.values(), ids=BROKEN_FILES.keys())
def test_a_broken_template_file_leaves_nothing(checkout_with: MakeTemplate, output: Path, text: str) -> None:
    template = Template(checkout_with({"a.txt": "fine", "b/c.txt": text, "d.txt": "fine"}))
    with pytest.raises(RenderError) as failure:
        render({}, output, template)
    assert len(str(failure.value).splitlines()) == 1
    assert len(str(failure.value)) < 200
    assert_nothing_left(output)


def test_a_failing_hook_leaves_nothing(checkout_with: MakeTemplate, output: Path) -> None:
    checkout = checkout_with({"a.txt": "fine"})
    (checkout / "hooks").mkdir()
    (checkout / "hooks" / "post_gen_project.py").write_text("raise SystemExit(3)", encoding="utf-8")
    process = command(checkout, output)
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors == "sagemaker-mlops: nothing was made: Hook script failed (exit status: 3)\n"
    assert_nothing_left(output)


@pytest.mark.parametrize("function", ["copyfile", "copymode"])
def test_a_full_disk_leaves_nothing(output: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    def full(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, function, full)
    with pytest.raises(RenderError, match="No space left on device"):
        render({}, output)
    assert_nothing_left(output)


def test_a_write_that_the_system_refuses_leaves_nothing(output: Path) -> None:
    def limit_file_size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    process = command(ROOT, output, preexec_fn=limit_file_size)
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith("sagemaker-mlops: nothing was made: ")
    assert errors.count("\n") == 1
    assert_nothing_left(output)


def test_an_interruption_inside_rendering_leaves_nothing(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "copymode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        render({}, output)
    assert_nothing_left(output)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_in_the_middle_of_rendering_leaves_nothing(
    checkout_with: MakeTemplate, output: Path, number: signal.Signals
) -> None:
    endless = "{% for _ in range(10 ** 12) %}{% endfor %}"
    checkout = checkout_with({"a.txt": "written before the signal", "b.txt": endless})
    process = command(checkout, output)
    deadline = time.monotonic() + 30
    while not list(output.glob(".sagemaker-mlops-*/rendered/census-income/a.txt")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert errors == "sagemaker-mlops: stopped; nothing was left behind\n"
    assert_nothing_left(output)


def test_an_output_folder_made_for_a_failed_project_is_removed_again(checkout_with: MakeTemplate, output: Path) -> None:
    with pytest.raises(RenderError):
        render({}, output / "made" / "for" / "it", Template(checkout_with({"a.txt": "{{ nonsense }}"})))
    assert_nothing_left(output)


def _make_file(target: Path) -> None:
    target.write_text("mine", encoding="utf-8")


def _make_full_folder(target: Path) -> None:
    target.mkdir()
    (target / "mine").touch()


@pytest.mark.parametrize(
    "make",
    [
        _make_file,
        Path.mkdir,
        _make_full_folder,
        lambda target: target.symlink_to("nowhere"),
        lambda target: target.symlink_to("/"),
    ],
    ids=["file", "empty folder", "full folder", "dangling link", "link to a folder"],
)
def test_a_target_that_exists_is_refused_and_not_touched(output: Path, make: Callable[[Path], None]) -> None:
    target = output / "census-income"
    make(target)
    before = target.lstat()
    with pytest.raises(TargetExistsError, match=r"census-income exists"):
        render({}, output)
    assert target.lstat() == before
    assert list(output.iterdir()) == [target]


def test_a_target_that_appears_while_rendering_is_refused_and_not_touched(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = output / "census-income"
    generate_files = cookiecutter.generate.generate_files

    def slowly(*arguments: Any, **settings: Any) -> Any:
        _make_full_folder(target)
        return generate_files(*arguments, **settings)

    monkeypatch.setattr(cookiecutter.generate, "generate_files", slowly)
    with pytest.raises(TargetExistsError):
        render({}, output)
    assert [path.name for path in output.rglob("*")] == ["census-income", "mine"]


def test_of_concurrent_runs_to_one_target_one_wins_whole(output: Path, bake: Bake) -> None:
    processes = [command(ROOT, output) for _ in range(4)]
    errors = [process.communicate()[1] for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 2, 2, 2], errors
    assert [child.name for child in output.iterdir()] == ["census-income"]
    whole = {path.relative_to(bake()) for path in bake().rglob("*")}
    assert {path.relative_to(output / "census-income") for path in output.rglob("*/*")} == whole
    assert list((output.parent / "temporary").iterdir()) == []


def test_success_leaves_nothing_beside_the_project(output: Path) -> None:
    process = command(ROOT, output)
    process.communicate()
    assert process.returncode == 0
    assert [child.name for child in output.iterdir()] == ["census-income"]
    assert list((output.parent / "temporary").iterdir()) == []
