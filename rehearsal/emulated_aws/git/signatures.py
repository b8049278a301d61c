"""The password git gives CodeCommit: a signature of the repository's path, as the AWS CLI's credential helper makes it.

AWS: `aws codecommit credential-helper` (its source and git-remote-codecommit's are the only descriptions) signs method
GIT, the path and the host for service codecommit; the user is the access key, with %<token> for a session; a signature
is good for 15 minutes. Simplified: the host may be the regional one or this machine's, with its port or without (AWS's
have none); for connections, whose signing is not documented, the service may be codecommit, codeconnections or
codestar-connections; IAM is not asked.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from ministack.services import sts

LIFETIME = timedelta(minutes=15)
SECRET_OF_ACCOUNTS = "emulated"  # noqa: S105
_PASSWORD = re.compile(r"(\d{8}T\d{6})Z([0-9a-f]{64})")


class RefusedError(Exception):
    """No credentials, or none that fit."""


def account_of(authorization: str, path: str, hosts: list[str], region: str, services: tuple[str, ...]) -> str:
    """The account whose credentials signed `path`. Raises RefusedError."""
    user, password = _basic(authorization)
    key, _, token = unquote(user).partition("%")
    account, secret = _secret(key, token)
    found = _PASSWORD.fullmatch(password)
    if not found:
        raise RefusedError("the password is no signature")
    when = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    if abs(datetime.now(UTC) - when) > LIFETIME:
        raise RefusedError("the signature has expired")
    for host in hosts:
        for service in services:
            if hmac.compare_digest(signature(secret, found[1], region, service, host, path), found[2]):
                return account
    raise RefusedError("the signature does not match")


def signature(secret: str, timestamp: str, region: str, service: str, host: str, path: str) -> str:
    canonical = f"GIT\n{path}\n\nhost:{host}\n\nhost\n"
    scope = f"{timestamp[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = f"AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _basic(authorization: str) -> tuple[str, str]:
    kind, _, encoded = authorization.partition(" ")
    try:
        user, separator, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        separator = ""
    if kind.lower() != "basic" or not separator:
        raise RefusedError("no credentials")
    return user, password


def _secret(key: str, token: str) -> tuple[str, str]:
    """Account and secret of an access key: an account's own, or a session's."""
    if re.fullmatch(r"\d{12}", key):
        return key, SECRET_OF_ACCOUNTS
    session = sts._sessions.get(key)
    if not session or session.get("SessionToken") != token:
        raise RefusedError("unknown credentials")
    return str(session["Arn"]).split(":")[4], str(session["SecretAccessKey"])
