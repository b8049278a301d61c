"""CloudFormation's side of a custom resource: one answer of under 4096 bytes, in time.

CloudFormation user guide, "Custom resource response objects".
"""

from __future__ import annotations

import json
import logging
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any

import urllib3

from service_catalog.seeder.function.refusals import OutOfTimeError

LARGEST = 4096
LONGEST_REASON = 1000
SECONDS_TO_ANSWER = 20.0
_TRIES = urllib3.Retry(
    total=4, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=("PUT",), backoff_factor=0.5
)
logging.getLogger("urllib3").setLevel(logging.ERROR)  # its warnings of retries tell the whole signed URL


def ending_before(context: Any) -> AbstractContextManager[None]:
    """Raise OutOfTimeError while there is still time to answer."""
    return ending_after(context.get_remaining_time_in_millis() / 1000 - SECONDS_TO_ANSWER)


@contextmanager
def ending_after(seconds: float) -> Iterator[None]:
    """Raise OutOfTimeError after `seconds`, or when an outer one ends; only where Lambda calls: in the main thread."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTimeError

    began = time.monotonic()
    outer, _ = signal.getitimer(signal.ITIMER_REAL)
    usual = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(min(seconds, outer or seconds), 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - began), 0.001))


def answer(event: Mapping[str, Any], physical_id: str, reason: str | None, data: Mapping[str, str]) -> None:
    """Tell CloudFormation: done, or failed by a `reason`; raises if it can't be told, so that Lambda tries again."""
    told = {
        "Status": "SUCCESS" if reason is None else "FAILED",
        "Reason": in_one_line(reason or "done"),
        "PhysicalResourceId": physical_id,
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
        "Data": dict(data),
    }
    body = json.dumps(told).encode()
    if len(body) >= LARGEST:
        body = json.dumps({**told, "Data": {}, "Reason": told["Reason"][:200]}).encode()
    with urllib3.PoolManager(timeout=urllib3.Timeout(connect=3, read=5), retries=_TRIES) as pool:
        try:
            # the signed URL allows no content type
            response = pool.request("PUT", event["ResponseURL"], body=body, headers={"Content-Type": ""})
        except urllib3.exceptions.HTTPError:
            # its text is the signed URL, which the log must not hold
            raise ConnectionError("CloudFormation can't be reached") from None
    if response.status != 200:
        raise ConnectionError(f"CloudFormation's answer was refused with status {response.status}")


def in_one_line(text: str) -> str:
    line = " ".join(text.split()).encode("ascii", "backslashreplace").decode()
    return line if len(line) <= LONGEST_REASON else f"{line[: LONGEST_REASON - 3]}..."
