"""What an administrator and a training pipeline have left in an emulated account, and who deploys there."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.emulated import EmulatedAws
from tests.model_versions import register_version

ROOT = Path(__file__).resolve().parents[2]
DEPLOY_PYTHON = Path(os.environ.get("PROJECT_DEPLOY_VENV", ROOT / ".venv-deploy")) / "bin" / "python"
GROUP, BUCKET, STATE_BUCKET = "census-income", "training-artifacts", "terraform-state"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class Account:
    aws: EmulatedAws
    key: str
    package: Path

    def register(self, status: str = "Approved", archive: bytes | None = None) -> str:
        """A new version of the model, as the training pipeline registers it; its ARN."""
        files = {name: (self.package / name).read_bytes() for name in ("model.tar.gz", "smoke.json")}
        files["model.tar.gz"] = archive or files["model.tar.gz"]
        return register_version(self.aws, self.aws.account, GROUP, BUCKET, files, status)

    def reject(self, arn: str, why: str) -> None:
        self.aws.client("sagemaker").update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus="Rejected", ApprovalDescription=why
        )

    def wait_for_stack(self, name: str, status: str) -> None:
        """Until the stack is in that state."""
        client = self.aws.client("cloudformation")
        while status not in [s["StackStatus"] for s in client.describe_stacks()["Stacks"] if s["StackName"] == name]:
            time.sleep(0.05)

    def left(self, stage: str) -> list[str]:
        """All that there is of a stage, whoever made it."""
        prefix = f"{GROUP}-{stage}"
        cloudformation = self.aws.client("cloudformation").describe_stacks()["Stacks"]
        stacks = [stack["StackName"] for stack in cloudformation if stack["StackStatus"] != "DELETE_COMPLETE"]
        sagemaker = self.aws.client("sagemaker")
        endpoints = [found["EndpointName"] for found in sagemaker.list_endpoints()["Endpoints"]]
        configs = [found["EndpointConfigName"] for found in sagemaker.list_endpoint_configs()["EndpointConfigs"]]
        models = [found["ModelName"] for found in sagemaker.list_models()["Models"]]
        pipelines = [found["PipelineName"] for found in sagemaker.list_pipelines()["PipelineSummaries"]]
        alarms = [found["AlarmName"] for found in self.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]]
        dashboards = self.aws.client("cloudwatch").list_dashboards()["DashboardEntries"]
        groups = [found["logGroupName"] for found in self.aws.client("logs").describe_log_groups()["logGroups"]]
        roles = [found["RoleName"] for found in self.aws.client("iam").list_roles()["Roles"]]
        buckets = [found["Name"] for found in self.aws.client("s3").list_buckets()["Buckets"]]
        topics = [found["TopicArn"] for found in self.aws.client("sns").list_topics()["Topics"]]
        rules = [found["Name"] for found in self.aws.client("events").list_rules()["Rules"]]
        named = [*stacks, *endpoints, *configs, *models, *pipelines, *alarms, *groups, *roles, *buckets, *topics]
        named += [*rules, *(found["DashboardName"] for found in dashboards)]
        return [name for name in named if prefix in name]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    error: str


@dataclass(frozen=True)
class Project:
    folder: Path
    account: Account

    @classmethod
    def copied(cls, source: Path, target: Path, account: Account) -> Project:
        folder = target / "model-deploy"
        shutil.copytree(source, folder)
        return cls(folder, account)

    def run(self, *arguments: str, **variables: str) -> Done:
        """Run a command as a person with the account's credentials would."""
        command = [str(DEPLOY_PYTHON), "-m", "model_deploy", *arguments]
        environment = self.account.aws.environment(**bindings(self.account), **variables)
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=600)
        return Done(done.returncode, done.stdout, done.stderr)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and go on."""
        command = [str(DEPLOY_PYTHON), "-m", "model_deploy", *arguments]
        environment = self.account.aws.environment(**bindings(self.account))
        return subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def succeed(self, *arguments: str, **variables: str) -> str:
        """As `run`, and it has to end with 0; what it printed."""
        done = self.run(*arguments, **variables)
        assert done.code == 0, f"{arguments} ended with {done.code}\n{done.out}\n{done.error}"
        return done.out

    def fail(self, *arguments: str, **variables: str) -> str:
        """As `run`, and it has to end with 1 and one line of error, which is returned."""
        done = self.run(*arguments, **variables)
        assert done.code == 1, f"{arguments} ended with {done.code}\n{done.out}\n{done.error}"
        assert done.error.count("\n") == 1 and done.error.startswith("error: "), done.error
        return done.out + done.error


def prepared(aws: EmulatedAws, package: Path) -> Account:
    """An account with the buckets, key, boundary and model package group that a stage needs."""
    place: Any = {"LocationConstraint": aws.region}
    for name in (BUCKET, STATE_BUCKET):
        aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    document = json.dumps(EVERYTHING)
    aws.client("iam").create_policy(PolicyName=f"{GROUP}-boundary", PolicyDocument=document)
    aws.client("sagemaker").create_model_package_group(ModelPackageGroupName=GROUP)
    return Account(aws, key, package)


def bindings(account: Account) -> dict[str, str]:
    """A stage's bindings as environment variables."""
    aws = account.aws
    given = {
        "region": aws.region,
        "account_id": aws.account,
        "artifact_bucket": BUCKET,
        "artifact_key_arn": account.key,
        "kms_key_arn": account.key,
        "permissions_boundary_arn": f"arn:aws:iam::{aws.account}:policy/{GROUP}-boundary",
        "subnet_ids": "subnet-0a1b2c3d",
        "security_group_ids": "sg-0a1b2c3d",
        "state_bucket": STATE_BUCKET,
        "registry_account_id": aws.account,
        "project_name": GROUP,
        **dict.fromkeys(("deploy_role_arn", "notification_email", "project_id"), ""),
    }
    return {f"MLOPS_{name.upper()}": text for name, text in given.items()}


def broken_archive() -> bytes:
    """A model archive that no server can load."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("nothing"))
    return packed.getvalue()
