"""The bootstrap templates set accounts up in any order, in one account or several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bootstrap.accounts import SLUG, Accounts
from tests.emulated import emulated_aws


def test_a_stage_s_bindings_are_found_in_the_tooling_account(accounts: Accounts) -> None:
    ssm = accounts.aws.client("ssm", accounts.tooling)
    for stage, account in accounts.stages.items():
        answer = ssm.get_parameters_by_path(Path=f"/{SLUG}/bindings/{stage}", Recursive=True)
        found = {each["Name"].rsplit("/")[-1]: each["Value"] for each in answer["Parameters"]}
        assert found["account_id"] == account
        assert found["deploy_role_arn"] == f"arn:aws:iam::{account}:role/sagemaker-mlops/{SLUG}-{stage}-deploy"
        assert (
            found["permissions_boundary_arn"]
            == f"arn:aws:iam::{account}:policy/sagemaker-mlops/{SLUG}-{stage}-boundary"
        )
        assert found["kms_key_arn"].startswith(f"arn:aws:kms:eu-west-1:{account}:key/")
        assert found["state_bucket"].startswith(SLUG)


@pytest.mark.parametrize("ci", ["codepipeline", "github", "gitlab"])
def test_one_account_can_be_all_three(ci: str, bake: Callable[..., Path]) -> None:
    with emulated_aws("--control-plane-only") as aws:
        single = Accounts(
            aws, bake(ci=ci) / "model-deploy", aws.account, dict.fromkeys(("staging", "production"), aws.account)
        )
        single.set_up(ci)
        assert {"stage-staging", "stage-production", "tooling", "bindings-production"} <= {
            name.removeprefix(f"{SLUG}-bootstrap-") for name in single.outputs
        }


@pytest.mark.parametrize("ci", ["codepipeline", "github"])
def test_the_longest_slug_fits_every_name(ci: str, bake: Callable[..., Path]) -> None:
    slug = "z" * 32
    with emulated_aws("--control-plane-only") as aws:
        longest = Accounts(
            aws, bake(ci=ci) / "model-deploy", aws.account, dict.fromkeys(("staging", "production"), aws.account), slug
        )
        longest.set_up(ci)
        roles = {role["RoleName"] for role in aws.client("iam").list_roles()["Roles"]}
        assert {f"{slug}-deploy-ci-production", f"{slug}-staging-deploy", f"{slug}-production-deploy"} <= roles
