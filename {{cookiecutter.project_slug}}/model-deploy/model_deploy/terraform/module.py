"""A stage as one Terraform module: planned into a file, which is what is applied and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import uuid
import weakref
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from model_deploy.aws import Aws, code_of
from model_deploy.endpoint import running_package
from model_deploy.errors import UsageError
from model_deploy.infrastructure import (
    Action,
    Change,
    Event,
    FailedError,
    LastChange,
    PartPlan,
    Plan,
    Progress,
    plain_kind,
    plain_name,
)
from model_deploy.terraform.program import Diagnostic, Terraform, diagnostic_text, is_about
from model_deploy.values import Deployment, module_values

PART = "terraform"
ACTIONS: dict[tuple[str, ...], Action] = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "remove",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
}
OUTCOMES = {"create": "created", "update": "updated", "delete": "removed"}
BUCKET = "aws_s3_bucket"
ENDPOINT = "aws_sagemaker_endpoint"
SCALABLE_TARGET = "aws_appautoscaling_target.primary"
OWN = "terraform_data"
BUCKET_SUFFIX = f"{OWN}.bucket_suffix"
OUTPUT_NAMES = {
    "data_bucket": "DataBucket",
    "execution_role_arn": "ExecutionRoleArn",
    "topic_arn": "TopicArn",
    "endpoint_name": "EndpointName",
    "model_name": "ModelName",
    "pipeline_name": "PipelineName",
}


class TerraformModule:
    """The module of one stage; a command may plan it for several deployments."""

    _initialized: ClassVar[set[Path]] = set()

    def __init__(self, deployment: Deployment, aws: Aws, root: Path) -> None:
        self._deployment, self._aws, self._root = deployment, aws, root
        self._work = root / "build" / "terraform" / deployment.stage
        self._terraform = Terraform(root / "infrastructure", self._work / "data")

    def outputs(self) -> dict[str, str]:
        self._init()
        found = self._terraform.json("output")
        return {name: str(found[key]["value"]) for key, name in OUTPUT_NAMES.items() if found.get(key, {}).get("value")}

    def deployed_package(self) -> str:
        """What the endpoint runs: after a failed rollout the state holds another; else the batch jobs' model."""
        if running := running_package(self._aws, self._deployment.name()):
            return running
        models = {
            resource["name"]: resource["values"]["primary_container"][0].get("model_package_name", "")
            for resource in self._state_resources()
            if resource["type"] == "aws_sagemaker_model"
        }
        return str(models.get("batch", ""))

    def last_change(self) -> LastChange:
        """Whether somebody holds the lock of the state; how a change ended that nobody followed, nothing says."""
        from botocore.exceptions import ClientError

        try:
            lock = self._state_key + ".tflock"
            self._aws.stage("s3").head_object(Bucket=self._deployment.bindings.state_bucket, Key=lock)
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchKey", "NotFound"):
                return "unknown"
            raise
        return "under way"

    def plan(self) -> Plan:
        self._init()
        self._write_values()
        file = self._own / f"plan-{uuid.uuid4().hex}"
        self._terraform.text(
            "plan", "-input=false", "-no-color", "-lock-timeout=60s", f"-var-file={self._values}", f"-out={file}"
        )
        shown = json.loads(self._terraform.text("show", "-json", str(file)))
        changes = tuple(_changes(shown))
        return Plan((PartPlan(PART, changes, file),))

    def discard(self, plan: Plan) -> None:
        for part in plan.parts:
            if isinstance(part.handle, Path):
                part.handle.unlink(missing_ok=True)

    def apply(self, plan: Plan, progress: Progress) -> None:
        (part,) = plan.parts
        if not part.changes:
            return
        progress.part(PART)
        try:
            self._follow(progress, "apply", "-input=false", "-lock-timeout=60s", str(part.handle))
        finally:
            self.discard(plan)

    def stop_autoscaling(self, progress: Progress) -> None:
        self._init()
        self._write_values()
        progress.part("autoscaling off")
        options = ("-auto-approve", "-input=false", "-lock-timeout=60s", f"-var-file={self._values}")
        self._follow(progress, "destroy", *options, f"-target={SCALABLE_TARGET}")

    def resources(self) -> list[Change]:
        return [
            Change(
                "remove", plain_kind(resource["type"]), _name(resource.get("values", {}), _short(resource["address"]))
            )
            for resource in self._state_resources()
        ]

    def destroy(self, progress: Progress) -> None:
        self._init()
        self._write_values()
        self._forget_bucket()
        progress.part(PART)
        self._follow(
            progress, "destroy", "-auto-approve", "-input=false", "-lock-timeout=60s", f"-var-file={self._values}"
        )
        self._delete_state()

    @cached_property
    def _own(self) -> Path:
        """For plans and values of this process alone: another one's may not come between a plan and its yes."""
        self._work.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._work))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    @property
    def _values(self) -> Path:
        return self._own / "values.tfvars.json"

    @property
    def _state_key(self) -> str:
        return f"{self._deployment.settings.project.slug}/{self._deployment.stage}/terraform.tfstate"

    def _init(self) -> None:
        """Once for each command: the working folder may be of another stage's state, or of none."""
        if self._work in self._initialized:
            return
        self._work.mkdir(parents=True, exist_ok=True)
        backend = {key: text for key, text in self._backend().items() if text}
        given = [f"-backend-config={key}={text}" for key, text in backend.items()]
        self._terraform.text("init", "-input=false", "-no-color", "-reconfigure", *given)
        self._initialized.add(self._work)

    def _backend(self) -> dict[str, str]:
        bindings = self._deployment.bindings
        role = bindings.deploy_role_arn
        return {
            "bucket": bindings.state_bucket,
            "key": self._state_key,
            "region": bindings.region,
            "kms_key_id": bindings.kms_key_arn,
            "assume_role": f'{{role_arn="{role}"}}' if role else "",
        }

    def _state_resources(self) -> list[dict[str, Any]]:
        self._init()
        state = json.loads(self._terraform.text("show", "-json"))
        listed = state.get("values", {}).get("root_module", {}).get("resources", [])
        return [resource for resource in listed if resource["mode"] == "managed" and resource["type"] != OWN]

    def _write_values(self) -> None:
        """Those of the values that the module declares."""
        declared = declared_variables(self._root / "infrastructure")
        values = {name: value for name, value in module_values(self._deployment).items() if name in declared}
        self._values.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    def _follow(self, progress: Progress, *arguments: str) -> None:
        errors = self._terraform.follow(lambda message: _tell(message, progress), *arguments)
        if any(is_about(error, ENDPOINT) for error in errors):
            progress.event(Event("failed", plain_kind(ENDPOINT), self._deployment.name()))
        if errors:
            raise FailedError(_first_cause(errors, self._deployment.stage))

    def _forget_bucket(self) -> None:
        """The data bucket and its settings stay: Terraform forgets them, so that it can't remove them.

        The end of its name goes too: were the destroy to fail now, the next deployment would make that bucket again.
        """
        addresses = self._terraform.text("state", "list").split()
        kept = [address for address in addresses if address.startswith(BUCKET) or address == BUCKET_SUFFIX]
        if kept:
            self._terraform.text("state", "rm", "-lock-timeout=60s", *kept)

    def _delete_state(self) -> None:
        """An empty state is nothing to keep; the bucket's versions have its past."""
        client = self._aws.stage("s3")
        for suffix in ("", ".tflock"):
            client.delete_object(Bucket=self._deployment.bindings.state_bucket, Key=self._state_key + suffix)


def declared_variables(folder: Path) -> set[str]:
    """Names of the variables that the module's files declare.

    Raises:
        UsageError: there are none: the module isn't there.
    """
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf"))]
    found = {name for text in texts for name in re.findall(r'^variable\s+"([a-z0-9_]+)"', text, re.MULTILINE)}
    if not found:
        raise UsageError(f"{folder.name}/ declares no variables; expected the Terraform module there")
    return found


def _changes(shown: dict[str, Any]) -> list[Change]:
    found = []
    for resource in shown.get("resource_changes", []):
        change = resource["change"]
        action = ACTIONS.get(tuple(change["actions"]))
        if action and resource["mode"] == "managed" and resource["type"] != OWN:
            before, after = change.get("before") or {}, change.get("after") or {}
            name = _name(before, "") or _name(after, _short(resource["address"]))
            because = tuple(sorted(_differing(before, after))) if action in ("update", "replace") else ()
            found.append(Change(action, plain_kind(resource["type"]), name, because))
    return found


def _differing(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {key for key in before.keys() & after.keys() if before[key] != after[key]}


def _short(address: str) -> str:
    return address.partition(".")[2]


def _name(values: dict[str, Any], otherwise: str) -> str:
    return next((str(values[key]) for key in ("name", "alarm_name", "bucket", "id") if values.get(key)), otherwise)


def _tell(message: dict[str, Any], progress: Progress) -> None:
    kind, hook = message.get("type"), message.get("hook", {})
    resource = hook.get("resource", {})
    told = (
        plain_kind(resource.get("resource_type", "")),
        plain_name(hook.get("id_value") or _short(resource.get("addr", ""))),
    )
    if kind == "apply_start":
        progress.event(Event("begun", *told))
    elif kind == "apply_complete":
        seconds = hook.get("elapsed_seconds")
        outcome: Any = OUTCOMES.get(hook.get("action", ""), "updated")
        progress.event(Event(outcome, *told, seconds))
    elif kind == "apply_errored" and resource.get("resource_type") != ENDPOINT:
        progress.event(Event("failed", *told, hook.get("elapsed_seconds")))
    elif kind == "apply_progress":
        progress.tick()


def _first_cause(errors: list[Diagnostic], stage: str) -> str:
    first = errors[0]
    text, address = diagnostic_text(first), first.get("address", "")
    if "state lock" in text.lower():
        return (
            f"{stage}: another deployment holds the lock of Terraform's state; wait until it has ended, then try again"
        )
    if "saved plan is stale" in text.lower():
        return f"{stage}: somebody has changed the stage since this plan was made; plan again"
    return f"{stage}: {address + ' failed: ' if address else ''}{text}; run `deploy` again once that is put right"
