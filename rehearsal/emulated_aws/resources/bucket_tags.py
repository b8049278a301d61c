"""Tags of AWS::S3::Bucket, its own and the stack's.

AWS: a bucket gets both. MiniStack drops both. Simplified: as on MiniStack's other types, the stack's name and id are
among them.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3
from ministack.services.cloudformation import provisioners

BUCKET = "AWS::S3::Bucket"
Made = tuple[str, dict[str, Any]]


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS[BUCKET]
    create, update = handlers["create"], handlers["update"]

    def create_tagged(logical_id: str, properties: dict[str, Any], stack_name: str) -> Made:
        return _tagged(create(logical_id, properties, stack_name), properties)

    def update_tagged(physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str) -> Made:
        return _tagged(update(physical_id, old, new, stack_name), new)

    handlers |= {"create": create_tagged, "update": update_tagged}
    provisioners._STACK_TAG_PROPERTY[BUCKET] = ("Tags", "list")


def _tagged(made: Made, properties: dict[str, Any]) -> Made:
    if tags := properties.get("Tags"):
        s3._bucket_tags[made[0]] = {tag["Key"]: tag["Value"] for tag in tags}
    return made
