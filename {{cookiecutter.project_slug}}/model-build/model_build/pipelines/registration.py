"""The CreateModelPackage request: what a registered version carries so that others can judge, deploy and watch it."""

from __future__ import annotations

import re
from typing import Any

from model_build.pipelines import sdk
from model_build.pipelines.bindings import Bindings
from model_build.settings import Inference, Settings

WRITTEN_TYPES = ["text/csv", "application/json", "application/jsonlines"]
READ_TYPES = [*WRITTEN_TYPES, "application/vnd.apache.parquet", "application/x-parquet"]
REALTIME_INSTANCE_TYPES = ["ml.t2.medium", "ml.m5.large", "ml.m5.xlarge", "ml.c5.xlarge"]
TRANSFORM_INSTANCE_TYPES = ["ml.m5.large", "ml.m5.xlarge"]
METADATA_VALUE_LENGTH = 256


def request(
    settings: Settings,
    bindings: Bindings,
    *,
    package: Any,
    baseline: Any,
    evaluate: Any,
    predictions: Any,
    bias: Any | None,
    git_commit: Any,
    data_sha256: Any,
    gate_threshold: Any,
    bias_maximum: Any | None,
    template_version: str,
) -> dict[str, Any]:
    """CreateModelPackage request of a version in the project's group.

    A version in a group may not carry tags: the group is tagged instead. What the gate demanded of this version
    stands beside what `project.toml` demands, so that a lowered gate can be seen.
    """
    baselines = _baselines(baseline, evaluate)
    project = settings.project
    return {
        "ModelPackageGroupName": settings.model_package_group,
        "ModelPackageDescription": project.description or project.name,
        "ModelApprovalStatus": "PendingManualApproval",
        "Domain": "MACHINE_LEARNING",
        "Task": "REGRESSION" if project.problem_type == "regression" else "CLASSIFICATION",
        "InferenceSpecification": {
            "Containers": [{"Image": bindings.image_uri, "ModelDataUrl": _file(package, "model.tar.gz")}],
            "SupportedContentTypes": READ_TYPES,
            "SupportedResponseMIMETypes": WRITTEN_TYPES,
            **_instance_types(project.inference),
        },
        "ModelMetrics": {**baselines, **({"Bias": _bias_reports(bias)} if bias else {})},
        "DriftCheckBaselines": {**baselines, **({"Bias": _bias_constraints(bias)} if bias else {})},
        "MetadataProperties": {
            "CommitId": git_commit,
            "GeneratedBy": sdk.ExecutionVariables.PIPELINE_EXECUTION_ARN,
            **({"ProjectId": bindings.project_id} if bindings.project_id else {}),
        },
        "CustomerMetadataProperties": {
            "git-commit": git_commit,
            "data-sha256": data_sha256,
            "package-sha256": sdk.JsonGet(step_name=package.name, property_file="Package", json_path="sha256"),
            "report-uri": _file(evaluate, "report.html"),
            "smoke-uri": _file(package, "smoke.json"),
            "predictions-baseline-uri": sdk.output(predictions, "output"),
            "gate-threshold": gate_threshold.to_string(),
            **({"bias-maximum": bias_maximum.to_string()} if bias_maximum is not None else {}),
            **_stated(settings, bindings, template_version),
        },
    }


def _baselines(baseline: Any, evaluate: Any) -> dict[str, Any]:
    return {
        "ModelQuality": {
            "Statistics": _source(evaluate, "evaluation.json"),
            "Constraints": _source(evaluate, "constraints.json"),
        },
        "ModelDataQuality": {
            "Statistics": _source(baseline, "statistics.json"),
            "Constraints": _source(baseline, "constraints.json"),
        },
    }


def _bias_reports(bias: Any) -> dict[str, Any]:
    analysis = _source(bias, "analysis.json")
    return {"Report": analysis, "PreTrainingReport": analysis, "PostTrainingReport": analysis}


def _bias_constraints(bias: Any) -> dict[str, Any]:
    analysis = _source(bias, "analysis.json")
    return {"PreTrainingConstraints": analysis, "PostTrainingConstraints": analysis}


def _instance_types(inference: Inference) -> dict[str, list[str]]:
    types: dict[str, list[str]] = {}
    if inference != "batch":
        types["SupportedRealtimeInferenceInstanceTypes"] = REALTIME_INSTANCE_TYPES
    if inference in ("batch", "realtime_and_batch"):
        types["SupportedTransformInstanceTypes"] = TRANSFORM_INSTANCE_TYPES
    return types


def _stated(settings: Settings, bindings: Bindings, template_version: str) -> dict[str, str]:
    answers = {key.replace("_", "-"): value for key, value in vars(settings.project).items()}
    image = bindings.image_uri
    digest = image.rpartition("@")[2] if "@" in image else ""
    values = {
        **answers,
        **_demanded(settings),
        "image-uri": image,
        "image-digest": digest,
        "template-version": template_version,
    }
    return {key: metadata_value(value) for key, value in values.items() if metadata_value(value)}


def _demanded(settings: Settings) -> dict[str, str]:
    bias = {"bias-metric": settings.bias.metric, "bias-maximum-in-settings": str(settings.bias.maximum)}
    return {
        "gate-metric": settings.gate.metric,
        "gate-threshold-in-settings": str(settings.gate.threshold),
        **(bias if settings.checks_bias else {}),
    }


def metadata_value(text: str) -> str:
    """`text` in the characters and length that AWS accepts for CustomerMetadataProperties."""
    return " ".join(re.sub(r"[^\w\s.:/=+\-@]", " ", text).split())[:METADATA_VALUE_LENGTH].strip()


def _source(step: Any, file: str) -> dict[str, Any]:
    return {"ContentType": "application/json", "S3Uri": _file(step, file)}


def _file(step: Any, file: str) -> Any:
    return sdk.Join(on="/", values=[sdk.output(step, "output"), file])
