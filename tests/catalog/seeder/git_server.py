"""A git host as AWS's are seen by git: smart HTTP, served by git itself, behind names and passwords that are signed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

ACCESS_KEY, SECRET_KEY, TOKEN = "AKIAEXAMPLE", "a secret of nobody", "a/token+of=nobody"
REGION = "eu-central-1"


def expected_password(secret: str, region: str, host: str, path: str, timestamp: str) -> str:
    """Signature Version 4 by hand, from the AWS General Reference's steps, for method GIT of service codecommit."""
    date, scope = timestamp[:8], f"{timestamp[:8]}/{region}/codecommit/aws4_request"
    canonical = hashlib.sha256(f"GIT\n{path}\n\nhost:{host}\n\nhost\n".encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in (date, region, "codecommit", "aws4_request", f"AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{canonical}"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return f"{timestamp}Z{key.hex()}"


class QuietServer(ThreadingHTTPServer):
    """Clients that are killed break their connections, which is no news."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@dataclass
class GitHost:
    """`/v1/repos/NAME` and `/git-http/…/OWNER/NAME.git`; `refusing` is a status given to every request of a push."""

    folder: Path
    url: str = ""
    refusing: int | None = None
    requests: list[str] = field(default_factory=list)

    def place(self, path: str) -> Path:
        name = path.removesuffix(".git").removeprefix("/v1/repos/")
        return self.folder / f"{name.strip('/').replace('/', '_')}.git"

    def create(self, path: str) -> Path:
        """An empty repository, of which the default branch is main."""
        repository = self.place(path)
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(repository)], check=True)
        for key in ("http.receivepack", "uploadpack.allowFilter"):
            subprocess.run(["git", "-C", str(repository), "config", key, "true"], check=True)
        return repository


@contextmanager
def serving(folder: Path) -> Iterator[GitHost]:
    host = GitHost(folder)

    class Handler(_Handler):
        git = host

    server = QuietServer(("127.0.0.1", 0), Handler)
    host.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    git: GitHost

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if self._has_length() else self._chunks()
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self._serve(body)

    def _has_length(self) -> bool:
        return self.headers.get("Transfer-Encoding") != "chunked"

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _repository(self, path: str) -> str:
        for tail in ("/info/refs", "/git-upload-pack", "/git-receive-pack"):
            path = path.removesuffix(tail)
        return path

    def _serve(self, body: bytes) -> None:
        where = urlsplit(self.path)
        self.git.requests.append(f"{self.command} {self.path}")
        repository = self._repository(where.path)
        if not self._allowed(repository):
            self._answer(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
        elif self.git.refusing and "receive-pack" in self.path:
            self._answer(self.git.refusing, [], b"")
        elif not self.git.place(repository).is_dir():
            self._answer(404, [], b"")
        else:
            self._git(where.path.removeprefix(repository), where.query, self.git.place(repository), body)

    def _allowed(self, repository: str) -> bool:
        kind, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return False
        name, _, password = base64.b64decode(encoded).decode().partition(":")
        host = self.headers.get("Host", "")
        expected = expected_password(SECRET_KEY, REGION, host, repository, password.partition("Z")[0])
        return name == f"{ACCESS_KEY}%{TOKEN}" and hmac.compare_digest(password, expected)

    def _git(self, action: str, query: str, place: Path, body: bytes) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(place.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{place.name}{action}",
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_USER": "seeder",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=environment, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().splitlines()]
        status = next((int(value[:3]) for name, value in headers if name == "Status"), 200)
        self._answer(status, [(name, value) for name, value in headers if name != "Status"], content)

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
