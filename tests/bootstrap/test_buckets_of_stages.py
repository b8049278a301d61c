"""Roles of a stage reach its own buckets, and in one account too none of another stage, project or of CI."""

from __future__ import annotations

from tests.bootstrap.accounts import SLUG, Accounts
from tests.bootstrap.deploy_policies import deploy_policies
from tests.bootstrap.simulator import Request, Simulator

OWN_DATA, RANDOM = f"{SLUG}-staging-0123456789ab", "abcdefghijkl"
CHANGES = ("s3:DeleteBucket", "s3:PutBucketPolicy", "s3:PutLifecycleConfiguration")
ON_OBJECTS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion")
ANYTHING = {
    "name": "anything",
    "policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
}


def out_of_reach(accounts: Accounts) -> list[str]:
    """Buckets of other stages, of CI and of projects whose names begin alike, as they would be in the same account."""
    return [
        f"{SLUG}-production-0123456789ab",
        accounts.outputs[f"{SLUG}-bootstrap-stage-production"]["StateBucket"],
        accounts.outputs[f"{SLUG}-bootstrap-tooling"]["ArtifactBucket"],
        f"{SLUG}-pipeline-0123456789ab",
        f"{SLUG}-bootstrap-pipeline-bucket-{RANDOM}",
        f"{SLUG[:20]}-bucket-{RANDOM}",
        f"{SLUG}-staging-staging-0123456789ab",
        f"{SLUG}-staging-state-0123456789ab0",
        f"{SLUG}-2-staging-0123456789ab",
        f"{SLUG}s-staging-0123456789ab",
        f"{SLUG[:2]}-staging-0123456789ab",
    ]


def on(bucket: str, home: str, actions: tuple[str, ...] = CHANGES + ON_OBJECTS) -> list[Request]:
    here = {"aws:ResourceAccount": home}
    return [
        Request(action, f"arn:aws:s3:::{bucket}" + ("/batch/input/1.csv" if action in ON_OBJECTS else ""), here)
        for action in actions
    ]


def test_the_deploy_role_changes_no_other_bucket(accounts: Accounts, simulator: Simulator) -> None:
    home = accounts.stages["staging"]
    requests = [request for bucket in out_of_reach(accounts) for request in on(bucket, home)]
    principal, policies = (
        f"arn:aws:iam::{home}:role/sagemaker-mlops/{SLUG}-staging-deploy",
        deploy_policies(accounts, "staging"),
    )
    results = simulator.results(requests, principal, policies)
    assert len(requests) == 77
    assert [each for each, got in zip(requests, results, strict=True) if got != "ImplicitlyDenied"] == []


def test_the_deploy_role_has_the_data_bucket_and_uses_the_state(accounts: Accounts, simulator: Simulator) -> None:
    home = accounts.stages["staging"]
    state = accounts.outputs[f"{SLUG}-bootstrap-stage-staging"]["StateBucket"]
    assert state.startswith(f"{SLUG}-staging-state-")
    writes, never = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"), (*CHANGES, "s3:DeleteObjectVersion")
    principal, policies = (
        f"arn:aws:iam::{home}:role/sagemaker-mlops/{SLUG}-staging-deploy",
        deploy_policies(accounts, "staging"),
    )
    for requests, expected in [
        (on(OWN_DATA, home), "Allowed"),
        (on(state, home, ("s3:ListBucket", *writes)), "Allowed"),
        (on(state, home, never), "ImplicitlyDenied"),
    ]:
        results = simulator.results(requests, principal, policies)
        assert [(each, got) for each, got in zip(requests, results, strict=True) if got != expected] == []


def test_no_role_that_a_deployment_makes_reaches_other_buckets(accounts: Accounts, simulator: Simulator) -> None:
    """Even a role that is given everything; models are read, where the tooling account has them."""
    home, tooling = accounts.stages["staging"], accounts.tooling
    artifacts = accounts.outputs[f"{SLUG}-bootstrap-tooling"]["ArtifactBucket"]
    own_state = accounts.outputs[f"{SLUG}-bootstrap-stage-staging"]["StateBucket"]
    principal, boundary = f"arn:aws:iam::{home}:role/{SLUG}-staging-execution", accounts.boundary("staging")
    refused = [*(request for bucket in out_of_reach(accounts) for request in on(bucket, home)), *on(own_state, home)]
    results = simulator.results(refused, principal, [ANYTHING], boundary)
    assert [each for each, got in zip(refused, results, strict=True) if not got.endswith("Denied")] == []

    everything = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}
    model = Request(
        "s3:GetObject", f"arn:aws:s3:::{artifacts}/x", {"aws:ResourceAccount": tooling}, tooling, everything
    )
    used = [*on(OWN_DATA, home, ("s3:GetObject", "s3:PutObject", "s3:ListBucket")), model]
    assert simulator.results(used, principal, [ANYTHING], boundary) == ["Allowed"] * 4
