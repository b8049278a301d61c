"""docs/verified-on-aws.md: what is claimed of AWS, and what a run on an account has shown."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from service_catalog.verify_aws.checks import Check
from service_catalog.verify_aws.course import Course

INTRODUCTION = """\
# Verified on AWS

What can't be proved without an AWS account, and what came out where somebody tried it. Written by `make verify-aws`
([how to run it](publishing.md#try-it-on-your-account)); don't edit it by hand.
"""
RUN = "Run on"
NOT_YET = "*not yet verified on AWS*"


def page(checks: Sequence[Check], version: str, course: Course | None = None, when: str = "", region: str = "") -> str:
    """The whole page; without a course nothing is verified."""
    tried = {result.check.name: result for result in course.results} if course else {}
    said = (
        f"{RUN} {when} in {region}, with version {version}. What the run didn't try is {NOT_YET}."
        if course
        else f"Nobody has run it yet: every claim of version {version} is {NOT_YET}."
    )
    rows = [
        "| claim | outcome | evidence |",
        "|---|---|---|",
        *(
            _row(f"{check.claim}<br>`{check.name}`; {check.source}", *_outcome(tried.get(check.name)))
            for check in checks
        ),
    ]
    return "\n".join([INTRODUCTION, said, "", *rows]) + "\n"


def tells_of_a_run(written: str) -> bool:
    return any(line.startswith(f"{RUN} ") for line in written.splitlines())


def _outcome(result: object) -> tuple[str, str]:
    outcome, evidence = getattr(result, "outcome", "not tried"), getattr(result, "evidence", "")
    return (NOT_YET if outcome == "not tried" else outcome), anonymous(evidence)


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def anonymous(text: str) -> str:
    """Without account numbers, connections' and organisations' ids and addresses: the page is published."""
    for pattern, instead in (
        (r"\b[0-9]{12}\b", "(account)"),
        (r"connection/[0-9a-f-]{36}", "connection/(id)"),
        (r"\bo-[a-z0-9]{10,32}\b", "(organisation)"),
        (r"[\w.+-]+@[\w-]+(\.[\w-]+)+", "(address)"),
    ):
        text = re.sub(pattern, instead, text)
    return html.escape(text[:400], quote=False)
