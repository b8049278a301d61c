"""The roles that deploy may do all that the command line and Terraform's provider were seen to ask of AWS."""

from __future__ import annotations

import pytest

from tests.bootstrap.accounts import SLUG, Accounts
from tests.bootstrap.asked_of_aws import ACCOUNT, OWN, STAGE, Asked
from tests.bootstrap.deploy_policies import deploy_policies
from tests.bootstrap.recorded_runs import ARTIFACTS, FLAVOURS, committed, record
from tests.bootstrap.simulator import Request, Simulator
from tests.terraform_cli import cli_configuration, require_terraform

CREATED = {
    "CreateEndpoint": "endpoint",
    "CreateEndpointConfig": "endpoint-config",
    "CreateModel": "model",
    "CreatePipeline": "pipeline",
}
NAMES = [f"{flavour}-{inference}" for flavour, inference in FLAVOURS]


def at_home(text: str, accounts: Accounts) -> str:
    """A recorded name, as it is in these accounts; what the registry has is in the tooling account."""
    in_tooling = ":model-package" in text or f"role/sagemaker-mlops/{SLUG}-deploy-ci" in text
    account = accounts.tooling if in_tooling else accounts.stages[STAGE]
    return text.replace(ACCOUNT, account)


def request(asked: Asked, accounts: Accounts) -> Request:
    """With what AWS knows besides: whose bucket it is, and what is on the role, model or configuration already."""
    service, _, operation = asked.action.partition(":")
    home, boundary = accounts.stages[STAGE], f"policy/sagemaker-mlops/{SLUG}-{STAGE}-boundary"
    context = {key: at_home(value, accounts) for key, value in asked.context}
    account = accounts.tooling if ":model-package" in asked.resource or ARTIFACTS in asked.resource else home
    if service == "s3":
        context["aws:ResourceAccount"] = account
    if service == "iam" and operation != "CreateRole":
        context.setdefault("iam:PermissionsBoundary", f"arn:aws:iam::{home}:{boundary}")
    if service == "sagemaker" and f":{CREATED.get(operation)}/" not in asked.resource:
        context["aws:ResourceTag/deployment"] = f"{SLUG}-{STAGE}"
    return Request(asked.action, at_home(asked.resource, accounts), dict(context), account)


@pytest.mark.parametrize("name", NAMES)
def test_the_deploy_role_may_do_all_that_was_recorded(name: str, accounts: Accounts, simulator: Simulator) -> None:
    recorded = [each for each in committed()[name] if each.role == "deploy"]
    assert len({each.action for each in recorded}) >= 25
    requests = [request(each, accounts) for each in recorded]
    principal = f"arn:aws:iam::{accounts.stages[STAGE]}:role/sagemaker-mlops/{SLUG}-{STAGE}-deploy"
    results = simulator.results(requests, principal, deploy_policies(accounts, STAGE))
    assert [(each, got) for each, got in zip(requests, results, strict=True) if got != "Allowed"] == []


def test_what_was_found_missing_once_is_in_the_recording() -> None:
    actions = {each.action for each in committed()["cloudformation-realtime_and_batch"]}
    assert actions >= {
        "cloudformation:GetTemplateSummary",
        "cloudformation:ListChangeSets",
        "sagemaker:ListEndpoints",
        "servicequotas:ListServiceQuotas",
    }


@pytest.mark.slow
@pytest.mark.parametrize(("flavour", "inference"), FLAVOURS)
def test_the_recording_is_what_is_asked_today(flavour: str, inference: str) -> None:
    """Write it anew with `PYTHONPATH=tests python -m tests.bootstrap.recorded_runs`, and see what the roles need."""
    if flavour == "terraform":
        require_terraform()
    now = set(record(flavour, inference, {"TF_CLI_CONFIG_FILE": str(cli_configuration())}))
    before = set(committed()[f"{flavour}-{inference}"])
    assert OWN in str(before)
    assert (sorted(now - before), sorted(before - now)) == ([], [])
