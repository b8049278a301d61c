"""How a statement of a service control policy is written."""

from __future__ import annotations

from typing import Any

Policy = dict[str, Any]


def deny(sid: str, actions: list[str], *resources: str, **condition: Any) -> Policy:
    made: Policy = {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": list(resources) or "*"}
    return {**made, "Condition": condition} if condition else made
