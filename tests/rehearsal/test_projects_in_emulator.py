"""Projects of the emulated SageMaker, from a product and from a template in S3."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated import emulated_aws
from tests.rehearsal.catalog_stack import Published, published, trusting

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def catalog() -> Iterator[Published]:
    with emulated_aws("--control-plane-only") as aws:
        document = trusting("cloudformation.amazonaws.com")
        aws.client("iam").create_role(RoleName="ProjectsLaunch", AssumeRolePolicyDocument=document)
        yield published(aws)


def settled(client: Any, name: str) -> dict[str, Any]:
    while True:
        found: dict[str, Any] = client.describe_project(ProjectName=name)
        if not found["ProjectStatus"].endswith(("Pending", "InProgress")):
            return found
        time.sleep(0.05)


def gone(client: Any, name: str) -> None:
    client.delete_project(ProjectName=name)
    while found := client.list_projects(NameContains=name)["ProjectSummaryList"]:
        assert found[0]["ProjectStatus"] == "DeleteInProgress"
        time.sleep(0.05)


def test_a_project_launches_the_newest_version_of_its_product_with_its_name_and_id(catalog: Published) -> None:
    aws, user = catalog.aws, catalog.as_role("sagemaker")
    catalog.new_version("2.0.0", Outputs={"Newest": {"Value": "yes"}})
    answer = user.create_project(
        ProjectName="churn",
        ServiceCatalogProvisioningDetails={
            "ProductId": catalog.product,
            "ProvisioningParameters": [{"Key": "Size", "Value": "large"}],
        },
        Tags=[{"Key": "owner", "Value": "anna"}],
    )
    project = settled(user, "churn")
    assert project["ProjectStatus"] == "CreateCompleted", project
    provisioned = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductId"]
    stack = aws.stack(f"SC-{aws.account}-{provisioned}")
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert (outputs["Id"], outputs["Newest"]) == (answer["ProjectId"], "yes")
    assert {tag["Key"]: tag["Value"] for tag in stack["Tags"]} == {
        "owner": "anna",
        "cost-center": "4711",
        "sagemaker:project-name": "churn",
        "sagemaker:project-id": answer["ProjectId"],
    }
    user.update_project(
        ProjectName="churn",
        ServiceCatalogProvisioningUpdateDetails={"ProvisioningParameters": [{"Key": "Size", "Value": "small"}]},
    )
    assert settled(user, "churn")["ProjectStatus"] == "UpdateCompleted"
    assert aws.client("ssm").get_parameter(Name="/churn/size")["Parameter"]["Value"] == "small"
    gone(user, "churn")
    assert aws.stack(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"


def test_a_project_from_a_template_in_s3_is_a_stack_of_the_role_that_was_given(catalog: Published) -> None:
    aws, user = catalog.aws, catalog.as_role("sagemaker")
    url = catalog.template("studio/project.json")
    template = {
        "TemplateName": "project",
        "TemplateURL": url,
        "RoleARN": f"arn:aws:iam::{aws.account}:role/ProjectsLaunch",
        "Parameters": [{"Key": "Size", "Value": "huge"}],
    }
    user.create_project(ProjectName="fraud", TemplateProviders=[{"CfnTemplateProvider": template}])
    project = settled(user, "fraud")
    assert project["ProjectStatus"] == "CreateCompleted", project
    detail = project["TemplateProviderDetails"][0]["CfnTemplateProviderDetail"]["StackDetail"]
    assert detail["Name"].startswith("SP-fraud-p-")
    assert aws.client("ssm").get_parameter(Name="/fraud/size")["Parameter"]["Value"] == "huge"
    change = {"TemplateName": "project", "TemplateURL": url, "Parameters": [{"Key": "Size", "Value": "small"}]}
    user.update_project(ProjectName="fraud", TemplateProvidersToUpdate=[{"CfnTemplateProvider": change}])
    assert settled(user, "fraud")["ProjectStatus"] == "UpdateCompleted"
    assert aws.client("ssm").get_parameter(Name="/fraud/size")["Parameter"]["Value"] == "small"
    gone(user, "fraud")
    assert aws.stack(detail["Id"])["StackStatus"] == "DELETE_COMPLETE"


def test_a_project_that_fails_says_why_and_can_be_deleted(catalog: Published) -> None:
    user = catalog.as_role("sagemaker")
    wanted = {"ProductId": catalog.product, "ProvisioningParameters": [{"Key": "Size", "Value": "huge"}]}
    user.create_project(ProjectName="large", ServiceCatalogProvisioningDetails=wanted)
    project = settled(user, "large")
    assert project["ProjectStatus"] == "CreateFailed"
    assert "NotHuge" in project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductStatusMessage"]


def test_a_project_of_a_product_one_was_not_granted_is_refused(catalog: Published) -> None:
    stranger = catalog.as_role("sagemaker", "developer")
    with pytest.raises(ClientError, match=catalog.product):
        stranger.create_project(ProjectName="theirs", ServiceCatalogProvisioningDetails={"ProductId": catalog.product})
    assert "theirs" not in [each["ProjectName"] for each in stranger.list_projects()["ProjectSummaryList"]]


@pytest.mark.parametrize("name", ["two--but-with-an-underscore_", "x" * 33])
def test_names_are_held_to_the_services_pattern(catalog: Published, name: str) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        catalog.as_role("sagemaker").create_project(
            ProjectName=name, ServiceCatalogProvisioningDetails={"ProductId": catalog.product}
        )
