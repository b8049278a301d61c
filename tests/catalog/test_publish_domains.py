"""Studio domains: tagged with the place of the templates where they aren't yet."""

from __future__ import annotations

import boto3
from botocore.stub import Stubber
from rich.console import Console

from service_catalog.publisher.aws import Aws
from service_catalog.publisher.changes import Change
from service_catalog.publisher.domain_step import DomainStep
from service_catalog.publisher.telling import Telling

KEY, PLACE = "sagemaker:projectS3TemplatesLocation", "s3://ours/studio/"
ARN = "arn:aws-cn:sagemaker:cn-north-1:111122223333:domain/"


def test_domains_learn_where_the_templates_are() -> None:
    session = boto3.Session("1", "2", region_name="cn-north-1")
    client = session.client("sagemaker")
    step = DomainStep(
        Aws(session, "111122223333", "cn-north-1", "aws-cn", {"sagemaker": client}),
        ("d-new", "d-moved", "d-done"),
        PLACE,
    )
    with Stubber(client) as stub:
        for domain, tags in (
            ("d-new", []),
            ("d-moved", [{"Key": KEY, "Value": "s3://elsewhere/"}]),
            ("d-done", [{"Key": KEY, "Value": PLACE}]),
        ):
            stub.add_response("list_tags", {"Tags": tags}, {"ResourceArn": ARN + domain})
        assert step.compare() == [
            Change("add", f"d-new {KEY}", PLACE),
            Change("modify", f"d-moved {KEY}", f"s3://elsewhere/ to {PLACE}"),
        ]
        for domain in ("d-new", "d-moved"):
            stub.add_response("add_tags", {}, {"ResourceArn": ARN + domain, "Tags": [{"Key": KEY, "Value": PLACE}]})
        step.apply(Telling(Console(quiet=True)))
        stub.assert_no_pending_responses()
