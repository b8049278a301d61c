"""Records of this package's own, kept apart by account and region as AWS keeps them."""

from __future__ import annotations

from typing import Generic, TypeVar

from rehearsal.emulated_aws import context

Record = TypeVar("Record")


class Store(Generic[Record]):
    """Name to record, for the account and region of the request."""

    def __init__(self) -> None:
        self._everyone: dict[tuple[str, str], dict[str, Record]] = {}

    @property
    def mine(self) -> dict[str, Record]:
        return self._everyone.setdefault((context.account(), context.region()), {})

    def everyone(self) -> list[Record]:
        return [record for records in self._everyone.values() for record in records.values()]
