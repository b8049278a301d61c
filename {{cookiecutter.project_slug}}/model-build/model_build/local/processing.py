"""Processing jobs: inputs in folders, a command, outputs to the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model_build.local.expressions import as_text
from model_build.local.files import write_json
from model_build.local.jobs import Job, JobFailed, JobResult, Machine, seconds_allowed


def run_processing(job: Job, request: Mapping[str, Any], machine: Machine) -> JobResult:
    """Runs a resolved CreateProcessingJob request; the contract is "How Amazon SageMaker Processing runs your image".

    Raises:
        JobFailed: a part is not supported here, or the job ended with another exit code than 0.
        StoreError: an input is not there.
        Stopped: the execution stops.
    """
    specification = request["AppSpecification"]
    if not specification.get("ContainerEntrypoint"):
        raise JobFailed("AppSpecification has no ContainerEntrypoint; a processing job on a laptop needs one")
    inputs = {entry["InputName"]: entry for entry in request.get("ProcessingInputs") or []}
    outputs = {entry["OutputName"]: entry for entry in request.get("ProcessingOutputConfig", {}).get("Outputs", [])}
    for name, entry in inputs.items():
        _fetch(job, name, entry, machine)
    for entry in outputs.values():
        job.local(entry["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
    write_json(job.ml / "config" / "processingjobconfig.json", {**request, "ProcessingJobName": job.name})
    code = machine.execute(
        job,
        [as_text(part) for part in specification["ContainerEntrypoint"]],
        [as_text(part) for part in specification.get("ContainerArguments") or []],
        {name: as_text(value) for name, value in (request.get("Environment") or {}).items()},
        seconds_allowed(request),
    )
    if code:
        message = job.message("/opt/ml/output/message")
        raise JobFailed(f"exit code {code}{f': {message}' if message else ''}")
    for entry in outputs.values():
        machine.store.move_in(job.local(entry["S3Output"]["LocalPath"]), entry["S3Output"]["S3Uri"])
    properties = {
        **request,
        "ProcessingJobName": job.name,
        "ProcessingJobStatus": "Completed",
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {**request.get("ProcessingOutputConfig", {}), "Outputs": outputs},
    }
    return JobResult(properties, [entry["S3Output"]["S3Uri"] for entry in outputs.values()])


def _fetch(job: Job, name: str, entry: Mapping[str, Any], machine: Machine) -> None:
    source = entry.get("S3Input")
    if not source or source.get("S3DataType", "S3Prefix") != "S3Prefix":
        raise JobFailed(f"input {name!r} is no S3Prefix; a laptop run has no other inputs")
    machine.store.fetch(source["S3Uri"], job.local(source["LocalPath"]))
