"""Runs inside the process of one invocation: imports the function, calls it, writes down what came out.

A program of its own: `python -I -S -B environment.py <package> <runtime's libraries> <handler> <answer's descriptor>`,
the event on standard input. Writing outside the temporary folder fails as on Lambda's read-only file system.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import sys
import time
import traceback
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NO_FOLDER = -1
_CHANGES = {  # places of the path and of its folder's descriptor among the arguments, None where there is none
    "os.mkdir": ((0, 2),),
    "os.rmdir": ((0, 1),),
    "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.utime": ((0, 3),),
}


def _read_only_but(folder: str) -> Any:
    """An audit hook, since file permissions do not bind root."""
    inside = os.path.realpath(folder) + os.sep

    def check(path: Any, within: int = _NO_FOLDER) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)) or os.fsdecode(path) in ("", os.devnull):
            return
        base = os.getcwd() if within == _NO_FOLDER else os.readlink(f"/proc/self/fd/{within}")  # noqa: PTH109, PTH115
        real = os.path.realpath(os.path.join(base, os.fsdecode(path)))  # noqa: PTH118
        if not (real + os.sep).startswith(inside):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fsdecode(path))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(arguments[2], int) and arguments[2] & _WRITING:
                check(arguments[0])
            return
        for path, within in _CHANGES.get(event, ()):
            check(arguments[path], _NO_FOLDER if within is None else arguments[within])

    return hook


class _Context:
    """The members of Lambda's context that Python functions get."""

    identity = client_context = None

    def __init__(self, started: float) -> None:
        env = os.environ
        self.function_name = env["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = env["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn = env["_EMULATED_ARN"]
        self.memory_limit_in_mb = env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.aws_request_id = env["_EMULATED_REQUEST"]
        self.log_group_name = env["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = env["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = started + float(env["_EMULATED_TIMEOUT"])

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main(package: str, libraries: str, handler: str, descriptor: str) -> None:
    started, event = time.monotonic(), json.load(sys.stdin)
    sys.path[:0] = [package, libraries]
    module, _, function = handler.replace("/", ".").rpartition(".")
    sys.addaudithook(_read_only_but(os.environ["TMPDIR"]))
    try:
        answer = {"result": getattr(importlib.import_module(module), function)(event, _Context(started))}
        text = json.dumps(answer)
    except Exception as fault:
        traceback.print_exc()
        text = json.dumps({"errorMessage": str(fault), "errorType": type(fault).__name__})
    with os.fdopen(int(descriptor), "w") as out:
        out.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
