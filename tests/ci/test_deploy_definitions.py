"""model-deploy's CI definitions satisfy the checkers of their systems and do the same steps in the same order."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from definitions import Tool, read_yaml

BUILDSPECS = ("buildspec-test.yml", "buildspec-resolve.yml", "buildspec-staging.yml", "buildspec-production.yml")
DEFINITIONS = {
    "github": (".github/workflows/model-deploy.yml",),
    "gitlab": (".gitlab-ci.yml",),
    "codepipeline": BUILDSPECS,
}
EVERY = [(ci, name) for ci, names in DEFINITIONS.items() for name in names]
SCHEMAS = {
    "github": ["--builtin-schema", "vendor.github-workflows"],
    "gitlab": ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
    "codepipeline": ["--schemafile", str(Path(__file__).with_name("buildspec.schema.json"))],
}
TERRAFORM = "if test -e infrastructure/install-terraform.sh; then sh infrastructure/install-terraform.sh; fi"
Deployment = Callable[[str], Path]


@pytest.fixture(scope="session")
def deployment(bake: Callable[..., Path]) -> Deployment:
    """`deployment("github")` is the model-deploy folder of a project for that CI system; for reading only."""
    return lambda ci: bake(ci=ci) / "model-deploy"


def jobs(ci: str, folder: Path) -> dict[str, str]:
    """Shell script of each job, in the order they run."""
    contents = [read_yaml(folder / name) for name in DEFINITIONS[ci]]
    if ci == "github":
        return {
            name: "\n".join(step["run"] for step in job["steps"] if "run" in step)
            for name, job in contents[0]["jobs"].items()
        }
    if ci == "gitlab":
        before = contents[0][".deploying"]["before_script"]
        return {
            name: "\n".join([*(before if "extends" in contents[0][name] else []), *contents[0][name]["script"]])
            for name in contents[0]["stages"]
        }
    return {
        name.removeprefix("buildspec-").removesuffix(".yml"): "\n".join(
            command for phase in content["phases"].values() for command in phase["commands"]
        )
        for name, content in zip(BUILDSPECS, contents, strict=True)
    }


def targets(script: str) -> list[str]:
    return re.findall(r"\bmake (?:-s )?([a-z-]+(?: STAGE=\w+)?)", script)


@pytest.mark.parametrize(("ci", "name"), EVERY)
def test_definition_follows_the_schema_of_its_system(ci: str, name: str, deployment: Deployment, tool: Tool) -> None:
    checked = tool("check-jsonschema", *SCHEMAS[ci], deployment(ci) / name)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("ci", list(DEFINITIONS))
def test_project_has_the_definitions_of_its_system_only(ci: str, deployment: Deployment) -> None:
    assert tuple(name for _, name in EVERY if (deployment(ci) / name).exists()) == DEFINITIONS[ci]


def test_github_workflow_passes_actionlint_and_zizmor(deployment: Deployment, tool: Tool) -> None:
    workflow = deployment("github") / DEFINITIONS["github"][0]
    assert (linted := tool("actionlint", "-shellcheck", "shellcheck", workflow)).returncode == 0, linted.stdout
    audited = tool("zizmor", "--offline", "--no-progress", "--persona", "pedantic", workflow)
    assert audited.returncode == 0, audited.stdout


@pytest.mark.parametrize("ci", list(DEFINITIONS))
def test_scripts_pass_shellcheck(ci: str, deployment: Deployment, tool: Tool) -> None:
    for script in jobs(ci, deployment(ci)).values():
        checked = tool("shellcheck", "--shell", "bash", "--exclude", "SC2154", "-", given=script)
        assert checked.returncode == 0, checked.stdout


def test_script_that_installs_terraform_passes_shellcheck(bake: Callable[..., Path], tool: Tool) -> None:
    script = bake(infrastructure="terraform") / "model-deploy" / "infrastructure" / "install-terraform.sh"
    assert (checked := tool("shellcheck", script)).returncode == 0, checked.stdout


STAGING = ["deploy STAGE=staging", "smoke STAGE=staging"]
PRODUCTION = ["deploy STAGE=production", "smoke STAGE=production"]
PENDING = "pending STAGE=production"


def test_every_system_does_the_same_steps(deployment: Deployment) -> None:
    steps = {ci: {name: targets(script) for name, script in jobs(ci, deployment(ci)).items()} for ci in DEFINITIONS}
    test, undone = ["setup", "lint", "test"], "rollback STAGE=production"
    assert steps == {
        "github": {
            "test": test,
            "reviewers": [],
            "staging": ["setup", "resolve", *STAGING, PENDING],
            "production": ["setup", PENDING, *PRODUCTION, undone, PENDING],
        },
        # A person starts the job there, so nothing has to tell beforehand whether anything would change.
        "gitlab": {
            "test": test,
            "staging": ["setup", "resolve", *STAGING],
            "production": ["setup", *PRODUCTION, undone],
        },
        # The stage's own rollback takes a deployment back.
        "codepipeline": {
            "test": test,
            "resolve": ["setup", "resolve"],
            "staging": ["setup", *STAGING, PENDING],
            "production": ["setup", PENDING, *PRODUCTION, PENDING],
        },
    }


@pytest.mark.parametrize("ci", list(DEFINITIONS))
def test_no_condition_lets_a_run_pass_staging_without_its_smoke_test(ci: str, deployment: Deployment) -> None:
    script = jobs(ci, deployment(ci))["staging"]
    commands = [line.strip() for line in script.splitlines()]
    assert commands.count("make smoke STAGE=staging") == 1
    assert not re.search(r"exit 0|\|\||&&", script.replace(TERRAFORM, ""))
    if ci == "github":
        staging = read_yaml(deployment(ci) / DEFINITIONS[ci][0])["jobs"]["staging"]
        assert [step.get("if") for step in staging["steps"]] == [None] * len(staging["steps"])
        assert not any("continue-on-error" in step for step in staging["steps"])


@pytest.mark.parametrize("ci", list(DEFINITIONS))
def test_every_job_has_terraform_where_the_project_needs_it(ci: str, deployment: Deployment) -> None:
    own = {name: script for name, script in jobs(ci, deployment(ci)).items() if "make " in script}
    assert {"test", "staging", "production"} <= own.keys()
    for name, script in own.items():
        assert script.index(TERRAFORM) < script.index("make setup"), name


def test_production_gets_the_package_that_staging_has_tested(deployment: Deployment) -> None:
    workflow = read_yaml(deployment("github") / DEFINITIONS["github"][0])["jobs"]
    resolved = "${{ needs.staging.outputs.model-package-arn }}"
    assert workflow["production"]["env"]["MLOPS_MODEL_PACKAGE_ARN"] == resolved
    assert [workflow[stage]["environment"] for stage in ("staging", "production")] == ["staging", "production"]


def test_only_deploying_github_jobs_on_main_may_ask_for_an_identity(deployment: Deployment) -> None:
    workflow = read_yaml(deployment("github") / DEFINITIONS["github"][0])
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["test"]["permissions"] == {"contents": "read"}
    assert "github.ref == 'refs/heads/main'" in workflow["jobs"]["staging"]["if"]
    assert "vars.MLOPS_CI_ROLE_ARN != ''" in workflow["jobs"]["staging"]["if"]
    # Without always() or the like, a job runs only after all it needs have succeeded.
    assert workflow["jobs"]["production"]["if"] == "needs.staging.outputs.production == 'true'"
    needs: dict[str, Any] = {name: job.get("needs") for name, job in workflow["jobs"].items()}
    assert needs == {"test": None, "reviewers": None, "staging": "test", "production": ["reviewers", "staging"]}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_the_role_of_a_github_job_lasts_as_long_as_the_job(deployment: Deployment) -> None:
    workflow = read_yaml(deployment("github") / DEFINITIONS["github"][0])["jobs"]
    for stage in ("staging", "production"):
        (role,) = [step["with"] for step in workflow[stage]["steps"] if "role-to-assume" in step.get("with", {})]
        assert workflow[stage]["timeout-minutes"] * 60 <= role["role-duration-seconds"] <= 10800


def test_only_an_explicit_waiver_keeps_github_from_asking_for_the_reviewers_of_production(
    deployment: Deployment,
) -> None:
    workflow = read_yaml(deployment("github") / DEFINITIONS["github"][0])["jobs"]
    (step,) = workflow["reviewers"]["steps"]
    assert step["if"] == "vars.MLOPS_UNREVIEWED_PRODUCTION != 'accepted'"
    assert workflow["reviewers"]["if"] == workflow["staging"]["if"]
    assert "reviewers" in workflow["production"]["needs"]
    assert workflow["reviewers"]["permissions"] == {"actions": "read"}


def test_github_deployments_to_a_stage_wait_for_each_other_and_for_no_other_stage(deployment: Deployment) -> None:
    workflow = read_yaml(deployment("github") / DEFINITIONS["github"][0])
    pull_request = "github.event_name == 'pull_request'"
    assert workflow["concurrency"] == {
        "group": f"${{{{ {pull_request} && github.ref || github.run_id }}}}",
        "cancel-in-progress": f"${{{{ {pull_request} }}}}",
    }
    for stage in ("staging", "production"):
        assert workflow["jobs"][stage]["concurrency"] == {"group": f"deploy-{stage}", "cancel-in-progress": False}
    assert "concurrency" not in workflow["jobs"]["test"]


def test_each_stage_is_deployed_with_a_role_of_its_own(deployment: Deployment) -> None:
    workflow = read_yaml(deployment("github") / DEFINITIONS["github"][0])["jobs"]
    roles = {
        name: [step["with"]["role-to-assume"] for step in job["steps"] if "role-to-assume" in step.get("with", {})]
        for name, job in workflow.items()
    }
    wanted = {"staging": ["MLOPS_CI_ROLE_ARN"], "production": ["MLOPS_CI_PRODUCTION_ROLE_ARN"]}
    assert roles == {
        "test": [],
        "reviewers": [],
        **{stage: [f"${{{{ vars.{name} }}}}"] for stage, (name,) in wanted.items()},
    }
    pipeline = read_yaml(deployment("gitlab") / ".gitlab-ci.yml")
    assert {stage: [pipeline[stage]["variables"]["AWS_ROLE_ARN"].strip("$")] for stage in wanted} == wanted


def test_gitlab_deployments_wait_for_each_other_and_production_for_a_person(deployment: Deployment) -> None:
    pipeline = read_yaml(deployment("gitlab") / ".gitlab-ci.yml")
    assert "id_tokens" not in pipeline["test"]
    assert [rule.get("when") for rule in pipeline["production"]["rules"]] == ["manual"]
    assert pipeline["production"]["needs"] == ["staging"]
    for stage in ("staging", "production"):
        assert pipeline[stage]["resource_group"] == f"deploy-{stage}"
        assert pipeline[stage]["environment"] == {"name": stage, "deployment_tier": stage}
    assert all("$CI_DEFAULT_BRANCH" in rule["if"] for rule in pipeline[".deploying"]["rules"])


def test_every_action_is_pinned_by_commit_with_its_version_beside(deployment: Deployment) -> None:
    uses = re.findall(r"uses: (.*)", (deployment("github") / DEFINITIONS["github"][0]).read_text(encoding="utf-8"))
    assert uses
    assert [line for line in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
