"""The training pipeline: from raw data to a registered model, or to a message saying what it missed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from model_build.pipelines import registration, sdk
from model_build.pipelines.bindings import Bindings
from model_build.settings import Settings

STEPS = "model_build.steps"


@dataclasses.dataclass(frozen=True)
class Parameters:
    """What a person may change at the start of an execution."""

    input_data: Any
    data_version: Any
    gate_threshold: Any
    bias_maximum: Any | None
    processing_instance_type: Any
    training_instance_type: Any
    git_commit: Any

    def all(self) -> list[Any]:
        return [parameter for parameter in vars(self).values() if parameter is not None]


def training_pipeline(settings: Settings, bindings: Bindings, template_version: str = "") -> dict[str, Any]:
    """Definition of the training pipeline."""
    name = settings.pipeline_name("training")
    root = f"s3://{bindings.artifact_bucket}/{settings.project.slug}"
    jobs = sdk.Jobs(settings, bindings, prefix=f"{root}/training")
    parameters = _parameters(settings, data=f"{root}/data/")

    preprocess = _preprocess(jobs, parameters)
    contract = _check_contract(jobs, parameters, preprocess)
    baseline = _baseline(jobs, parameters, preprocess, contract)
    train = _train(jobs, parameters, preprocess, [contract, baseline], settings, bindings, f"{root}/checkpoints")
    evaluate = _evaluate(jobs, parameters, preprocess, train, settings)
    predictions = _baseline_of_predictions(jobs, parameters, evaluate)
    bias = _check_bias(jobs, parameters, preprocess, evaluate, settings) if settings.checks_bias else None
    package = _package(jobs, parameters, preprocess, train, evaluate)
    register = sdk.RegisterModelStep(
        "Register",
        registration.request(
            settings,
            bindings,
            package=package,
            baseline=baseline,
            evaluate=evaluate,
            predictions=predictions,
            bias=bias,
            git_commit=parameters.git_commit,
            data_sha256=sdk.JsonGet(step_name="Preprocess", property_file="DataSummary", json_path="sha256"),
            gate_threshold=parameters.gate_threshold,
            bias_maximum=parameters.bias_maximum,
            template_version=template_version,
        ),
        description="Adds a version to the model package group, for a person to approve",
    )
    gate = _gate(settings, parameters, after=predictions, passed=[package, register], failed=[_gate_failed(bias)])

    checks = [predictions, *([bias] if bias else []), gate]
    return sdk.definition(name, parameters.all(), [preprocess, contract, baseline, train, evaluate, *checks], jobs)


def _parameters(settings: Settings, data: str) -> Parameters:
    pipeline = settings.pipeline
    return Parameters(
        input_data=sdk.ParameterString("InputData", default_value=data),
        data_version=sdk.ParameterString("DataVersion"),
        gate_threshold=sdk.ParameterFloat("GateThreshold", default_value=settings.gate.threshold),
        bias_maximum=sdk.ParameterFloat("BiasMaximum", default_value=settings.bias.maximum)
        if settings.checks_bias
        else None,
        processing_instance_type=sdk.ParameterString(
            "ProcessingInstanceType", default_value=pipeline.processing_instance_type
        ),
        training_instance_type=sdk.ParameterString(
            "TrainingInstanceType", default_value=pipeline.training_instance_type
        ),
        git_commit=sdk.ParameterString("GitCommit", default_value="unknown"),
    )


def _preprocess(jobs: sdk.Jobs, parameters: Parameters) -> Any:
    """DATA_VERSION makes new data under an old URI miss SageMaker's step cache, which never looks at the data.

    It has no default, which would make every execution started without `start` hit that cache whatever the data.
    """
    return jobs.process(
        "Preprocess",
        f"{STEPS}.preprocess",
        instance_type=parameters.processing_instance_type,
        inputs={"input": parameters.input_data},
        outputs=["train", "validation", "test", "preprocessing", "summary"],
        environment={"DATA_VERSION": parameters.data_version},
        property_file=sdk.PropertyFile("DataSummary", output_name="summary", path="data.json"),
        description="Reads the raw data, splits it and fits the encoders on the training rows",
    )


def _check_contract(jobs: sdk.Jobs, parameters: Parameters, preprocess: Any) -> Any:
    return jobs.process(
        "CheckContract",
        f"{STEPS}.check_contract",
        instance_type=parameters.processing_instance_type,
        inputs={split: sdk.output(preprocess, split) for split in ("train", "validation", "test")},
        outputs=["report"],
        description="Holds every split against the data contract",
    )


def _baseline(jobs: sdk.Jobs, parameters: Parameters, preprocess: Any, contract: Any) -> Any:
    return jobs.process(
        "Baseline",
        f"{STEPS}.baseline",
        instance_type=parameters.processing_instance_type,
        inputs={"data": sdk.output(preprocess, "train")},
        outputs=["output"],
        depends_on=[contract.name],
        description="Statistics and constraints of the training data, for monitoring",
    )


def _train(
    jobs: sdk.Jobs,
    parameters: Parameters,
    preprocess: Any,
    after: list[Any],
    settings: Settings,
    bindings: Bindings,
    checkpoints: str,
) -> Any:
    hyperparameters = _hyperparameters(settings)
    return jobs.train(
        "Train",
        instance_type=parameters.training_instance_type,
        channels={name: sdk.output(preprocess, name) for name in ("train", "validation", "preprocessing")},
        hyperparameters=hyperparameters,
        checkpoints=_checkpoints(bindings, hyperparameters, checkpoints),
        depends_on=[step.name for step in after],
        description="Trains the model with early stopping on the validation rows",
    )


def _hyperparameters(settings: Settings) -> dict[str, str]:
    training = settings.training
    counts = {"rounds": training.rounds, "early_stopping_rounds": training.early_stopping_rounds}
    return {key: str(value) for key, value in {**counts, **training.hyperparameters}.items()}


def _checkpoints(bindings: Bindings, hyperparameters: dict[str, str], root: str) -> Any:
    """Where an interrupted training goes on: only by the same code, hyperparameters and data.

    SageMaker's cache key of a training step includes this URI, so an execution id in it would turn the cache off.
    A laptop's image has no version that stands for its code: there each execution starts afresh.
    """
    if bindings.on_laptop:
        return sdk.Join(on="/", values=[root, sdk.ExecutionVariables.PIPELINE_EXECUTION_ID])
    content = json.dumps([bindings.image_uri, hyperparameters], sort_keys=True)
    data = sdk.JsonGet(step_name="Preprocess", property_file="DataSummary", json_path="sha256")
    return sdk.Join(on="/", values=[root, hashlib.sha256(content.encode()).hexdigest()[:16], data])


def _evaluate(jobs: sdk.Jobs, parameters: Parameters, preprocess: Any, train: Any, settings: Settings) -> Any:
    return jobs.process(
        "Evaluate",
        f"{STEPS}.evaluate",
        instance_type=parameters.processing_instance_type,
        inputs={
            "model": train.properties.ModelArtifacts.S3ModelArtifacts,
            "test": sdk.output(preprocess, "test"),
        },
        outputs=["output", "predictions"],
        options={"gate-metric": settings.gate.metric, "gate-threshold": parameters.gate_threshold.to_string()},
        property_file=sdk.PropertyFile("Evaluation", output_name="output", path="evaluation.json"),
        description="Measures the model on rows it has never seen",
    )


def _baseline_of_predictions(jobs: sdk.Jobs, parameters: Parameters, evaluate: Any) -> Any:
    return jobs.process(
        "BaselinePredictions",
        f"{STEPS}.baseline",
        instance_type=parameters.processing_instance_type,
        inputs={"data": sdk.output(evaluate, "predictions")},
        outputs=["output"],
        description="Statistics and constraints of the predictions, for monitoring",
    )


def _check_bias(jobs: sdk.Jobs, parameters: Parameters, preprocess: Any, evaluate: Any, settings: Settings) -> Any:
    if parameters.bias_maximum is None:
        raise ValueError("a bias check needs the parameter BiasMaximum")
    return jobs.process(
        "CheckBias",
        f"{STEPS}.bias",
        instance_type=parameters.processing_instance_type,
        inputs={"predictions": sdk.output(evaluate, "predictions"), "train": sdk.output(preprocess, "train")},
        outputs=["output"],
        options={"metric": settings.bias.metric, "maximum": parameters.bias_maximum.to_string()},
        property_file=sdk.PropertyFile("Bias", output_name="output", path="bias.json"),
        description="Compares the groups of the sensitive attribute before and after training",
    )


def _package(jobs: sdk.Jobs, parameters: Parameters, preprocess: Any, train: Any, evaluate: Any) -> Any:
    return jobs.process(
        "Package",
        f"{STEPS}.package",
        instance_type=parameters.processing_instance_type,
        inputs={
            "model": train.properties.ModelArtifacts.S3ModelArtifacts,
            "test": sdk.output(preprocess, "test"),
            "evaluation": sdk.output(evaluate, "output"),
            "summary": sdk.output(preprocess, "summary"),
        },
        outputs=["output"],
        property_file=sdk.PropertyFile("Package", output_name="output", path="package.json"),
        description="Puts native model, ONNX, encoders, signature and model card into model.tar.gz",
    )


def _gate(settings: Settings, parameters: Parameters, after: Any, passed: list[Any], failed: list[Any]) -> Any:
    reaches = (
        sdk.ConditionGreaterThanOrEqualTo if settings.gate_direction == "higher" else sdk.ConditionLessThanOrEqualTo
    )
    measured = sdk.JsonGet(step_name="Evaluate", property_file="Evaluation", json_path="gate.value")
    conditions = [reaches(left=measured, right=parameters.gate_threshold)]
    if parameters.bias_maximum is not None:
        bias = sdk.JsonGet(step_name="CheckBias", property_file="Bias", json_path="gate.absolute")
        conditions.append(sdk.ConditionLessThanOrEqualTo(left=bias, right=parameters.bias_maximum))
    return sdk.ConditionStep(
        "Gate",
        description="Is the model good and fair enough to be registered?",
        depends_on=[after.name],
        conditions=conditions,
        if_steps=passed,
        else_steps=failed,
    )


def _gate_failed(bias: Any | None) -> Any:
    sources = [("Evaluate", "Evaluation"), *([("CheckBias", "Bias")] if bias else [])]
    messages = [sdk.JsonGet(step_name=step, property_file=file, json_path="gate.message") for step, file in sources]
    return sdk.FailStep(
        "GateFailed",
        error_message=sdk.Join(on="; ", values=messages),
        description="Ends the execution and says what was missed by how much",
    )
