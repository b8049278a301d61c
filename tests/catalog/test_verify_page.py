"""The table of claims and what every check has to say; requests and answers are held against botocore's models."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from renderer.template import version
from service_catalog.verify_aws.checks import NotTriedError, every_check
from service_catalog.verify_aws.report import page
from tests.catalog.verify_scripts import scripted

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_lists_every_check_and_calls_none_verified_before_a_run() -> None:
    written = (ROOT / "docs" / "verified-on-aws.md").read_text(encoding="utf-8")
    checks = every_check()
    assert len(checks) >= 12
    assert [each.name for each in checks if f"<br>`{each.name}`; {each.source} |" not in written] == []
    if "Run on" not in written:
        assert written == page(checks, version())


def test_what_runs_where_sends_readers_to_the_table_of_claims() -> None:
    text = (ROOT / "docs" / "runs-where.md").read_text(encoding="utf-8")
    assert "verified-on-aws.md" in text


def test_nobody_claims_that_something_was_verified_on_aws() -> None:
    written = (ROOT / "docs" / "verified-on-aws.md").read_text(encoding="utf-8")
    pages = [path for path in (ROOT / "docs").rglob("*.md") if path.name != "verified-on-aws.md"]
    told = {path.name: " ".join(path.read_text(encoding="utf-8").split()) for path in [*pages, ROOT / "README.md"]}
    claims = {
        f"{name}: {text[max(0, found.start() - 60) : found.end()]}"
        for name, text in told.items()
        for found in re.finditer(r"verified on (an? )?(real )?(AWS|account)", text, re.IGNORECASE)
        if not re.search(r"\b(not|nobody|never)\b( \w+)? $", text[: found.start()], re.IGNORECASE)
        and "verified-on-aws.md" not in text[found.start() : found.end() + 40]
    }
    assert "Run on" in written or claims == set()


def test_each_check_costs_something_or_nothing_and_says_what_it_makes() -> None:
    for each in every_check():
        assert each.usd == 0 or each.creates, each.name
        assert each.claim.endswith(".") and each.source.endswith("."), each.name


NEED_NOTHING = (
    "codecommit_push_by_sigv4",
    "custom_resource_gives_up",
    "seeder_says_what_is_wrong",
    "cloudformation_tells_the_account",
    "undeliverable_event_reaches_its_queue",
)


@pytest.mark.parametrize(
    "check", [each for each in every_check() if each.name not in NEED_NOTHING], ids=lambda check: check.name
)
def test_a_check_whose_needs_are_not_met_asks_aws_for_nothing_but_reads(check: Any) -> None:
    """With no facts, no options and no product, every check that makes something of a project ends at once."""
    account, aws = scripted({"servicecatalog.SearchProducts": {"ProductViewSummaries": []}})
    with pytest.raises(NotTriedError):
        check.run(account)
    assert {name for name, _ in aws.calls} <= {"servicecatalog.SearchProducts"}
