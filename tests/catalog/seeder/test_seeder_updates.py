"""No update leaves a stack that is stuck: what is refused can be rolled back, from whatever properties."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest

from service_catalog.seeder.function import handler, pushing
from service_catalog.seeder.function.answering import ending_after
from service_catalog.seeder.function.commits import ANSWERS, IDENTITY, TRAILER
from service_catalog.seeder.function.properties import Connected, read
from service_catalog.seeder.function.refusals import OutOfTimeError
from tests.catalog.seeder.git_repositories import commit_of_somebody, git, refs
from tests.catalog.seeder.seeding import CONNECTION_ARN, Surroundings, form, properties


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"Answers": properties(form(owner="others"))["Answers"]}, "owner changed, but answers decide the files"),
        ({"ProjectId": "p-2"}, "the project's id or repositories changed"),
        ({"Repositories": properties(form(), connected=True)["Repositories"]}, "the project's id or repositories"),
        (
            {
                "Repositories": {
                    name: {"CodeCommit": "", "ConnectionArn": CONNECTION_ARN, "Path": "../x"}
                    for name in ("model-build", "model-deploy")
                }
            },
            "Repositories.model-build.Path",
        ),
        ({"ProjectId": "-"}, "ProjectId"),
        ({"Answers": "x"}, "Answers"),
    ],
    ids=["answer", "id", "repository", "bad-path", "bad-id", "bad-answers"],
)
@pytest.mark.parametrize("gone", [False, True], ids=["there", "gone"])
def test_what_is_refused_is_one_line_and_its_rollback_succeeds(
    surroundings: Surroundings, changed: dict[str, object], line: str, gone: bool
) -> None:
    repositories = surroundings.repositories()
    made = surroundings.seed("Create", properties(form()))
    seeded, wished = properties(form()), {**properties(form()), **changed}
    physical_id = made["PhysicalResourceId"]
    told = surroundings.update(wished, physical_id, before=seeded)
    assert (told["Status"], told["PhysicalResourceId"]) == ("FAILED", physical_id)
    assert line in told["Reason"] and "\n" not in told["Reason"]
    if gone:
        for repository in repositories.values():
            repository.rename(repository.with_suffix(".gone"))
    rolled_back = surroundings.update(seeded, physical_id, before=wished)
    assert rolled_back["Status"] == "SUCCESS", rolled_back["Reason"]
    assert gone or rolled_back == made


def test_properties_of_a_newer_template_are_left_alone(
    surroundings: Surroundings, caplog: pytest.LogCaptureFixture
) -> None:
    surroundings.repositories()
    newer = {**properties(form()), "Later": "x"}
    newer["Repositories"]["model-build"]["Branch"] = "x"
    made = surroundings.seed("Create", newer)
    assert made["Status"] == "SUCCESS", made["Reason"]
    assert "'Later'" in caplog.text and "'Branch'" in caplog.text
    assert surroundings.update(properties(form()), made["PhysicalResourceId"], before=newer) == made


def test_the_physical_id_changes_with_each_place_and_with_nothing_else() -> None:
    def id_of(connected: bool = True, **more: object) -> str:
        return read({**properties(form(), connected), **more}).physical_id

    def at(arn: str, path: str) -> dict[str, Any]:
        given = properties(form(), connected=True)["Repositories"]
        return given | {"model-deploy": {"CodeCommit": "", "ConnectionArn": arn, "Path": path}}

    usual = Connected(CONNECTION_ARN, "team/census-income-model-deploy")
    assert id_of(Repositories=at(usual.connection_arn, usual.path)) == id_of()
    renamed = CONNECTION_ARN.replace("codeconnections", "codestar-connections")
    assert id_of(Repositories=at(renamed, f"{usual.path}.git")) == id_of()
    others = [at(CONNECTION_ARN, "team/other"), at(CONNECTION_ARN.replace("4444-", "5555-"), usual.path)]
    others.append(at(CONNECTION_ARN[:-1] + "0", usual.path))
    ids = {id_of(), id_of(connected=False), id_of(ProjectId="p-2"), *(id_of(Repositories=each) for each in others[::2])}
    assert len(ids) == 5


def test_a_project_beside_another_one_s_files_goes_by_its_own(surroundings: Surroundings) -> None:
    build = surroundings.repositories()["model-build"]
    surroundings.seed("Create", properties(form()))
    newer = properties(form(owner="others"))
    made = surroundings.seed("Create", newer)
    assert len(refs(build)) == 2
    assert surroundings.update(newer, made["PhysicalResourceId"]) == made
    git(build, "update-ref", "refs/heads/main", "refs/heads/sagemaker-mlops/0.1.0")
    assert surroundings.update(newer, made["PhysicalResourceId"]) == made


def test_a_first_commit_without_answers_says_nothing_against_an_update(surroundings: Surroundings) -> None:
    build = surroundings.repositories()["model-build"]
    commit_of_somebody(build, note="x")
    who = IDENTITY.decode()
    name, address = who.split(" <")[0], who.split("<")[1].rstrip(">")
    for record in ("", f"{ANSWERS}{{", f"{ANSWERS}[1]"):
        identity = ["-c", f"user.name={name}", "-c", f"user.email={address}"]
        tree = git(build, "rev-parse", "main^{tree}")
        raw = f"tree {tree}\nauthor {who} 1 +0000\ncommitter {who} 1 +0000\n\nx\n\n{record}\n{TRAILER}0.0.1\n"
        written = build.with_suffix(".commit")
        written.write_text(raw, encoding="utf-8")
        git(
            build,
            *identity,
            "update-ref",
            "refs/heads/main",
            git(build, "hash-object", "-t", "commit", "-w", str(written)),
        )
        told = surroundings.update(properties(form()), read(properties(form())).physical_id)
        assert told["Status"] == "SUCCESS", told["Reason"]
        assert told["Data"]["BuildCommit"] == refs(build)["refs/heads/main"]


@pytest.mark.parametrize("error", [OSError, KeyError, UnicodeDecodeError, OutOfTimeError])
def test_no_error_of_a_host_stops_an_update(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def broken(*_: object) -> None:
        raise error("utf-8", b"x", 0, 1, "x") if error is UnicodeDecodeError else error

    monkeypatch.setattr(pushing.Repository, "first_commits", broken)
    told = surroundings.update(properties(form()), read(properties(form())).physical_id)
    assert (told["Status"], told["Data"]["BuildCommit"]) == ("SUCCESS", "")


def test_a_host_that_never_answers_is_unknown_after_a_while(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "SECONDS_TO_LOOK", 0.05)
    monkeypatch.setattr(pushing.Repository, "first_commits", lambda _: time.sleep(60))
    told = surroundings.update(properties(form()), read(properties(form())).physical_id)
    assert (told["Status"], told["Data"]["BuildCommit"]) == ("SUCCESS", "")


def test_an_inner_budget_leaves_the_outer_one_running() -> None:
    def inner() -> None:
        with suppress(OutOfTimeError), ending_after(0.05):
            time.sleep(60)
        time.sleep(60)

    with pytest.raises(OutOfTimeError), ending_after(0.2):
        inner()


def test_an_inner_budget_is_no_longer_than_the_outer_one() -> None:
    with pytest.raises(OutOfTimeError), ending_after(0.05), ending_after(60):
        time.sleep(60)
