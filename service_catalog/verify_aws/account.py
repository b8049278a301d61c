"""The account that is tried: its clients, what was made there, and how to wait."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from service_catalog.verify_aws.removing import Removal, is_missing

Clients = Callable[[str], Any]


class TooLongError(Exception):
    """Something has not come to its end in time."""


@dataclass(frozen=True)
class Options:
    """What the account's owner gives; empty leaves the checks out that need it."""

    connection_arn: str = ""
    repository: str = ""
    product: str = "SageMaker MLOps project (CodePipeline)"
    template_url: str = ""
    template_role_arn: str = ""
    subnet_ids: str = ""
    security_group_ids: str = ""
    execution_role_arn: str = ""


@dataclass
class Account:
    """Everything that checks may touch. What they make begins with `prefix`.

    `leftovers` are, by project, type and id of what its stack retains.
    """

    clients: Clients
    options: Options = field(default_factory=Options)
    say: Callable[[str], None] = print
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    keep: bool = False
    prefix: str = field(default_factory=lambda: f"verify-{secrets.token_hex(3)}")
    facts: dict[str, str] = field(default_factory=dict)
    leftovers: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _known: dict[str, Any] = field(default_factory=dict)
    _undo: list[tuple[str, Removal]] = field(default_factory=list)

    def client(self, service: str) -> Any:
        if service not in self._known:
            self._known[service] = self.clients(service)
        return self._known[service]

    def identity(self) -> dict[str, str]:
        """Account, Arn and Region."""
        found = self.client("sts").get_caller_identity()
        return {"Account": found["Account"], "Arn": found["Arn"], "Region": self.client("sts").meta.region_name}

    def afterwards(self, what: str, undo: Removal) -> None:
        """To be called before `what` is made, so that what is half made goes too. The last one is undone first."""
        self._undo.append((what, undo))

    def clean_up(self) -> list[str]:
        """Takes back all that was made; returns what could not be, one line each. A second Ctrl-C ends it."""
        left = []
        while self._undo:
            what, undo = self._undo.pop()
            try:
                undo()
                self.say(f"  removed {what}")
            except Exception as error:
                if not is_missing(error):
                    left.append(f"{what}: {error or type(error).__name__}")
            except KeyboardInterrupt:
                left += [f"{each}: interrupted" for each in (what, *self.remaining())]
                self._undo.clear()
        return left

    def wait(self, what: str, done: Callable[[], Any], minutes: float, every_seconds: float = 15) -> Any:
        """The first true answer of `done`; raises TooLongError."""
        end = self.clock() + 60 * minutes
        while not (answer := done()):
            if self.clock() >= end:
                raise TooLongError(f"{what}: not within {minutes:g} minutes")
            self.sleep(every_seconds)
        return answer

    def remaining(self) -> list[str]:
        """What clean_up would take back."""
        return [what for what, _ in reversed(self._undo)]
