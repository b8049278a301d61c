"""A boto3 session that never opens a socket: compiling a pipeline must not depend on an account or a network."""

from __future__ import annotations

from typing import Any

import boto3


class OfflineCallError(RuntimeError):
    """The SDK tried to call AWS while a pipeline was being compiled."""


def offline_session(region: str) -> Any:
    """boto3 session of `region` with placeholder credentials; any call raises OfflineCallError before it is sent."""
    session = boto3.Session(region_name=region, aws_access_key_id="offline", aws_secret_access_key="offline")
    session.events.register("before-send.*.*", _refuse)
    return session


def _refuse(event_name: str, **_: Any) -> None:
    raise OfflineCallError(f"compiling a pipeline called AWS ({event_name.removeprefix('before-send.')})")
