"""The project's image serves the model that was trained in it: every question SageMaker passes on, and its end."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import socket
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from engine import IMAGE, LOCKED, Docker
from machine import run_command

pytestmark = [pytest.mark.container, pytest.mark.slow]
PARQUET = """
import json, sys
import polars as pl
smoke = json.loads(sys.stdin.read())
types = {"integral": pl.Int64, "fractional": pl.Float64, "string": pl.String}
schema = {feature["name"]: types[feature["type"]] for feature in smoke["features"]}
pl.DataFrame(smoke["rows"], schema=schema).write_parquet(sys.argv[1])
"""
JSON = {"Content-Type": "application/json"}
EXPLAINED = {**JSON, "X-Amzn-SageMaker-Custom-Attributes": "attributions=true"}
MEBIBYTE = 1024 * 1024
PUBLISH_ON_HOST = """#!/bin/sh
for argument do
  shift
  case $argument in
    --publish) continue ;;
    127.0.0.1:*:8080)
      port=${argument#127.0.0.1:}
      set -- "$@" --network host --env SERVING_HOST=127.0.0.1 --env "SAGEMAKER_BIND_TO_PORT=${port%:8080}"
      continue ;;
  esac
  set -- "$@" "$argument"
done
exec docker "$@"
"""


@dataclasses.dataclass(frozen=True)
class Served:
    """A server in a container: its address and the container's name."""

    address: str
    name: str


@contextmanager
def served(docker: Docker, model: Path, user: str, *options: str) -> Iterator[Served]:
    """A server in the image, which ends by itself when it is asked to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    name = f"{IMAGE}-serve-{os.getpid()}-{port}"
    place = ["--network", "host", "--env", f"SAGEMAKER_BIND_TO_PORT={port}", "--volume", f"{model}:/opt/ml/model:ro"]
    kept = [part for part in LOCKED if part != "--rm"]
    started = docker("run", *kept, "--detach", "--name", name, "--user", user, *place, *options, IMAGE, "serve")
    assert started.returncode == 0, started.stdout
    try:
        wait_until_ready(f"http://127.0.0.1:{port}")
        yield Served(f"http://127.0.0.1:{port}", name)
        docker("stop", "--time", "60", name)
        ended = docker("inspect", "--format", "{{.State.ExitCode}}", name).stdout.strip()
        assert ended == "0", f"the server ended with {ended}; 137 is that of a process that had to be killed"
    finally:
        docker("rm", "--force", name)


def ask(address: str, **options: object) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, **options), timeout=20) as answer:  # type: ignore[arg-type]  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            assert ask(f"{address}/ping")[0] == 200
            return
        except OSError:
            assert time.monotonic() < deadline, "the server does not answer /ping"
            time.sleep(0.2)


@pytest.fixture(scope="module")
def package(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked model archive of the pipeline that ran in the image."""
    folder = tmp_path_factory.mktemp("package")
    with tarfile.open(next((trained / ".local" / "s3").rglob("Package/*/model.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def smoke(trained: Path) -> dict[str, Any]:
    path = next((trained / ".local" / "s3").rglob("Package/*/smoke.json"))
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def server(docker: Docker, package: Path) -> Iterator[Served]:
    with served(docker, package, "10001:10001") as running:
        yield running


def post(server: Served, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    return ask(f"{server.address}/invocations", data=body, headers=headers)


@pytest.mark.parametrize("user", ["0:0", "10001:10001"])
def test_the_image_gives_the_answers_that_were_packaged_as_root_and_as_nobody(
    user: str, docker: Docker, package: Path, smoke: dict[str, Any]
) -> None:
    with served(docker, package, user) as server:
        status, answer = post(server, json.dumps({"instances": smoke["rows"]}).encode(), JSON)
    assert (status, json.loads(answer)) == (200, {"predictions": smoke["answers"]})


def test_attributions_name_every_feature(server: Served, smoke: dict[str, Any]) -> None:
    status, answer = post(server, json.dumps(smoke["rows"]).encode(), EXPLAINED)
    assert status == 200, answer
    predictions = json.loads(answer)["predictions"]
    names = [feature["name"] for feature in smoke["features"]]
    assert [list(prediction["attributions"]) for prediction in predictions] == [names] * len(smoke["rows"])
    assert all(isinstance(prediction["base_value"], float) for prediction in predictions)


@pytest.mark.parametrize("media", ["application/vnd.apache.parquet", "application/x-parquet"])
def test_parquet_is_read(server: Served, smoke: dict[str, Any], job_python: Path, tmp_path: Path, media: str) -> None:
    path = tmp_path / "rows.parquet"
    written = run_command([job_python, "-c", PARQUET, path], json.dumps(smoke))
    assert written.returncode == 0, written.stdout
    status, answer = post(server, path.read_bytes(), {"Content-Type": media, "Accept": "application/json"})
    assert (status, json.loads(answer)) == (200, {"predictions": smoke["answers"]})


def test_a_wrong_row_is_told_in_one_line(server: Served) -> None:
    status, answer = post(server, b"1,2\n", {"Content-Type": "text/csv"})
    assert (status, b"row 1 has 2 values" in answer, b"\n" in answer) == (400, True, False)


def test_a_body_over_the_limit_is_refused_and_the_limit_can_be_moved(
    server: Served, docker: Docker, package: Path, smoke: dict[str, Any]
) -> None:
    row = json.dumps(smoke["rows"][0]).encode()
    small = b"[" + b",".join([row] * (2 * MEBIBYTE // len(row))) + b"]"
    large = small + b" " * (7 * MEBIBYTE - len(small))
    assert post(server, small, JSON)[0] == 200
    connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=20)
    connection.putrequest("POST", "/invocations")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(len(large)))
    connection.endheaders()
    refusal = connection.getresponse()
    assert (refusal.status, list(json.loads(refusal.read()))) == (413, ["error"])
    connection.close()
    with served(docker, package, "10001:10001", "--env", "SERVING_MAX_PAYLOAD_MB=100") as batch:
        assert post(batch, large, JSON)[0] == 200


def test_a_request_that_has_begun_is_answered_before_the_server_ends(
    docker: Docker, package: Path, smoke: dict[str, Any]
) -> None:
    body = json.dumps(smoke["rows"]).encode()
    with served(docker, package, "10001:10001") as server:
        port = int(server.address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            head = ["POST /invocations HTTP/1.1", "Host: h", "Content-Type: application/json"]
            head += [f"Content-Length: {len(body)}", "", ""]
            connection.sendall("\r\n".join(head).encode() + body[:10])
            docker("kill", "--signal", "TERM", server.name)
            wait_until_closed(port)
            connection.sendall(body[10:])
            with connection.makefile("rb") as stream:
                assert stream.readline().split()[1] == b"200"


def wait_until_closed(port: int) -> None:
    """The server looks for signals every 0.1 s, and a busy machine delays that."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.1)
    raise AssertionError("the server takes new connections after SIGTERM")


def test_serve_and_invoke_on_a_laptop_use_the_image(
    trained: Path, engine: dict[str, str], smoke: dict[str, Any], tmp_path: Path, python: Path
) -> None:
    variables = engine
    if "DOCKER_HOST" in engine:
        wrapper = tmp_path / "docker"
        wrapper.write_text(PUBLISH_ON_HOST)
        wrapper.chmod(0o755)
        variables = {**engine, "DOCKER": str(wrapper)}

    def model_build(*arguments: str) -> str:
        ran = run_command([python, "-m", "model_build", *arguments], cwd=trained, env=variables)
        assert ran.returncode == 0, ran.stdout
        return str(ran.stdout)

    model_build("approve", "1")
    model_build("serve", "--container", "--background", "--port", "0")
    try:
        answered = model_build("invoke", "--accept", "application/json")
    finally:
        stopped = model_build("serve", "--stop")
    assert json.loads(answered)["predictions"] == smoke["answers"][:5]
    assert stopped.startswith("Stopped version 1 at http://127.0.0.1:")
    left = run_command(["docker", "ps", "--all", "--format", "{{.Names}}"], env={**os.environ, **engine}).stdout
    assert "model_build-serve" not in left
