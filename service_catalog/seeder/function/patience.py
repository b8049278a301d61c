"""Try again what a git host refuses for a moment: repositories and their tags were made seconds before."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import TypeVar

import urllib3
from dulwich.client import HTTPUnauthorized
from dulwich.errors import GitProtocolError, NotGitRepository

HOST_ERRORS = (HTTPUnauthorized, GitProtocolError, NotGitRepository)
SECONDS = 60.0
LONGEST_PAUSE = 15.0
_UNREACHED = 0
_NOT_YET_THERE = {401, 403, 404}
_log = logging.getLogger("seeder")
clock, wait = time.monotonic, time.sleep
Result = TypeVar("Result")


def patiently(call: Callable[[], Result], connected: bool) -> Result:
    """What `call` returns, tried again for about a minute; a connection that refuses stays as it is, CodeCommit's
    repositories and permissions may be on their way."""
    ends, pause = clock() + SECONDS, 1.0
    while True:
        try:
            return call()
        except HOST_ERRORS as error:
            if not _may_pass(error, connected) or clock() + pause > ends:
                raise
            _log.warning("%r; tried again in %g s", error, pause)
        wait(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _may_pass(error: Exception, connected: bool) -> bool:
    status = _status(error)
    passing = status is not None and (status in (_UNREACHED, 429) or status >= 500)
    return passing or (not connected and status in _NOT_YET_THERE)


def _status(error: Exception) -> int | None:
    if isinstance(error, HTTPUnauthorized):
        return 401
    if isinstance(error, NotGitRepository):
        return 404
    if isinstance(error.__cause__, urllib3.exceptions.HTTPError):
        return _UNREACHED
    said = re.match(r"unexpected http resp ([0-9]{3}) ", str(error))
    return int(said[1]) if said else None
