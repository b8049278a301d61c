"""The only module that imports the SageMaker SDK; what the SDK gets wrong is put right here.

Rests on SDK 3.27 (`sagemaker>=3.27,<4`). Importing it takes seconds: import this module inside a function.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from model_build.pipelines.bindings import Bindings
from model_build.pipelines.offline import offline_session
from model_build.pipelines.sdk_quiet import SDK_CONFIG, quieten
from model_build.settings import Settings

quieten()

from sagemaker.core.config.config_manager import SageMakerConfig  # noqa: E402
from sagemaker.core.network import NetworkConfig  # noqa: E402
from sagemaker.core.processing import Processor  # noqa: E402
from sagemaker.core.shapes import (  # noqa: E402
    CheckpointConfig,
    OutputDataConfig,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    StoppingCondition,
    Tag,
)
from sagemaker.core.workflow.conditions import (  # noqa: E402
    ConditionGreaterThanOrEqualTo,
    ConditionLessThanOrEqualTo,
)
from sagemaker.core.workflow.execution_variables import ExecutionVariables  # noqa: E402
from sagemaker.core.workflow.functions import Join, JsonGet  # noqa: E402
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterString  # noqa: E402
from sagemaker.core.workflow.pipeline_context import PipelineSession  # noqa: E402
from sagemaker.core.workflow.properties import Properties, PropertyFile  # noqa: E402
from sagemaker.mlops.workflow import steps as sdk_steps  # noqa: E402
from sagemaker.mlops.workflow.condition_step import ConditionStep  # noqa: E402
from sagemaker.mlops.workflow.fail_step import FailStep  # noqa: E402
from sagemaker.mlops.workflow.pipeline import Pipeline  # noqa: E402
from sagemaker.mlops.workflow.retry import (  # noqa: E402
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)
from sagemaker.mlops.workflow.steps import (  # noqa: E402
    CacheConfig,
    ConfigurableRetryStep,
    ProcessingStep,
    StepTypeEnum,
    TrainingStep,
)
from sagemaker.train import ModelTrainer  # noqa: E402
from sagemaker.train.configs import Compute, InputData, Networking  # noqa: E402

__all__ = [
    "ConditionGreaterThanOrEqualTo",
    "ConditionLessThanOrEqualTo",
    "ConditionStep",
    "ExecutionVariables",
    "FailStep",
    "Jobs",
    "Join",
    "JsonGet",
    "ParameterFloat",
    "ParameterString",
    "PropertyFile",
    "RegisterModelStep",
    "definition",
    "output",
]

INPUTS, OUTPUTS = "/opt/ml/processing/input", "/opt/ml/processing/output"

# The SDK holds its configuration against a JSON schema at every look-up: over 100 times for this pipeline, nine
# tenths of the time it takes. Ours is a constant, and PipelineSession validates it by another function.
SageMakerConfig.validate_sagemaker_config = staticmethod(lambda sagemaker_config=None: None)
# Each ProcessingStep makes a session, with its boto3 clients, only to ask it for the name of a function.
sdk_steps.LocalSagemakerClient = functools.cache(sdk_steps.LocalSagemakerClient)


class RegisterModelStep(ConfigurableRetryStep):  # type: ignore[misc]
    """A version in a model package group, from a plain CreateModelPackage request.

    The SDK's own ModelStep goes through ModelBuilder, which adds container environment that nobody asked for.
    """

    def __init__(self, name: str, request: dict[str, Any], description: str) -> None:
        super().__init__(
            name, StepTypeEnum.REGISTER_MODEL, description=description, retry_policies=[_service_retries()]
        )
        self._request = request
        self._properties = Properties(step_name=name, step=self, shape_name="DescribeModelPackageOutput")

    @property
    def arguments(self) -> dict[str, Any]:
        return self._request

    @property
    def properties(self) -> Any:
        return self._properties


class Jobs:
    """Makes processing and training steps that all run alike: one image, key, network, role, tags, retries, cache."""

    def __init__(self, settings: Settings, bindings: Bindings, prefix: str) -> None:
        """`prefix`: S3 URI under which each execution gets a folder of its own."""
        self._settings = settings
        self._bindings = bindings
        self._prefix = prefix
        self._tags = [{"Key": key, "Value": value} for key, value in sorted({**settings.tags, **bindings.tags}.items())]
        self.session = PipelineSession(
            boto_session=offline_session(bindings.region),
            default_bucket=bindings.artifact_bucket,
            sagemaker_config=SDK_CONFIG,
        )

    def process(
        self,
        name: str,
        module: str,
        *,
        instance_type: Any,
        inputs: Mapping[str, Any],
        outputs: Sequence[str],
        description: str,
        options: Mapping[str, Any] | None = None,
        environment: Mapping[str, Any] | None = None,
        property_file: Any = None,
        depends_on: Sequence[str] = (),
    ) -> Any:
        """Step that runs `python -m <module>` with one `--<name> <path>` for each input and output.

        Inputs map a name to an S3 URI; options are arguments that are no paths.
        """
        arguments: list[Any] = []
        for key, value in (
            *((key, f"{INPUTS}/{key}") for key in inputs),
            *((key, f"{OUTPUTS}/{key}") for key in outputs),
            *(options or {}).items(),
        ):
            arguments += [f"--{key}", value]
        processor = Processor(
            role=self._bindings.execution_role_arn,
            image_uri=self._bindings.image_uri,
            entrypoint=["python", "-m", module],
            instance_count=1,
            instance_type=instance_type,
            volume_size_in_gb=self._settings.pipeline.volume_size_gb,
            volume_kms_key=self._bindings.kms_key_arn or None,
            output_kms_key=self._bindings.kms_key_arn or None,
            max_runtime_in_seconds=self._settings.pipeline.max_runtime_seconds,
            env=dict(environment or {}) or None,
            tags=self._tags,
            network_config=NetworkConfig(
                enable_network_isolation=True,
                encrypt_inter_container_traffic=True,
                security_group_ids=list(self._bindings.security_group_ids) or None,
                subnets=list(self._bindings.subnet_ids) or None,
            ),
            sagemaker_session=self.session,
        )
        step_args = processor.run(
            inputs=[_processing_input(key, uri) for key, uri in inputs.items()],
            outputs=[self._processing_output(name, key) for key in outputs],
            arguments=arguments,
        )
        return ProcessingStep(
            name,
            step_args=step_args,
            description=description,
            property_files=[property_file] if property_file else None,
            depends_on=list(depends_on) or None,
            cache_config=self._cache(),
            retry_policies=_job_retries(),
        )

    def train(
        self,
        name: str,
        *,
        instance_type: Any,
        channels: Mapping[str, Any],
        hyperparameters: Mapping[str, str],
        checkpoints: Any,
        description: str,
        depends_on: Sequence[str] = (),
    ) -> Any:
        """Step that runs the image's own `train` entrypoint on the named channels; `checkpoints` is an S3 URI."""
        trainer = ModelTrainer(
            training_image=self._bindings.image_uri,
            role=self._bindings.execution_role_arn,
            compute=Compute(
                instance_type=instance_type,
                instance_count=1,
                volume_size_in_gb=self._settings.pipeline.volume_size_gb,
                volume_kms_key_id=self._bindings.kms_key_arn or None,
            ),
            networking=Networking(
                subnets=list(self._bindings.subnet_ids) or None,
                security_group_ids=list(self._bindings.security_group_ids) or None,
                enable_network_isolation=True,
                enable_inter_container_traffic_encryption=True,
            ),
            output_data_config=OutputDataConfig(
                s3_output_path=self.location(name), kms_key_id=self._bindings.kms_key_arn or None
            ),
            checkpoint_config=CheckpointConfig(s3_uri=checkpoints, local_path="/opt/ml/checkpoints"),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=self._settings.pipeline.max_runtime_seconds),
            input_data_config=[InputData(channel_name=key, data_source=uri) for key, uri in channels.items()],
            hyperparameters=dict(hyperparameters),
            tags=[Tag(key=tag["Key"], value=tag["Value"]) for tag in self._tags],
            base_job_name=name,
            sagemaker_session=self.session,
        )
        return TrainingStep(
            name,
            step_args=trainer.train(),
            description=description,
            depends_on=list(depends_on) or None,
            cache_config=self._cache(),
            retry_policies=_job_retries(),
        )

    def location(self, *parts: str) -> Any:
        """S3 URI inside the folder of the running execution."""
        return Join(on="/", values=[self._prefix, ExecutionVariables.PIPELINE_EXECUTION_ID, *parts])

    def _processing_output(self, step: str, name: str) -> Any:
        return ProcessingOutput(
            output_name=name,
            s3_output=ProcessingS3Output(
                s3_uri=self.location(step, name), local_path=f"{OUTPUTS}/{name}", s3_upload_mode="EndOfJob"
            ),
        )

    def _cache(self) -> Any:
        return CacheConfig(enable_caching=True, expire_after=f"P{self._settings.pipeline.cache_days}D")


def output(step: Any, name: str) -> Any:
    """S3 URI of a processing step's output, known when the step has run."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def definition(name: str, parameters: Sequence[Any], steps: Sequence[Any], jobs: Jobs) -> dict[str, Any]:
    """Pipeline definition, schema 2020-12-01; no Experiments are made on the side."""
    pipeline = Pipeline(
        name=name,
        parameters=list(parameters),
        steps=list(steps),
        sagemaker_session=jobs.session,
        pipeline_experiment_config=None,
    )
    loaded: dict[str, Any] = json.loads(pipeline.definition())
    return loaded


def _processing_input(name: str, uri: Any) -> Any:
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=uri,
            local_path=f"{INPUTS}/{name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="FullyReplicated",
        ),
    )


def _service_retries() -> Any:
    return StepRetryPolicy(
        exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING],
        interval_seconds=10,
        backoff_rate=2.0,
        max_attempts=5,
    )


def _job_retries() -> list[Any]:
    passing = SageMakerJobStepRetryPolicy(
        exception_types=[SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT],
        failure_reason_types=[
            SageMakerJobExceptionTypeEnum.INTERNAL_ERROR,
            SageMakerJobExceptionTypeEnum.CAPACITY_ERROR,
        ],
        interval_seconds=60,
        backoff_rate=2.0,
        max_attempts=4,
    )
    return [_service_retries(), passing]
