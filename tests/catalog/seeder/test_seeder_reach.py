"""A connection's tag limits the repositories that it is used for."""

from __future__ import annotations

import pytest

from service_catalog.seeder.function.reach import TAG, is_within
from tests.catalog.seeder.git_repositories import refs
from tests.catalog.seeder.seeding import CONNECTION_ARN, Surroundings, form, properties


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("team/x", "team/*"),
        ("team/x", "team"),
        ("team/x", "team/"),
        ("Team/X", "tEAM"),
        ("team/sub/x", "team"),
        ("team/x", "other team/x"),
        ("team/ml-x", "other/* team/ml-*"),
    ],
)
def test_paths_within_the_tag_are_allowed(path: str, limit: str) -> None:
    assert is_within(path, limit)


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("team2/x", "team"),
        ("team2/x", "team/*"),
        ("team/xy", "team/x"),
        ("a/team/x", "team"),
        ("team/x", ""),
        ("a/b", "/"),
    ],
)
def test_others_are_not(path: str, limit: str) -> None:
    assert not is_within(path, limit)


@pytest.mark.parametrize("limit", ["others", "", "team/census-income-model-build"])
def test_a_repository_beyond_the_tag_is_refused_before_anything_is_pushed(
    surroundings: Surroundings, limit: str
) -> None:
    repositories = surroundings.repositories(connected=True)
    surroundings.connections.tags[TAG] = limit
    told = surroundings.seed("Create", properties(form(), connected=True))
    assert told["Status"] == "FAILED" and f"tag {TAG} allows only" in told["Reason"]
    assert surroundings.git.requests == []
    assert [refs(each) for each in repositories.values()] == [{}, {}]


@pytest.mark.parametrize("tags", [{TAG: "team"}, {}], ids=["within", "without"])
def test_a_repository_within_it_and_any_without_the_tag_is_seeded(
    surroundings: Surroundings, tags: dict[str, str]
) -> None:
    surroundings.repositories(connected=True)
    surroundings.connections.tags.update(tags)
    assert surroundings.seed("Create", properties(form(), connected=True))["Status"] == "SUCCESS"
    assert surroundings.connections.asked == [CONNECTION_ARN]


def test_tags_that_cannot_be_read_allow_nothing(surroundings: Surroundings) -> None:
    surroundings.repositories(connected=True)
    surroundings.connections.error = "AccessDeniedException"
    told = surroundings.seed("Create", properties(form(), connected=True))
    assert told["Status"] == "FAILED" and "can't be read (AccessDeniedException)" in told["Reason"]
    assert surroundings.git.requests == []


def test_codecommit_asks_no_connection(surroundings: Surroundings) -> None:
    surroundings.repositories()
    assert surroundings.seed("Create", properties(form()))["Status"] == "SUCCESS"
    assert surroundings.connections.asked == []
