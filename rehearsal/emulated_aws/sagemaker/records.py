"""Moto's record of an endpoint, whose status and variants this package moves on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.sagemaker.models import sagemaker_backends

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.operations import Request


def find(name: str) -> Any:
    """Raises ServiceError when the account has no such endpoint."""
    endpoints = sagemaker_backends[context.account()][context.region()].endpoints
    if name not in endpoints:
        raise ServiceError(
            "ValidationException", f'Could not find endpoint "{context.arn("sagemaker", "endpoint/" + name.lower())}".'
        )
    return endpoints[name]


def exists(name: str) -> bool:
    return name in sagemaker_backends[context.account()][context.region()].endpoints


def change(name: str, **attributes: object) -> None:
    """Set attributes of moto's record, unless the endpoint was deleted meanwhile."""
    if exists(name):
        record = find(name)
        for attribute, value in attributes.items():
            setattr(record, attribute, value)
        record.last_modified_time = datetime.now(UTC).replace(tzinfo=None)


def summary(variant: Request, images: list[Request]) -> Request:
    """A ProductionVariantSummary of a variant of an endpoint configuration."""
    counts = {
        "CurrentInstanceCount": variant.get("InitialInstanceCount"),
        "DesiredInstanceCount": variant.get("InitialInstanceCount"),
    }
    serverless = {
        "CurrentServerlessConfig": variant.get("ServerlessConfig"),
        "DesiredServerlessConfig": variant.get("ServerlessConfig"),
    }
    weight = variant.get("InitialVariantWeight", 1.0)
    weights = {"CurrentWeight": weight, "DesiredWeight": weight}
    given = {**(serverless if "ServerlessConfig" in variant else counts), **weights, "DeployedImages": images}
    return {
        "VariantName": variant["VariantName"],
        **{name: value for name, value in given.items() if value is not None},
    }
