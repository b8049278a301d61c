"""AWS as whoever publishes: account, Region and clients from the caller's own credentials."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from service_catalog.publisher.errors import PublishError

LONGEST_PAUSE_SECONDS = 3.0


@dataclass(frozen=True)
class Aws:
    """An account in a Region; `partition` is aws, aws-cn or the like."""

    session: boto3.Session
    account: str
    region: str
    partition: str
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def suffix(self) -> str:
        """What the names of AWS's hosts end with, as CloudFormation's AWS::URLSuffix."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def client(self, service: str) -> Any:
        if service not in self._clients:
            config = Config(retries={"mode": "standard", "max_attempts": 8}, s3={"addressing_style": "auto"})
            self._clients[service] = self.session.client(service, region_name=self.region, config=config)
        return self._clients[service]


def connect(session: boto3.Session | None = None) -> Aws:
    """The caller's account.

    Raises:
        PublishError: there are no credentials or no Region, or AWS refuses them.
    """
    session = session or boto3.Session(region_name=os.environ.get("AWS_REGION"))
    if not session.region_name:
        raise PublishError("no Region is set; set AWS_REGION, or `region` in the profile of AWS_PROFILE")
    with told_in_one_line():
        caller = session.client("sts").get_caller_identity()
    return Aws(session, caller["Account"], session.region_name, caller["Arn"].split(":")[1])


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn what boto3 raises inside into one line with the next step, where there is an obvious one.

    Raises:
        PublishError: AWS can't be reached or refuses.
    """
    try:
        yield
    except ClientError as error:
        code, message = code_of(error), " ".join(str(error.response["Error"].get("Message", "")).split())
        refused = "; grant it to whoever publishes (docs: publishing)" if "AccessDenied" in code else ""
        raise PublishError(f"{error.operation_name}: {code}: {message}{refused}") from error
    except NoCredentialsError as error:
        raise PublishError("no AWS credentials are set; log in, or set AWS_PROFILE") from error
    except NoRegionError as error:
        raise PublishError("no Region is set; set AWS_REGION") from error
    except BotoCoreError as error:
        raise PublishError(" ".join(str(error).split())) from error


def code_of(error: ClientError) -> str:
    """AWS's code of an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def pauses() -> Iterator[float]:
    """Seconds slept between two looks, short at first; never ends."""
    pause = 0.1
    while True:
        time.sleep(pause)
        yield pause
        pause = min(pause * 1.6, LONGEST_PAUSE_SECONDS)
