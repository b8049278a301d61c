"""Invocations of Lambda functions written in Python.

AWS: an execution environment of the function's runtime, with boto3 beside it, the package read-only in /var/task, /tmp
to write in, the role's credentials, ended at the function's timeout. MiniStack runs functions with all of its own
libraries importable. Here: one process an invocation, which sees the package, boto3 with what it needs, and Python;
writing outside the temporary folder fails; AWS_ENDPOINT_URL, GIT_ENDPOINT_CODECOMMIT and GIT_ENDPOINT_CONNECTIONS lead
back here. Simplified: every start is a cold one; the runtime's Python if this machine has it, else the emulator's;
memory is not limited; /tmp is elsewhere, as TMPDIR says; compiled files of another machine do not load.
"""

from __future__ import annotations

import functools
import importlib.util
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

from ministack.services import lambda_svc

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.settings import SETTINGS

Result = dict[str, Any]
RUNTIME_LIBRARIES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
_PROGRAM = Path(__file__).with_name("environment.py")
_lock = threading.Lock()


@functools.cache
def _libraries() -> Path:
    """Only what Lambda's Python runtimes come with: a package that lacks a library of its own fails here too."""
    folder = SETTINGS.scratch / "lambda-runtime"
    folder.mkdir(exist_ok=True)
    for name in RUNTIME_LIBRARIES:
        found = importlib.util.find_spec(name)
        assert found is not None and found.origin is not None  # noqa: S101
        origin = Path(found.origin)
        target = origin.parent if origin.name == "__init__.py" else origin
        (folder / target.name).symlink_to(target)
    return folder


@functools.cache
def _interpreter(runtime: str) -> str:
    version = runtime.removeprefix("python")
    if version == f"{sys.version_info.major}.{sys.version_info.minor}" or not re.fullmatch(r"3\.\d+", version):
        return sys.executable
    command = [shutil.which(f"python{version}") or "", "-I", "-c", "import sys; print(sys.executable)"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        context.LOG.warning("no Python %s on this machine: %s runs on the emulator's", version, runtime)
        return sys.executable


def _unpacked(config: Result, content: bytes) -> Path:
    """The function's package, one folder a version of it."""
    folder = SETTINGS.scratch / "lambda" / re.sub(r"\W", "-", f"{config['FunctionArn']}-{config['CodeSha256']}")
    with _lock:
        if not folder.exists():
            draft = folder.with_suffix(".draft")
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(draft)
            draft.rename(folder)
    return folder


def _environment(config: Result, request_id: str, temporary: str) -> dict[str, str]:
    name, region = config["FunctionName"], config["FunctionArn"].split(":")[3]
    own = {str(key): str(value) for key, value in config.get("Environment", {}).get("Variables", {}).items()}
    session = context.client("sts").assume_role(RoleArn=config["Role"], RoleSessionName=name[:64])["Credentials"]
    return {
        "AWS_ENDPOINT_URL": context.ENDPOINT,
        "GIT_ENDPOINT_CODECOMMIT": context.ENDPOINT,
        "GIT_ENDPOINT_CONNECTIONS": context.ENDPOINT,
        **own,
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": request_id,
        "AWS_EC2_METADATA_DISABLED": "true",
        "LAMBDA_TASK_ROOT": "/var/task",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": "/home/sbx_user1051",
        "TMPDIR": temporary,
        "NO_PROXY": "127.0.0.1,localhost",
        "_EMULATED_ARN": config["FunctionArn"],
        "_EMULATED_REQUEST": request_id,
        "_EMULATED_TIMEOUT": str(config.get("Timeout", 3)),
    }


def _ended(process: subprocess.Popen[bytes], event: bytes, seconds: float) -> tuple[str, bool]:
    """What the function logged, and whether it came to its end in time."""
    try:
        return process.communicate(event, timeout=seconds)[0].decode(errors="replace"), True
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0].decode(errors="replace"), False


def execute(function: Result, event: Any, request_id: str) -> Result:
    """In place of MiniStack's way to run a function: the result, or the error, and the log."""
    config = function.get("config") or function
    if not str(config.get("Runtime", "")).startswith("python"):
        return _failure("Runtime.InvalidRuntime", f"runtime {config.get('Runtime')} is not emulated")
    if not function.get("code_zip"):
        return _failure("Runtime.ImportModuleError", "the function has no code")
    seconds = float(config.get("Timeout", 3))
    package = _unpacked(config, function["code_zip"])
    with tempfile.TemporaryDirectory(dir=SETTINGS.scratch, prefix="lambda-tmp-") as temporary:
        reading, writing = os.pipe()
        interpreter = _interpreter(config["Runtime"])
        arguments = ("-I", "-S", "-B", _PROGRAM, package, _libraries(), config["Handler"], writing)
        process = subprocess.Popen(  # noqa: S603
            [interpreter, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=package,
            env=_environment(config, request_id, temporary),
            pass_fds=[writing],
            start_new_session=True,
        )
        os.close(writing)
        log, in_time = _ended(process, json.dumps(event).encode(), seconds)
        with os.fdopen(reading) as answered:
            text = answered.read()
    if not in_time:
        return _failure(
            "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds", log
        )
    if not text:
        return _failure(
            "Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited without providing a reason", log
        )
    answer = json.loads(text)
    if "result" in answer:
        return {"body": answer["result"], "log": log}
    return {"body": answer, "error": True, "log": log}


def _failure(kind: str, message: str, log: str = "") -> Result:
    return {"body": {"errorType": kind, "errorMessage": message}, "error": True, "log": log}


def install() -> None:
    lambda_svc._execute_function_warm = execute
