"""What expressions see while an execution runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model_build.local.definition import Definition
from model_build.local.expressions import ExpressionError, follow
from model_build.local.records import ExecutionRecord, now
from model_build.local.store import Store

_ARN = "arn:aws:sagemaker:local:000000000000:pipeline"


class ExecutionScope:
    """Parameters, variables and finished steps of an execution; `job_name` is that of the step that asks."""

    def __init__(self, definition: Definition, record: ExecutionRecord, store: Store, job_name: str) -> None:
        self._definition = definition
        self._record = record
        self._store = store
        self._job_name = job_name

    def parameter(self, name: str) -> Any:
        return self._record.parameters[name]

    def execution(self, name: str) -> str:
        record = self._record
        variables: Mapping[str, str] = {
            "StartDateTime": record.start,
            "CurrentDateTime": now(),
            "PipelineName": record.pipeline,
            "PipelineArn": f"{_ARN}/{record.pipeline}",
            "PipelineExecutionId": record.id,
            "PipelineExecutionArn": f"{_ARN}/{record.pipeline}/execution/{record.id}",
            "TrainingJobName": self._job_name,
            "ProcessingJobName": self._job_name,
        }
        return variables[name]

    def properties(self, step: str) -> Any:
        properties = self._record.steps[step].properties
        if properties is None:
            raise ExpressionError(f"step {step} has not run")
        return properties

    def property_file(self, step: str, name: str) -> Any:
        file = self._definition.steps[step].property_files[name]
        uri = follow(
            self.properties(step), f"ProcessingOutputConfig.Outputs['{file.output}'].S3Output.S3Uri", f"step {step}"
        )
        return self.document(f"{uri.rstrip('/')}/{file.path}")

    def document(self, uri: str) -> Any:
        return self._store.document(uri)
