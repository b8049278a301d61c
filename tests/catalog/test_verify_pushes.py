"""What checks make of pushes; requests and answers are held against botocore's models."""

from __future__ import annotations

import pytest

from service_catalog.verify_aws import git_checks
from service_catalog.verify_aws.checks import RefutedError
from tests.catalog.scripted_aws import error
from tests.catalog.verify_scripts import scripted


def test_a_push_that_arrives_elsewhere_refutes_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_checks, "push", lambda *_: "a" * 40)
    account, aws = scripted(
        {
            "codecommit.CreateRepository": {"repositoryMetadata": {}},
            "codecommit.GetBranch": {"branch": {"branchName": "main", "commitId": "b" * 40}},
            "codecommit.DeleteRepository": {},
        }
    )
    with pytest.raises(RefutedError, match="but main is at"):
        git_checks.codecommit_push_by_sigv4(account)
    assert account.clean_up() == []
    assert aws.asked("codecommit.DeleteRepository") == [{"repositoryName": "verify-1-push"}]


def test_what_was_never_made_needs_no_removing() -> None:
    account, _ = scripted(
        {
            "codecommit.CreateRepository": error("CreateRepository", "AccessDeniedException"),
            "codecommit.DeleteRepository": error("DeleteRepository", "RepositoryDoesNotExistException"),
        }
    )
    with pytest.raises(Exception, match="AccessDenied"):
        git_checks.codecommit_push_by_sigv4(account)
    assert account.clean_up() == []
