"""The generated deploy workflows really run against the emulated AWS: act, gitlab-ci-local, CodePipeline's builds.

Real jobs, real command line, a real model behind the endpoints, accounts set up by the bootstrap stacks, bindings from
Parameter Store, deploy roles assumed in the accounts of the stages. Up to where each ends: act knows no environments,
so a person's approval is a second run that goes on to production; gitlab-ci-local's manual job is played by name.
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
)
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


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory, bake: Callable[..., Path]) -> dict[str, str]:
    """What every job is given beside AWS: environments by lock, one test file, one cache."""
    folder = tmp_path_factory.mktemp("environments")
    made = environments(folder, bake(ci="github") / "model-deploy" / "requirements")
    few = {"PYTEST_ADDOPTS": "tests/test_bindings.py", "MYPY_CACHE_DIR": str(tmp_path_factory.mktemp("mypy"))}
    return {**made, **few, "UV_CACHE_DIR": str(folder / "cache"), **PLAIN}


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
    delivery: Callable[..., Delivery], jobs: dict[str, str], tmp_path: Path
) -> None:
    project = delivery("github", 1)
    folder = repository_of(project.accounts.folder, tmp_path / "repository")
    run = act(folder, project, jobs, tmp_path)
    candidate = project.register()

    first = run("staging")
    assert "model-package-arn=none" in first and "production=true" in first
    assert project.founded() == ["staging"] and project.deployed() == {}

    project.decide(candidate, "Approved")
    record_approval(folder, candidate, {**project.accounts.aws.environment(project.accounts.tooling), **jobs, **DEPLOY})
    second = run("staging")
    assert f"model-package-arn={candidate}" in second and "20 of 20 as the packaged model gave them" in second
    assert project.deployed() == {"staging": candidate}

    third = run("production")
    assert "staging=false" in third and "production=true" in third
    assert "20 of 20 as the packaged model gave them" in third
    assert "Deploy to staging" not in steps_of(third)
    assert project.deployed() == dict.fromkeys(STAGES, candidate)

    project.register()
    fourth = run("production")
    assert "staging=false" in fourth and "production=false" in fourth
    assert "make deploy" not in steps_of(fourth)


DEPLOY = {"REQUIREMENTS": "requirements/deploy.txt"}


def steps_of(output: str) -> str:
    return "\n".join(re.findall(r"Run Main (.*)", output))


def act(folder: Path, project: Delivery, jobs: dict[str, str], scratch: Path) -> Callable[[str], str]:
    """Runs a job of the workflow with those it needs, on this machine, as GitHub would on its own; what it printed."""
    workflow = folder / ".github" / "workflows" / "model-deploy.yml"
    action = re.findall(r"uses: (aws-actions/configure-aws-credentials@\w+)", workflow.read_text(encoding="utf-8"))[0]
    stub = scratch / "configure-aws-credentials"
    stub.mkdir()
    (stub / "action.yml").write_text(STUB, encoding="utf-8")
    role = f"arn:aws:iam::{project.accounts.tooling}:role/{SLUG}-deploy-ci"
    environment = {**project.variables(), **jobs}
    options = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
    options += ["--var", f"MLOPS_CI_ROLE_ARN={role}", "--var", f"MLOPS_REGION={project.accounts.aws.region}"]
    program = Path(sys.executable).with_name("act")
    runner = ["-P", "ubuntu-24.04=-self-hosted", "--local-repository", f"{action}={stub}"]

    def run(job: str) -> str:
        command = [program, "push", "-W", workflow.relative_to(folder), "-j", job, *runner, *options]
        done = run_command(command, cwd=folder, env={"XDG_CACHE_HOME": str(scratch / "cache")})
        print(done.stdout)
        assert done.returncode == 0
        return done.stdout

    return run


def test_gitlab_takes_an_approved_model_to_staging_and_a_person_to_production(
    delivery: Callable[..., Delivery], jobs: dict[str, str], tmp_path: Path
) -> None:
    require_program("rsync", "rsync")
    project = delivery("gitlab", 2)
    folder = repository_of(project.accounts.folder, tmp_path / "repository")
    (tmp_path / "node").mkdir()
    run = gitlab_ci_local(folder, project, jobs, install_node_tools(tmp_path / "node"), tmp_path)
    candidate = project.register()

    first = run()
    assert "RESOLVED_MODEL_PACKAGE_ARN=none" in first
    assert project.founded() == ["staging"] and project.deployed() == {}

    project.decide(candidate, "Approved")
    record_approval(folder, candidate, {**project.accounts.aws.environment(project.accounts.tooling), **jobs, **DEPLOY})
    second = run()
    assert f"RESOLVED_MODEL_PACKAGE_ARN={candidate}" in second
    assert "20 of 20 as the packaged model gave them" in second
    assert project.deployed() == {"staging": candidate}

    assert "20 of 20 as the packaged model gave them" in run("production")
    assert project.deployed() == dict.fromkeys(STAGES, candidate)

    project.register()
    assert "Nothing to deploy to staging" in run()
    assert "Nothing to deploy to production" in run("production")


def gitlab_ci_local(
    folder: Path, project: Delivery, jobs: dict[str, str], tools: NodeTools, home: Path
) -> Callable[..., str]:
    """Runs the pipeline, or plays jobs of it, in a shell on this machine, as a GitLab runner would; what it printed."""
    program = tools.modules / "gitlab-ci-local" / "dist" / "index.js"
    role = f"arn:aws:iam::{project.accounts.tooling}:role/{SLUG}-deploy-ci"
    own = {"MLOPS_CI_ROLE_ARN": role, "MLOPS_REGION": project.accounts.aws.region, "AWS_ID_TOKEN": "token"}
    # gitlab-ci-local takes the folder in a container for it, because the jobs name an image.
    environment = {**project.variables(), **jobs, **own, "CI_PROJECT_DIR": str(folder)}
    options = [part for name, value in environment.items() for part in ("--variable", f"{name}={value}")]

    def run(*names: str) -> str:
        command = [tools.node, program, "--force-shell-executor", "--home", home, *options, *names]
        done = run_command(command, cwd=folder)
        print(done.stdout)
        assert done.returncode == 0
        return done.stdout

    return run


def test_codepipeline_takes_an_approved_model_to_staging_and_a_person_to_production(
    delivery: Callable[..., Delivery], jobs: dict[str, str]
) -> None:
    project = delivery("codepipeline", 3)
    tooling, aws = project.accounts.tooling, project.accounts.aws
    pipeline = aws.client("codepipeline", tooling).get_pipeline(name=f"{SLUG}-deploy")["pipeline"]
    builds = [f"{SLUG}-deploy-{each}" for each in ("test", "resolve", "deploy", "smoke")]
    projects = aws.client("codebuild", tooling).batch_get_projects(names=builds)["projects"]
    specifications = {each["name"]: each["source"]["buildspec"] for each in projects}

    def run(approve: bool) -> Execution:
        environment = {**project.variables(), **jobs, **project.role_credentials()}
        return Execution(pipeline, specifications, project.accounts.folder, environment, approve).run()

    candidate = project.register()
    before = ["Source.Source", "Test.Test", "Resolve.Resolve"]
    staging, production = ["Staging.Deploy", "Staging.Smoke"], ["Production.Deploy", "Production.Smoke"]
    assert run(approve=False).ran == before + staging
    assert project.founded() == ["staging"] and project.deployed() == {}

    project.decide(candidate, "Approved")
    waiting = run(approve=False)
    assert waiting.ran == before + staging
    assert waiting.variables["Resolve.MODEL_PACKAGE_ARN"] == candidate
    assert "20 of 20 as the packaged model gave them" in waiting.output
    assert project.deployed() == {"staging": candidate}

    assert run(approve=True).ran == [*before, "Approval.Approve", *production]
    assert project.deployed() == dict.fromkeys(STAGES, candidate)

    project.register()
    assert run(approve=True).ran == before
