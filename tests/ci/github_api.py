"""GitHub's API, as far as it tells the rules of the environment `production`."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from machine import require_program

NOBODY = "Environment production has no required reviewers"


@contextmanager
def environment_with(*rules: str) -> Iterator[dict[str, str]]:
    """Variables of a job that asks it; without rules, there is no such environment."""

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = bool(rules) and re.fullmatch(r"/repos/.+/environments/production", self.path)
            found = {"name": "production", "protection_rules": [{"id": 1, "type": rule} for rule in rules]}
            body = json.dumps(found if known else {"message": "Not Found", "status": "404"}, indent=2).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    require_program("jq", "jq")
    require_program("curl", "curl")
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield {"GITHUB_API_URL": f"http://127.0.0.1:{server.server_port}"}
        finally:
            server.shutdown()
