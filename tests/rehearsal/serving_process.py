"""A model server of a few lines, for the tests of the emulated AWS; environment X=broken makes it fail to start."""

from __future__ import annotations

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

if os.environ.get("X") == "broken":
    raise SystemExit("the model is broken")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        attributes = self.headers.get("X-Amzn-SageMaker-Custom-Attributes")
        if attributes:
            self.send_header("X-Amzn-SageMaker-Custom-Attributes", attributes)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.answer(200, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if body.startswith("fail "):
            self.answer(int(body.split()[1]), b'{"error": "as asked"}')
            return
        files = sorted(path.name for path in Path(os.environ["SM_MODEL_DIR"]).iterdir())
        self.answer(200, json.dumps({"body": body, "files": files, "x": os.environ.get("X")}).encode())

    def log_message(self, *_arguments: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
