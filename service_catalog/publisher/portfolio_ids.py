"""Ids that belong to a value, wherever it stands in a list."""

from __future__ import annotations

import hashlib


def own_id(value: str) -> str:
    """An id of the value's own: ids by position would let CloudFormation take an association for another's."""
    return hashlib.sha256(value.encode()).hexdigest()[:10].upper()
