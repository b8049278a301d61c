"""Adds resource types to MiniStack's CloudFormation, and checks every resource there against its schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.services.cloudformation import provisioners, stacks

from rehearsal.emulated_aws.errors import NotEmulatedError, ServiceError
from rehearsal.emulated_aws.resources import schema

Properties = dict[str, Any]
Made = tuple[str, Properties]


@dataclass(frozen=True)
class ResourceType:
    """`create(logical id, properties, stack name)` gives what Ref gives and what Fn::GetAtt gives.

    `update` gets (physical id, old, new); properties whose change replaces are never passed to it. `name`: the property
    that names the resource, for generated names and for the refusal to replace what has a name of its own.
    """

    name: str
    create: Callable[[str, Properties, str], Made]
    update: Callable[[str, Properties, Properties], Made]
    delete: Callable[[str, Properties], None]
    naming: str | None = None
    tags: tuple[str, str] | None = None


TYPES: dict[str, ResourceType] = {}


def physical_name(properties: Properties, key: str, stack_name: str, logical_id: str, longest: int = 63) -> str:
    return str(properties.get(key) or provisioners._physical_name(stack_name, logical_id, max_len=longest))


def _worded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A refusal of the service as the reason CloudFormation gives."""

    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except NotEmulatedError as refusal:
            raise ValueError(refusal.message) from refusal
        except ServiceError as refusal:
            raise ValueError(
                f'Resource handler returned message: "{refusal.message}" (HandlerErrorCode: {refusal.code})'
            ) from refusal

    return call


def _forgiving(resource: ResourceType) -> Callable[..., None]:
    """A delete that takes a resource already gone for deleted, as CloudFormation does."""

    def delete(physical_id: str, properties: Properties) -> None:
        try:
            resource.delete(
                physical_id,
                schema.coerced(
                    properties, schema.schema_of(resource.name) or {}, schema.schema_of(resource.name) or {}
                ),
            )
        except ServiceError as refusal:
            if not any(
                word in f"{refusal.code} {refusal.message}".lower()
                for word in ("not find", "not found", "does not exist", "notfound")
            ):
                raise ValueError(refusal.message) from refusal

    return delete


def register(resource: ResourceType) -> None:
    """Raises ValueError for a type without a schema: AWS does not have it."""
    if schema.schema_of(resource.name) is None:
        raise ValueError(f"{resource.name} is no resource type of CloudFormation")
    root = schema.schema_of(resource.name) or {}
    create, update = _worded(resource.create), _worded(resource.update)
    provisioners._RESOURCE_HANDLERS[resource.name] = {
        "create": lambda logical_id, properties, stack: create(
            logical_id, schema.coerced(properties, root, root), stack
        ),
        "update": lambda physical_id, old, new, _stack: update(
            physical_id, schema.coerced(old, root, root), schema.coerced(new, root, root)
        ),
        "delete": _forgiving(resource),
    }
    provisioners._REPLACING_PROPERTIES[resource.name] = schema.create_only(resource.name)
    if resource.naming:
        provisioners._CUSTOM_NAME_REPLACEMENT[resource.name] = {"name": resource.naming}
    if resource.tags:
        provisioners._STACK_TAG_PROPERTY[resource.name] = resource.tags
    TYPES[resource.name] = resource


def install() -> None:
    """Put the registered types on worker threads (they call back) and the schema check before every resource."""
    threaded, provision, update = stacks._runs_on_worker_thread, stacks._provision_resource, stacks._update_resource

    def checked_provision(resource_type: str, logical_id: str, props: Properties, stack_name: str) -> Made:
        schema.checked(resource_type, logical_id, props)
        made: Made = provision(resource_type, logical_id, props, stack_name)
        return made

    def checked_update(
        resource_type: str, physical_id: str, old_props: Properties, new_props: Properties, stack_name: str,
        logical_id: str | None = None, old_attrs: Properties | None = None,
    ) -> Made:  # fmt: skip
        schema.checked(resource_type, logical_id or physical_id, new_props)
        made: Made = update(resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs)
        return made

    stacks._runs_on_worker_thread = lambda resource_type: resource_type in TYPES or threaded(resource_type)
    stacks._provision_resource = checked_provision
    stacks._update_resource = checked_update
