"""Sets the process up before MiniStack is imported, then serves until a signal."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path

from rehearsal.emulated_aws.errors import HookError
from rehearsal.emulated_aws.settings import SETTINGS


def _prepare(arguments: argparse.Namespace, port: int, scratch: Path) -> None:
    """What MiniStack, moto and their children read from the environment, once, at import."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "MINISTACK_", "MOTO_"))]:
        del os.environ[name]
    os.environ |= {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
        "MINISTACK_ACCOUNT_ID": arguments.account,
        "MINISTACK_REGION": arguments.region,
        "MINISTACK_CODEBUILD_EXECUTE": "1",  # without a container engine a build faults, else it would "succeed" unrun
        "LOG_LEVEL": arguments.log_level,
        "TMPDIR": str(scratch / "tmp"),
        "HOME": str(scratch),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": arguments.account,
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_DEFAULT_REGION": arguments.region,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    (scratch / "tmp").mkdir(parents=True)
    tempfile.tempdir = str(scratch / "tmp")
    SETTINGS.scratch = scratch


async def _serve(listening: socket.socket, ready_file: Path | None, url: str) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    from rehearsal.emulated_aws.git.server import served as with_git
    from rehearsal.emulated_aws.recording import recorded

    stopping, port = asyncio.Event(), listening.getsockname()[1]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.accesslog = None
    config.loglevel = "WARNING"
    config.graceful_timeout = 1
    served = with_git(recorded(app, SETTINGS.recording) if SETTINGS.recording else app)
    serving = asyncio.create_task(serve(served, config, shutdown_trigger=stopping.wait))
    await _until_it_answers(port, serving)
    print(url, flush=True)
    if ready_file:
        draft = ready_file.with_suffix(".draft")
        draft.write_text(url + "\n")
        draft.replace(ready_file)
    await serving


async def _until_it_answers(port: int, serving: asyncio.Task[None]) -> None:
    while not serving.done():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /_ministack/health HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answered = await reader.readline()
        writer.close()
        if b" 200 " in answered:
            return
        await asyncio.sleep(0.02)


def run(arguments: argparse.Namespace) -> int:
    """Serve on the loopback interface; 0 after SIGTERM or SIGINT, 1 when a hook is missing or the port is taken."""
    listening = socket.socket()
    try:
        listening.bind(("127.0.0.1", arguments.port))
        listening.listen(128)
    except OSError as fault:
        print(f"emulated_aws: 127.0.0.1:{arguments.port}: {fault.strerror}", file=sys.stderr)
        return 1
    port = listening.getsockname()[1]
    if arguments.state:
        arguments.state.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="emulated-aws-", dir=arguments.state)).resolve()
    from rehearsal.emulated_aws.hosting import guardian, server

    keeper = guardian.Guardian()
    keeper.tell("remove", scratch)
    try:
        _prepare(arguments, port, scratch)
        from rehearsal.emulated_aws import hooks, installation

        server.GUARDIAN.append(keeper)
        hooks.check()
        installation.install(f"http://127.0.0.1:{port}")
        logging.getLogger().setLevel(arguments.log_level)
        asyncio.run(_serve(listening, arguments.ready_file, f"http://127.0.0.1:{port}"))
    except HookError as fault:
        print(f"emulated_aws: {fault}", file=sys.stderr)
        return 1
    finally:
        listening.close()
        keeper.close()
        shutil.rmtree(scratch, ignore_errors=True)
        if arguments.ready_file:
            arguments.ready_file.unlink(missing_ok=True)
    return 0
