"""A hundred thousand malformed requests, a few hundred on a socket, and schemathesis: never a 5xx, never a crash."""

from __future__ import annotations

import http.client
import io
import json
import os
import random
import socket
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.serving_model import PackagedModel

HERE = Path(__file__).resolve().parent
REQUESTS, ON_A_SOCKET = 100_000, 1000
MOST_GROWTH_MB = 10
# Numbers are read from JSON text too, as batch transform hands on what stood in a CSV file.
LENIENT = "negative_data_rejection"


@pytest.mark.slow
def test_malformed_requests_are_refused_and_leave_no_trace(packaged: PackagedModel, project_python: Path) -> None:
    command = [str(project_python), str(HERE / "malformed.py"), str(packaged.folder), str(REQUESTS)]
    environment = {**os.environ, "PYTHONPATH": str(packaged.project)}
    done = subprocess.run(command, env=environment, cwd=packaged.project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    print(result)
    assert result["failures"] == []
    assert result["requests"] >= REQUESTS
    assert result["statuses"].keys() <= {"200", "400", "406", "413", "415"}
    assert min(result["statuses"].get(status, 0) for status in ("200", "400", "406", "415")) > 0
    assert result["grown_megabytes"] < MOST_GROWTH_MB


def hostile(chance: random.Random, rows: list[dict[str, Any]]) -> bytes:
    """A request as bytes: a good one with damage anywhere, head included."""
    body = json.dumps(rows[: chance.randint(1, 3)]).encode()
    lines = ["POST /invocations HTTP/1.1", "host: x", "content-type: application/json", f"content-length: {len(body)}"]
    data = bytearray("\r\n".join([*lines, "", ""]).encode() + body)
    for _ in range(chance.randint(1, 6)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def status_of(server: Any, body: str) -> int:
    headers = {"content-type": "application/json", "x-amzn-sagemaker-custom-attributes": "attributions=true"}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("POST", "/invocations", body, headers)
        return connection.getresponse().status


def received(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.slow
def test_a_real_server_survives_damaged_requests(packaged: PackagedModel, server: Any) -> None:
    chance, rows = random.Random(2), packaged.rows(1000)  # noqa: S311
    good = json.dumps(rows[:3])
    before = 0.0
    assert status_of(server, good) == 200  # explained, so that XGBoost is loaded from here on
    for number in range(ON_A_SOCKET):
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
            connection.connect()
            connection.sock.sendall(hostile(chance, rows))
            connection.sock.shutdown(1)
            answer = received(connection.sock)
        assert not answer.startswith(b"HTTP/1.1 5"), answer
        if number == ON_A_SOCKET // 4:
            before = server.resident_megabytes()
    assert server.resident_megabytes() - before < MOST_GROWTH_MB
    assert status_of(server, good) == 200
    assert "Traceback" not in server.log.read_text()


@pytest.fixture
def parquet_files(packaged: PackagedModel, tmp_path: Path) -> Path:
    code = """
import sys, io, json, tarfile, polars as pl
rows = json.load(open(sys.argv[1]))
names = [f["name"] for f in json.load(open(sys.argv[2]))["features"]]
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
    for count in (1, 5, 300):
        body = io.BytesIO()
        pl.DataFrame(rows[:count], infer_schema_length=None).select(names).write_parquet(body)
        entry = tarfile.TarInfo(f"{count}.parquet")
        entry.size = body.tell()
        body.seek(0)
        tar.addfile(entry, body)
"""
    arguments = [str(packaged.outputs / "rows.json"), str(packaged.folder / "signature.json")]
    done = subprocess.run([packaged.job_python, "-c", code, *arguments], capture_output=True, check=True)
    folder = tmp_path / "parquet"
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.mark.slow
def test_the_server_keeps_to_its_published_openapi_document(
    packaged: PackagedModel, server: Any, parquet_files: Path, tmp_path: Path
) -> None:
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{server.url}/openapi.json"]
    checks = ["--checks", "all", "--exclude-checks", LENIENT, "--max-examples", "200", "--seed", "1"]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
        "PYTHONPATH": str(HERE),
        "SERVING_ROWS": str(packaged.outputs / "rows.json"),
        "SERVING_SIGNATURE": str(packaged.folder / "signature.json"),
        "SERVING_PARQUET": str(parquet_files),
    }
    quiet = ["--no-color", "--warnings", "off", "--max-failures", "5", "--generation-database", "none"]
    command += [*checks, *quiet]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    print(done.stdout[-1500:])
    assert server.answers()
    statuses = {json.loads(line)["status"] for line in server.log.read_text().splitlines() if line.startswith("{")}
    assert {200, 400} <= statuses
    assert not any(status >= 500 for status in statuses)
