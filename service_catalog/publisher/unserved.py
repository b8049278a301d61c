"""Accounts of the organisation whose launch roles or seeder couldn't be made: a stack set goes on without them."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from service_catalog.publisher import names
from service_catalog.publisher.aws import Aws, code_of, told_in_one_line
from service_catalog.publisher.settings import Organisation

WELL = ("SUCCEEDED", "PENDING", "RUNNING")


def unserved(aws: Aws, organisation: Organisation) -> Iterator[str]:
    """A line for each stack that failed, with its reason; those that are under way are not told."""
    if not organisation.launch_units:
        return
    call_as = "DELEGATED_ADMIN" if organisation.delegated_admin else "SELF"
    client = aws.client("cloudformation")
    for name in (names.LAUNCH_STACK, names.SEEDER_STACK):
        with told_in_one_line():
            try:
                pages = client.get_paginator("list_stack_instances").paginate(StackSetName=name, CallAs=call_as)
                found = [each for page in pages for each in page["Summaries"]]
            except ClientError as error:
                if code_of(error) != "StackSetNotFoundException":
                    raise
                continue
        for each in found:
            status = each.get("StackInstanceStatus", {}).get("DetailedStatus", "")
            if status not in WELL:
                reason = " ".join(each.get("StatusReason", "see the stack set's operations").split())
                yield f"{name} in account {each['Account']}, {each['Region']}: {status}: {reason}"
