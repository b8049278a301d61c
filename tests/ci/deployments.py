"""A project's accounts in the emulated AWS, a registry with models in it, and what CI's jobs are given there."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from machine import run_command

from benchmarks.serving_model import PackagedModel
from tests.bootstrap.accounts import Accounts
from tests.model_versions import register_version

ROOT = Path(__file__).resolve().parents[2]
JOB_PYTHON = Path(os.environ.get("PROJECT_JOB_VENV", ROOT / ".venv-job")) / "bin" / "python"
DEPLOY_VENV = Path(os.environ.get("PROJECT_DEPLOY_VENV", ROOT / ".venv-deploy"))
SLUG = "census-income"
STAGES = ("staging", "production")
NO_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
Repository = Callable[..., Path]


def serving(model: PackagedModel) -> tuple[str, str]:
    """Pattern of image URIs, and the command that runs the project's own server in the image's place."""
    serve = f"{JOB_PYTHON} -m model_build.entrypoint serve"
    return "model-build", f"cd {model.project} && PYTHONPATH=. SERVING_HOST=127.0.0.1 {serve}"


@dataclass(frozen=True)
class Delivery:
    """A project whose accounts an administrator has set up; `package` is what its training pipeline registers."""

    accounts: Accounts
    package: Path

    def open_registry(self) -> None:
        """The model package group, which the accounts of the stages may read."""
        sagemaker = self.accounts.aws.client("sagemaker", self.accounts.tooling)
        sagemaker.create_model_package_group(ModelPackageGroupName=SLUG)
        reading = {
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in self.accounts.stages.values()]},
            "Action": ["sagemaker:DescribeModelPackage", "sagemaker:CreateModel"],
            "Resource": "*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [reading]})
        sagemaker.put_model_package_group_policy(ModelPackageGroupName=SLUG, ResourcePolicy=policy)

    def register(self, status: str = "PendingManualApproval", expected: bytes | None = None) -> str:
        """A new version, as the training pipeline registers it, with these expected answers; its ARN."""
        bucket = self.accounts.outputs[f"{SLUG}-bootstrap-tooling"]["ArtifactBucket"]
        files = {name: (self.package / name).read_bytes() for name in ("model.tar.gz", "smoke.json")}
        files["smoke.json"] = expected or files["smoke.json"]
        return register_version(self.accounts.aws, self.accounts.tooling, SLUG, bucket, files, status)

    def register_failing(self) -> str:
        """A new approved version that answers otherwise than it was registered with."""
        cases = json.loads((self.package / "smoke.json").read_bytes())
        cases["answers"] = [*cases["answers"][1:], cases["answers"][0]]
        return self.register("Approved", json.dumps(cases).encode())

    def decide(self, package: str, status: str) -> None:
        sagemaker = self.accounts.aws.client("sagemaker", self.accounts.tooling)
        sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus=status)

    def deployed(self) -> dict[str, str]:
        """The model package behind the endpoint of each stage that has one in service."""
        found: dict[str, str] = {}
        for stage, account in self.accounts.stages.items():
            sagemaker = self.accounts.aws.client("sagemaker", account)
            for endpoint in sagemaker.list_endpoints(NameContains=f"{SLUG}-{stage}")["Endpoints"]:
                described = sagemaker.describe_endpoint(EndpointName=endpoint["EndpointName"])
                assert described["EndpointStatus"] == "InService"
                config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
                model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
                (container,) = model.get("Containers") or [model["PrimaryContainer"]]
                found[stage] = container["ModelPackageName"]
        return found

    def founded(self) -> list[str]:
        """The stages that have a data bucket."""
        return [
            stage
            for stage, account in self.accounts.stages.items()
            if any(
                re.fullmatch(rf"{SLUG}-{stage}-[0-9a-f]{{12}}", bucket["Name"])
                for bucket in self.accounts.aws.client("s3", account).list_buckets()["Buckets"]
            )
        ]

    def variables(self) -> dict[str, str]:
        """Where the emulator is; who one is there, each job finds out in its CI system's own way."""
        given = self.accounts.aws.environment()
        return {name: given[name] for name in sorted(given.keys() - os.environ.keys()) if name not in NO_KEYS}

    def ci_role(self, stage: str) -> str:
        """ARN of the role that CI has until staging, or in production."""
        name = {"staging": "deploy-ci", "production": "deploy-ci-production"}[stage]
        return f"arn:aws:iam::{self.accounts.tooling}:role/sagemaker-mlops/{SLUG}-{name}"

    def role_credentials(self, role: str) -> dict[str, str]:
        """Credentials of a role, as CodeBuild gives them to a build."""
        sts = self.accounts.aws.client("sts", self.accounts.tooling)
        keys = sts.assume_role(RoleArn=role, RoleSessionName="build")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }


def environments(folder: Path, requirements: Path) -> dict[str, str]:
    """One environment for each lock, whichever REQUIREMENTS a job asks for; the one for checks exists already."""
    (folder / requirements.name).mkdir(parents=True)
    (folder / requirements.name / "dev.txt").symlink_to(DEPLOY_VENV, target_is_directory=True)
    return {"VENV": f"{folder}/$(REQUIREMENTS)", "UV": str(ROOT / ".venv" / "bin" / "uv")}


def without_checks(folder: Path, made: Mapping[str, str], requirements: Path) -> dict[str, str]:
    """The same environments, but tools that check find nothing: for runs of what has been checked before."""
    deploying = folder / requirements.name / "deploy.txt"
    deploying.parent.mkdir(parents=True)
    deploying.symlink_to(
        made["VENV"].replace("$(REQUIREMENTS)", f"{requirements.name}/deploy.txt"), target_is_directory=True
    )
    checking = folder / requirements.name / "dev.txt"
    (checking / "bin").mkdir(parents=True)
    shutil.copy(requirements / "dev.txt", checking / "installed.txt")
    for tool in ("ruff", "mypy", "yamllint", "cfn-lint", "pytest"):
        (checking / "bin" / tool).symlink_to(shutil.which("true") or "/bin/true")
    return {**made, "VENV": f"{folder}/$(REQUIREMENTS)"}


def commit(folder: Path, *command: str) -> None:
    """Commit everything in a repository, after a git command."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@git.invalid", "-c", "core.autocrlf=false"]
    steps = [list(command)] if command else []
    for step in [*steps, ["add", "--all"], ["commit", "--quiet", "--allow-empty", "--message", "Change"]]:
        done = run_command(["git", *identity, *step], cwd=folder)
        assert done.returncode == 0, done.stdout


def repository_of(source: Path, target: Path) -> Path:
    """A generated project's model-deploy as a git repository of its own, as its owner would push it."""
    folder = Path(shutil.copytree(source, target))
    commit(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "remote", "add", "origin", "git@git.invalid:team/model-deploy.git")
    return folder


def record_approval(folder: Path, package: str, environment: Mapping[str, str]) -> None:
    """The commit that the approvals build makes."""
    done = run_command(["make", "-s", "record-approval", f"MODEL_PACKAGE_ARN={package}"], cwd=folder, env=environment)
    assert done.stdout.startswith("Deploy "), done.stdout
    commit(folder)
