"""With all stages in one account, a stage's deploy role still tells its own from production's and from training."""

from __future__ import annotations

import pytest

from tests.bootstrap.accounts import REGION, SLUG, Accounts
from tests.bootstrap.deploy_policies import deploy_policies
from tests.bootstrap.simulator import Request, Simulator

STAGE = "staging"
OWN = f"{SLUG}-{STAGE}"
OWN_TAG = {"aws:RequestTag/deployment": OWN}


@pytest.fixture(scope="module")
def home(accounts: Accounts) -> str:
    return accounts.stages[STAGE]


def arn(service: str, account: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{account}:{rest}"


@pytest.mark.parametrize(("kind", "create"), [("model", "CreateModel"), ("endpoint-config", "CreateEndpointConfig")])
def test_what_is_new_gets_its_tags_and_what_is_own_keeps_them(
    kind: str, create: str, accounts: Accounts, home: str, simulator: Simulator
) -> None:
    resource = arn("sagemaker", home, f"{kind}/1a2b")
    requests = [
        Request(f"sagemaker:{create}", resource, OWN_TAG),
        Request("sagemaker:AddTags", resource, {**OWN_TAG, "sagemaker:TaggingAction": create}),
        Request("sagemaker:AddTags", resource, {"aws:ResourceTag/deployment": OWN}),
        Request("sagemaker:AddTags", resource, {**OWN_TAG, "aws:ResourceTag/deployment": OWN}),
    ]
    policies = deploy_policies(accounts, STAGE)
    results = simulator.results(requests, f"arn:aws:iam::{home}:role/sagemaker-mlops/{OWN}-deploy", policies)
    assert results == ["Allowed"] * len(requests)


def of_production_in_the_same_account(home: str) -> list[Request]:
    """What a single account has besides staging: production's, and the pipeline that trains."""
    theirs = {"aws:ResourceTag/deployment": f"{SLUG}-production"}
    target = arn("application-autoscaling", home, "scalable-target/1a2b")
    found = [
        Request(f"application-autoscaling:{action}", target, theirs)
        for action in (
            *("DeleteScalingPolicy", "DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget"),
            *("TagResource", "UntagResource"),
        )
    ]
    found.append(Request("application-autoscaling:TagResource", target, {**theirs, **OWN_TAG}))
    for kind, name in [("model", "Model"), ("endpoint-config", "EndpointConfig")]:
        resource = arn("sagemaker", home, f"{kind}/1a2b")
        found += [
            Request("sagemaker:AddTags", resource, {**theirs, **OWN_TAG}),
            Request("sagemaker:AddTags", resource, OWN_TAG),
            Request("sagemaker:AddTags", resource, {**OWN_TAG, "sagemaker:TaggingAction": "CreateTrainingJob"}),
            Request(
                "sagemaker:AddTags",
                resource,
                {"aws:ResourceTag/deployment": OWN, "aws:RequestTag/deployment": f"{SLUG}-production"},
            ),
            Request("sagemaker:DeleteTags", resource, theirs),
            Request(f"sagemaker:Delete{name}", resource, theirs),
        ]
    for pipeline in (SLUG, f"{SLUG}-training", f"{SLUG}-production-batch"):
        found += [
            Request(f"sagemaker:{action}", arn("sagemaker", home, f"pipeline/{pipeline}"), theirs)
            for action in ("AddTags", "DeletePipeline", "StartPipelineExecution", "UpdatePipeline")
        ]
    return found


def test_one_account_or_not_production_and_training_stay_out_of_reach(
    accounts: Accounts, home: str, simulator: Simulator
) -> None:
    requests = of_production_in_the_same_account(home)
    policies = deploy_policies(accounts, STAGE)
    results = simulator.results(requests, f"arn:aws:iam::{home}:role/sagemaker-mlops/{OWN}-deploy", policies)
    outcomes = zip(requests, results, strict=True)
    assert [(request, result) for request, result in outcomes if result != "ImplicitlyDenied"] == []


def test_a_scalable_target_is_registered_and_kept(accounts: Accounts, home: str, simulator: Simulator) -> None:
    target = arn("application-autoscaling", home, "scalable-target/1a2b")
    of_sagemaker = {"application-autoscaling:service-namespace": "sagemaker"}
    own = {"aws:ResourceTag/deployment": OWN}
    requests = [
        Request("application-autoscaling:RegisterScalableTarget", target, {**of_sagemaker, **OWN_TAG}),
        Request("application-autoscaling:RegisterScalableTarget", target, {**of_sagemaker, **own}),
        Request("application-autoscaling:PutScalingPolicy", target, {**of_sagemaker, **own}),
        Request("application-autoscaling:DeleteScalingPolicy", target, {**of_sagemaker, **own}),
        Request("application-autoscaling:DeregisterScalableTarget", target, {**of_sagemaker, **own}),
        Request("application-autoscaling:TagResource", target, {**own, **OWN_TAG}),
    ]
    policies = deploy_policies(accounts, STAGE)
    results = simulator.results(requests, f"arn:aws:iam::{home}:role/sagemaker-mlops/{OWN}-deploy", policies)
    assert results == ["Allowed"] * len(requests)
