"""Killed before or after any call it makes, and called again, the seeder ends where it would have ended."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.catalog.seeder.git_repositories import commit_of_somebody, commits, refs
from tests.catalog.seeder.seeding import S3, Killed, Surroundings, form, properties

Outside = Callable[..., Any]
CALLS_BESIDE_OTHERS = 12


class Fault:
    """Counts calls to the outside, in their order, and kills at one of them, before or after it took place."""

    def __init__(self, at: int | None, after: bool, by: type[BaseException] = Killed) -> None:
        self.at, self.after, self.by, self.calls = at, after, by, 0

    def around(self, call: Outside) -> Outside:
        def faulty(*arguments: Any, **more: Any) -> Any:
            number, self.calls = self.calls, self.calls + 1
            if number == self.at and not self.after:
                raise self.by
            done = call(*arguments, **more)
            if number == self.at:
                raise self.by
            return done

        return faulty


@contextmanager
def faults(fault: Fault) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3, "get_object", fault.around(S3.get_object))
        patch.setattr(urllib3.HTTPConnectionPool, "urlopen", fault.around(urllib3.HTTPConnectionPool.urlopen))
        yield


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """Calling it empties the temporary folder, as in a function that starts."""
    numbers = itertools.count()

    def emptied() -> None:
        folder = tmp_path / f"temporary-{next(numbers)}"
        folder.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(folder))

    return emptied


def test_the_calls_that_faults_are_put_into_are_all_there_are(
    surroundings: Surroundings, cold: Callable[[], None]
) -> None:
    surroundings.repositories()
    cold()
    fault = Fault(None, after=False)
    with faults(fault):
        surroundings.seed("Create", properties(form()))
    assert fault.calls == len(surroundings.git.requests) + len(surroundings.s3.calls) + 1 == 6


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(6), ids=["s3", "look-1", "push-1", "look-2", "push-2", "answer"])
def test_killed_anywhere_and_called_again_it_converges(
    surroundings: Surroundings, cold: Callable[[], None], at: int, after: bool
) -> None:
    repositories = surroundings.repositories()
    cold()
    with faults(Fault(at, after)), pytest.raises(Killed):
        surroundings.seed("Create", properties(form()))
    cold()
    told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "SUCCESS", told["Reason"]
    assert commits(repositories["model-build"]) == [told["Data"]["BuildCommit"]]
    assert commits(repositories["model-deploy"]) == [told["Data"]["DeployCommit"]]
    assert all(set(refs(repository)) == {"refs/heads/main"} for repository in repositories.values())
    assert all(answer == told for answer in surroundings.stacks.answers)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(6), ids=["s3", "look-1", "push-1", "look-2", "push-2", "answer"])
def test_a_lost_connection_is_answered_or_passed_and_the_next_try_converges(
    surroundings: Surroundings, cold: Callable[[], None], at: int, after: bool
) -> None:
    """An error instead of a death: CloudFormation hears of it, rolls back with Delete, and a person tries again."""
    repositories = surroundings.repositories()
    cold()
    with faults(Fault(at, after, by=ConnectionResetError)):
        try:
            surroundings.seed("Create", properties(form()))
        except ConnectionResetError:
            assert at == 5
    failed = [answer for answer in surroundings.stacks.answers if answer["Status"] == "FAILED"]
    assert len(failed) == (at < 5) and all("\n" not in answer["Reason"] for answer in failed)
    assert surroundings.seed("Delete", properties(form()))["Status"] == "SUCCESS"
    cold()
    told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "SUCCESS", told["Reason"]
    for name, repository in repositories.items():
        assert commits(repository) == [told["Data"]["BuildCommit" if name == "model-build" else "DeployCommit"]]


@pytest.mark.slow
def test_killed_again_and_again_it_still_converges(surroundings: Surroundings, cold: Callable[[], None]) -> None:
    repositories = surroundings.repositories()
    for at in (0, 1, 2, 2, 3, 3):  # what was pushed once is not pushed again
        cold()
        with faults(Fault(at, after=True)), pytest.raises(Killed):
            surroundings.seed("Create", properties(form()))
    told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "SUCCESS", told["Reason"]
    assert [len(commits(repository)) for repository in repositories.values()] == [1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, CALLS_BESIDE_OTHERS))
def test_beside_commits_of_others_it_converges_too(
    surroundings: Surroundings, cold: Callable[[], None], at: int, after: bool
) -> None:
    build = surroundings.repositories()["model-build"]
    theirs = commit_of_somebody(build, note="x")
    cold()
    with faults(Fault(at, after)), pytest.raises(Killed):
        surroundings.seed("Create", properties(form()))
    cold()
    fault = Fault(None, after=False)
    with faults(fault):
        told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "SUCCESS", told["Reason"]
    assert fault.calls <= CALLS_BESIDE_OTHERS
    assert refs(build)["refs/heads/main"] == theirs
    assert set(refs(build)) == {"refs/heads/main", "refs/heads/sagemaker-mlops/0.1.0"}
    assert len(commits(build)) == 3
