"""What a client needs to talk to the emulator, and a guard that keeps every call on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

DEFAULT_ACCOUNT = "111122223333"
DEFAULT_REGION = "eu-west-1"


class RemoteEndpointError(Exception):
    """The endpoint is missing or is not on the loopback interface."""


def loopback_endpoint(url: str | None) -> str:
    """`url` itself when it is an http address of the loopback interface; RemoteEndpointError otherwise."""
    parts = urlsplit(url or "")
    try:
        loopback = parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
        port = parts.port
    except ValueError:
        loopback, port = False, None
    if not url or parts.scheme != "http" or not loopback or not port:
        raise RemoteEndpointError(f"{url or 'no endpoint'}: give the emulator's address, http://127.0.0.1:<port>")
    return url


def client_environment(
    endpoint: str, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION, base: Mapping[str, str] | None = None
) -> dict[str, str]:
    """`base` (this process's environment) without any AWS setting of its own, pointed at the emulator as `account`.

    The access key is the 12-digit account number: the emulator reads the account from it. Raises RemoteEndpointError.
    """
    loopback_endpoint(endpoint)
    if len(account) != 12 or not account.isdigit():
        raise ValueError(f"{account}: an account number has 12 digits")
    kept = {
        name: value for name, value in (os.environ if base is None else base).items() if not name.startswith("AWS_")
    }
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
