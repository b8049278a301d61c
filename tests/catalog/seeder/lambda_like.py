"""The package called as Lambda calls it: in a process of its own that has boto3 and one folder to write to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.catalog.seeder.git_server import ACCESS_KEY, REGION, SECRET_KEY, TOKEN, QuietServer
from tests.catalog.seeder.seeding import BUCKET, FUNCTION_ARN

OF_LAMBDA = ("boto3", "botocore", "s3transfer", "jmespath")
_CALL = """
import time
started = time.monotonic()
import importlib, json, sys
class Context:
    invoked_function_arn = sys.argv[2]
    def get_remaining_time_in_millis(self):
        return 300_000
module, _, name = sys.argv[1].rpartition(".")
handle = getattr(importlib.import_module(module), name)
start, seconds, cpu = time.monotonic() - started, [], []
for line in sys.stdin:
    began, worked = time.monotonic(), time.process_time() if seconds else 0.0
    handle(json.loads(line), Context())
    seconds.append(time.monotonic() - began)
    cpu.append(time.process_time() - worked)
with open("/proc/self/status") as status:
    peak = dict(line.split(":", 1) for line in status)["VmHWM"].split()[0]
places = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
ours = [name for name, place in places.items() if place.startswith(sys.argv[3])]
print(json.dumps({"kilobytes": int(peak), "modules": ours, "start": start, "seconds": seconds, "cpu": cpu}))
"""


def runtime(folder: Path) -> Path:
    """What Lambda's own runtime brings."""
    folder.mkdir()
    for name in OF_LAMBDA:
        (folder / name).symlink_to(Path(__import__(name).__file__ or "").parent)
    return folder


def called(
    entry: str, events: Sequence[Mapping[str, Any]], task: Path, boto: Path, temporary: Path, git_url: str, s3_url: str
) -> dict[str, Any]:
    """Hands the events over, one after the other; returns peak memory, seconds and the modules out of `task`."""
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-S", "-c", _CALL, entry, FUNCTION_ARN, str(task)],
        input="".join(f"{json.dumps(each)}\n" for each in events),
        capture_output=True,
        text=True,
        cwd=task,
        env={
            "PATH": os.defpath,
            "PYTHONPATH": f"{task}{os.pathsep}{boto}",
            "PYTHONDONTWRITEBYTECODE": "1",  # modes don't stop root, which tests may run as
            "TMPDIR": str(temporary),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_SESSION_TOKEN": TOKEN,
            "AWS_ENDPOINT_URL_S3": s3_url,
            "GIT_ENDPOINT_CODECOMMIT": git_url,
            "BUNDLE_BUCKET": BUCKET,
        },
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@contextmanager
def s3_with(objects: Mapping[str, bytes]) -> Iterator[str]:
    """S3's GET for `/bucket/key`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = objects.get(self.path.lstrip("/").partition("?")[0], b"")
            self.send_response(200 if content else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = QuietServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
