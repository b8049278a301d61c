"""CI's role may look things up and assume the two deploy roles; nobody else's token gets it."""

from __future__ import annotations

from typing import Any

import yaml

from tests.bootstrap.accounts import LOWER, REGION, SLUG, Accounts
from tests.bootstrap.simulator import Request, Simulator

ROLE = f"{SLUG}-deploy-ci"


def requests_of_ci(accounts: Accounts) -> tuple[list[Request], list[Request]]:
    """What CI must be able to do, and what it must not."""
    tooling, staging = accounts.tooling, accounts.stages["staging"]
    package = f"arn:aws:sagemaker:{REGION}:{tooling}:model-package/{LOWER}/3"
    bindings = f"arn:aws:ssm:{REGION}:{tooling}:parameter/{SLUG}/bindings"
    bucket = f"arn:aws:s3:::{LOWER}-bootstrap-tooling-bucket-1a2b"
    here = {"aws:ResourceAccount": tooling}
    wanted = [
        Request("ssm:GetParametersByPath", bindings),
        Request("ssm:GetParameters", f"{bindings}/staging/kms_key_arn"),
        Request("sagemaker:DescribeModelPackage", package),
        Request("sagemaker:ListModelPackages", "*"),
        Request("s3:GetObject", f"{bucket}/{SLUG}/training/p-1/package/smoke.json", here),
        *(
            Request(
                "sts:AssumeRole", f"arn:aws:iam::{account}:role/{SLUG}-{stage}-deploy", {"aws:ResourceAccount": account}
            )
            for stage, account in accounts.stages.items()
        ),
    ]
    foreign = {"aws:ResourceAccount": "999988887777"}
    refused = [
        Request("sagemaker:UpdateModelPackage", package),
        Request("sagemaker:CreateModelPackage", package),
        Request("sagemaker:DeleteModelPackage", package),
        Request("sagemaker:CreateEndpoint", f"arn:aws:sagemaker:{REGION}:{tooling}:endpoint/{LOWER}-production"),
        Request("ssm:PutParameter", f"{bindings}/staging/deploy_role_arn"),
        Request("ssm:GetParameter", f"arn:aws:ssm:{REGION}:{tooling}:parameter/payroll/password"),
        Request("s3:GetObject", f"{bucket}/{SLUG}/training/p-1/package/model.tar.gz", here),
        Request("s3:PutObject", f"{bucket}/{SLUG}/training/p-1/package/smoke.json", here),
        Request("sts:AssumeRole", f"arn:aws:iam::{staging}:role/Admin", {"aws:ResourceAccount": staging}),
        Request("sts:AssumeRole", f"arn:aws:iam::999988887777:role/{SLUG}-staging-deploy", foreign),
        Request(
            "iam:PassRole", f"arn:aws:iam::{tooling}:role/Admin", {"iam:PassedToService": "sagemaker.amazonaws.com"}
        ),
        Request("iam:CreateRole", f"arn:aws:iam::{tooling}:role/{SLUG}-x"),
        Request(
            "codepipeline:PutApprovalResult", f"arn:aws:codepipeline:{REGION}:{tooling}:{SLUG}-deploy/Approval/Approve"
        ),
        Request("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{tooling}:secret:x-1a2b3c"),
    ]
    return wanted, refused


def test_it_may_look_up_and_assume_the_deploy_roles_only(accounts: Accounts, simulator: Simulator) -> None:
    principal, policies = f"arn:aws:iam::{accounts.tooling}:role/{ROLE}", accounts.role_policies(ROLE, accounts.tooling)
    wanted, refused = requests_of_ci(accounts)
    # Another account's trust policy is asked too; here it says yes, so that CI's own policies decide.
    trusting = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}],
    }

    def results(requests: list[Request]) -> list[str]:
        asked = [
            Request(r.action, r.resource, r.context, r.resource.split(":")[4], trusting)
            if r.action == "sts:AssumeRole"
            else r
            for r in requests
        ]
        return simulator.results(asked, principal, policies)

    outcomes = zip(wanted + refused, results(wanted + refused), strict=True)
    expected = ["Allowed"] * len(wanted) + ["ImplicitlyDenied"] * len(refused)
    assert [
        (r.action, r.resource, got) for (r, got), hoped in zip(outcomes, expected, strict=True) if got != hoped
    ] == []


def statements(accounts: Accounts) -> list[dict[str, Any]]:
    return list(accounts.trust(ROLE, accounts.tooling)["Statement"])


def test_its_trust_pins_audience_and_subject(accounts: Accounts) -> None:
    (statement,) = statements(accounts)
    operators, principal = statement["Condition"], next(iter(statement["Principal"].values()))
    assert list(operators) == ["StringEquals"]
    tests = operators["StringEquals"]
    if "codebuild.amazonaws.com" in principal:
        assert tests == {"aws:SourceAccount": accounts.tooling}
        return
    host = principal.partition("/")[2]
    assert tests[f"{host}:aud"] == "sts.amazonaws.com"
    subjects = {
        "token.actions.githubusercontent.com": [
            "repo:octo@1/model-deploy@2:ref:refs/heads/main",
            "repo:octo@1/model-deploy@2:environment:staging",
            "repo:octo@1/model-deploy@2:environment:production",
        ],
        "gitlab.com": "project_path:team/model-deploy:ref_type:branch:ref:main",
    }
    assert tests[f"{host}:sub"] == subjects[host]


def test_what_tests_a_change_may_not_deploy(accounts: Accounts, simulator: Simulator) -> None:
    """CodeBuild's test role has none of the rights; jobs of the other systems get no token that a role would take."""
    workflow, pipeline = (
        accounts.folder / ".github" / "workflows" / "model-deploy.yml",
        accounts.folder / ".gitlab-ci.yml",
    )
    if workflow.exists():
        definition = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        assert definition["permissions"] == {}
        assert definition["jobs"]["test"]["permissions"] == {"contents": "read"}
    elif pipeline.exists():
        definition = yaml.safe_load(pipeline.read_text(encoding="utf-8"))
        assert "id_tokens" in definition[".deploying"]
        assert {"id_tokens", "extends"}.isdisjoint(definition["test"].keys() | definition["default"].keys())
    else:
        wanted, refused = requests_of_ci(accounts)
        policies = accounts.role_policies(f"{SLUG}-deploy-test", accounts.tooling)
        asked = [each for each in wanted + refused if not each.action.startswith(("s3:", "sts:"))]
        results = simulator.results(asked, f"arn:aws:iam::{accounts.tooling}:role/{SLUG}-deploy-test", policies)
        assert set(results) == {"ImplicitlyDenied"}
