"""The generated deploy workflows really run against the emulated AWS: act, gitlab-ci-local, CodePipeline's builds.

Real jobs, real command line, a real model behind the endpoints, accounts set up by the bootstrap stacks, bindings from
Parameter Store, deploy roles assumed in the accounts of the stages. Up to where each ends: act knows no environments,
so a person's approval is a run that goes on to production; gitlab-ci-local's manual job is played by name.
The checks run once for each system; later runs of the same commit's code find their tools saying nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from machine import require_program, run_command

from benchmarks.serving_model import PackagedModel
from tests.bootstrap.accounts import Accounts
from tests.ci.codebuild import Execution
from tests.ci.deployments import (
    JOB_PYTHON,
    SLUG,
    STAGES,
    Delivery,
    environments,
    record_approval,
    repository_of,
    serving,
    without_checks,
)
from tests.ci.github_api import NOBODY, environment_with
from tests.emulated import EmulatedAws, emulated_aws
from tests.npm_tools import NodeTools, install_node_tools

pytestmark = pytest.mark.slow

STUB = """
name: Configure AWS credentials
description: In place of AWS's action, the SDKs exchange the token for the role by themselves.
inputs:
  role-to-assume: {description: ARN, required: true}
  aws-region: {description: Region, required: true}
  role-duration-seconds: {description: Seconds, default: "3600"}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        ROLE: ${{ inputs.role-to-assume }}
        REGION: ${{ inputs.aws-region }}
      run: |
        printf token > "$RUNNER_TEMP/token"
        {
          echo "AWS_ROLE_ARN=$ROLE"
          echo "AWS_WEB_IDENTITY_TOKEN_FILE=$RUNNER_TEMP/token"
          echo "AWS_REGION=$REGION"
        } >> "$GITHUB_ENV"
"""
PLAIN = {"TERM": "dumb", "COLUMNS": "200", "LINES": "50"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PackagedModel:
    return PackagedModel(tmp_path_factory.mktemp("delivered"), str(JOB_PYTHON), rounds=30)


@pytest.fixture(scope="module")
def aws(model: PackagedModel) -> Iterator[EmulatedAws]:
    with emulated_aws("--transition-seconds", "0.05", "--bake-seconds", "0.1", images=[serving(model)]) as running:
        yield running


Jobs = dict[str, str]
ASKED = "20 of 20 as the packaged model gave them"


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory, bake: Callable[..., Path]) -> Jobs:
    """What every job is given beside AWS: environments by lock, one test file, one cache, few calls of a smoke test."""
    folder = tmp_path_factory.mktemp("environments")
    made = environments(folder, bake(ci="github") / "model-deploy" / "requirements")
    few = {"PYTEST_ADDOPTS": "tests/test_bindings.py", "MYPY_CACHE_DIR": str(tmp_path_factory.mktemp("mypy"))}
    return {**made, **few, "UV_CACHE_DIR": str(folder / "cache"), "ARGS": "--calls 5", **PLAIN}


@pytest.fixture(scope="module")
def jobs(checked: Jobs, tmp_path_factory: pytest.TempPathFactory, bake: Callable[..., Path]) -> Jobs:
    """The same for what has been checked before."""
    requirements = bake(ci="github") / "model-deploy" / "requirements"
    return without_checks(tmp_path_factory.mktemp("unchecked"), checked, requirements)


@pytest.fixture(scope="module")
def delivery(aws: EmulatedAws, model: PackagedModel, bake: Callable[..., Path]) -> Callable[..., Delivery]:
    """`delivery("github", 1)` sets up a project's three accounts, numbered so that each project has its own."""

    def set_up(ci: str, number: int, **answers: str) -> Delivery:
        tooling, *stages = (f"{number}{each}0000000000" for each in range(1, 4))
        folder = bake(ci=ci, **answers) / "model-deploy"
        accounts = Accounts(aws, folder, tooling, dict(zip(STAGES, stages, strict=True)), SLUG)
        accounts.set_up(ci, SubnetIds="subnet-0a1b2c3d,subnet-4e5f6a7b", SecurityGroupIds="sg-0a1b2c3d")
        made = Delivery(accounts, model.outputs / "package")
        made.open_registry()
        return made

    return set_up


def test_github_takes_an_approved_model_to_staging_and_then_to_production(
    delivery: Callable[..., Delivery], checked: Jobs, jobs: Jobs, tmp_path: Path, reviewed: Jobs, unreviewed: Jobs
) -> None:
    jobs = {**jobs, **reviewed}
    project = delivery("github", 1)
    folder = repository_of(project.accounts.folder, tmp_path / "repository")
    run = act(folder, project, tmp_path)
    candidate = project.register()

    first = run("staging", checked)
    assert "model-package-arn=none" in first and "changes=true" in first
    assert project.founded() == ["staging"] and project.deployed() == {}

    approve(folder, project, candidate, jobs)
    second = run("production", {**jobs, **unreviewed}, fails=True)
    assert NOBODY in second and "make deploy STAGE=production" not in steps_of(second)
    assert "changes=true" in second and f"model-package-arn={candidate}" in second and ASKED in second
    assert project.deployed() == {"staging": candidate}

    third = run("production", jobs)
    assert "changes=true" in third and third.count("Nothing to do") == 1 and third.count(ASKED) == 2
    assert project.deployed() == dict.fromkeys(STAGES, candidate)

    project.register()
    fourth = run("production", jobs)
    assert "changes=false" in fourth and fourth.count(ASKED) == 1
    assert "make deploy STAGE=production" not in steps_of(fourth)

    failing = project.register_failing()
    approve(folder, project, failing, jobs)
    for done in [run("production", jobs, fails=True) for _ in range(2)]:
        assert "make smoke STAGE=staging" in steps_of(done)
        assert "STAGE=production" not in steps_of(done)
    assert project.deployed() == {"staging": failing, "production": candidate}


def test_github_goes_on_to_production_only_where_reviewers_are_asked_or_somebody_has_waived_them(
    delivery: Callable[..., Delivery], jobs: Jobs, tmp_path: Path, reviewed: Jobs, unreviewed: Jobs
) -> None:
    project = delivery("github", 4)
    folder = repository_of(project.accounts.folder, tmp_path / "repository")
    run = act(folder, project, tmp_path)
    assert NOBODY not in run("reviewers", {**jobs, **reviewed})
    assert NOBODY in run("reviewers", {**jobs, **unreviewed}, fails=True)
    assert NOBODY not in run("reviewers", {**jobs, **unreviewed}, waived="accepted")
    assert NOBODY in run("reviewers", {**jobs, **unreviewed}, waived="true", fails=True)
    with environment_with() as unmade:
        assert NOBODY in run("reviewers", {**jobs, **unmade}, fails=True)


def approve(folder: Path, project: Delivery, package: str, jobs: Jobs) -> None:
    project.decide(package, "Approved")
    aws = project.accounts.aws.environment(project.accounts.tooling)
    record_approval(folder, package, {**aws, **jobs, **DEPLOY})


DEPLOY = {"REQUIREMENTS": "requirements/deploy.txt"}


def steps_of(output: str) -> str:
    return "\n".join(re.findall(r"Run Main (.*)", output))


def act(folder: Path, project: Delivery, scratch: Path) -> Callable[..., str]:
    """Runs a job of the workflow with those it needs, on this machine, as GitHub would on its own; what it printed."""
    workflow = folder / ".github" / "workflows" / "model-deploy.yml"
    action = re.findall(r"uses: (aws-actions/configure-aws-credentials@\w+)", workflow.read_text(encoding="utf-8"))[0]
    stub = scratch / "configure-aws-credentials"
    stub.mkdir()
    (stub / "action.yml").write_text(STUB, encoding="utf-8")
    given = {**ci_variables(project), "MLOPS_REGION": project.accounts.aws.region}
    variables = [part for name, value in given.items() for part in ("--var", f"{name}={value}")]
    program = Path(sys.executable).with_name("act")
    runner = ["-P", "ubuntu-24.04=-self-hosted", "--local-repository", f"{action}={stub}"]

    def run(job: str, jobs: Jobs, fails: bool = False, waived: str = "") -> str:
        environment = {**project.variables(), **jobs}
        options = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
        options += ["--var", f"MLOPS_UNREVIEWED_PRODUCTION={waived}"] if waived else []
        command = [program, "push", "-W", workflow.relative_to(folder), "-j", job, *runner, *variables, *options]
        done = run_command(command, cwd=folder, env={"XDG_CACHE_HOME": str(scratch / "cache")})
        print(done.stdout)
        assert (done.returncode != 0) == fails
        return done.stdout

    return run


def ci_variables(project: Delivery) -> dict[str, str]:
    """What an administrator copies from the outputs of the stack `ci`."""
    outputs = project.accounts.outputs[f"{SLUG}-bootstrap-ci"]
    assert outputs["RoleArn"] == project.ci_role("staging")
    assert outputs["ProductionRoleArn"] == project.ci_role("production")
    return {"MLOPS_CI_ROLE_ARN": outputs["RoleArn"], "MLOPS_CI_PRODUCTION_ROLE_ARN": outputs["ProductionRoleArn"]}


def test_gitlab_takes_an_approved_model_to_staging_and_a_person_to_production(
    delivery: Callable[..., Delivery], checked: Jobs, jobs: Jobs, tmp_path: Path
) -> None:
    require_program("rsync", "rsync")
    project = delivery("gitlab", 2)
    folder = repository_of(project.accounts.folder, tmp_path / "repository")
    (tmp_path / "node").mkdir()
    run = gitlab_ci_local(folder, project, install_node_tools(tmp_path / "node"), tmp_path)
    candidate = project.register()

    assert "RESOLVED_MODEL_PACKAGE_ARN=none" in run(checked)
    assert project.founded() == ["staging"] and project.deployed() == {}

    approve(folder, project, candidate, jobs)
    second = run(jobs)
    assert f"RESOLVED_MODEL_PACKAGE_ARN={candidate}" in second and ASKED in second
    assert project.deployed() == {"staging": candidate}

    assert ASKED in run(jobs, "production")
    assert project.deployed() == dict.fromkeys(STAGES, candidate)

    project.register()
    assert "Nothing to do" in run(jobs, "production")
    project.decide(candidate, "Rejected")
    kept = run(jobs)
    assert "RESOLVED_MODEL_PACKAGE_ARN=keep" in kept and "Nothing to do" in kept and ASKED in kept

    failing = project.register_failing()
    approve(folder, project, failing, jobs)
    done = run(jobs, fails=True)
    assert "FAILED" in done and "make deploy STAGE=production" not in done
    played = run(jobs, "--needs", "production", fails=True)
    assert "make smoke STAGE=staging" in played and "make deploy STAGE=production" not in played
    assert project.deployed() == {"staging": failing, "production": candidate}


def gitlab_ci_local(folder: Path, project: Delivery, tools: NodeTools, home: Path) -> Callable[..., str]:
    """Runs the pipeline, or plays jobs of it, in a shell on this machine, as a GitLab runner would; what it printed."""
    program = tools.modules / "gitlab-ci-local" / "dist" / "index.js"
    own = {**ci_variables(project), "MLOPS_REGION": project.accounts.aws.region, "AWS_ID_TOKEN": "token"}

    def run(jobs: Jobs, *names: str, fails: bool = False) -> str:
        # gitlab-ci-local takes the folder in a container for it, because the jobs name an image.
        environment = {**project.variables(), **jobs, **own, "CI_PROJECT_DIR": str(folder)}
        options = [part for name, value in environment.items() for part in ("--variable", f"{name}={value}")]
        command = [tools.node, program, "--force-shell-executor", "--home", home, *options, *names]
        done = run_command(command, cwd=folder)
        print(done.stdout)
        assert (done.returncode != 0) == fails
        return done.stdout

    return run


def test_codepipeline_takes_an_approved_model_to_staging_and_a_person_to_production(
    delivery: Callable[..., Delivery], checked: Jobs, jobs: Jobs
) -> None:
    project = delivery("codepipeline", 3)
    tooling, aws = project.accounts.tooling, project.accounts.aws
    pipeline = aws.client("codepipeline", tooling).get_pipeline(name=f"{SLUG}-deploy")["pipeline"]
    builds = [f"{SLUG}-deploy-{each}" for each in ("test", "resolve", "staging", "production")]
    projects = aws.client("codebuild", tooling).batch_get_projects(names=builds)["projects"]
    specifications = {each["name"]: each["source"]["buildspec"] for each in projects}

    def run(approve: bool, jobs: Jobs) -> Execution:
        given = {**project.variables(), **jobs}
        environments = {each["name"]: {**given, **project.role_credentials(each["serviceRole"])} for each in projects}
        done = Execution(pipeline, specifications, project.accounts.folder, environments, approve).run()
        print(done.output)
        return done

    candidate = project.register()
    before = ["Source.Source", "Test.Test", "Resolve.Resolve"]
    staging, production = "Staging.DeployAndSmoke", "Production.DeployAndSmoke"
    assert run(False, checked).ran == [*before, staging]
    assert project.founded() == ["staging"] and project.deployed() == {}

    project.decide(candidate, "Approved")
    waiting = run(False, jobs)
    assert waiting.ran == [*before, staging]
    assert waiting.variables["Resolve.MODEL_PACKAGE_ARN"] == candidate
    assert ASKED in waiting.output
    assert project.deployed() == {"staging": candidate}

    assert run(True, jobs).ran == [*before, staging, "Approval.Approve", production]
    assert project.deployed() == dict.fromkeys(STAGES, candidate)

    project.register()
    assert run(True, jobs).ran == [*before, staging]

    failing = project.register_failing()
    outcomes = [run(True, jobs) for _ in range(2)]
    assert [(done.failed, done.ran) for done in outcomes] == [(staging, before)] * 2
    assert project.deployed() == {"staging": failing, "production": candidate}
