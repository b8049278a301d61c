"""publish.toml: what is accepted, and the one line that is told for anything else."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_catalog.publisher.committed import committed
from service_catalog.publisher.errors import SettingsError
from service_catalog.publisher.rules import rules_of
from service_catalog.publisher.settings import EXAMPLE, load_settings, parse_settings

FOUND = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
Change = Callable[[dict[str, Any]], object]


def test_the_example_is_accepted_and_shares_with_nobody() -> None:
    settings = load_settings(EXAMPLE)
    assert settings.tag_options == {} and settings.studio.domains == ()
    assert settings.seeder.reserved_concurrency == 0
    assert committed("seeder").body["Parameters"]["ReservedConcurrency"]["Default"] == 0
    assert settings.organisation.id == "" and not settings.organisation.launch_units
    assert [portfolio.share_with for portfolio in settings.portfolios] == [()]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda found: found.pop("studio"), "studio: is missing"),
        (lambda found: found.update(extra=1), "extra: is no setting; expected organisation, seeder, studio, versions"),
        (lambda found: found["organisation"].update(id="ou-1"), "organisation.id: 'ou-1' must be an organisation's id"),
        (lambda found: found["organisation"].update(id="o-0123456789\n"), "must be an organisation's id"),
        (
            lambda found: found["organisation"].update(launch_units=["ou-abcd-12345678"]),
            "organisation.launch_units: organisational units need the organisation's `id` too",
        ),
        (
            lambda found: found["organisation"].update(delegated_admin="no"),
            "delegated_admin: 'no' must be true or false",
        ),
        (lambda found: found["seeder"].update(reserved_concurrency=51), "must be a whole number from 0 to 50"),
        (lambda found: found["versions"].update(kept=100), "versions.kept: 100 must be a whole number from 2 to 99"),
        (lambda found: found["versions"].update(active=True), "versions.active: True must be a whole number"),
        (lambda found: found["versions"].update(offered=30), "30, 20, 90: offered <= active <= kept must hold"),
        (lambda found: found["versions"].update(pinned=["latest"]), "'latest' must be a version, such as 1.2.3"),
        (lambda found: found["tag_options"].update({"a b": ["c"]}), "tag_options.a b: must be up to 128 letters"),
        (lambda found: found.update(portfolios=[]), "portfolios: must be at least one table"),
        (lambda found: found["portfolios"].append(found["portfolios"][0]), "'SageMaker MLOps' is there twice"),
        (
            lambda found: found["portfolios"][0].update(principals=["arn:aws:iam::*:role/x"]),
            "portfolios[0].principals: 'arn:aws:iam::*:role/x' must be the ARN of a role, user or group, or",
        ),
        (lambda found: found["portfolios"][0].update(flavours=["jenkins"]), "'jenkins' must be one of codepipeline"),
        (
            lambda found: found["portfolios"][0]["allowed"].update(Instance=["x"]),
            "Instance: is no parameter to constrain",
        ),
        (lambda found: found["portfolios"][0]["allowed"].update(Ci=["github"]), "Ci: is no parameter to constrain"),
        (lambda found: found["portfolios"][0]["allowed"].update(Inference=["fast"]), "'fast' must be one of realtime"),
        (lambda found: found["portfolios"][0]["allowed"].update(MonthlyBudgetUsd=["0"]), "'0' must be a number of dol"),
        (lambda found: found["portfolios"][0]["allowed"].update(StagingAccountId=[]), "must allow at least one value"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(change: Change, told: str) -> None:
    found = copy.deepcopy(FOUND)
    change(found)
    with pytest.raises(SettingsError, match=re.escape(told)) as caught:
        parse_settings(found)
    assert str(caught.value).startswith("publish.toml: ") and "\n" not in str(caught.value)


def test_an_absent_file_tells_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"publish\.toml is absent; copy publish\.example\.toml"):
        load_settings(tmp_path / "publish.toml")


def test_no_toml_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "publish.toml"
    path.write_text("organisation = [")
    with pytest.raises(SettingsError, match="expected TOML in UTF-8") as caught:
        load_settings(path)
    assert "\n" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["organisation", "studio", "versions", "tag_options", "portfolios"]), JSON)
def test_any_other_value_is_refused_with_a_line_or_taken(place: str, value: object) -> None:
    assert len(_refusal({**FOUND, place: value}).splitlines()) <= 1


def _refusal(found: dict[str, Any]) -> str:
    try:
        parse_settings(found)
    except SettingsError as error:
        return str(error)
    return ""


def test_rules_name_only_parameters_that_a_template_has() -> None:
    allowed = {"GitLabHost": ("gitlab.example.org",), "Inference": ("batch", "serverless")}
    assert [*json.loads(rules_of(allowed, "gitlab"))] == ["GitLabHostIsAllowed", "InferenceIsAllowed"]
    assert json.loads(rules_of(allowed, "github")) == {
        "InferenceIsAllowed": {
            "Assertions": [
                {
                    "Assert": {"Fn::Contains": [["batch", "serverless"], {"Ref": "Inference"}]},
                    "AssertDescription": "Inference must be one of batch, serverless",
                }
            ]
        }
    }
    assert rules_of({"GitLabHost": ("gitlab.example.org",)}, "github") == ""
