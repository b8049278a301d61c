"""Holds a request to the service's model in botocore: members, types, lengths, patterns, enumerations.

AWS: ValidationException with one detected constraint per line. Simplified: the first fault only.
"""

from __future__ import annotations

import functools
from typing import Any

import botocore.session
import regex
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from rehearsal.emulated_aws.errors import NotEmulatedError, ServiceError

_MODELS = {"servicequotas": "service-quotas"}  # requests are signed with another name than botocore's


@functools.cache
def service_model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(_MODELS.get(service, service))


def operation_model(service: str, operation: str) -> OperationModel:
    """Raises NotEmulatedError for an operation botocore does not know."""
    model = service_model(service)
    if operation not in model.operation_names:
        raise NotEmulatedError(f"{service}:{operation}")
    return model.operation_model(operation)


@functools.cache
def _compiled(pattern: str) -> regex.Pattern[str] | None:
    try:
        return regex.compile(pattern)
    except regex.error:
        return None


def _fault_of_text(shape: Shape, value: str, where: str) -> str | None:
    limits = shape.metadata
    if limits.get("enum") and value not in limits["enum"]:
        return f"Value '{value}' at '{where}' failed to satisfy enum value set: {limits['enum'][:12]}"
    pattern = _compiled(limits["pattern"]) if limits.get("pattern") else None
    if pattern and not pattern.fullmatch(value):
        return f"Value '{value}' at '{where}' failed to satisfy regular expression pattern: {limits['pattern']}"
    if not limits.get("min", 0) <= len(value) <= limits.get("max", len(value)):
        return f"Value at '{where}' failed to satisfy length {limits.get('min', 0)} to {limits.get('max')}"
    return None


def _fault(shape: Shape, value: Any, where: str) -> str | None:
    limits = shape.metadata
    parts: list[tuple[Shape, Any, str]] = []
    if isinstance(shape, StructureShape):
        parts = [(shape.members[name], item, f"{where}.{name}") for name, item in value.items() if item is not None]
    elif isinstance(shape, ListShape):
        if len(value) > limits.get("max", len(value)):
            return f"Value at '{where}' failed to satisfy: at most {limits['max']} items"
        parts = [(shape.member, item, f"{where}.{place}") for place, item in enumerate(value, 1)]
    elif isinstance(shape, MapShape):
        parts = [(shape.value, item, f"{where}.{name}") for name, item in value.items()]
    elif isinstance(value, str):
        return _fault_of_text(shape, value, where)
    elif shape.type_name in ("integer", "long", "float", "double") and value > limits.get("max", value):
        return f"Value '{value}' at '{where}' failed to satisfy: at most {limits['max']}"
    return next((fault for part in parts if (fault := _fault(*part))), None)


def check_request(service: str, operation: str, request: dict[str, Any]) -> None:
    """Raises ServiceError (ValidationException) for a request the service would refuse, before any state changes."""
    shape = operation_model(service, operation).input_shape
    if shape is None:
        return
    report = ParamValidator().validate(request, shape)
    unknown = sorted(set(request) - set(shape.members))
    if report.has_errors() or unknown:
        text = report.generate_report() or f"Unknown parameter in input: {', '.join(unknown)}"
        raise ServiceError("ValidationException", " ".join(text.split()))
    if fault := _fault(shape, request, operation):
        raise ServiceError("ValidationException", f"1 validation error detected: {fault}")
