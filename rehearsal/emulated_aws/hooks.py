"""Every private name of MiniStack and moto this package uses, checked before the emulator listens."""

from __future__ import annotations

import importlib
import inspect

from rehearsal.emulated_aws.errors import HookError

NAMES = {
    "ministack.app": "app SERVICE_HANDLERS",
    "ministack.core.iam_actions": "SERVICE_TO_IAM_NAMESPACE",
    "ministack.core.responses": "get_account_id get_region set_request_account_id set_request_region",
    "ministack.core.iam_evaluator": "evaluate_resource_policy",
    "ministack.core.router": "SERVICE_PATTERNS detect_service",
    "ministack.services.s3": "_bucket_tags",
    "ministack.services.sts": "_sessions",
    "ministack.services.cloudformation.helpers": "_p",
    "ministack.services.cloudformation.custom_resource": "register_token _pending _lock _normalise_resource_properties",
    "ministack.services.lambda_svc": "_get_func_record_for_ref _execution_record_for_config "
    "_execute_function_with_config_scope",
    "ministack.services.cloudwatch": "_alarms _metrics _error _record_history _evaluate_parent_alarms",
    "ministack.services.cloudformation.changesets": "_evaluate_conditions",
    "ministack.services.cloudformation.provisioners": "_RESOURCE_HANDLERS _REPLACING_PROPERTIES _STACK_TAG_PROPERTY "
    "_CUSTOM_NAME_REPLACEMENT _physical_name",
    "ministack.services.cloudformation.stacks": "_provision_resource _update_resource _runs_on_worker_thread",
    "moto.moto_server.werkzeug_app": "DomainDispatcherApplication create_backend_app",
    "moto.sagemaker.models": "sagemaker_backends",
    "moto.sagemaker.responses": "SageMakerResponse",
}
SIGNATURES = {
    "ministack.services.cloudformation.engine._parse_template": "(template_body: str) -> dict",
    "ministack.services.cloudformation.helpers._resolve_document": "(params, body_key, url_key, label)",
    "ministack.services.lambda_svc._execute_function_warm": "(func: dict, event: dict, request_id: str) -> dict",
    "ministack.services.cloudformation.custom_resource.invoke_custom_resource": "(request_type: str, logical_id: str, "
    "props: dict, stack_name: str, stack_id: str, resource_type: str, physical_id: str | None = None, "
    "old_props: dict | None = None) -> tuple",
    "ministack.services.cloudwatch._evaluate_alarm": "(alarm)",
    "ministack.services.cloudwatch._dims_key": "(dims: dict) -> str",
    "ministack.services.cloudwatch._calc_stats": "(points)",
    "ministack.services.cloudwatch._stat_value": "(stats, stat_name, points=None)",
    "ministack.services.cloudwatch._dispatch_alarm_actions": "(alarm, old_state, new_state, reason)",
    "ministack.services.cloudwatch._put_metric_alarm": "(params, cbor_data, is_cbor, is_json=False)",
    "ministack.services.eventbridge._put_events": "(data, allow_aws_source=False)",
    "ministack.services.cloudformation.changesets._resolve_props_for_diff": "(template, params, stack_name, stack_id)",
    "ministack.services.cloudformation.provisioners._physical_name": "(stack_name: str, logical_id: str, *, "
    "lowercase: bool = False, max_len: int = 128, seeded: bool = True) -> str",
    "ministack.services.cloudformation.stacks._runs_on_worker_thread": "(resource_type: str) -> bool",
    "ministack.services.cloudformation.stacks._provision_resource": "(resource_type: str, logical_id: str, "
    "props: dict, stack_name: str) -> tuple",
    "ministack.services.cloudformation.stacks._update_resource": "(resource_type: str, physical_id: str, "
    "old_props: dict, new_props: dict, stack_name: str, logical_id: str | None = None, "
    "old_attrs: dict | None = None) -> tuple",
    "ministack.core.iam_evaluator.request_caller_arn": "(headers: dict, query_params: dict | None = None) -> str",
    "ministack.services.s3._foreign_bucket_allows": "(owner_account: str, bucket_name: str, key: str, method: str, "
    "query_params: dict, caller: str, headers: dict | None = None) -> bool",
    "ministack.core.router.detect_service": "(method: str, path: str, headers: dict, query_params: dict) -> str",
}


def _found(dotted: str) -> object | None:
    module, _, name = dotted.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


def differences() -> list[str]:
    """What is missing, or takes other arguments than the code here was written for."""
    dotted = [f"{module}.{name}" for module, names in NAMES.items() for name in names.split()]
    missing = [name for name in [*dotted, *SIGNATURES] if _found(name) is None]
    changed = [
        f"{name}{inspect.signature(function)} was {name}{expected}"
        for name, expected in SIGNATURES.items()
        if callable(function := _found(name)) and str(inspect.signature(function)) != expected
    ]
    return [f"{name} is missing" for name in missing] + changed


def check() -> None:
    """Raises HookError naming every difference."""
    if found := differences():
        raise HookError("the pinned MiniStack and moto do not fit this package: " + "; ".join(found))
