"""Puts the modules of this package into MiniStack: the one list of what the emulator adds."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions, router

from rehearsal.emulated_aws import alarms, bucket_access, context, operations, query_protocol
from rehearsal.emulated_aws.catalog import templates
from rehearsal.emulated_aws.functions import custom_resources, invocation
from rehearsal.emulated_aws.resources import (
    account_types,
    alarm_types,
    bucket_tags,
    catalog_types,
    change_sets,
    code_types,
    network_types,
    registry,
)
from rehearsal.emulated_aws.resources import autoscaling as autoscaling_types
from rehearsal.emulated_aws.resources import sagemaker as sagemaker_types
from rehearsal.emulated_aws.sagemaker import code_repositories, runtime

DECLARING = (
    "autoscaling",
    "quotas",
    "code_services",
    "codecommit",
    "catalog.portfolios",
    "catalog.products",
    "catalog.constraints",
    "catalog.access",
    "catalog.provisioning",
    "sagemaker.api",
    "sagemaker.kept",
    "sagemaker.packages",
    "sagemaker.pipelines",
    "sagemaker.endpoints",
    "sagemaker.projects",
)
RESOURCE_TYPES = (
    sagemaker_types,
    autoscaling_types,
    alarm_types,
    account_types,
    code_types,
    code_repositories,
    catalog_types,
    network_types,
)
Handler = Callable[..., Awaitable[operations.Answer]]


def _runtime_first(control: Handler) -> Handler:
    """Control and runtime API of SageMaker sign alike; the path tells them apart."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> operations.Answer:
        if path.startswith("/endpoints/"):
            return await asyncio.to_thread(runtime.answer, path, headers, body)
        return await control(method, path, headers, body, query)

    return handle


def install(url: str) -> None:
    """Call once, before the application serves."""
    context.ENDPOINT = url
    for module in DECLARING:
        importlib.import_module(f"rehearsal.emulated_aws.{module}")
    for name, service in operations.SERVICES.items():
        handler = operations.handler(name)
        app.SERVICE_HANDLERS[name] = _runtime_first(handler) if name == "sagemaker" else handler
        router.SERVICE_PATTERNS[name] = {"target_prefixes": [service.target_prefix + "."]}
        iam_actions.SERVICE_TO_IAM_NAMESPACE.setdefault(name, name)
    router.SERVICE_PATTERNS["s3"] = router.SERVICE_PATTERNS.pop("s3")  # its pattern takes whatever is left
    app.SERVICE_HANDLERS["monitoring"] = query_protocol.translated(app.SERVICE_HANDLERS["monitoring"])
    alarms.install()
    bucket_access.install()
    templates.install()
    invocation.install()
    custom_resources.install()
    for types in RESOURCE_TYPES:
        types.install()
    bucket_tags.install()
    registry.install()
    change_sets.install()
