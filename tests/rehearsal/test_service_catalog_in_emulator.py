"""Products of the emulated Service Catalog: published by a stack, granted, versioned, launched, updated, terminated."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated import emulated_aws
from tests.rehearsal.catalog_stack import Published, published

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def catalog() -> Iterator[Published]:
    with emulated_aws("--control-plane-only") as aws:
        yield published(aws)


def ended(client: Any, record: dict[str, Any]) -> dict[str, Any]:
    while True:
        found: dict[str, Any] = client.describe_record(Id=record["RecordDetail"]["RecordId"])
        if found["RecordDetail"]["Status"] in ("SUCCEEDED", "FAILED"):
            return found
        time.sleep(0.05)


def launched(catalog: Published, name: str, version: str | None = None, **parameters: str) -> dict[str, Any]:
    user = catalog.as_role("servicecatalog")
    record = user.provision_product(
        ProductId=catalog.product,
        ProvisioningArtifactId=version or catalog.versions[0]["Id"],
        ProvisionedProductName=name,
        ProvisionToken=name,
        ProvisioningParameters=[
            {"Key": key, "Value": value} for key, value in {"SageMakerProjectName": name, **parameters}.items()
        ],
        Tags=[{"Key": "owner", "Value": "anna"}],
    )
    return ended(user, record)


def test_a_product_is_launched_updated_and_terminated_by_who_was_granted_it(catalog: Published) -> None:
    aws, user = catalog.aws, catalog.as_role("servicecatalog")
    record = launched(catalog, "first", Size="large")
    detail = record["RecordDetail"]
    assert detail["Status"] == "SUCCEEDED", detail["RecordErrors"]
    stack = aws.stack(f"SC-{aws.account}-{detail['ProvisionedProductId']}")
    assert {tag["Key"]: tag["Value"] for tag in stack["Tags"]} == {"owner": "anna", "cost-center": "4711"}
    assert {each["OutputKey"] for each in record["RecordOutputs"]} == {"TopicArn", "Id"}

    changed = user.update_provisioned_product(
        ProvisionedProductId=detail["ProvisionedProductId"],
        ProvisioningParameters=[{"Key": "Size", "Value": "small"}],
        Tags=[{"Key": "owner", "Value": "bea"}],
        UpdateToken="first",
    )
    assert ended(user, changed)["RecordDetail"]["Status"] == "SUCCEEDED"
    assert aws.client("ssm").get_parameter(Name="/first/size")["Parameter"]["Value"] == "small"

    gone = user.terminate_provisioned_product(
        ProvisionedProductId=detail["ProvisionedProductId"], TerminateToken="first"
    )
    assert ended(user, gone)["RecordDetail"]["Status"] == "SUCCEEDED"
    assert aws.stack(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert aws.client("sns").list_topics()["Topics"] == []
    held = user.search_provisioned_products()["ProvisionedProducts"]
    assert detail["ProvisionedProductId"] not in [each["Id"] for each in held]


@pytest.mark.parametrize("role", ["developer", "scientist"])
def test_a_product_does_not_exist_for_who_was_not_granted_it(catalog: Published, role: str) -> None:
    stranger = catalog.as_role("servicecatalog", role)
    assert stranger.search_products()["ProductViewSummaries"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        stranger.provision_product(
            ProductId=catalog.product,
            ProvisioningArtifactId=catalog.versions[0]["Id"],
            ProvisionedProductName="none",
            ProvisionToken="none",
        )


def test_the_account_itself_needs_a_grant_too(catalog: Published) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        catalog.aws.client("servicecatalog").describe_product(Id=catalog.product)


@pytest.mark.parametrize(
    ("name", "size", "why"),
    [("allowed", "gigantic", "AllowedValues"), ("ruled", "huge", "NotHuge"), ("Upper", "small", "pattern")],
)
def test_parameters_are_held_to_the_template_and_to_the_portfolios_rules(
    catalog: Published, name: str, size: str, why: str
) -> None:
    detail = launched(catalog, name, Size=size)["RecordDetail"]
    assert detail["Status"] == "FAILED"
    assert why in detail["RecordErrors"][0]["Description"]


def test_a_failure_says_what_the_failed_resource_says(catalog: Published) -> None:
    broken = {"Bad": {"Type": "AWS::SNS::Topic", "Properties": {"TopicNam": "typo"}}}
    detail = launched(catalog, "broken", catalog.new_version("0.0.1", Resources=broken))["RecordDetail"]
    assert detail["Status"] == "FAILED"
    assert "Bad: " in detail["RecordErrors"][0]["Description"]
    assert "TopicNam" in detail["RecordErrors"][0]["Description"]


def test_a_version_keeps_the_template_it_was_made_from(catalog: Published) -> None:
    version = catalog.new_version("1.1.0")
    url = catalog.template("1.1.0.json", Outputs={"Later": {"Value": "yes"}})
    assert url.endswith("1.1.0.json")
    assert len(launched(catalog, "kept", version)["RecordOutputs"]) == 2


def test_a_deprecated_version_is_kept_but_not_launched_and_an_inactive_one_is_hidden(catalog: Published) -> None:
    admin, user = catalog.aws.client("servicecatalog"), catalog.as_role("servicecatalog")
    version = catalog.new_version("1.2.0")
    found = launched(catalog, "deprecated", version)["RecordDetail"]
    where = {"ProductId": catalog.product, "ProvisioningArtifactId": version}
    admin.update_provisioning_artifact(**where, Guidance="DEPRECATED")
    with pytest.raises(ClientError, match="cannot be used to launch"):
        launched(catalog, "again", version)
    changed = user.update_provisioned_product(
        ProvisionedProductId=found["ProvisionedProductId"],
        ProvisioningParameters=[{"Key": "Size", "Value": "large"}],
        UpdateToken="deprecated",
    )
    assert ended(user, changed)["RecordDetail"]["Status"] == "SUCCEEDED"
    admin.update_provisioning_artifact(**where, Active=False)
    shown = user.describe_product(Id=catalog.product)["ProvisioningArtifacts"]
    assert version not in [each["Id"] for each in shown]


def test_a_template_that_is_not_there_makes_no_version(catalog: Published) -> None:
    before = len(catalog.versions)
    nowhere = f"https://{catalog.bucket}.s3.{catalog.aws.region}.amazonaws.com/nowhere.yaml"
    with pytest.raises(ClientError, match="InvalidParametersException"):
        catalog.aws.client("servicecatalog").create_provisioning_artifact(
            ProductId=catalog.product,
            Parameters={
                "Name": "x",
                "Info": {"LoadTemplateFromURL": nowhere},
                "Type": "CLOUD_FORMATION_TEMPLATE",
            },
            IdempotencyToken="x",
        )
    assert len(catalog.versions) == before


def test_a_launch_role_has_to_exist_and_to_trust_service_catalog(catalog: Published) -> None:
    iam = catalog.aws.client("iam")
    document = iam.get_role(RoleName="CatalogLaunch")["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role(RoleName="CatalogLaunch")
    detail = launched(catalog, "without-role")["RecordDetail"]
    iam.create_role(RoleName="CatalogLaunch", AssumeRolePolicyDocument=json.dumps(document))
    assert detail["Status"] == "FAILED"
    assert "role/CatalogLaunch" in detail["RecordErrors"][0]["Description"]


def test_the_form_is_described_as_the_template_declares_it(catalog: Published) -> None:
    user = catalog.as_role("servicecatalog")
    form = user.describe_provisioning_parameters(
        ProductId=catalog.product, ProvisioningArtifactId=catalog.versions[0]["Id"]
    )
    size = next(each for each in form["ProvisioningArtifactParameters"] if each["ParameterKey"] == "Size")
    assert size["DefaultValue"] == "small"
    assert size["ParameterConstraints"]["AllowedValues"] == ["small", "large", "huge"]
    assert {each["Type"] for each in form["ConstraintSummaries"]} == {"LAUNCH", "TEMPLATE", "RESOURCE_UPDATE"}


def test_a_product_has_at_most_one_hundred_versions(catalog: Published) -> None:
    while len(catalog.versions) < 100:
        catalog.new_version(f"9.0.{len(catalog.versions)}")
    with pytest.raises(ClientError, match="LimitExceededException"):
        catalog.new_version("10.0.0")
