"""CI's two roles may look things up and assume the deploy role of their stage; nobody else's token gets them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from tests.bootstrap.accounts import REGION, SLUG, Accounts
from tests.bootstrap.simulator import Request, Simulator

ROLES = {"staging": f"{SLUG}-deploy-ci", "production": f"{SLUG}-deploy-ci-production"}
GITHUB, GITLAB = "token.actions.githubusercontent.com", "gitlab.com"
REPOSITORY, BRANCH = "repo:octo@1/model-deploy@2", "project_path:team/model-deploy:ref_type:branch:ref:main"
PRODUCTION_SUBJECTS = {
    GITHUB: f"{REPOSITORY}:environment:production",
    GITLAB: f"{BRANCH}:environment_protected:true:deployment_tier:production",
}
OTHER_SUBJECTS = {
    GITHUB: [
        f"{REPOSITORY}:ref:refs/heads/main",
        f"{REPOSITORY}:environment:staging",
        f"{REPOSITORY}:pull_request",
        "repo:octo@1/model-deploy@9:environment:production",
    ],
    GITLAB: [
        BRANCH,
        f"{BRANCH}:environment_protected:false:deployment_tier:staging",
        f"{BRANCH}:environment_protected:false:deployment_tier:production",
        f"{BRANCH}:environment_protected:true:deployment_tier:staging",
        f"{BRANCH.replace('main', 'feature')}:environment_protected:true:deployment_tier:production",
    ],
}


def assuming(stage: str, account: str) -> Request:
    """Another account's trust policy is asked too; here it says yes, so that CI's own policies decide."""
    role = f"arn:aws:iam::{account}:role/sagemaker-mlops/{SLUG}-{stage}-deploy"
    trusting = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [trusting]}
    return Request("sts:AssumeRole", role, {"aws:ResourceAccount": account}, account, trust)


def requests_of_ci(accounts: Accounts, stage: str) -> tuple[list[Request], list[Request]]:
    """What CI must be able to do for a stage, and what it must not."""
    tooling, home = accounts.tooling, accounts.stages[stage]
    other = next(name for name in accounts.stages if name != stage)
    package = f"arn:aws:sagemaker:{REGION}:{tooling}:model-package/{SLUG}/3"
    parameters = f"arn:aws:ssm:{REGION}:{tooling}:parameter/{SLUG}"
    bucket = accounts.outputs[f"{SLUG}-bootstrap-tooling"]["ArtifactBucket"]
    here = {"aws:ResourceAccount": tooling}
    wanted = [
        Request("ssm:GetParametersByPath", f"{parameters}/bindings"),
        Request("ssm:GetParameters", f"{parameters}/bindings/{stage}/kms_key_arn"),
        Request("sagemaker:DescribeModelPackage", package),
        Request("sagemaker:ListModelPackages", "*"),
        Request("s3:GetObject", f"arn:aws:s3:::{bucket}/{SLUG}/training/p-1/package/smoke.json", here),
        assuming(stage, home),
    ]
    refused = [
        assuming(other, accounts.stages[other]),
        assuming(other, home),
        assuming(stage, "999988887777"),
        replace(assuming(stage, home), resource=f"arn:aws:iam::{home}:role/Admin"),
        Request("sts:AssumeRole", f"arn:aws:iam::{tooling}:role/sagemaker-mlops/{ROLES[other]}", here),
        Request("sagemaker:UpdateModelPackage", package),
        Request("sagemaker:CreateModelPackage", package),
        Request("sagemaker:DeleteModelPackage", package),
        Request("sagemaker:CreateEndpoint", f"arn:aws:sagemaker:{REGION}:{tooling}:endpoint/{SLUG}-production"),
        Request("ssm:PutParameter", f"{parameters}/bindings/{stage}/deploy_role_arn"),
        Request("ssm:GetParameter", f"arn:aws:ssm:{REGION}:{tooling}:parameter/payroll/password"),
        Request("s3:GetObject", f"arn:aws:s3:::{bucket}/{SLUG}/training/p-1/package/model.tar.gz", here),
        Request("s3:PutObject", f"arn:aws:s3:::{bucket}/{SLUG}/training/p-1/package/smoke.json", here),
        Request("s3:GetObject", f"arn:aws:s3:::{SLUG}-another-project-1a2b/x/smoke.json", here),
        Request(
            "iam:PassRole", f"arn:aws:iam::{tooling}:role/Admin", {"iam:PassedToService": "sagemaker.amazonaws.com"}
        ),
        Request("iam:CreateRole", f"arn:aws:iam::{tooling}:role/sagemaker-mlops/{SLUG}-x"),
        Request("codebuild:StartBuild", f"arn:aws:codebuild:{REGION}:{tooling}:project/{SLUG}-deploy-production"),
        Request(
            "codepipeline:PutApprovalResult", f"arn:aws:codepipeline:{REGION}:{tooling}:{SLUG}-deploy/Approval/Approve"
        ),
        Request("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{tooling}:secret:x-1a2b3c"),
    ]
    return wanted, refused


@pytest.mark.parametrize("stage", list(ROLES))
def test_each_may_look_up_and_assume_the_deploy_role_of_its_stage_only(
    stage: str, accounts: Accounts, simulator: Simulator
) -> None:
    role = ROLES[stage]
    principal, policies = (
        f"arn:aws:iam::{accounts.tooling}:role/sagemaker-mlops/{role}",
        accounts.role_policies(role, accounts.tooling),
    )
    wanted, refused = requests_of_ci(accounts, stage)
    results = simulator.results(wanted + refused, principal, policies)
    expected = ["Allowed"] * len(wanted) + ["ImplicitlyDenied"] * len(refused)
    assert [
        (r.action, r.resource, got)
        for r, got, hoped in zip(wanted + refused, results, expected, strict=True)
        if got != hoped
    ] == []


def test_only_production_s_role_notes_what_production_runs(accounts: Accounts, simulator: Simulator) -> None:
    released = f"arn:aws:ssm:{REGION}:{accounts.tooling}:parameter/{SLUG}/released/production"
    requests = [Request("ssm:GetParameter", released), Request("ssm:PutParameter", released)]
    needed = not (accounts.folder / ".gitlab-ci.yml").exists()
    for stage, expected in {"staging": [needed, False], "production": [needed, needed]}.items():
        policies = accounts.role_policies(ROLES[stage], accounts.tooling)
        results = simulator.results(
            requests, f"arn:aws:iam::{accounts.tooling}:role/sagemaker-mlops/{ROLES[stage]}", policies
        )
        assert [result == "Allowed" for result in results] == expected, stage


def statement(accounts: Accounts, stage: str) -> dict[str, Any]:
    (only,) = accounts.trust(ROLES[stage], accounts.tooling)["Statement"]
    return dict(only)


def host(accounts: Accounts) -> str:
    """Who signs the tokens; empty for CodeBuild, which has none."""
    return str(statement(accounts, "staging")["Principal"].get("Federated", "")).partition("/")[2]


def with_token(accounts: Accounts, simulator: Simulator, stage: str, subject: str, audience: str) -> bool:
    """Whether a token of the CI system gets the role of a stage, as the role's trust policy decides."""
    issuer, account = host(accounts), accounts.tooling
    provider = f"arn:aws:iam::{account}:oidc-provider/{issuer}"
    only = statement(accounts, stage)
    assert only["Principal"] == {"Federated": provider}
    assert list(only["Condition"]) == ["StringEquals"]
    # The simulator knows neither federated principals nor their claims: a role stands for the token, its tags for them.
    holder, claims = f"arn:aws:iam::{account}:role/token", only["Condition"]["StringEquals"]
    tags = {f"aws:PrincipalTag/{key.removeprefix(f'{issuer}:')}": value for key, value in claims.items()}
    allowing = {
        "Effect": "Allow",
        "Principal": {"AWS": holder},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": tags},
    }
    trust = {"Version": "2012-10-17", "Statement": [allowing]}
    context = {"aws:PrincipalTag/sub": subject, "aws:PrincipalTag/aud": audience}
    role = f"arn:aws:iam::{account}:role/sagemaker-mlops/{ROLES[stage]}"
    return simulator.results([Request("sts:AssumeRole", role, context, account, trust)], holder, []) == ["Allowed"]


def test_no_token_of_main_or_staging_gets_production_s_role(accounts: Accounts, simulator: Simulator) -> None:
    if not (issuer := host(accounts)):
        pytest.skip("CodeBuild has no tokens")
    right, audience = PRODUCTION_SUBJECTS[issuer], "sts.amazonaws.com"
    assert with_token(accounts, simulator, "production", right, audience)
    assert not with_token(accounts, simulator, "production", right, "https://vault.invalid")
    for subject in OTHER_SUBJECTS[issuer]:
        assert not with_token(accounts, simulator, "production", subject, audience), subject
    assert [with_token(accounts, simulator, "staging", each, audience) for each in OTHER_SUBJECTS[issuer]].count(
        True
    ) == 1
    assert not with_token(accounts, simulator, "staging", right, audience)


@pytest.mark.parametrize("stage", list(ROLES))
def test_trust_pins_audience_and_subject_or_the_builds(stage: str, accounts: Accounts) -> None:
    operators, issuer = statement(accounts, stage)["Condition"], host(accounts)
    if issuer:
        assert list(operators) == ["StringEquals"]
        assert set(operators["StringEquals"]) == {f"{issuer}:aud", f"{issuer}:sub"}
        return
    project = f"arn:aws:codebuild:{REGION}:{accounts.tooling}:project/{SLUG}-deploy"
    builds = {"staging": [f"{project}-resolve", f"{project}-staging"], "production": [f"{project}-production"]}
    assert operators["StringEquals"] == {"aws:SourceAccount": accounts.tooling}
    assert operators["ArnEquals"] == {"aws:SourceArn": builds[stage]}


def test_only_the_build_after_the_approval_runs_as_production_s_role(accounts: Accounts) -> None:
    if host(accounts):
        pytest.skip("CodeBuild is not used")
    pipeline = accounts.aws.client("codepipeline", accounts.tooling).get_pipeline(name=f"{SLUG}-deploy")["pipeline"]
    builds = {
        action["configuration"]["ProjectName"]: stage["name"]
        for stage in pipeline["stages"]
        for action in stage["actions"]
        if action["actionTypeId"]["provider"] == "CodeBuild"
    }
    described = accounts.aws.client("codebuild", accounts.tooling).batch_get_projects(names=list(builds))["projects"]
    roles = {builds[each["name"]]: each["serviceRole"].rpartition("/")[2] for each in described}
    assert roles == {
        "Test": f"{SLUG}-deploy-test",
        "Resolve": ROLES["staging"],
        "Staging": ROLES["staging"],
        "Production": ROLES["production"],
    }
    names = [stage["name"] for stage in pipeline["stages"]]
    assert names.index("Production") == names.index("Approval") + 1


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
        wanted, refused = requests_of_ci(accounts, "staging")
        policies = accounts.role_policies(f"{SLUG}-deploy-test", accounts.tooling)
        asked = [each for each in wanted + refused if not each.action.startswith(("s3:", "sts:"))]
        results = simulator.results(
            asked, f"arn:aws:iam::{accounts.tooling}:role/sagemaker-mlops/{SLUG}-deploy-test", policies
        )
        assert set(results) == {"ImplicitlyDenied"}
