"""With which organisations and units a portfolio is shared; CloudFormation can only share with single accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from service_catalog.publisher import names
from service_catalog.publisher.aws import Aws, pauses, told_in_one_line
from service_catalog.publisher.changes import Change
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.portfolio_ids import own_id
from service_catalog.publisher.settings import Portfolio
from service_catalog.publisher.stack_step import outputs
from service_catalog.publisher.telling import Telling

KINDS = {"o": "ORGANIZATION", "ou": "ORGANIZATIONAL_UNIT"}
Verb = Literal["create", "update", "delete"]


@dataclass
class ShareStep:
    """Principals and tag options go with the portfolio, so that nobody has to grant it again in each account."""

    aws: Aws
    portfolio: Portfolio
    _pending: list[tuple[Verb, str]] = field(default_factory=list, init=False)
    _id: str = field(default="", init=False)

    @property
    def title(self) -> str:
        return f"shares of portfolio {self.portfolio.name}"

    def compare(self) -> list[Change]:
        self._id = outputs(self.aws, names.PUBLISHER_STACK).get(f"PortfolioId{own_id(self.portfolio.name)}", "")
        with told_in_one_line():
            actual = self._actual() if self._id else {}
        whole = {node: actual[node] for node in actual if node in self.portfolio.share_with}
        self._pending = [("create", node) for node in self.portfolio.share_with if node not in actual]
        self._pending += [("update", node) for node, complete in whole.items() if not complete]
        self._pending += [("delete", node) for node in actual if node not in self.portfolio.share_with]
        told = {
            "create": ("add", "with principals and tag options"),
            "update": ("modify", "principals and tag options go along"),
            "delete": ("remove", "its accounts no longer see the portfolio"),
        }
        return [Change(told[verb][0], node, told[verb][1]) for verb, node in self._pending]  # type: ignore[arg-type]

    prepare = compare

    def apply(self, telling: Telling) -> None:
        """Raises PublishError: a share did not reach all accounts."""
        client = self.aws.client("servicecatalog")
        for verb, node in self._pending:
            telling.under_way(f"{verb} share with {node}")
            asked: dict[str, Any] = {"PortfolioId": self._id, "OrganizationNode": _node(node)}
            if verb != "delete":
                asked |= {"SharePrincipals": True, "ShareTagOptions": True}
            with told_in_one_line():
                token = getattr(client, f"{verb}_portfolio_share")(**asked).get("PortfolioShareToken")
                status = self._ended(client, token) if token else "COMPLETED"
            if status != "COMPLETED":
                raise PublishError(
                    f"{self.title}: {verb} for {node} ended as {status}; see it in the console, try again"
                )
            telling.line(f"{verb}d {node}")

    def discard(self) -> None:
        """Nothing was prepared."""

    def _actual(self) -> Mapping[str, bool]:
        """Whether principals and tag options go along, by organisation or unit."""
        client = self.aws.client("servicecatalog")
        found: dict[str, bool] = {}
        for kind in KINDS.values():
            asked: dict[str, Any] = {"PortfolioId": self._id, "Type": kind, "PageSize": 100}
            while True:
                page = client.describe_portfolio_shares(**asked)
                for share in page.get("PortfolioShareDetails", []):
                    node = share["PrincipalId"].rpartition("/")[2]
                    found[node] = share.get("SharePrincipals", False) and share.get("ShareTagOptions", False)
                if not (token := page.get("NextPageToken")):
                    break
                asked["PageToken"] = token
        return found

    def _ended(self, client: Any, token: str) -> str:
        status = "IN_PROGRESS"
        for _ in pauses():
            status = client.describe_portfolio_share_status(PortfolioShareToken=token)["Status"]
            if status not in ("NOT_STARTED", "IN_PROGRESS"):
                break
        return status


def _node(node: str) -> dict[str, str]:
    return {"Type": KINDS[node.partition("-")[0]], "Value": node}
