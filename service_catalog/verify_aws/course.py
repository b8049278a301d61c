"""Runs checks one after the other and always cleans up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service_catalog.verify_aws.account import Account
from service_catalog.verify_aws.checks import Check, NotTriedError, RefutedError

HOLDS, REFUTED, NOT_TRIED, UNDECIDED = "holds", "**refuted**", "not tried", "undecided"


@dataclass(frozen=True)
class Result:
    check: Check
    outcome: str
    evidence: str


@dataclass(frozen=True)
class Course:
    results: list[Result]
    left: list[str]

    @property
    def all_hold(self) -> bool:
        return all(result.outcome in (HOLDS, NOT_TRIED) for result in self.results)


def run(checks: Sequence[Check], account: Account) -> Course:
    """Every check gets its turn, also after one has failed; Ctrl-C ends the course, and cleans up too."""
    results: list[Result] = []
    left: list[str] = []
    try:
        for check in checks:
            account.say(f"{check.name}: {check.claim}")
            results.append(_result(check, account))
            account.say(f"  {results[-1].outcome}: {results[-1].evidence}")
    except KeyboardInterrupt:
        tried = {result.check.name for result in results}
        results += [Result(check, NOT_TRIED, "interrupted") for check in checks if check.name not in tried]
    finally:
        left = [f"{what}: kept (--keep)" for what in account.remaining()] if account.keep else account.clean_up()
    return Course(results, left)


def _result(check: Check, account: Account) -> Result:
    try:
        return Result(check, HOLDS, check.run(account))
    except RefutedError as error:
        return Result(check, REFUTED, str(error))
    except NotTriedError as error:
        return Result(check, NOT_TRIED, str(error))
    except Exception as error:
        return Result(check, UNDECIDED, f"{type(error).__name__}: {error}")
