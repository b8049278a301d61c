"""The server as SageMaker runs it: a process of its own, started by the image's entrypoint."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from serving_models import CSV_ROWS, ROWS, SCHEMA, write_model

PROJECT = Path(__file__).resolve().parent.parent
Start = Callable[..., "Server"]


class Server:
    def __init__(self, folder: Path, **variables: str) -> None:
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        own = {"PYTHONPATH": str(PROJECT), "SM_MODEL_DIR": str(folder), "SAGEMAKER_BIND_TO_PORT": str(self.port)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "model_build.entrypoint", "serve"],
            env={**os.environ, "SERVING_HOST": "127.0.0.1", **own, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def until_it_answers(self) -> Server:
        while self.process.poll() is None:
            with closing(self.connect()) as connection:
                try:
                    connection.request("GET", "/ping")
                    assert connection.getresponse().status == 200
                    return self
                except ConnectionError:
                    time.sleep(0.02)
        raise AssertionError(self.process.stderr.read() if self.process.stderr else "")

    def ask(self, body: bytes | str, media: str = "text/csv") -> tuple[int, bytes]:
        with closing(self.connect()) as connection:
            connection.request("POST", "/invocations", body, {"content-type": media})
            answer = connection.getresponse()
            return answer.status, answer.read()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    write_model(folder, "binary_classification")
    return folder


@pytest.fixture
def start(model: Path) -> Iterator[Start]:
    servers: list[Server] = []

    def start(folder: Path = model, **variables: str) -> Server:
        servers.append(Server(folder, **variables))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
        server.process.communicate(timeout=30)


@pytest.mark.slow
def test_a_request_in_flight_is_answered_after_sigterm(start: Start) -> None:
    server = start().until_it_answers()
    head = f"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\ncontent-length: {len(CSV_ROWS)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head.encode() + CSV_ROWS[:5].encode())
        server.ask(CSV_ROWS)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None
        connection.sendall(CSV_ROWS[5:].encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    output, errors = server.process.communicate(timeout=30)
    assert [json.loads(line)["status"] for line in output.splitlines()] == [200, 200]
    assert "Traceback" not in errors


@pytest.mark.slow
def test_an_idle_server_ends_at_once(start: Start) -> None:
    server = start().until_it_answers()
    server.process.send_signal(signal.SIGTERM)
    _, errors = server.process.communicate(timeout=20)
    assert "Traceback" not in errors


@pytest.mark.slow
def test_a_body_over_the_limit_is_refused_and_the_connection_lives_on(start: Start) -> None:
    server = start(SERVING_MAX_PAYLOAD_MB="1").until_it_answers()
    with closing(server.connect()) as connection:
        for body, status in [(b"39,Private,40.5\n" * 100_000, 413), (CSV_ROWS.encode(), 200)]:
            connection.request("POST", "/invocations", body, {"content-type": "text/csv"})
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (status, True)


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_server_that_has_read_parquet_ends_with_its_reader(start: Start, processes: str) -> None:
    server = start(WEB_CONCURRENCY=processes).until_it_answers()
    buffer = io.BytesIO()
    pl.DataFrame(ROWS, schema=SCHEMA).write_parquet(buffer)
    assert server.ask(buffer.getvalue(), "application/x-parquet")[0] == 200
    assert server.ask(b"PAR1", "application/x-parquet")[0] == 400
    server.process.send_signal(signal.SIGTERM)
    _, errors = server.process.communicate(timeout=20)
    assert "Traceback" not in errors


@pytest.mark.slow
def test_several_processes_share_the_port(start: Start) -> None:
    server = start(WEB_CONCURRENCY="2").until_it_answers()
    assert [server.ask(CSV_ROWS)[0] for _ in range(8)] == [200] * 8
    server.process.send_signal(signal.SIGTERM)
    _, errors = server.process.communicate(timeout=30)
    assert "Traceback" not in errors


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_server_that_has_no_model_ends_with_a_line_instead_of_trying_for_ever(
    start: Start, tmp_path: Path, processes: str
) -> None:
    server = start(tmp_path, WEB_CONCURRENCY=processes)
    _, errors = server.process.communicate(timeout=60)
    assert "serve: no model can be served from" in errors
    assert "Traceback" not in errors
