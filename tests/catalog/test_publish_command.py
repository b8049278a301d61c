"""`python -m service_catalog publish` and `record-version`: help, and errors in one line with the next step."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from service_catalog.__main__ import main
from service_catalog.bindings import FLAVOURS
from service_catalog.publisher import committed
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.history import (
    Release,
    current,
    load_history,
    parse_history,
    record,
    text_of,
    with_release,
)
from service_catalog.publisher.publish import files
from service_catalog.publisher.settings import EXAMPLE, load_settings
from tests.catalog.publishing import BUNDLE, Publisher, releases, write_templates

TODAY = datetime.date(2026, 11, 21)


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "templates"
    write_templates(folder, "Resources: {}\n")
    monkeypatch.setattr(committed, "FOLDER", folder)
    return folder


def test_help_has_examples() -> None:
    told = CliRunner().invoke(main, ["publish", "--help"]).output
    assert "--dry-run" in told and "python -m service_catalog publish --settings ours.toml --yes" in told


def test_without_a_region_the_next_step_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    done = CliRunner().invoke(main, ["publish", "--settings", str(EXAMPLE)])
    assert done.exit_code == 1
    assert done.stderr == "error: no Region is set; set AWS_REGION, or `region` in the profile of AWS_PROFILE\n"


def test_without_credentials_the_next_step_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    done = CliRunner().invoke(main, ["publish", "--settings", str(EXAMPLE)])
    assert (done.exit_code, done.stderr) == (1, "error: no AWS credentials are set; log in, or set AWS_PROFILE\n")


def test_unreadable_settings_are_told_in_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["publish", "--settings", str(tmp_path / "ours.toml")])
    assert done.exit_code == 1 and done.stderr.count("\n") == 1
    assert "ours.toml is absent; copy publish.example.toml" in done.stderr


def test_templates_changed_after_they_were_recorded_are_not_published(templates: Path) -> None:
    history = with_release([], "1.0.0", TODAY)
    assert current(history, "1.0.0") == history[0]
    (templates / "project-github.yaml").write_text("Resources: {}\n")
    with pytest.raises(
        PublishError, match=r"project-github\.yaml is not the one recorded for 1\.0\.0; raise __template"
    ):
        current(history, "1.0.0")


def test_a_version_that_is_not_recorded_or_not_the_newest_is_not_published() -> None:
    with pytest.raises(PublishError, match=r"version 1\.1\.0 is not in versions\.toml; record it with `python -m serv"):
        current(releases("1.0.0"), "1.1.0")
    with pytest.raises(
        PublishError, match=r"this is version 1\.0\.0, but versions\.toml has 1\.1\.0; use its checkout"
    ):
        current(releases("1.0.0", "1.1.0"), "1.0.0")


@pytest.mark.usefixtures("templates")
def test_recording_appends_or_renews_the_newest_only() -> None:
    first = with_release([], "1.0.0", TODAY)
    second = with_release(first, "1.1.0", TODAY + datetime.timedelta(days=1))
    assert [release.version for release in second] == ["1.0.0", "1.1.0"] and second[0] == first[0]
    assert with_release(second, "1.1.0", TODAY + datetime.timedelta(days=9)) == second
    with pytest.raises(PublishError, match=r"has 1\.1\.0 already, which is newer than 1\.0\.0"):
        with_release(second, "1.0.0", TODAY)


@pytest.mark.usefixtures("templates")
def test_the_record_is_read_as_it_was_written_and_written_once(tmp_path: Path) -> None:
    path = tmp_path / "versions.toml"
    path.write_text(text_of([Release("0.0.1", TODAY, "withdrawn", dict.fromkeys(FLAVOURS, "a" * 64))]))
    record(path)
    written = path.read_text()
    assert [release.guidance for release in load_history(path)] == ["withdrawn", "offered"]
    record(path)
    assert path.read_text() == written


def test_this_checkout_can_be_published() -> None:
    assert current(load_history()).digests.keys() == set(FLAVOURS), "run `python -m service_catalog record-version`"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"version": "1.0"}, "'1.0' must be a version"),
        ({"date": "2026-11-21"}, "must be a date, such as 2026-01-31 without quotes"),
        ({"guidance": "old"}, "'old' must be one of offered, deprecated, withdrawn"),
        ({"sha256": {"github": "x"}}, "releases[0].sha256.codepipeline: is missing"),
    ],
)
def test_a_wrong_record_is_told_in_one_line(change: dict[str, object], told: str) -> None:
    right = {"version": "1.0.0", "date": TODAY, "guidance": "offered", "sha256": dict.fromkeys(FLAVOURS, "a" * 64)}
    assert len(parse_history({"releases": [right]})) == 1
    with pytest.raises(PublishError, match=re.escape(told)):
        parse_history({"releases": [{**right, **change}]})


def test_versions_out_of_order_are_refused() -> None:
    entries = [
        {"version": version, "date": TODAY, "guidance": "offered", "sha256": dict.fromkeys(FLAVOURS, "a" * 64)}
        for version in ("1.10.0", "1.9.0")
    ]
    with pytest.raises(PublishError, match=r"1\.9\.0 follows 1\.10\.0; expected oldest first, each once"):
        parse_history({"releases": entries})


def test_a_template_made_with_another_bundle_is_not_published(templates: Path) -> None:
    path = templates / "project-gitlab.yaml"
    path.write_text(path.read_text().replace(BUNDLE.key, "bundles/0.9.0/other.zip"))
    published = Publisher.of(releases("1.0.0"), load_settings(EXAMPLE), lambda _settings, _region: "")
    with pytest.raises(PublishError, match=r"project-gitlab\.yaml was made with another bundle; run `make synth`"):
        list(files(published))


@pytest.mark.parametrize("name", ["launch-roles", "seeder"])
def test_the_publisher_knows_every_parameter_of_the_stacks_it_deploys(name: str) -> None:
    given = committed.parameters_of(name, "bucket", "seeder/key.zip", "o-0123456789", ["role"])
    declared = committed.committed(name).body["Parameters"]
    assert all("Default" in how for key, how in declared.items() if key not in given)
