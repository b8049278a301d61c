"""Buckets of other accounts: the owner's bucket policy is asked about the role that calls.

AWS: a bucket policy of another account has to allow the caller, whose aws:PrincipalArn is the role's ARN. MiniStack
asks about the root of the caller's account, so that no policy with such a condition would ever allow anything.
Simplified: the caller's own policies and the bucket's key are not asked; a role's path is left out of its ARN; a
request on this machine's loopback interface counts as one over TLS.
"""

from __future__ import annotations

import dataclasses
import re
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import s3

_SESSION = re.compile(r"arn:aws:sts::(\d{12}):assumed-role/([^/]+)/.+")
_role: ContextVar[str] = ContextVar("role", default="")


def _role_of(headers: dict[str, str], query: dict[str, Any]) -> str:
    session = _SESSION.fullmatch(iam_evaluator.request_caller_arn(headers, query))
    return f"arn:aws:iam::{session[1]}:role/{session[2]}" if session else ""


def install() -> None:
    allows, evaluate = s3._foreign_bucket_allows, iam_evaluator.evaluate_resource_policy

    def allows_role(
        owner: str,
        bucket: str,
        key: str,
        method: str,
        query: dict[str, Any],
        caller: str,
        headers: dict[str, str] | None = None,
    ) -> bool:
        before = _role.set(_role_of(headers or {}, query) if caller else "")
        try:
            return bool(allows(owner, bucket, key, method, query, caller, headers))
        finally:
            _role.reset(before)

    def evaluate_for_role(document: Any, asked: Any, *more: Any, **named: Any) -> Any:
        if role := _role.get():
            asked = dataclasses.replace(asked, principal_arn=role, principal_type="AssumedRole", secure_transport=True)
        return evaluate(document, asked, *more, **named)

    s3._foreign_bucket_allows = allows_role
    iam_evaluator.evaluate_resource_policy = evaluate_for_role
