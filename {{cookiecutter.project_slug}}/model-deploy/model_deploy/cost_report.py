"""The cost estimate as a table, with today's prices of instances if asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from model_deploy import cost
from model_deploy.aws import told_in_one_line
from model_deploy.cost import Estimate, Line, Prices
from model_deploy.errors import UsageError
from model_deploy.settings import Settings, StageName

PRICE_LIST_REGION = "us-east-1"
USES = {"endpoint": ("Hosting",), "batch": ("Batch Transform", "Processing")}


def show(settings: Settings, stage: StageName, fetch: bool, region: str, console: Console) -> None:
    """Print what a stage costs.

    Raises:
        UsageError: prices are to be fetched of no region.
    """
    prices = Prices.load()
    if fetch:
        prices = fetched(settings, stage, prices, _region(region))
    estimate = cost.estimate(settings, stage, prices)
    console.print(f"[bold]{settings.name(stage)}[/bold]  prices of {estimate.region}, {estimate.as_of}\n")
    console.print(_table(estimate))
    for line in cost.missing_prices(settings, stage, prices):
        console.print(f"\n[yellow]missing[/yellow] {line}")
    instances = "those of instances are AWS's of today; the rest are" if fetch else "they are"
    console.print(
        f"\nAn estimate, without tax, discounts and free tiers; {instances} the examples in model_deploy/prices.toml."
    )


def fetched(settings: Settings, stage: StageName, prices: Prices, region: str) -> Prices:
    """Prices with those of the stage's instances as AWS publishes them; an instance it doesn't list keeps its own.

    Raises:
        AwsError: the price list can't be read.
    """
    import boto3

    with told_in_one_line():
        client = boto3.Session(region_name=PRICE_LIST_REGION).client("pricing")
        for use, kind in cost.instance_types(settings, stage):
            price = instance_price(client, kind, region, USES[use])
            if price is not None:
                prices = prices.with_instances(use, {kind: price}, region, f"{datetime.now(UTC):%Y-%m-%d}")
    return prices


def instance_price(client: Any, instance_type: str, region: str, components: tuple[str, ...]) -> float | None:
    """Dollars an hour on demand, the highest of what AWS lists for those uses; None if it lists none.

    AWS Price List, product family of AmazonSageMaker: `instanceName`, `regionCode` and `component` are its attributes
    as far as public examples show; not verified on an account.
    """
    filters = [
        {"Type": "TERM_MATCH", "Field": field, "Value": value}
        for field, value in (("instanceName", instance_type), ("regionCode", region))
    ]
    found = []
    for page in client.get_paginator("get_products").paginate(ServiceCode="AmazonSageMaker", Filters=filters):
        for text in page["PriceList"]:
            product = json.loads(text)
            component = product["product"]["attributes"].get("component", "")
            if any(component.lower() == name.lower() for name in components):
                found += _dollars(product)
    return max(found, default=None)


def _dollars(product: dict[str, Any]) -> list[float]:
    dimensions = [
        dimension
        for term in product.get("terms", {}).get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
    ]
    return [float(entry["pricePerUnit"]["USD"]) for entry in dimensions if "USD" in entry["pricePerUnit"]]


def _table(estimate: Estimate) -> Table:
    table = Table("", "how", "USD a month", box=None, padding=(0, 2))
    table.columns[2].justify = "right"
    for line in estimate.idle:
        table.add_row(*_cells(line))
    total = estimate.idle_usd
    words = "a price is missing" if total is None else f"[bold]{total:,.2f}[/bold]"
    table.add_row("[bold]while idle[/bold]", "", words)
    if estimate.used:
        table.add_section()
        table.add_row("", "", "")
        table.add_row("[bold]and when used[/bold]", "", "[bold]USD[/bold]")
        for line in estimate.used:
            table.add_row(*_cells(line))
    return table


def _cells(line: Line) -> tuple[str, str, str]:
    if not line.computed:
        return line.what, line.how, "not computed"
    return line.what, line.how, "?" if line.usd is None else f"{line.usd:,.2f}"


def _region(region: str) -> str:
    import os

    found = region or os.environ.get("MLOPS_REGION") or os.environ.get("AWS_REGION") or ""
    if not found:
        raise UsageError("--fetch needs to know whose prices; give --region, like --region eu-west-1")
    return found
