"""Small pipelines written by hand, whose jobs are one-line Python programs, and a place to run them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from model_build.local.definition import parse_definition
from model_build.local.jobs import JobEnvironment
from model_build.local.parameters import resolve_parameters
from model_build.local.records import ExecutionRecord, StepRecord
from model_build.local.runner import Runner
from model_build.local.workspace import Workspace

BUCKET = "s3://test-bucket"
INPUT, OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"


def definition(*steps: dict[str, Any], parameters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"Version": "2020-12-01", "Parameters": parameters or [], "Steps": list(steps)}


def parameter(name: str, kind: str, default: Any = None, choices: list[Any] | None = None) -> dict[str, Any]:
    entry = {"Name": name, "Type": kind, "DefaultValue": default, "EnumValues": choices}
    return {key: value for key, value in entry.items() if value is not None}


def get(reference: str) -> dict[str, str]:
    return {"Get": reference}


def join(*values: Any, on: str = "/") -> dict[str, Any]:
    return {"Std:Join": {"On": on, "Values": list(values)}}


def json_get(step: str, file: str, path: str) -> dict[str, Any]:
    return {"Std:JsonGet": {"PropertyFile": get(f"Steps.{step}.PropertyFiles.{file}"), "Path": path}}


def output_of(step: str, name: str = "out") -> dict[str, str]:
    return get(f"Steps.{step}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri")


def processing(
    name: str,
    code: str = "pass",
    *,
    inputs: dict[str, Any] | None = None,
    arguments: list[Any] | None = None,
    depends_on: list[str] | None = None,
    cache: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A Processing step that runs `python -c code <inputs in order> /opt/ml/processing/output/out <arguments>`."""
    paths = [f"{INPUT}/{key}" for key in inputs or {}]
    step: dict[str, Any] = {
        "Name": name,
        "Type": "Processing",
        "DependsOn": depends_on or [],
        "Arguments": {
            "AppSpecification": {
                "ImageUri": "image",
                "ContainerEntrypoint": ["python", "-c", code],
                "ContainerArguments": [*paths, f"{OUTPUT}/out", *(arguments or [])],
            },
            "ProcessingInputs": [
                {"InputName": key, "AppManaged": False, "S3Input": {"S3Uri": uri, "LocalPath": path}}
                for (key, uri), path in zip((inputs or {}).items(), paths, strict=True)
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": "out",
                        "S3Output": {
                            "S3Uri": join(BUCKET, get("Execution.PipelineExecutionId"), name, "out"),
                            "LocalPath": f"{OUTPUT}/out",
                        },
                    }
                ]
            },
            **more,
        },
        "PropertyFiles": [{"PropertyFileName": "Report", "OutputName": "out", "FilePath": "report.json"}],
    }
    if cache:
        step["CacheConfig"] = {"Enabled": True, "ExpireAfter": cache}
    return step


def training(name: str, code: str, channels: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A Training step that runs `python -c code`."""
    return {
        "Name": name,
        "Type": "Training",
        "Arguments": {
            "AlgorithmSpecification": {"TrainingImage": "image", "ContainerEntrypoint": ["python", "-c", code]},
            "OutputDataConfig": {"S3OutputPath": join(BUCKET, get("Execution.PipelineExecutionId"), name)},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            "InputDataConfig": [
                {"ChannelName": key, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}
                for key, uri in (channels or {}).items()
            ],
            **more,
        },
    }


def condition(name: str, *conditions: Any, then: list[Any], otherwise: list[Any]) -> dict[str, Any]:
    arguments = {"Conditions": list(conditions), "IfSteps": then, "ElseSteps": otherwise}
    return {"Name": name, "Type": "Condition", "Arguments": arguments}


def compare(left: Any, kind: str, right: Any) -> dict[str, Any]:
    return {"Type": kind, "LeftValue": left, "RightValue": right}


def fail(name: str, message: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


class Laptop:
    """A workspace in a temporary folder with the running interpreter for jobs."""

    def __init__(self, root: Path, fingerprint: str = "") -> None:
        self.workspace = Workspace(root / ".local")
        self.environment = JobEnvironment(Path(sys.executable), root, fingerprint=fingerprint)
        self.events: list[tuple[str | None, str]] = []

    def run(
        self, document: dict[str, Any], start_from: str | None = None, use_cache: bool = True, **parameters: str
    ) -> ExecutionRecord:
        parsed = parse_definition(document)
        values = resolve_parameters(parsed.parameters, parameters)
        return Runner(self.workspace, self.environment, self._observe).run(
            parsed, "test-pipeline", values, start_from, use_cache
        )

    def put(self, uri: str, **files: str) -> str:
        """Puts text files at a URI and returns it."""
        folder = self.workspace.store.path(uri)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text)
        return uri

    def output(self, record: ExecutionRecord, step: str) -> Path:
        properties = record.steps[step].properties
        return self.workspace.store.path(properties["ProcessingOutputConfig"]["Outputs"]["out"]["S3Output"]["S3Uri"])

    def _observe(self, record: ExecutionRecord, step: StepRecord | None) -> None:
        self.events.append((step.name if step else None, (step or record).status))


def states(record: ExecutionRecord) -> dict[str, str]:
    return {name: step.status.value for name, step in record.steps.items()}
