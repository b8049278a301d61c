"""Git's smart HTTP in front of the emulator, on the same port: CodeCommit's paths and those of connections.

AWS: git-codecommit.<region>.amazonaws.com/v1/repos/<name>, and
codeconnections.<region>.amazonaws.com/git-http/<account>/<region>/<connection>/<owner>/<name>.git, which hands on to
the host. Simplified: both are git's own http-backend on repositories of this machine; PUT /_rehearsal/connections/<id>
stands for the person who completes a connection in the console, PUT …/repositories/<owner>/<name> for an empty
repository on the host. A push to CodeCommit is an event on the account's bus; one to a host starts nothing.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.emulated_aws import code_services, codecommit, context
from rehearsal.emulated_aws.git import repositories, signatures
from rehearsal.emulated_aws.settings import SETTINGS

Application = Callable[[Any, Any, Any], Awaitable[None]]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
_SERVICE = r"(?P<rest>/info/refs|/git-upload-pack|/git-receive-pack|/HEAD)"
_CODECOMMIT = re.compile(rf"(?P<base>/v1/repos/(?P<name>[^/]+?)){_SERVICE}")
_CONNECTION = re.compile(
    r"(?P<base>/git-http/(?P<account>\d{12})/(?P<region>[a-z0-9-]+)/(?P<connection>[^/]+)"
    rf"/(?P<owner>.+)/(?P<name>[^/]+?)\.git){_SERVICE}"
)
_PERSON = re.compile(r"/_rehearsal/connections/(?P<connection>[0-9a-f-]{36})(?:/repositories/(?P<path>.+))?")
_FOR_CONNECTIONS = ("codecommit", "codeconnections", "codestar-connections")


@dataclass(frozen=True)
class _Call:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


def served(application: Application) -> Application:
    """The application, with git's and the person's paths taken before it sees them."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(("/v1/repos/", "/git-http/", "/_rehearsal/")):
            await application(scope, receive, send)
            return
        body, more = bytearray(), True
        while more:
            message = await receive()
            body.extend(message.get("body", b""))
            more = message.get("more_body", False)
        headers = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        call = _Call(scope["method"], scope["path"], query, headers, bytes(body))
        status, answered, content = await asyncio.to_thread(_answered, call)
        await send({"type": "http.response.start", "status": status, "headers": answered})
        await send({"type": "http.response.body", "body": content})

    return answer


def _plain(status: int, text: str, *headers: tuple[bytes, bytes]) -> Answer:
    return status, [(b"content-type", b"text/plain"), *headers], text.encode() + b"\n"


def _answered(call: _Call) -> Answer:
    try:
        if found := _PERSON.fullmatch(call.path):
            return _by_a_person(call, found["connection"], found["path"])
        if found := _CODECOMMIT.fullmatch(call.path):
            return _of_codecommit(call, found)
        if found := _CONNECTION.fullmatch(call.path):
            return _of_connection(call, found)
    except signatures.RefusedError as refusal:
        if "authorization" in call.headers:
            return _plain(403, str(refusal))
        return _plain(401, str(refusal), (b"www-authenticate", b'Basic realm="emulated"'))
    except ValueError as fault:
        return _plain(400, str(fault))
    return _plain(404, f"{call.path} is none of git's")


def _by_a_person(call: _Call, connection: str, path: str | None) -> Answer:
    if call.method != "PUT":
        return _plain(405, "PUT only")
    if path is None:
        return _plain(200 if code_services.complete_connection(connection) else 404, connection)
    owner, _, name = path.rpartition("/")
    folder = repositories.of_host(connection, owner, name)
    if folder.exists():
        return _plain(409, f"{path} exists")
    repositories.create(folder)
    return _plain(200, path)


def _hosts(call: _Call, service: str, region: str) -> list[str]:
    here = call.headers.get("host", "")
    return [here, here.split(":")[0], f"{service}.{region}.amazonaws.com"]


def _of_codecommit(call: _Call, found: re.Match[str]) -> Answer:
    for region in codecommit.regions_of_repositories() or [context.region()]:
        try:
            hosts = _hosts(call, "git-codecommit", region)
            account = signatures.account_of(
                call.headers.get("authorization", ""), found["base"], hosts, region, ("codecommit",)
            )
        except signatures.RefusedError as refusal:
            refused = refusal
            continue
        folder = repositories.of_codecommit(account, region, found["name"])
        if not folder.exists():
            return _plain(404, f"repository {found['name']} not found")
        before = repositories.branches(folder)
        answer = _backend(call, folder, found["rest"])
        with context.acting_as(account, region):
            codecommit.tell_of_pushes(found["name"], before, repositories.branches(folder))
        return answer
    raise refused


def _of_connection(call: _Call, found: re.Match[str]) -> Answer:
    region = found["region"]
    hosts = _hosts(call, "codeconnections", region)
    signed = call.headers.get("authorization", "")
    account = signatures.account_of(signed, found["base"], hosts, region, _FOR_CONNECTIONS)
    if account != found["account"] or not code_services.is_available(found["connection"], account, region):
        return _plain(403, f"connection {found['connection']} is not available to account {account}")
    folder = repositories.of_host(found["connection"], found["owner"], found["name"])
    if not folder.exists():
        return _plain(404, f"repository {found['owner']}/{found['name']} not found")
    return _backend(call, folder, found["rest"])


def _backend(call: _Call, folder: Path, rest: str) -> Answer:
    environment = repositories.environment() | {
        "GIT_PROJECT_ROOT": str(SETTINGS.scratch / "git"),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{folder.relative_to(SETTINGS.scratch / 'git').as_posix()}{rest}",
        "REQUEST_METHOD": call.method,
        "QUERY_STRING": call.query,
        "CONTENT_TYPE": call.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(call.body)),
        "HTTP_CONTENT_ENCODING": call.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": call.headers.get("git-protocol", ""),
        "REMOTE_USER": "emulated",
        "REMOTE_ADDR": "127.0.0.1",
    }
    command = ["git", "http-backend"]
    done = subprocess.run(command, input=call.body, capture_output=True, env=environment, check=False)  # noqa: S603
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    rows = [line.split(b": ", 1) for line in head.split(b"\r\n") if b": " in line]
    if not rows:
        return _plain(500, f"git http-backend: {done.stderr.decode(errors='replace').strip()}")
    status = next((int(value.split()[0]) for name, value in rows if name.lower() == b"status"), 200)
    return status, [(name.lower(), value) for name, value in rows if name.lower() != b"status"], content
