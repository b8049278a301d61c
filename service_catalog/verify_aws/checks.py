"""What a check is: one function whose docstring says the claim and its source."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from service_catalog.verify_aws.account import Account

MODULES = (
    "git_checks", "stack_checks", "event_checks", "project_checks", "s3_checks", "life_checks", "rollout_checks",
    "end_checks",
)  # fmt: skip
Run = Callable[[Account], str]


class RefutedError(Exception):
    """AWS does something else than the claim says; the message is the evidence."""


class NotTriedError(Exception):
    """Something that the check needs is missing; the message says what."""


@dataclass(frozen=True)
class Check:
    """One claim and how it is tried.

    Attributes:
        creates: what it makes in the account, in words; empty for nothing.
        usd: what a run costs at most, roughly, in US dollars.
        run: returns the evidence; raises RefutedError or NotTriedError.
    """

    name: str
    claim: str
    source: str
    creates: str
    usd: float
    run: Run


_FOUND: dict[str, Check] = {}


def check(creates: str = "", usd: float = 0.0) -> Callable[[Run], Run]:
    """Registers a function as a check; its docstring is the claim, a line `Source: ...` says who claims it."""

    def register(run: Run) -> Run:
        claim, _, source = inspect.cleandoc(run.__doc__ or "").partition("Source:")
        if not claim.strip() or not source.strip():
            raise ValueError(f"{run.__name__}: its docstring has to say the claim and `Source:`")
        words = " ".join(claim.split()), " ".join(source.split())
        _FOUND[run.__name__] = Check(run.__name__, *words, creates, usd, run)
        return run

    return register


def every_check() -> list[Check]:
    """All checks, in the order in which they are run: later ones use what earlier ones made."""
    for module in MODULES:
        import_module(f"service_catalog.verify_aws.{module}")
    return sorted(_FOUND.values(), key=lambda each: MODULES.index(each.run.__module__.rpartition(".")[2]))
