"""What was deployed when, by whom and how it ended: one JSON file a deployment, in the stage's data bucket."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from model_deploy.words import version_of

PREFIX = "deployments/"
COMMIT_VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA", "CODEBUILD_RESOLVED_SOURCE_VERSION")
RUN_VARIABLES = ("CI_JOB_ID", "CODEBUILD_BUILD_ID")
MOST_READ = 200
Outcome = Literal["begun", "succeeded", "failed"]


@dataclasses.dataclass(frozen=True)
class Record:
    """One deployment; times are UTC in ISO 8601, `seconds` is how long it took, 0 where nobody saw it end.

    `run` is CI's, empty where a person deployed by hand.
    """

    began: str
    seconds: float
    stage: str
    outcome: Outcome
    model_package_arn: str
    challenger_arn: str
    values_hash: str
    by: str
    git_commit: str
    command: str
    reason: str = ""
    run: str = ""

    @property
    def version(self) -> str:
        return version_of(self.model_package_arn)


def write(s3: Any, bucket: str, record: Record) -> str:
    """Put a record into the data bucket, in place of what it said before; its key."""
    stamp = record.began.replace(":", "").replace("-", "")
    key = f"{PREFIX}{stamp}.json"
    body = json.dumps(dataclasses.asdict(record), indent=2, sort_keys=True) + "\n"
    s3.put_object(Bucket=bucket, Key=key, Body=body.encode(), ContentType="application/json")
    return key


def read(s3: Any, bucket: str, most: int = MOST_READ) -> list[Record]:
    """The newest records, newest first; what isn't a record is left out."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
    keys = sorted((entry["Key"] for page in pages for entry in page.get("Contents", [])), reverse=True)
    read = (_record(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys[:most])
    return [record for record in read if record]


def _record(body: bytes) -> Record | None:
    try:
        return Record(**json.loads(body))
    except (ValueError, TypeError):
        return None


def now() -> datetime:
    return datetime.now(UTC)


def caller(sts: Any) -> str:
    """ARN of who deploys."""
    return str(sts.get_caller_identity()["Arn"])


def ci_run(environ: Mapping[str, str] = os.environ) -> str:
    """CI's run, and which attempt at it; empty outside CI."""
    if run := environ.get("GITHUB_RUN_ID"):
        return f"{run}/{environ.get('GITHUB_RUN_ATTEMPT', '1')}"
    return next((environ[name] for name in RUN_VARIABLES if environ.get(name)), "")


def git_commit(root: Path) -> str:
    """Commit of the project at `root`, `-dirty` when files differ from it; else what CI says; else `unknown`."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        return described.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return next((os.environ[name] for name in COMMIT_VARIABLES if os.environ.get(name)), "unknown")
