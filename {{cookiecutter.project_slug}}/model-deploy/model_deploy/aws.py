"""AWS as whom: the registry is read by the caller, a stage is changed by its deploy role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from model_deploy.bindings import Bindings
from model_deploy.errors import AwsError

if TYPE_CHECKING:
    import boto3


class Aws:
    """Clients of the registry's account (`registry`) and of the stage's account (`stage`), each made once."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self._clients: dict[tuple[str, str], Any] = {}

    def registry(self, service: str) -> Any:
        return self._client("registry", service)

    def stage(self, service: str) -> Any:
        return self._client("stage", service)

    def _client(self, side: str, service: str) -> Any:
        key = (side, service)
        if key not in self._clients:
            from botocore.config import Config

            session = self._caller if side == "registry" else self._deployer
            config = Config(retries={"mode": "standard", "max_attempts": 8})
            self._clients[key] = cast(Any, session).client(service, config=config)
        return self._clients[key]

    @cached_property
    def _caller(self) -> boto3.Session:
        import boto3

        return boto3.Session(region_name=self._bindings.region)

    @cached_property
    def _deployer(self) -> boto3.Session:
        """Session in the deploy role, renewed by itself: a rolling update outlives the hour of an assumed role."""
        if not self._bindings.deploy_role_arn:
            return self._caller
        import boto3
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
        from botocore.session import get_session

        session = get_session()
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=session.create_client,
            source_credentials=self._caller.get_credentials(),
            role_arn=self._bindings.deploy_role_arn,
            extra_args={"RoleSessionName": "model-deploy"},
        )
        assumed: Any = get_session()
        assumed._credentials = DeferredRefreshableCredentials(  # boto3 offers no other way in for renewed credentials
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )
        return boto3.Session(botocore_session=assumed, region_name=self._bindings.region)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn what boto3 raises inside into one line.

    Raises:
        AwsError: AWS can't be reached or refuses.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise AwsError(f"{error.operation_name}: {code_of(error)}: {message_of(error)}") from error
    except BotoCoreError as error:
        raise AwsError(" ".join(str(error).split())) from error


def code_of(error: Any) -> str:
    """AWS's code of a ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: Any) -> str:
    """AWS's words of a ClientError, on one line."""
    return " ".join(str(error.response.get("Error", {}).get("Message", "")).split())
