"""`serve`, `invoke` and `openapi`: the real entrypoint, started, asked over HTTP and ended."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_models import GROUP, Project, Run, command_line, project_with_models
from rich.console import Console
from step_outputs import StepOutputs

from model_build.laptop_server import ServeRequest, serve_in_background, stop
from model_build.local import server
from model_build.local.models import ModelError, find_model
from model_build.serving.formats import CSV, JSON_LINES
from model_build.settings import PROJECT_ROOT, load_settings


@pytest.fixture
def project(tmp_path: Path, steps: StepOutputs) -> Project:
    return project_with_models(tmp_path, steps)


@pytest.fixture
def run(project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    answer = command_line(project.root, monkeypatch, capfd)
    yield answer
    if server.background(project.root / ".local" / "server.json"):
        answer("serve", "--stop")


@pytest.fixture(scope="module")
def served(steps: StepOutputs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, str]]:
    """A project whose model is served in the background, and the server's address."""
    project, console = project_with_models(tmp_path_factory.mktemp("served"), steps), Console(file=io.StringIO())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODEL_BUILD_JOB_PYTHON", sys.executable)
        serve_in_background(ServeRequest(port=0), load_settings(), project.root, console)
    running = server.background(project.root / ".local" / "server.json")
    assert running
    yield project, running.url
    stop(project.root, console)


@pytest.fixture
def url(served: tuple[Project, str]) -> str:
    return served[1]


@pytest.fixture
def asking(served: tuple[Project, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """The command line of the project whose model is served."""
    return command_line(served[0].root, monkeypatch, capfd)


def told(out: str) -> dict[str, str]:
    return dict(line.split(maxsplit=1) for line in out.splitlines())


def test_a_server_in_the_background_answers_until_it_is_stopped(run: Run) -> None:
    code, out, err = run("serve", "--background", "--port", "0")
    assert (code, err) == (0, "")
    url = told(out)["URL"]
    code, out, err = run("invoke")
    assert (code, err) == (0, "")
    assert re.search(r"^5 rows in [\d.]+ ms from " + re.escape(url) + "$", out, flags=re.MULTILINE)
    code, out, err = run("serve", "--background")
    assert (code, out) == (1, "")
    assert err == f"error: version 1 is served at {url}; end it with `python -m model_build serve --stop`\n"
    assert run("serve", "--stop") == (0, f"Stopped version 1 at {url}\n", "")
    assert not server.answers(url)
    code, _, err = run("invoke", "--url", url)
    assert code == 1
    assert err.startswith(f"error: nobody answers at {url} (") and err.count("\n") == 1
    code, _, err = run("serve", "--stop")
    assert (code, err.partition(";")[0]) == (1, "error: no server runs in the background")


def test_the_example_that_is_shown_works(run: Run) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    out = run("serve", "--background", "--port", "0")[1]
    answer = subprocess.run(["sh", "-c", told(out)["Or"]], capture_output=True, text=True, check=True).stdout
    assert len(json.loads(answer)["predictions"]) == 1


def test_rows_of_a_file_are_asked_in_its_format_and_answered_as_wanted(
    asking: Run, steps: StepOutputs, tmp_path: Path
) -> None:
    smoke = steps.read("package/smoke.json")
    lines = tmp_path / "rows.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in smoke["rows"]))
    code, out, err = asking("invoke", "--file", str(lines), "--accept", JSON_LINES)
    assert (code, err) == (0, "")
    assert [json.loads(line) for line in out.splitlines()] == smoke["answers"]
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps({"instances": smoke["rows"]}))
    assert len(asking("invoke", "--file", str(rows), "--accept", CSV)[1].splitlines()) == len(smoke["rows"])


def test_what_moved_a_prediction_is_shown_with_the_values_that_were_sent(asking: Run, steps: StepOutputs) -> None:
    code, out, err = asking("invoke", "--attributions")
    assert (code, err) == (0, "")
    assert len(re.findall(r"^Row \d ", out, flags=re.MULTILINE)) == 5
    names = [feature["name"] for feature in steps.read("package/smoke.json")["features"]]
    shown = re.findall(r"^  (\S+) = .*[+-]\d+\.\d{4}$", out, flags=re.MULTILINE)
    assert len(shown) == 25 and set(shown) <= set(names)
    assert len(re.findall(r"^  base value ", out, flags=re.MULTILINE)) == 5


def test_a_refusal_of_the_server_is_one_line(asking: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("1,2\n")
    code, _, err = asking("invoke", "--file", str(tmp_path / "rows.csv"))
    assert code == 1
    assert err.startswith("error: the server answers 400: row 1 has 2 values; expected ") and err.count("\n") == 1
    (tmp_path / "large.csv").write_bytes(b"1" * (7 * 1024 * 1024))
    code, _, err = asking("invoke", "--file", str(tmp_path / "large.csv"))
    assert code == 1
    assert err.startswith("error: the server answers 413: ") and err.count("\n") == 1


def test_only_this_machine_reaches_the_server(url: str) -> None:
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.2", port), timeout=5).close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_in_the_foreground_ends_cleanly(project: Project, number: signal.Signals) -> None:
    here = f"from pathlib import Path; from model_build import cli; cli.PROJECT_ROOT = Path({str(project.root)!r})"
    environ = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT), "MODEL_BUILD_JOB_PYTHON": sys.executable}
    command = [sys.executable, "-c", f"{here}; cli.main()", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(6)]
        address = told("".join(lines))["URL"]
        assert server.answers(address)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "Stopped\n", "")
    assert not server.answers(address)


def test_a_taken_port_is_one_line(run: Run, project: Project) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for how in ([], ["--background"]):
            code, out, err = run("serve", "--port", str(port), *how)
            expected = f"error: port {port} is in use; end what listens there, or choose another --port\n"
            assert (code, out, err) == (1, "", expected)
    assert not (project.root / ".local" / "server.json").exists()


def without(package: Path, name: str, target: Path) -> Path:
    """The package without one of its archive's files."""
    target.mkdir()
    with tarfile.open(package / "model.tar.gz") as archive, tarfile.open(target / "model.tar.gz", "w:gz") as cut:
        for member in archive.getmembers():
            if member.name != name:
                cut.addfile(member, archive.extractfile(member))
    return target


def test_a_model_that_can_not_be_loaded_is_told_with_the_servers_reason(
    run: Run, project: Project, steps: StepOutputs, tmp_path: Path
) -> None:
    version = project.register(without(steps.package, "model.onnx", tmp_path / "cut"))
    code, out, err = run("serve", "--background", "--port", "0", "--version", str(version))
    assert (code, out) == (1, "")
    assert re.match(r"error: the server ended with exit code \d+: serve: no model can be (lo|s)", err)
    assert err.count("\n") == 1
    assert not (project.root / ".local" / "server.json").exists()


def test_the_newest_approved_model_is_meant_unless_a_version_is_named(tmp_path: Path, steps: StepOutputs) -> None:
    project = project_with_models(tmp_path, steps, count=4)
    project.approve(2)
    project.workspace.registry.decide(GROUP, 3, "Rejected", "")
    assert find_model(project.workspace, GROUP).entry["ModelPackageVersion"] == 2
    assert find_model(project.workspace, GROUP, 4).title == f"{GROUP} version 4, PendingManualApproval"
    assert len(list(project.workspace.models.iterdir())) == 1


def test_without_an_approved_model_the_command_that_approves_one_is_named(
    tmp_path: Path, steps: StepOutputs, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run = command_line(tmp_path, monkeypatch, capfd)
    for command in ("serve", "invoke", "openapi"):
        line = f"error: no model of {GROUP} is registered; train one with `python -m model_build run`\n"
        assert run(command) == (2, "", line)
    assert list(tmp_path.iterdir()) == []
    Project(tmp_path).register(steps.package)
    for command in ("serve", "invoke", "openapi"):
        line = f"error: no model of {GROUP} is approved; approve one with `python -m model_build approve 1`\n"
        assert run(command) == (2, "", line)


@pytest.mark.parametrize("name", ["../outside", "/outside", "inside/../../outside"])
def test_an_archive_that_writes_elsewhere_is_refused(project: Project, name: str, tmp_path: Path) -> None:
    with tarfile.open(project.archive(1), "w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    if name == "/outside":
        assert (find_model(project.workspace, GROUP).folder / "outside").is_file()
        return
    with pytest.raises(ModelError, match="is damaged or no model archive"):
        find_model(project.workspace, GROUP)
    assert not list(tmp_path.rglob("outside"))
    assert list(project.workspace.models.iterdir()) == []


def test_a_lost_or_damaged_archive_is_one_line(project: Project) -> None:
    whole = project.archive(1).read_bytes()
    project.archive(1).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="is damaged or no model archive"):
        find_model(project.workspace, GROUP)
    project.archive(1).unlink()
    with pytest.raises(ModelError, match="version 1 has lost its s3://models/1/model.tar.gz; train another"):
        find_model(project.workspace, GROUP)


def test_a_process_id_that_another_program_has_now_is_not_ended(project: Project, run: Run) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        file = project.root / ".local" / "server.json"
        server.remember(file, server.Background(other.pid, "http://127.0.0.1:1", 1, "log"))
        assert run("serve", "--stop")[0] == 1
        assert other.poll() is None
        assert not file.exists()
        other.kill()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--url", "ftp://host"), "'ftp://host' is no address of a server; expected one such as http://127.0.0.1:8080"),
        (("--file", "rows.xlsx"), "rows.xlsx can't be sent; expected a file that ends in .csv, .json, .jsonl, .parq"),
        (("--file", "none.csv"), "none.csv is no file; expected one that ends in .csv"),
    ],
)
def test_a_question_that_can_not_be_asked_is_bad_usage(run: Run, arguments: tuple[str, ...], complaint: str) -> None:
    code, out, err = run("invoke", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: {complaint}")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_server_in_the_image_sees_the_model_only_and_this_machine_only_reaches_it(
    run: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = project.root / "engine"
    engine.write_text(f'#!/bin/sh\necho "$@" >> {project.root}/calls; test "$1" != run\n')
    engine.chmod(0o755)
    monkeypatch.setenv("DOCKER", str(engine))
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    code, _, err = run("serve", "--container", "--port", "0")
    assert (code, err) == (1, "error: the server ended with exit code 1\n")
    calls = (project.root / "calls").read_text().splitlines()
    line = next(call for call in calls if call.startswith("run "))
    assert re.search(r" --publish 127\.0\.0\.1:\d+:8080 --volume \S+/\.local/models/\w+:/opt/ml/model:ro ", line)
    assert " --read-only " in line and " --user 0:" not in line and "AWS" not in line
    assert line.endswith("model-build:latest serve")
    name = line.partition("--name ")[2].split()[0]
    assert calls[-1] == f"rm --force {name}"


def test_the_contract_of_the_approved_model_is_printed(run: Run, steps: StepOutputs) -> None:
    code, out, err = run("openapi")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["openapi"].startswith("3.1")
    assert all(json.dumps(feature["name"]) in out for feature in steps.read("package/smoke.json")["features"])


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_READY_SECONDS", 0.0)
    process = server.start(["sleep", "60"], dict(os.environ))
    with pytest.raises(server.ServerError, match="does not answer http://127.0.0.1:1/ping within 0 seconds"):
        server.wait_until_ready(process, "http://127.0.0.1:1")
    assert process.poll() is not None
