"""Portfolios of an organisation: shared with principals and tag options, and taken back where no longer wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console

from service_catalog.publisher import names
from service_catalog.publisher.aws import Aws
from service_catalog.publisher.changes import Change
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.portfolio_ids import own_id
from service_catalog.publisher.settings import Portfolio
from service_catalog.publisher.share_step import ShareStep
from service_catalog.publisher.telling import Telling

UNIT, ORGANISATION, OLD = "ou-abcd-11111111", "o-0123456789", "ou-abcd-99999999"
PORTFOLIO = Portfolio("Ours", "Projects", ("github",), (), (UNIT, ORGANISATION), {})
TELLING = Telling(Console(quiet=True))


class Account:
    """Answers of CloudFormation and Service Catalog, in the order in which they are asked for."""

    def __init__(self) -> None:
        session = boto3.Session("1", "2", region_name="eu-west-1")
        clients = {name: session.client(name) for name in ("cloudformation", "servicecatalog")}
        self.stubs = {name: Stubber(client) for name, client in clients.items()}
        self.aws = Aws(session, "111122223333", "eu-west-1", "aws", clients)
        output = {"OutputKey": f"PortfolioId{own_id('Ours')}", "OutputValue": "port-1"}
        stack = {"StackName": "s", "StackStatus": "CREATE_COMPLETE", "CreationTime": "2026-11-21", "Outputs": [output]}
        asked = {"StackName": names.PUBLISHER_STACK}
        self.stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [stack]}, asked)

    def answers(self, operation: str, answer: dict[str, Any], **asked: Any) -> None:
        self.stubs["servicecatalog"].add_response(operation, answer, asked)

    def shares(self, kind: str, *shares: tuple[str, bool]) -> None:
        found = [
            {"PrincipalId": who, "Type": kind, "SharePrincipals": all_, "ShareTagOptions": True} for who, all_ in shares
        ]
        answer = {"PortfolioShareDetails": found}
        self.answers("describe_portfolio_shares", answer, PortfolioId="port-1", Type=kind, PageSize=100)

    def share(self, verb: str, kind: str, node: str, status: str) -> None:
        asked: dict[str, Any] = {"PortfolioId": "port-1", "OrganizationNode": {"Type": kind, "Value": node}}
        if verb != "delete":
            asked |= {"SharePrincipals": True, "ShareTagOptions": True}
        self.answers(f"{verb}_portfolio_share", {"PortfolioShareToken": "share-1"}, **asked)
        self.answers("describe_portfolio_share_status", {"Status": status}, PortfolioShareToken="share-1")


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account()
    for stub in account.stubs.values():
        stub.activate()
    yield account
    for stub in account.stubs.values():
        stub.assert_no_pending_responses()


def test_shares_are_made_completed_and_taken_back(account: Account) -> None:
    account.shares("ORGANIZATION", (ORGANISATION, False))
    account.shares("ORGANIZATIONAL_UNIT", (f"arn:aws:organizations::1:ou/o-1/{OLD}", True))
    step = ShareStep(account.aws, PORTFOLIO)
    assert step.compare() == [
        Change("add", UNIT, "with principals and tag options"),
        Change("modify", ORGANISATION, "principals and tag options go along"),
        Change("remove", OLD, "its accounts no longer see the portfolio"),
    ]
    account.share("create", "ORGANIZATIONAL_UNIT", UNIT, "COMPLETED")
    account.share("update", "ORGANIZATION", ORGANISATION, "COMPLETED")
    account.share("delete", "ORGANIZATIONAL_UNIT", OLD, "COMPLETED")
    step.apply(TELLING)


def test_what_is_shared_as_wanted_stays(account: Account) -> None:
    account.shares("ORGANIZATION", (ORGANISATION, True))
    account.shares("ORGANIZATIONAL_UNIT", (UNIT, True))
    assert ShareStep(account.aws, PORTFOLIO).compare() == []


def test_a_share_that_does_not_reach_all_accounts_is_an_error(account: Account) -> None:
    account.shares("ORGANIZATION", (ORGANISATION, True))
    account.shares("ORGANIZATIONAL_UNIT")
    step = ShareStep(account.aws, PORTFOLIO)
    step.compare()
    account.share("create", "ORGANIZATIONAL_UNIT", UNIT, "COMPLETED_WITH_ERRORS")
    with pytest.raises(
        PublishError, match="shares of portfolio Ours: create for ou-abcd-11111111 ended as COMPLETED_WITH"
    ):
        step.apply(TELLING)
