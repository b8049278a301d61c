"""Training jobs: channels and hyperparameters in, `model.tar.gz` out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_build.local.archive import write_archive
from model_build.local.expressions import as_text
from model_build.local.files import write_json
from model_build.local.jobs import ML_ROOT, Job, JobFailed, JobResult, Machine, seconds_allowed


def run_training(job: Job, request: Mapping[str, Any], machine: Machine) -> JobResult:
    """Runs a resolved CreateTrainingJob request; the contract is "How Amazon SageMaker AI runs your training image".

    Raises:
        JobFailed: a part is not supported here, or the job ended with another exit code than 0.
        StoreError: a channel's data is not there.
        Stopped: the execution stops.
    """
    _prepare(job, request, machine)
    specification = request["AlgorithmSpecification"]
    checkpoints = _Checkpoints(job, request, machine)
    checkpoints.restore()
    try:
        code = machine.execute(
            job,
            [as_text(part) for part in specification.get("ContainerEntrypoint") or []],
            [as_text(part) for part in specification.get("ContainerArguments") or []],
            {
                "TRAINING_JOB_NAME": job.name,
                **{name: as_text(value) for name, value in (request.get("Environment") or {}).items()},
            },
            seconds_allowed(request),
        )
    finally:
        checkpoints.keep()
    if code:
        reason = job.message("/opt/ml/output/failure")
        raise JobFailed(f"exit code {code}{f': {reason.splitlines()[0]}' if reason else ''}")
    return _collect(job, request, machine)


def _prepare(job: Job, request: Mapping[str, Any], machine: Machine) -> None:
    for folder in ("input/config", "input/data", "model", "output/data", "checkpoints"):
        (job.ml / folder).mkdir(parents=True, exist_ok=True)
    channels = {entry["ChannelName"]: entry for entry in request.get("InputDataConfig") or []}
    for name, channel in channels.items():
        source = channel["DataSource"].get("S3DataSource")
        if not source or source.get("S3DataType", "S3Prefix") != "S3Prefix":
            raise JobFailed(f"channel {name!r} is no S3Prefix; a laptop run has no other channels")
        machine.store.fetch(source["S3Uri"], job.ml / "input" / "data" / name)
    config = job.ml / "input" / "config"
    hyperparameters = {name: as_text(value) for name, value in (request.get("HyperParameters") or {}).items()}
    write_json(config / "hyperparameters.json", hyperparameters)
    write_json(config / "inputdataconfig.json", {name: _channel_config(channel) for name, channel in channels.items()})
    write_json(config / "resourceconfig.json", _resource_config(request.get("ResourceConfig") or {}))


def _channel_config(channel: Mapping[str, Any]) -> dict[str, str]:
    return {
        "TrainingInputMode": channel.get("InputMode", "File"),
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        **({"ContentType": channel["ContentType"]} if channel.get("ContentType") else {}),
    }


def _resource_config(resources: Mapping[str, Any]) -> dict[str, Any]:
    host, group, kind = "algo-1", "homogeneousCluster", resources.get("InstanceType", "local")
    return {
        "current_host": host,
        "hosts": [host],
        "current_instance_type": kind,
        "current_group_name": group,
        "instance_groups": [{"instance_group_name": group, "instance_type": kind, "hosts": [host]}],
        "network_interface_name": "lo",
    }


def _collect(job: Job, request: Mapping[str, Any], machine: Machine) -> JobResult:
    packed = job.folder / "tmp" / "output"
    packed.mkdir(parents=True)
    write_archive(job.ml / "model", packed / "model.tar.gz")
    if any((job.ml / "output" / "data").iterdir()):
        write_archive(job.ml / "output" / "data", packed / "output.tar.gz")
    output = f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{job.name}/output"
    machine.store.move_in(packed, output)
    properties = {
        **request,
        "TrainingJobName": job.name,
        "TrainingJobStatus": "Completed",
        "ModelArtifacts": {"S3ModelArtifacts": f"{output}/model.tar.gz"},
    }
    return JobResult(properties, [output])


class _Checkpoints:
    """Checkpoints of a job: what an earlier try left is there at its start, what it writes is kept however it ends."""

    def __init__(self, job: Job, request: Mapping[str, Any], machine: Machine) -> None:
        config = request.get("CheckpointConfig") or {}
        self.uri: str | None = config.get("S3Uri")
        self.folder: Path = job.local(config.get("LocalPath", f"{ML_ROOT}/checkpoints"))
        self.store = machine.store

    def restore(self) -> None:
        if self.uri and self.store.exists(self.uri):
            self.store.fetch(self.uri, self.folder)

    def keep(self) -> None:
        if self.uri:
            self.store.move_in(self.folder, self.uri)
