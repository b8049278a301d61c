"""Whose request this is, and how code of the emulator acts for that account."""

from __future__ import annotations

import contextvars
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from ministack.core import responses
from ministack.services import eventbridge

CALLER: contextvars.ContextVar[str] = contextvars.ContextVar("caller", default="")
LOG = logging.getLogger("emulated_aws")
ENDPOINT = ""
_clients: dict[tuple[str, str, str], Any] = {}
_lock = threading.Lock()


def account() -> str:
    return str(responses.get_account_id())


def region() -> str:
    return str(responses.get_region())


def caller() -> str:
    """The ARN of who asks: a session of a role, a user, or the account itself."""
    return CALLER.get() or f"arn:aws:iam::{account()}:root"


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{region()}:{account()}:{resource}"


@contextmanager
def acting_as(other_account: str, other_region: str | None = None) -> Iterator[None]:
    """Until the end of the block, code of the emulator acts in another account."""
    before = account(), region()
    responses.set_request_account_id(other_account)
    responses.set_request_region(other_region or before[1])
    try:
        yield
    finally:
        responses.set_request_account_id(before[0])
        responses.set_request_region(before[1])


def in_background(function: Callable[..., None], *arguments: object) -> threading.Thread:
    """Run in a thread that keeps the caller's account and region."""
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(function, *arguments), daemon=True)
    thread.start()
    return thread


def client(service: str) -> Any:
    """A client of the emulator itself for the account at hand; on the event loop it would wait for itself."""
    key = (service, account(), region())
    with _lock:
        if key not in _clients:
            _clients[key] = boto3.client(
                service,
                endpoint_url=ENDPOINT,
                region_name=key[2],
                aws_access_key_id=key[1],
                aws_secret_access_key="emulated",  # noqa: S106
                config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, read_timeout=60),
            )
        return _clients[key]


def client_of_role(service: str, role: str) -> Any:
    """A client with a session of the role, as services work that were given one."""
    keys = client("sts").assume_role(RoleArn=role, RoleSessionName="SageMaker")["Credentials"]
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=region(),
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, read_timeout=60),
    )


def send_event(source: str, detail_type: str, detail: dict[str, Any], resources: list[str]) -> None:
    """What a service puts on the account's default event bus."""
    entry = {"Source": source, "DetailType": detail_type, "Resources": resources}
    eventbridge._put_events({"Entries": [entry | {"Detail": json.dumps(detail, default=str)}]}, allow_aws_source=True)
