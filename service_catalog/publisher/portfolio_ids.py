"""Ids that belong to a value, wherever it stands in a list."""

from __future__ import annotations

import hashlib

LONGEST = 40


def own_id(value: str) -> str:
    """An id of the value's own: ids by position would let CloudFormation take an association for another's."""
    words = "".join(character for character in value.rpartition("/")[2] if character.isascii() and character.isalnum())
    return words[:LONGEST] + hashlib.sha256(value.encode()).hexdigest()[:8].upper()
