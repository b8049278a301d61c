"""Versions of a product: what is published, deprecated, retired and deleted, for every history and every account."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.settings import Versions
from service_catalog.publisher.versions import MOST, Artifact, Guidance, Step, Wanted, reconcile

GUIDANCE: tuple[Guidance, ...] = ("offered", "deprecated", "withdrawn")
SMALL = Versions(offered=1, active=3, kept=5)


def applied(steps: list[Step], actual: list[Artifact]) -> list[Artifact]:
    """What Service Catalog has after the steps; fails where it would refuse one."""
    now = list(actual)
    for step in steps:
        if step.action == "create":
            now.append(Artifact(f"new-{step.name}", step.name))
            assert len(now) <= MOST
            continue
        index = next(i for i, each in enumerate(now) if each.id == (step.id or f"new-{step.name}"))
        if step.action in ("delete", "remove"):
            assert not now[index].fixed
            del now[index]
            continue
        if step.action in ("offer", "deprecate"):
            now[index] = replace(now[index], deprecated=step.action == "deprecate")
        else:
            now[index] = replace(now[index], active=step.action == "activate")
    assert now
    return now


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Wanted], list[Artifact], Versions]:
    count = draw(st.integers(1, 130))
    history = [Wanted(f"1.0.{i}", draw(st.sampled_from(GUIDANCE))) for i in range(count)]
    names = [wanted.name for wanted in history] + [f"by-hand-{i}" for i in range(5)]
    chosen = draw(st.lists(st.sampled_from(names), max_size=MOST))
    available = st.sampled_from([True, True, True, False])
    artifacts = [
        Artifact(f"pa-{i}", name, *draw(st.tuples(st.booleans(), st.booleans(), st.booleans(), available)))
        for i, name in enumerate(chosen)
    ]
    kept = draw(st.integers(2, 99))
    active = draw(st.integers(1, kept))
    return history, artifacts, Versions(draw(st.integers(1, active)), active, kept)


@pytest.mark.slow
@given(situations())
def test_any_account_converges_and_nothing_in_use_is_deleted(
    situation: tuple[list[Wanted], list[Artifact], Versions],
) -> None:
    history, actual, limits = situation
    try:
        steps = reconcile(history, actual, limits)
    except PublishError:
        assert len(actual) == MOST
        return
    if not actual and not steps:
        assert history[-1].guidance == "withdrawn"
        return
    now = applied(steps, actual)
    assert reconcile(history, now, limits) == []
    known = {wanted.name for wanted in history}
    assert [each for each in now if each.name not in known] == [each for each in actual if each.name not in known]
    assert [each.id for each in actual if each.fixed] == [each.id for each in now if each.fixed]
    ours = [each for each in now if each.name in known and each.available]
    usable = {each.name for each in ours if each.active}
    launchable = {each.name for each in ours if each.active and not each.deprecated}
    assert len(usable) <= limits.active and len(launchable) <= limits.offered
    if history[-1].guidance == "offered":
        assert history[-1].name in launchable


def test_hundreds_of_releases_one_after_the_other_never_need_more_than_are_kept() -> None:
    actual: list[Artifact] = []
    history: list[Wanted] = []
    for number in range(250):
        history.append(Wanted(f"1.{number}.0"))
        actual = applied(reconcile(history, actual, Versions()), actual)
        actual = [replace(each, fixed=each.name == "1.0.0") for each in actual]
        assert len(actual) <= 90
    assert [each.name for each in actual if not each.deprecated] == ["1.249.0"]
    assert len([each for each in actual if each.active]) == 20
    assert actual[0].name == "1.0.0"


def test_a_new_version_is_offered_and_the_one_before_deprecated() -> None:
    steps = reconcile([Wanted("1.0.0"), Wanted("1.1.0")], [Artifact("pa-1", "1.0.0")], SMALL)
    assert steps == [Step("create", "1.1.0"), Step("deprecate", "1.0.0", "pa-1")]


def test_a_refused_version_is_made_again_before_the_good_one_is_deprecated() -> None:
    actual = [Artifact("pa-1", "1.0.0", fixed=True), Artifact("pa-2", "1.1.0", available=False)]
    assert reconcile([Wanted("1.0.0"), Wanted("1.1.0")], actual, SMALL) == [
        Step("remove", "1.1.0", "pa-2"),
        Step("create", "1.1.0"),
        Step("deprecate", "1.0.0", "pa-1"),
    ]


def test_a_refused_version_that_was_given_up_goes_and_the_good_one_stays_offered() -> None:
    actual = [Artifact("pa-1", "1.0.0", fixed=True), Artifact("pa-2", "1.1.0", available=False)]
    history = [Wanted("1.0.0"), Wanted("1.1.0", "withdrawn")]
    assert reconcile(history, actual, SMALL) == [Step("remove", "1.1.0", "pa-2")]


def test_the_only_version_of_a_product_goes_after_its_successor_is_made() -> None:
    actual = [Artifact("pa-1", "1.0.0", available=False)]
    assert reconcile([Wanted("1.0.0")], actual, SMALL) == [Step("create", "1.0.0"), Step("remove", "1.0.0", "pa-1")]


def test_withdrawing_the_newest_offers_the_one_before_again() -> None:
    history = [Wanted("1.0.0"), Wanted("1.1.0", "withdrawn")]
    actual = [Artifact("pa-1", "1.0.0", deprecated=True), Artifact("pa-2", "1.1.0")]
    assert reconcile(history, actual, SMALL) == [
        Step("offer", "1.0.0", "pa-1"),
        Step("deprecate", "1.1.0", "pa-2"),
        Step("retire", "1.1.0", "pa-2"),
    ]


def test_a_full_product_whose_versions_are_all_in_use_is_told_in_one_line() -> None:
    history = [Wanted(f"1.{i}.0") for i in range(101)]
    actual = [Artifact(f"pa-{i}", f"1.{i}.0", fixed=True) for i in range(100)]
    with pytest.raises(PublishError, match="100 versions exist, 100 is the most, and none may be deleted; update or"):
        reconcile(history, actual, Versions())
