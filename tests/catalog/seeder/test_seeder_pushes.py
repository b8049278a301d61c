"""What the seeder leaves in two repositories of a real git host, and what it never touches."""

from __future__ import annotations

import re

import pytest

from service_catalog.seeder.function.properties import read
from tests.catalog.seeder.git_repositories import commit_of_somebody, files_of, git, refs
from tests.catalog.seeder.seeding import PROJECT_ID, SLUG, Surroundings, form, properties

NAMES = ("model-build", "model-deploy")
VERSION = "0.1.0"
HOSTS = {
    False: "https://git-codecommit.eu-central-1.amazonaws.com",
    True: "https://codeconnections.eu-central-1.amazonaws.com",
}
BRANCH = f"sagemaker-mlops/{VERSION}"


@pytest.mark.parametrize("connected", [False, True], ids=["codecommit", "connection"])
def test_empty_repositories_get_one_signed_off_commit_on_main(surroundings: Surroundings, connected: bool) -> None:
    repositories = surroundings.repositories(connected=connected)
    told = surroundings.seed("Create", properties(form(), connected))
    assert told["Status"] == "SUCCESS", told["Reason"]
    assert re.fullmatch(f"seed-{SLUG}-{PROJECT_ID}-[0-9a-f]{{8}}", told["PhysicalResourceId"])
    for name, output in zip(NAMES, ("Build", "Deploy"), strict=True):
        assert refs(repositories[name]) == {"refs/heads/main": told["Data"][f"{output}Commit"]}
        assert told["Data"][f"{output}Url"] == HOSTS[connected] + surroundings.url_path(name, connected=connected)
        message = git(repositories[name], "log", "--format=%B", "main")
        assert message.startswith(f"Stamp out {name} of {SLUG}\n")
        assert message.endswith(f"Template-Version: {VERSION}\nSigned-off-by: SageMaker MLOps <sagemaker-mlops>")
        assert git(repositories[name], "log", "--format=%as", "main") == "2018-12-12"
        git(repositories[name], "fsck", "--strict")


def test_a_second_create_changes_nothing(surroundings: Surroundings) -> None:
    repositories = surroundings.repositories()
    first = surroundings.seed("Create", properties(form()))
    before = {name: refs(repository) for name, repository in repositories.items()}
    assert surroundings.seed("Create", properties(form())) == first
    assert {name: refs(repository) for name, repository in repositories.items()} == before


def test_work_on_top_of_our_files_is_left_alone(surroundings: Surroundings) -> None:
    repositories = surroundings.repositories()
    first = surroundings.seed("Create", properties(form()))
    heads = {name: commit_of_somebody(repository, note="x") for name, repository in repositories.items()}
    assert surroundings.seed("Create", properties(form())) == first
    for name, repository in repositories.items():
        assert refs(repository) == {"refs/heads/main": heads[name]}


def test_commits_of_others_get_a_branch_beside_them_that_can_be_merged(surroundings: Surroundings) -> None:
    repositories = surroundings.repositories()
    theirs = commit_of_somebody(repositories["model-build"], **{"README.md": "theirs", "other.txt": "theirs"})
    told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "SUCCESS", told["Reason"]
    build = repositories["model-build"]
    found = refs(build)
    assert set(found) == {"refs/heads/main", f"refs/heads/{BRANCH}"} and found["refs/heads/main"] == theirs
    assert git(build, "log", "-1", "--format=%P", BRANCH).split() == [theirs, told["Data"]["BuildCommit"]]
    ours = files_of(build, told["Data"]["BuildCommit"])
    assert files_of(build, BRANCH) == {**files_of(build, "main"), **ours}
    git(build, "fsck", "--strict")
    assert set(refs(repositories["model-deploy"])) == {"refs/heads/main"}
    assert surroundings.seed("Create", properties(form())) == told
    assert refs(build) == found


def test_a_repository_without_main_gets_only_our_branch(surroundings: Surroundings) -> None:
    build = surroundings.repositories()["model-build"]
    theirs = commit_of_somebody(build, note="x")
    git(build, "branch", "--move", "main", "trunk")
    told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "SUCCESS", told["Reason"]
    assert set(refs(build)) == {"refs/heads/trunk", f"refs/heads/{BRANCH}"}
    assert refs(build)["refs/heads/trunk"] == theirs


def test_a_branch_of_somebody_under_our_name_is_a_clear_refusal(surroundings: Surroundings) -> None:
    build = surroundings.repositories()["model-build"]
    commit_of_somebody(build, note="x")
    git(build, "branch", BRANCH, "main")
    before = refs(build)
    told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "FAILED"
    assert f"its branch {BRANCH} is not of this project: delete that branch" in told["Reason"]
    assert refs(build) == before


def test_a_push_that_comes_between_look_and_push_is_seen(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service_catalog.seeder.function.pushing import Repository

    build = surroundings.repositories()["model-build"]
    push = Repository._push
    theirs: list[str] = []

    def late(self: Repository, decide: object, objects: object) -> None:
        def after_another(now: dict[bytes, bytes]) -> dict[bytes, bytes]:
            decided = decide(now)  # type: ignore[operator]
            if not theirs:
                theirs.append(commit_of_somebody(build, note="x"))
            return decided

        push(self, after_another, objects)  # type: ignore[arg-type]

    monkeypatch.setattr(Repository, "_push", late)
    told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "SUCCESS", told["Reason"]
    assert refs(build)["refs/heads/main"] == theirs[0]
    assert f"refs/heads/{BRANCH}" in refs(build)


def test_delete_asks_nobody_and_succeeds(surroundings: Surroundings) -> None:
    repositories = surroundings.repositories()
    made = surroundings.seed("Create", properties(form()))
    before, asked = (
        {name: refs(repository) for name, repository in repositories.items()},
        len(surroundings.git.requests),
    )
    told = surroundings.seed("Delete", properties(form()), PhysicalResourceId=made["PhysicalResourceId"])
    assert (told["Status"], told["PhysicalResourceId"]) == ("SUCCESS", made["PhysicalResourceId"])
    assert {name: refs(repository) for name, repository in repositories.items()} == before
    assert len(surroundings.git.requests) == asked


def test_delete_of_a_create_that_was_refused_succeeds(surroundings: Surroundings) -> None:
    refused = surroundings.seed("Create", {"nonsense": "1"})
    assert refused["Status"] == "FAILED"
    told = surroundings.seed("Delete", {"nonsense": "1"}, PhysicalResourceId=refused["PhysicalResourceId"])
    assert told["Status"] == "SUCCESS"


def test_another_version_touches_nothing_and_keeps_the_outputs(surroundings: Surroundings) -> None:
    repositories = surroundings.repositories()
    made = surroundings.seed("Create", properties(form()))
    heads = {name: commit_of_somebody(repository, note="x") for name, repository in repositories.items()}
    newer = {
        **properties(form()),
        "Answers": {**properties(form())["Answers"], "new_option": "x"},
        "TemplateVersion": "0.2.0",
        "Bundle": {"Key": f"bundles/0.2.0/{'a' * 64}.zip", "Sha256": "a" * 64},
    }
    told = surroundings.seed(
        "Update", newer, OldResourceProperties=properties(form()), PhysicalResourceId=made["PhysicalResourceId"]
    )
    assert told == made
    for name, repository in repositories.items():
        assert refs(repository) == {"refs/heads/main": heads[name]}


def test_outputs_stay_for_a_branch_beside_others_too(surroundings: Surroundings) -> None:
    commit_of_somebody(surroundings.repositories()["model-build"], note="x")
    made = surroundings.seed("Create", properties(form()))
    same = {"OldResourceProperties": properties(form()), "PhysicalResourceId": made["PhysicalResourceId"]}
    assert surroundings.seed("Update", properties(form()), **same) == made


@pytest.mark.parametrize("there", [False, True], ids=["gone", "empty"])
def test_an_update_survives_a_repository_that_is_gone_or_empty(surroundings: Surroundings, there: bool) -> None:
    if there:
        surroundings.repositories()
    told = surroundings.update(properties(form()), read(properties(form())).physical_id)
    assert (told["Status"], told["Data"]["BuildCommit"]) == ("SUCCESS", "")


def test_a_missing_repository_and_a_wrong_signature_are_told_apart_in_one_line(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = surroundings.seed("Create", properties(form()))
    assert "does the repository exist" in told["Reason"] and "\n" not in told["Reason"]
    surroundings.repositories()
    monkeypatch.setattr("tests.catalog.seeder.seeding.SECRET_KEY", "wrong")
    told = surroundings.seed("Create", properties(form()))
    assert (told["Status"] == "FAILED" and "401" in told["Reason"]) or "No valid credentials" in told["Reason"]
