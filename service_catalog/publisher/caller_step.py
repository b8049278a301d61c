"""Whether who publishes may act for the organisation: told before anything is made, and by a dry run too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from service_catalog.publisher.aws import Aws, code_of, told_in_one_line
from service_catalog.publisher.changes import Change
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.telling import Telling


@dataclass
class CallerStep:
    """Sharing and stack sets are the management account's, and of members registered for a service's principal."""

    aws: Aws
    principals: Sequence[str]
    title: str = "rights of this account in the organisation"

    def compare(self) -> list[Change]:
        """Raises PublishError: this account belongs to no organisation, or is not registered."""
        if not self._is_management_account():
            for principal in self.principals:
                self._require_registered(principal)
        return []

    prepare = compare

    def apply(self, telling: Telling) -> None:
        """Nothing is changed."""

    def discard(self) -> None:
        """Nothing was prepared."""

    def _is_management_account(self) -> bool:
        with told_in_one_line():
            try:
                found = self.aws.client("organizations").describe_organization()["Organization"]
            except ClientError as error:
                if code_of(error) != "AWSOrganizationsNotInUseException":
                    raise
                raise PublishError(
                    f"account {self.aws.account} belongs to no organisation; "
                    "empty share_with and launch_units in publish.toml"
                ) from error
        return bool(found["MasterAccountId"] == self.aws.account)

    def _require_registered(self, principal: str) -> None:
        """Only the management account and those that are registered may list who is."""
        registered: set[str] = set()
        with told_in_one_line():
            try:
                pages = self.aws.client("organizations").get_paginator("list_delegated_administrators")
                for page in pages.paginate(ServicePrincipal=principal):
                    registered |= {each["Id"] for each in page["DelegatedAdministrators"]}
            except ClientError as error:
                if "AccessDenied" not in code_of(error):
                    raise
        if self.aws.account not in registered:
            raise PublishError(
                f"account {self.aws.account} is not known as administrator of {principal}; in the management account: "
                f"aws organizations register-delegated-administrator --account-id {self.aws.account} "
                f"--service-principal {principal} (or grant organizations:ListDelegatedAdministrators here)"
            )
