"""Bindings: where they come from, in which order, and what a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_deploy.bindings import RULES, load_bindings
from model_deploy.errors import BindingsError
from tests.stages import BINDINGS, bindings_of, settings_of

SETTINGS = settings_of("realtime")


def environment(**changes: str) -> dict[str, str]:
    return {f"MLOPS_{name.upper()}": value for name, value in BINDINGS.items() if name not in changes} | {
        name: value for name, value in changes.items() if name.startswith("MLOPS_")
    }


def nothing_in_ssm(region: str, names: list[str]) -> dict[str, str]:
    return {}


def test_the_stages_own_variable_comes_before_the_common_one(tmp_path: Path) -> None:
    given_both = environment() | {"MLOPS_PRODUCTION_ARTIFACT_BUCKET": "of-production"}
    assert (
        load_bindings(SETTINGS, "production", tmp_path, given_both, nothing_in_ssm).artifact_bucket == "of-production"
    )
    assert (
        load_bindings(SETTINGS, "staging", tmp_path, given_both, nothing_in_ssm).artifact_bucket == "training-artifacts"
    )


def test_the_local_file_has_a_table_for_each_stage_and_gives_way_to_the_environment(tmp_path: Path) -> None:
    (tmp_path / "bindings.local.toml").write_text(
        'artifact_bucket = "common"\nnotification_email = "a@b.example"\n[staging]\nartifact_bucket = "own"\n'
        'subnet_ids = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]\n',
        encoding="utf-8",
    )
    without = {k: v for k, v in environment().items() if k not in ("MLOPS_ARTIFACT_BUCKET", "MLOPS_SUBNET_IDS")}
    found = load_bindings(SETTINGS, "staging", tmp_path, without, nothing_in_ssm)
    assert found.artifact_bucket == "own" and found.subnet_ids == ("subnet-0a1b2c3d", "subnet-4e5f6a7b")
    assert found.notification_email == ""  # the environment says that there is none


def test_ssm_is_asked_for_the_rest_and_the_stages_own_parameter_wins(tmp_path: Path) -> None:
    asked: list[str] = []

    def ssm(region: str, names: list[str]) -> dict[str, str]:
        asked.extend(names)
        return {
            "/census-income/bindings/artifact_bucket": "common",
            "/census-income/bindings/staging/artifact_bucket": "own",
        }

    without = {key: value for key, value in environment().items() if key != "MLOPS_ARTIFACT_BUCKET"}
    assert load_bindings(SETTINGS, "staging", tmp_path, without, ssm).artifact_bucket == "own"
    assert asked == ["/census-income/bindings/artifact_bucket", "/census-income/bindings/staging/artifact_bucket"]


def test_region_registry_and_project_name_have_a_fallback(tmp_path: Path) -> None:
    absent = ("MLOPS_REGION", "MLOPS_REGISTRY_ACCOUNT_ID", "MLOPS_PROJECT_NAME")
    without = {key: value for key, value in environment().items() if key not in absent} | {"AWS_REGION": "eu-west-1"}
    found = load_bindings(SETTINGS, "staging", tmp_path, without, nothing_in_ssm)
    assert (found.region, found.registry_account_id) == ("eu-west-1", found.account_id)
    assert found.project_name == "census-income"


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if not rule.optional and name in BINDINGS])
def test_a_missing_binding_says_how_to_give_it(name: str, tmp_path: Path) -> None:
    empty = environment() | {f"MLOPS_{name.upper()}": ""}
    if name == "region":
        return
    with pytest.raises(BindingsError) as caught:
        load_bindings(SETTINGS, "staging", tmp_path, empty, nothing_in_ssm)
    assert f"MLOPS_STAGING_{name.upper()}" in str(caught.value)
    assert f"/census-income/bindings/staging/{name}" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"subnet_ids": ""}, "go together; only one of them is given"),
        ({"kms_key_arn": BINDINGS["kms_key_arn"].replace("eu-west-1", "us-east-1")}, "is not in region eu-west-1"),
        (
            {"kms_key_arn": BINDINGS["kms_key_arn"].replace("1111", "9999")},
            "is not in account 111122223333, the stage's",
        ),
        ({"artifact_bucket": "Not_A_Bucket"}, "expected the form my-artifacts"),
        ({"deploy_role_arn": "admin"}, "expected the form arn:aws:iam::444455556666:role/<name>"),
    ],
)
def test_contradictions_are_named(changes: dict[str, str], told: str) -> None:
    with pytest.raises(BindingsError) as caught:
        bindings_of(SETTINGS, **changes)
    assert told in str(caught.value)


def test_terraform_needs_a_place_for_its_state() -> None:
    with pytest.raises(BindingsError, match="state_bucket is missing, and project.infrastructure is terraform"):
        bindings_of(settings_of("realtime", "terraform"), state_bucket="")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colour = 'red'", "unknown binding 'colour'"),
        ("[staging]\ncolour = 'red'", "unknown binding 'colour'"),
        ("staging = 3", "expected a table [staging]"),
        ("=", "bindings.local.toml: "),
    ],
)
def test_a_mistake_in_the_local_file_is_named(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "bindings.local.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BindingsError) as caught:
        load_bindings(SETTINGS, "staging", tmp_path, environment(), nothing_in_ssm)
    assert told in str(caught.value)


@given(st.sampled_from([name for name in RULES if name != "region"]), st.text())
def test_any_text_is_a_binding_of_its_form_or_one_line(name: str, text: str) -> None:
    try:
        found = getattr(bindings_of(SETTINGS, **{name: text}), name)
    except BindingsError as error:
        assert "\n" not in str(error)
    else:
        values = found if isinstance(found, tuple) else [found]
        assert all(value.isascii() and value.isprintable() for value in values)
