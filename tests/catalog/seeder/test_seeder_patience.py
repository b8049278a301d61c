"""What a git host refuses for a moment doesn't roll a project back."""

from __future__ import annotations

import pytest
from dulwich.client import HttpGitClient, SendPackResult

from service_catalog.seeder.function import patience
from tests.catalog.seeder.git_repositories import commits
from tests.catalog.seeder.seeding import Surroundings, form, properties

WORKFLOWS = (
    "refusing to allow a GitHub App to create or update workflow `.github/workflows/a.yml` "
    "without `workflows` permission"
)


@pytest.mark.parametrize(
    ("status", "connected"),
    [*((status, False) for status in (401, 403, 404, 429, 500, 503)), *((status, True) for status in (429, 502, 503))],
)
def test_a_status_that_passes_is_waited_for(surroundings: Surroundings, status: int, connected: bool) -> None:
    repositories = surroundings.repositories(connected=connected)
    surroundings.git.refusing = status
    surroundings.clock.during = lambda: setattr(surroundings.git, "refusing", None)
    told = surroundings.seed("Create", properties(form(), connected))
    assert told["Status"] == "SUCCESS", told["Reason"]
    assert surroundings.clock.waits == [1.0]
    assert commits(repositories["model-build"]) == [told["Data"]["BuildCommit"]]


@pytest.mark.parametrize(("status", "connected"), [(400, False), *((status, True) for status in (400, 401, 403, 404))])
def test_a_status_that_stays_is_told_at_once(surroundings: Surroundings, status: int, connected: bool) -> None:
    surroundings.repositories(connected=connected)
    surroundings.git.refusing = status
    told = surroundings.seed("Create", properties(form(), connected))
    assert told["Status"] == "FAILED" and "refused the push" in told["Reason"]
    assert surroundings.clock.waits == []


def test_patience_ends_after_a_minute(surroundings: Surroundings) -> None:
    surroundings.repositories()
    surroundings.git.refusing = 503
    told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "FAILED" and "503" in told["Reason"]
    waits = surroundings.clock.waits
    assert patience.SECONDS - patience.LONGEST_PAUSE < sum(waits) <= patience.SECONDS
    assert waits == sorted(waits) and waits[:4] == [1, 2, 4, 8] and max(waits) == patience.LONGEST_PAUSE


def test_a_repository_that_comes_late_is_seeded(surroundings: Surroundings) -> None:
    def late() -> None:
        surroundings.repositories()

    surroundings.clock.during = late
    assert surroundings.seed("Create", properties(form()))["Status"] == "SUCCESS"


def test_a_host_that_cannot_be_reached_is_tried_again(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    surroundings.repositories()
    monkeypatch.setenv("GIT_ENDPOINT_CODECOMMIT", "http://127.0.0.1:1")
    there = surroundings.git.url
    surroundings.clock.during = lambda: monkeypatch.setattr(
        "service_catalog.seeder.function.pushing.HttpGitClient",
        lambda url, **more: HttpGitClient(url.replace("http://127.0.0.1:1/", f"{there}/"), **more),
    )
    surroundings.seed("Create", properties(form()))
    assert surroundings.clock.waits[0] == 1.0


def test_github_s_refusal_of_workflows_says_what_to_do(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    surroundings.repositories(connected=True)

    def refused(*_: object) -> SendPackResult:
        return SendPackResult({}, ref_status={b"refs/heads/main": WORKFLOWS})

    monkeypatch.setattr(HttpGitClient, "send_pack", refused)
    told = surroundings.seed("Create", properties(form(), connected=True))
    assert told["Status"] == "FAILED" and WORKFLOWS in told["Reason"]
    assert "permission Workflows" in told["Reason"] and "`sagemaker-mlops new`" in told["Reason"]
    assert surroundings.clock.waits == []


def test_a_rule_against_a_push_is_not_taken_for_workflows(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    surroundings.repositories(connected=True)
    said = "refused by a rule of the workflow team"
    monkeypatch.setattr(
        HttpGitClient, "send_pack", lambda *_: SendPackResult({}, ref_status={b"refs/heads/main": said})
    )
    told = surroundings.seed("Create", properties(form(), connected=True))
    assert "is a rule against it?" in told["Reason"]
