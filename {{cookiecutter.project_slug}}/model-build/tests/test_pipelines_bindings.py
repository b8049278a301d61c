"""Where bindings come from, and what is refused."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from model_build.pipelines.bindings import RULES, Bindings, BindingsError, load_bindings, variable
from model_build.settings import Settings, load_settings

SETTINGS = dataclasses.replace(load_settings(), project=dataclasses.replace(load_settings().project, accounts="single"))
LAPTOP = Bindings.laptop(SETTINGS)
ENVIRONMENT = {
    variable(name): ",".join(value) if isinstance(value, tuple) else value
    for name, value in dataclasses.asdict(LAPTOP).items()
}


def load(root: Path, changes: dict[str, str], settings: Settings = SETTINGS) -> Bindings:
    return load_bindings(settings, root, {**ENVIRONMENT, **{variable(name): value for name, value in changes.items()}})


def test_environment_gives_every_binding(tmp_path: Path) -> None:
    assert load(tmp_path, {}) == LAPTOP


def test_local_file_gives_what_the_environment_does_not(tmp_path: Path) -> None:
    (tmp_path / "bindings.local.toml").write_text('artifact_bucket = "from-file"\nsubnet_ids = ["subnet-12345678"]\n')
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "MLOPS_ARTIFACT_BUCKET"}
    found = load_bindings(SETTINGS, tmp_path, environment)
    assert (found.artifact_bucket, found.subnet_ids) == ("from-file", LAPTOP.subnet_ids)


def test_ssm_is_asked_for_the_rest_only(tmp_path: Path) -> None:
    asked: list[str] = []

    def fetch(region: str, names: list[str]) -> dict[str, str]:
        asked.extend([region, *names])
        return dict.fromkeys(names, "from-ssm")

    environment = {name: value for name, value in ENVIRONMENT.items() if name != "MLOPS_ARTIFACT_BUCKET"}
    assert load_bindings(SETTINGS, tmp_path, environment, fetch).artifact_bucket == "from-ssm"
    assert asked == [LAPTOP.region, f"/{SETTINGS.project.slug}/bindings/artifact_bucket"]


def test_image_defaults_to_the_content_tag_in_the_projects_repository(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "MLOPS_IMAGE_URI"}
    image = load_bindings(SETTINGS, tmp_path, environment, lambda region, names: {}).image_uri
    repository = f"{SETTINGS.project.slug}-model-build"
    assert image.startswith(f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/{repository}:")


def test_shortest_slug_gives_a_legal_image_uri() -> None:
    project = dataclasses.replace(SETTINGS.project, slug="a")
    image = Bindings.laptop(dataclasses.replace(SETTINGS, project=project)).image_uri
    assert re.fullmatch(RULES["image_uri"].pattern, image)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("region", "Europe"),
        ("account_id", "123"),
        ("execution_role_arn", "arn:aws:iam::111122223333:user/me"),
        ("artifact_bucket", "s3://bucket"),
        ("artifact_bucket", "bucket\n"),
        ("kms_key_arn", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3"),
        ("subnet_ids", "subnet-12345678,vpc-1"),
        ("security_group_ids", "sg-xyz"),
        ("image_uri", "docker.io/library/python:3.12"),
        ("consumer_account_ids", "111122223333;444455556666"),
        ("project_id", "{{ 7 * 7 }}"),
    ],
)
def test_malformed_binding_is_named_with_the_form_expected(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BindingsError, match=f"binding {name} = .*; expected the form"):
        load(tmp_path, {name: value})


@pytest.mark.parametrize("name", ["execution_role_arn", "artifact_bucket", "kms_key_arn", "subnet_ids"])
def test_missing_binding_is_named_with_the_ways_to_give_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(BindingsError) as caught:
        load(tmp_path, {name: ""})
    assert f"binding {name} is missing" in str(caught.value)
    assert f"MLOPS_{name.upper()}" in str(caught.value) and "bindings.local.toml" in str(caught.value)


def test_missing_region_is_named_before_ssm_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(BindingsError, match="binding region is missing; give it as MLOPS_REGION"):
        load_bindings(SETTINGS, tmp_path, {})


def test_a_missing_network_names_both_ways_on(tmp_path: Path) -> None:
    ways = r"MLOPS_SUBNET_IDS.*; without a VPC: binding vpc = none, or require_vpc = false in project.toml$"
    with pytest.raises(BindingsError, match=ways):
        load(tmp_path, {"subnet_ids": "", "security_group_ids": ""}, SETTINGS)


def test_a_binding_may_say_that_there_is_no_vpc_but_not_beside_one(tmp_path: Path) -> None:
    found = load(tmp_path, {"subnet_ids": "", "security_group_ids": "", "vpc": "none"}, SETTINGS)
    assert (found.subnet_ids, found.security_group_ids) == ((), ())
    with pytest.raises(BindingsError, match="vpc is none, but"):
        load(tmp_path, {"vpc": "none"}, SETTINGS)
    with pytest.raises(BindingsError, match="binding vpc = 'no'; expected the form none"):
        load(tmp_path, {"vpc": "no"}, SETTINGS)


def test_settings_may_do_without_key_and_network(tmp_path: Path) -> None:
    relaxed = dataclasses.replace(SETTINGS.pipeline, require_kms=False, require_vpc=False)
    settings = dataclasses.replace(SETTINGS, pipeline=relaxed)
    nothing = {"kms_key_arn": "", "subnet_ids": "", "security_group_ids": ""}
    assert load(tmp_path, nothing, settings).subnet_ids == ()


def test_several_accounts_need_a_customer_key_whatever_the_settings_say(tmp_path: Path) -> None:
    relaxed = dataclasses.replace(SETTINGS.pipeline, require_kms=False)
    project = dataclasses.replace(SETTINGS.project, accounts="multi")
    settings = dataclasses.replace(SETTINGS, pipeline=relaxed, project=project)
    with pytest.raises(BindingsError, match="customer-managed key"):
        load(tmp_path, {"kms_key_arn": "", "consumer_account_ids": "444455556666"}, settings)
    with pytest.raises(BindingsError, match="binding consumer_account_ids is missing"):
        load(tmp_path, {}, settings)


def test_key_and_image_of_another_region_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BindingsError, match="is not in region us-east-1"):
        load(tmp_path, {"region": "us-east-1"})


def test_unknown_name_in_the_local_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bindings.local.toml").write_text('bucket = "x"\n')
    with pytest.raises(BindingsError, match="unknown binding 'bucket'"):
        load(tmp_path, {})
