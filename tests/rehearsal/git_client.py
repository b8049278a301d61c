"""Git as people use it: credentials as the AWS CLI's helper makes them, and no setting of this machine."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def signed_in(url: str, keys: Credentials, region: str) -> str:
    """The URL with user and password as `aws codecommit credential-helper` makes them."""
    parts = urlsplit(url)
    request = AWSRequest(method="GIT", url=url)
    request.context["timestamp"] = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    signer = SigV4Auth(keys, "codecommit", region)
    text = signer.string_to_sign(request, f"GIT\n{parts.path}\n\nhost:{parts.hostname}\n\nhost\n")
    password = f"{request.context['timestamp']}Z{signer.signature(text, request)}"
    user = f"{keys.access_key}%{keys.token}" if keys.token else keys.access_key
    return f"{parts.scheme}://{quote(user, safe='')}:{password}@{parts.netloc}{parts.path}"


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    who = {f"GIT_{role}_{what}": "rehearsal" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=dict(os.environ) | settings | who, check=False)
