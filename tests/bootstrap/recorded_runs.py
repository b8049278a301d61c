"""The command line's runs whose calls are recorded: a stage's life in each flavour, as CI runs it, in its roles.

`PYTHONPATH=tests python -m tests.bootstrap.recorded_runs` writes recorded_calls.json anew.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from renderer import render
from tests.bootstrap.asked_of_aws import ACCOUNT, OWN, REGION, SLUG, STAGE, Asked, asked
from tests.bootstrap.service_requests import read_call
from tests.emulated import EmulatedAws, emulated_aws

ROOT = Path(__file__).resolve().parents[2]
RECORDING = Path(__file__).with_name("recorded_calls.json")
DEPLOY_PYTHON = Path(os.environ.get("PROJECT_DEPLOY_VENV", ROOT / ".venv-deploy")) / "bin" / "python"
SERVER = ROOT / "tests" / "rehearsal" / "serving_process.py"
ARTIFACTS, STATE = f"{SLUG}-artifacts-0123456789ab", f"{OWN}-state-0123456789ab"
FLAVOURS = [("cloudformation", "realtime_and_batch"), ("cloudformation", "async"), ("terraform", "realtime_and_batch")]
CASES = {"features": [{"name": "age"}], "rows": [{"age": 39}], "answers": [{"prediction": "low"}]}
STAGING = ("--stage", STAGE)


@dataclass
class Stage:
    """A stage without anything in it, and a stamped-out project's command line in CI's role."""

    aws: EmulatedAws
    folder: Path
    environment: dict[str, str]
    versions: int = 0

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(DEPLOY_PYTHON), "-m", "model_deploy", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=600
        )

    def succeed(self, *arguments: str) -> None:
        done = self.run(*arguments)
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"

    def fail(self, *arguments: str) -> None:
        done = self.run(*arguments)
        assert done.returncode == 1, f"{arguments}\n{done.stdout}\n{done.stderr}"

    def register(self, file: str = "model.ubj") -> None:
        """An approved version, whose archive holds one file."""
        self.versions += 1
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.addfile(tarfile.TarInfo(file))
        place, s3 = f"{SLUG}/{self.versions}", self.aws.client("s3")
        s3.put_object(Bucket=ARTIFACTS, Key=f"{place}/model.tar.gz", Body=packed.getvalue())
        s3.put_object(Bucket=ARTIFACTS, Key=f"{place}/smoke.json", Body=json.dumps(CASES).encode())
        image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{SLUG}-model-build@sha256:{'a' * 64}"
        self.aws.client("sagemaker").create_model_package(
            ModelPackageGroupName=SLUG,
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties={"smoke-uri": f"s3://{ARTIFACTS}/{place}/smoke.json"},
            InferenceSpecification={
                "Containers": [{"Image": image, "ModelDataUrl": f"s3://{ARTIFACTS}/{place}/model.tar.gz"}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )


def life(stage: Stage) -> None:
    """From nothing to a model, to the next and back."""
    stage.succeed("plan", *STAGING)
    stage.succeed("deploy", *STAGING, "--yes")
    stage.register()
    stage.succeed("changed", *STAGING)
    stage.succeed("plan", *STAGING)
    stage.succeed("deploy", *STAGING, "--yes")
    stage.fail("smoke", *STAGING, "--calls", "1")  # the server of this test knows no model's answers
    stage.register()
    stage.succeed("deploy", *STAGING, "--yes")
    stage.succeed("rollback", *STAGING, "--yes")
    stage.succeed("status", *STAGING)


def end(stage: Stage) -> None:
    """To a model that doesn't start, and to nothing."""
    stage.register("nothing")
    stage.fail("deploy", *STAGING, "--yes")
    stage.succeed("destroy", *STAGING, "--yes", "--delete-data")


def record(flavour: str, inference: str, given: Mapping[str, str]) -> list[Asked]:
    """What a stage's life asks of AWS, each once, in order."""
    with tempfile.TemporaryDirectory(prefix="recorded-") as place:
        lines, folder = Path(place) / "calls", Path(place)
        serving = f'test -e "$SM_MODEL_DIR/model.ubj" && exec {sys.executable} {SERVER}'
        quick = ("--transition-seconds", "0.05", "--bake-seconds", "0.3", "--record", str(lines))
        with emulated_aws(*quick, images=[("model-build", serving)]) as aws:
            project = render({"project_slug": SLUG, "infrastructure": flavour, "inference": inference}, folder / "bake")
            environment = aws.environment(**_prepared(aws), **given) | _credentials(aws)
            stage = Stage(aws, project / "model-deploy", environment)
            life(stage)
            if flavour == "cloudformation":
                end(stage)
        recorded = lines.read_text(encoding="utf-8").splitlines()
    return sorted({each for line in recorded for each in asked(read_call(json.loads(line)))})


def _prepared(aws: EmulatedAws) -> dict[str, str]:
    """The account as an administrator leaves it, and its bindings."""
    for name in (ARTIFACTS, STATE):
        aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    aws.client("iam").create_policy(
        Path="/sagemaker-mlops/", PolicyName=f"{OWN}-boundary", PolicyDocument=json.dumps(document)
    )
    aws.client("sagemaker").create_model_package_group(ModelPackageGroupName=SLUG)
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    bindings = {
        "region": REGION,
        "account_id": ACCOUNT,
        "registry_account_id": ACCOUNT,
        "project_name": SLUG,
        "artifact_bucket": ARTIFACTS,
        "artifact_key_arn": key,
        "kms_key_arn": key,
        "permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/sagemaker-mlops/{OWN}-boundary",
        "deploy_role_arn": f"arn:aws:iam::{ACCOUNT}:role/sagemaker-mlops/{OWN}-deploy",
        "subnet_ids": "subnet-0a1b2c3d",
        "security_group_ids": "sg-0a1b2c3d",
        "state_bucket": STATE,
        "notification_email": "alarms@mail.invalid",
        "project_id": "",
    }
    return {f"MLOPS_{name.upper()}": text for name, text in bindings.items()}


def _credentials(aws: EmulatedAws) -> dict[str, str]:
    role = f"arn:aws:iam::{ACCOUNT}:role/sagemaker-mlops/{SLUG}-deploy-ci"
    keys = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="build")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


def committed() -> dict[str, list[Asked]]:
    """By flavour and way of inference."""
    content = json.loads(RECORDING.read_text(encoding="utf-8"))
    return {
        name: [
            Asked(each["role"], each["action"], each["resource"], tuple(map(tuple, each["context"]))) for each in row
        ]
        for name, row in content.items()
    }


def main() -> None:
    from tests.terraform_cli import cli_configuration

    given = {"TF_CLI_CONFIG_FILE": str(cli_configuration())}
    wanted = [tuple(name.split("-")) for name in sys.argv[1:]] or FLAVOURS
    content = json.loads(RECORDING.read_text(encoding="utf-8")) if RECORDING.exists() else {}
    for flavour, inference in wanted:
        content[f"{flavour}-{inference}"] = [asdict(each) for each in record(flavour, inference, given)]
    RECORDING.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
