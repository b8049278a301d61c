"""A stack's events: followed while it changes, and read for what failed first."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from model_deploy.cloudformation.change_sets import pauses
from model_deploy.cloudformation.stack import Stack, find_stack
from model_deploy.infrastructure import Event, FailedError, Progress, plain_kind, plain_name

CONSEQUENCES = ("cancelled", "the following resource(s) failed", "resource creation cancelled")
Outcome = Literal["created", "updated", "removed"]
ENDED: dict[str, Outcome] = {
    "CREATE_COMPLETE": "created",
    "UPDATE_COMPLETE": "updated",
    "DELETE_COMPLETE": "removed",
}


class Follower:
    """Follows one operation of a stack, from the events there are when it is made."""

    def __init__(self, client: Any, stack_id: str, progress: Progress) -> None:
        self._client, self._stack_id, self._progress = client, stack_id, progress
        self._seen = {event["EventId"] for event in client.describe_stack_events(StackName=stack_id)["StackEvents"]}
        self._begun: dict[str, datetime] = {}
        self._first_failure: dict[str, Any] | None = None

    def follow(self, succeeded: tuple[str, ...]) -> None:
        """Tell the events until the stack has come to rest.

        Raises:
            FailedError: it came to rest in another state than `succeeded`.
        """
        for pause in pauses():
            stack = find_stack(self._client, self._stack_id)
            self._tell_new()
            if stack is None or stack.status in succeeded:
                return
            if not stack.busy:
                raise FailedError(self._why(stack))
            self._progress.tick()
            time.sleep(pause)

    def _tell_new(self) -> None:
        fresh = self._events(lambda event: event["EventId"] in self._seen)
        for event in reversed(fresh):
            self._seen.add(event["EventId"])
            if event.get("PhysicalResourceId") != event["StackId"]:
                self._tell(event)

    def _tell(self, event: dict[str, Any]) -> None:
        status, logical = event["ResourceStatus"], event["LogicalResourceId"]
        kind, name = plain_kind(event["ResourceType"]), plain_name(event.get("PhysicalResourceId") or logical)
        reason = " ".join(event.get("ResourceStatusReason", "").split())
        if status.endswith("_IN_PROGRESS"):
            if logical not in self._begun:
                self._begun[logical] = event["Timestamp"]
                self._progress.event(Event("begun", kind, name))
            return
        begun = self._begun.pop(logical, None)
        seconds = (event["Timestamp"] - begun).total_seconds() if begun else None
        if status.endswith("_FAILED"):
            self._remember_failure(event, reason)
            self._progress.event(Event("failed", kind, name, seconds, reason))
        elif status in ENDED:
            self._progress.event(Event(ENDED[status], kind, name, seconds))

    def _remember_failure(self, event: dict[str, Any], reason: str) -> None:
        follows = any(words in reason.lower() for words in CONSEQUENCES)
        if self._first_failure is None and not follows:
            self._first_failure = event

    def _why(self, stack: Stack) -> str:
        failed = self._first_failure
        if failed is None:
            return f"{stack.name} is {stack.status}: {' '.join(stack.reason.split()) or 'no reason given'}"
        reason = " ".join(failed.get("ResourceStatusReason", "no reason given").split())
        name = plain_name(failed.get("PhysicalResourceId") or failed["LogicalResourceId"])
        return f"{stack.name}: {plain_kind(failed['ResourceType'])} {name} failed: {reason}; {_aftermath(stack.status)}"

    def _events(self, known: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Newest first, up to the first known one."""
        found: list[dict[str, Any]] = []
        for page in self._client.get_paginator("describe_stack_events").paginate(StackName=self._stack_id):
            for event in page["StackEvents"]:
                if known(event):
                    return found
                found.append(event)
        return found


def _aftermath(status: str) -> str:
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return "everything is as it was before"
    if status in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
        return "what had been created is gone again"
    return f"the stack is {status}"
