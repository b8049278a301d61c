"""A bucket of another account: its policy is asked about the role that calls."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated import EmulatedAws

OWNER, OTHER = "310000000000", "320000000000"


@pytest.fixture(scope="module")
def shared(aws: EmulatedAws) -> str:
    """A bucket that one role of the other account may read, and nobody without TLS."""
    s3, bucket = aws.client("s3", OWNER), "shared-with-a-role"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    s3.put_object(Bucket=bucket, Key="model", Body=b"weights")
    reading: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*-execution"}},
    }
    tls: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"}
    tls["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [reading, tls]})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    return bucket


def read(aws: EmulatedAws, bucket: str, role: str) -> bytes:
    arn = f"arn:aws:iam::{OTHER}:role/{role}"
    keys = aws.client("sts", OTHER).assume_role(RoleArn=arn, RoleSessionName="reader")["Credentials"]
    content: bytes = aws.client_with("s3", keys).get_object(Bucket=bucket, Key="model")["Body"].read()
    return content


def test_the_role_that_the_policy_names_reads(aws: EmulatedAws, shared: str) -> None:
    assert read(aws, shared, "staging-execution") == b"weights"


def test_another_role_of_the_same_account_does_not(aws: EmulatedAws, shared: str) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        read(aws, shared, "staging-deploy")


def test_the_role_may_only_do_what_the_policy_allows(aws: EmulatedAws, shared: str) -> None:
    keys = aws.client("sts", OTHER).assume_role(
        RoleArn=f"arn:aws:iam::{OTHER}:role/staging-execution", RoleSessionName="writer"
    )["Credentials"]
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client_with("s3", keys).put_object(Bucket=shared, Key="model", Body=b"other")
