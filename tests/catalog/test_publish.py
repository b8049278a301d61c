"""Publishing to an emulated account: what is there afterwards, again, without changing anything, and later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from service_catalog.bindings import FLAVOURS
from service_catalog.publisher import committed, names
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.settings import Versions
from service_catalog.publisher.telling import Telling
from service_catalog.publisher.upload_step import Upload, UploadStep
from service_catalog.stacks import Synthesized, text_of
from tests.catalog.publishing import BUNDLE, SEEDER, Publisher, launch, releases, write_templates
from tests.emulated import EmulatedAws, emulated_aws

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def aws() -> Iterator[EmulatedAws]:
    with emulated_aws("--control-plane-only") as running:
        yield running


@pytest.fixture
def publisher(
    aws: EmulatedAws,
    account: str,
    synthesized: Synthesized,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Publisher:
    for name, value in aws.environment(account).items():
        monkeypatch.setenv(name, value)
    write_templates(tmp_path / "templates", text_of("channel", synthesized.templates["channel"]))
    monkeypatch.setattr(committed, "FOLDER", tmp_path / "templates")
    return Publisher(lambda _settings, _region: text_of("publisher", synthesized.templates["publisher"]))


@pytest.fixture
def account(request: pytest.FixtureRequest) -> str:
    """An account of the test's own."""
    return f"{abs(hash(request.node.name)) % 10**12:012}"


def test_one_run_publishes_everything(publisher: Publisher, aws: EmulatedAws, account: str) -> None:
    assert publisher.run() > 10
    s3, catalog = aws.client("s3", account), aws.client("servicecatalog", account)
    bucket = names.bucket(account, aws.region)
    for flavour in FLAVOURS:
        versioned = s3.get_object(Bucket=bucket, Key=f"templates/1.0.0/project-{flavour}.yaml")["Body"].read()
        in_studio = s3.get_object(Bucket=bucket, Key=f"studio/project-{flavour}.yaml")["Body"].read()
        assert versioned == in_studio == (committed.FOLDER / f"project-{flavour}.yaml").read_bytes()
        assert _tags(s3, bucket, f"studio/project-{flavour}.yaml")["sagemaker:studio-visibility"] == "true"
        assert _tags(s3, bucket, f"templates/1.0.0/project-{flavour}.yaml") == {"servicecatalog:provisioning": "true"}
    assert s3.get_object(Bucket=bucket, Key=BUNDLE.key)["Body"].read() == BUNDLE.content
    assert s3.get_object(Bucket=bucket, Key=SEEDER.key)["Body"].read() == SEEDER.content
    for flavour, product in _products(aws, account).items():
        found = catalog.describe_product_as_admin(Id=product)
        assert {"Key": "sagemaker:studio-visibility", "Value": "true"} in found["Tags"]
        assert found["ProductViewDetail"]["ProductViewSummary"]["Name"].endswith(f"({names.SYSTEMS[flavour]})")
        assert _versions(catalog, product) == {"1.0.0": (True, "DEFAULT")}


def test_a_second_run_changes_nothing_and_says_so(publisher: Publisher) -> None:
    publisher.run()
    assert publisher.run() == 0
    assert set(publisher.writes) <= {"CreateChangeSet", "DeleteChangeSet"}
    assert publisher.said.count("nothing to change") == publisher.said.count("\n") / 2
    assert publisher.run(dry_run=True) == 0


def test_a_dry_run_writes_nothing_before_and_after(publisher: Publisher, aws: EmulatedAws, account: str) -> None:
    proposed = publisher.run(dry_run=True)
    assert publisher.writes == []
    assert aws.client("cloudformation", account).describe_stacks()["Stacks"] == []
    assert publisher.run() == proposed > 10
    publisher.history = releases("1.0.0", "1.1.0")
    assert publisher.run(dry_run=True) == 3 + 1 + 3 * 2
    assert publisher.writes == []
    assert "+ add      templates/1.1.0/project-github.yaml" in publisher.said
    assert "~ modify   1.0.0 (deprecated: for updates only)" in publisher.said


def test_the_next_version_is_offered_and_the_first_is_for_updates_only(
    publisher: Publisher, aws: EmulatedAws, account: str
) -> None:
    publisher.run()
    before = _products(aws, account)
    write_templates(committed.FOLDER, (committed.FOLDER / "channel.yaml").read_text(), "second")
    publisher.history = releases("1.0.0", "1.1.0")
    publisher.run()
    assert _products(aws, account) == before
    for product in before.values():
        versions = _versions(aws.client("servicecatalog", account), product)
        assert versions == {"1.0.0": (True, "DEPRECATED"), "1.1.0": (True, "DEFAULT")}
    assert publisher.run() == 0


def test_after_failures_at_later_and_later_writes_another_run_completes_it(publisher: Publisher) -> None:
    failures = [error for error in (_failure(publisher, write) for write in range(1, 10)) if error]
    assert len(failures) > 5
    assert set(failures) == {'Could not connect to the endpoint URL: "https://broken"'}
    publisher.broken = 0
    publisher.run()
    assert publisher.run(dry_run=True) == 0


def test_old_versions_go_but_the_first_and_one_that_a_project_uses_stay(
    publisher: Publisher, aws: EmulatedAws, account: str
) -> None:
    limits = Versions(offered=1, active=2, kept=3)
    numbers = ["1.0.0"]
    for number in ("1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"):
        publisher.history = releases(*numbers)
        publisher.run(versions=limits, yes=True)
        if numbers[-1] == "1.1.0":
            launch(aws, account, _products(aws, account)["github"])
        numbers.append(number)
    catalog, products = aws.client("servicecatalog", account), _products(aws, account)
    newest = {"1.3.0": (True, "DEPRECATED"), "1.4.0": (True, "DEFAULT")}
    retired = (False, "DEPRECATED")
    assert _versions(catalog, products["gitlab"]) == {"1.0.0": retired, **newest}
    assert _versions(catalog, products["github"]) == {"1.0.0": retired, "1.1.0": retired, **newest}
    assert publisher.run(versions=limits) == 0


def test_bytes_of_a_published_version_never_change(publisher: Publisher) -> None:
    publisher.run()
    write_templates(committed.FOLDER, (committed.FOLDER / "channel.yaml").read_text(), "changed in place")
    with pytest.raises(PublishError, match=r"templates/1\.0\.0/project-codepipeline\.yaml was published with other"):
        publisher.run()


def test_a_flavour_that_studio_no_longer_offers_is_removed_after_consent(
    publisher: Publisher, aws: EmulatedAws, account: str
) -> None:
    publisher.run()
    studio = replace(publisher.settings.studio, flavours=("github",))
    with pytest.raises(PublishError, match="this takes something away, and there is no terminal to ask at; --yes"):
        publisher.run(studio=studio)
    assert publisher.run(studio=studio, yes=True) == 2
    found = aws.client("s3", account).list_objects_v2(Bucket=names.bucket(account, aws.region), Prefix="studio/")
    assert [each["Key"] for each in found["Contents"]] == ["studio/project-github.yaml"]


def test_bytes_that_somebody_else_put_over_a_published_version_are_found(
    publisher: Publisher, aws: EmulatedAws, account: str
) -> None:
    publisher.run()
    s3, bucket = aws.client("s3", account), names.bucket(account, aws.region)
    told = {"sha256": hashlib.sha256(BUNDLE.content).hexdigest()}
    for checksum in ({"ChecksumAlgorithm": "SHA256"}, {}):
        s3.put_object(Bucket=bucket, Key=BUNDLE.key, Body=b"another", Metadata=told, **checksum)
        with pytest.raises(PublishError, match=r"\.zip was published with other bytes, or somebody overwrote it"):
            publisher.run(dry_run=True)
    s3.put_object(Bucket=bucket, Key=BUNDLE.key, Body=BUNDLE.content)
    assert publisher.run(dry_run=True) == 0


def test_a_file_that_appears_while_publishing_is_not_overwritten(
    publisher: Publisher, aws: EmulatedAws, account: str
) -> None:
    s3, bucket = aws.client("s3", account), names.bucket(account, aws.region)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    step = UploadStep(publisher.aws, bucket, [Upload(BUNDLE.key, BUNDLE.content), Upload("x", b"new", fixed=False)])
    assert len(step.compare()) == 2
    for key in (BUNDLE.key, "x"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"another")
    with pytest.raises(PublishError, match="PutObject: PreconditionFailed"):
        step.apply(Telling(Console(quiet=True)))
    assert s3.get_object(Bucket=bucket, Key=BUNDLE.key)["Body"].read() == b"another"


@pytest.mark.parametrize(
    ("stack", "kind"),
    [
        (names.CHANNEL_STACK, "AWS::S3::Bucket"),
        (names.PUBLISHER_STACK, "AWS::ServiceCatalog::CloudFormationProduct"),
    ],
)
def test_a_first_publishing_that_failed_leaves_nothing_and_is_repeated(
    publisher: Publisher, aws: EmulatedAws, account: str, stack: str, kind: str
) -> None:
    whole, channel = publisher.publisher_text, committed.FOLDER / "channel.yaml"
    kept = channel.read_text()
    if stack == names.CHANNEL_STACK:
        channel.write_text(_failing(kept, kind))
    else:
        publisher.publisher_text = lambda settings, region: _failing(whole(settings, region), kind)
    with pytest.raises(PublishError, match=f"stack {stack} is ROLLBACK_COMPLETE: AWS::SNS::Topic Broken"):
        publisher.run()
    assert "Studio's S3 channel changes last" in publisher.said
    events = aws.client("cloudformation", account).describe_stack_events(StackName=stack)["StackEvents"]
    assert kind in {each["ResourceType"] for each in events if each["ResourceStatus"] == "CREATE_COMPLETE"}
    assert stack != names.CHANNEL_STACK or aws.client("s3", account).list_buckets()["Buckets"] == []
    assert aws.client("servicecatalog", account).search_products_as_admin()["ProductViewDetails"] == []
    aws.client("cloudformation", account).delete_stack(StackName=stack)
    channel.write_text(kept)
    publisher.publisher_text = whole
    publisher.run()
    assert publisher.run(dry_run=True) == 0


def test_studio_sees_a_template_only_when_all_that_it_needs_stands(
    publisher: Publisher, aws: EmulatedAws, account: str
) -> None:
    whole = publisher.publisher_text
    publisher.publisher_text = lambda settings, region: _failing(whole(settings, region), "")
    with pytest.raises(PublishError, match="ROLLBACK_COMPLETE"):
        publisher.run()
    found = aws.client("s3", account).list_objects_v2(Bucket=names.bucket(account, aws.region))["Contents"]
    assert {each["Key"].partition("/")[0] for each in found} == {"bundles", "seeder", "stacks", "templates"}


def test_parameters_that_publish_does_not_name_stay_as_they_were_set(
    publisher: Publisher, aws: EmulatedAws, account: str
) -> None:
    path = committed.FOLDER / "seeder.yaml"
    path.write_text(path.read_text().replace("Parameters:\n", "Parameters:\n  Days: {Type: Number, Default: 1}\n"))
    publisher.run()
    client = aws.client("cloudformation", account)
    client.update_stack(
        StackName=names.SEEDER_STACK,
        UsePreviousTemplate=True,
        Parameters=[
            {"ParameterKey": "Days", "ParameterValue": "9"},
            {"ParameterKey": "PackageKey", "UsePreviousValue": True},
        ],
    )
    aws.stack(names.SEEDER_STACK, account)
    path.write_text(path.read_text().replace("DisplayName: seeder", "DisplayName: other"))
    publisher.run()
    given = aws.stack(names.SEEDER_STACK, account)["Parameters"]
    assert {each["ParameterKey"]: each["ParameterValue"] for each in given}["Days"] == "9"


def test_a_stack_that_fails_is_told_in_one_line_and_is_told_how_to_go_on(publisher: Publisher) -> None:
    path = committed.FOLDER / "seeder.yaml"
    path.write_text(path.read_text().replace("Properties: {", "Properties: {NoSuchProperty: 1, "))
    with pytest.raises(PublishError, match="stack sagemaker-mlops-seeder is ROLLBACK_COMPLETE: AWS::SNS::Topic Topic"):
        publisher.run()
    with pytest.raises(PublishError, match="delete-stack --stack-name sagemaker-mlops-seeder`, and publish again"):
        publisher.run()


def _failing(text: str, kind: str) -> str:
    """The template with one more resource, which fails after those of a kind were made."""
    template = yaml.safe_load(text)
    after = [name for name, each in template["Resources"].items() if each["Type"] == kind]
    broken = {"Type": "AWS::SNS::Topic", "Properties": {"NoSuchProperty": 1}, "DependsOn": after}
    template["Resources"]["Broken"] = broken
    return str(yaml.safe_dump(template, sort_keys=False))


def _tags(s3: Any, bucket: str, key: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]}


def _failure(publisher: Publisher, write: int) -> str:
    publisher.broken = write
    try:
        publisher.run()
    except PublishError as error:
        return str(error)
    return ""


def _products(aws: EmulatedAws, account: str) -> dict[str, str]:
    stack = aws.stack(names.PUBLISHER_STACK, account)
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    return {flavour: outputs[f"ProductId{names.logical(flavour)}"] for flavour in FLAVOURS}


def _versions(catalog: Any, product: str) -> dict[str, tuple[bool, str]]:
    found = catalog.list_provisioning_artifacts(ProductId=product)["ProvisioningArtifactDetails"]
    return {each["Name"]: (each["Active"], each["Guidance"]) for each in found}
