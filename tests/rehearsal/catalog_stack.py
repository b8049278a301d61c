"""A small product and the stack that publishes it, for tests of the emulated Service Catalog."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.emulated import EmulatedAws

PRODUCT: dict[str, dict[str, Any]] = {
    "Parameters": {
        "SageMakerProjectName": {"Type": "String", "AllowedPattern": "[a-z-]+", "Default": "none"},
        "SageMakerProjectId": {"Type": "String", "Default": "none"},
        "Size": {"Type": "String", "AllowedValues": ["small", "large", "huge"], "Default": "small"},
    },
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "SageMakerProjectName"}}},
        "Size": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": {"Fn::Sub": "/${SageMakerProjectName}/size"},
                "Type": "String",
                "Value": {"Ref": "Size"},
            },
        },
    },
    "Outputs": {"TopicArn": {"Value": {"Ref": "Topic"}}, "Id": {"Value": {"Ref": "SageMakerProjectId"}}},
}
ROLE, USERS = "CatalogLaunch", "data-scientist-*"


def trusting(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def publisher(bucket: str, key: str) -> dict[str, Any]:
    """A portfolio with one product, all kinds of constraints, TagOptions and grants by pattern and by ARN."""
    both = {"PortfolioId": {"Ref": "Portfolio"}, "ProductId": {"Ref": "Product"}}
    url = {"Fn::Sub": f"https://{bucket}.s3.${{AWS::Region}}.amazonaws.com/{key}"}
    rule = {"Assertions": [{"Assert": {"Fn::Contains": [["small", "large"], {"Ref": "Size"}]}}]}

    def made(kind: str, *after: str, **properties: Any) -> dict[str, Any]:
        resource = {"Type": f"AWS::ServiceCatalog::{kind}", "Properties": properties}
        return resource | ({"DependsOn": list(after)} if after else {})

    version = {"Name": "1.0.0", "Info": {"LoadTemplateFromURL": url}}
    resources = {
        "Portfolio": made("Portfolio", DisplayName="Projects", ProviderName="Platform"),
        "Product": made(
            "CloudFormationProduct",
            Name="Project",
            Owner="Platform",
            ProvisioningArtifactParameters=[version],
            Tags=[{"Key": "sagemaker:studio-visibility", "Value": "true"}],
        ),
        "Offer": made("PortfolioProductAssociation", **both),
        "Users": made(
            "PortfolioPrincipalAssociation",
            PortfolioId=both["PortfolioId"],
            PrincipalARN=f"arn:aws:iam:::role/{USERS}",
            PrincipalType="IAM_PATTERN",
        ),
        "Launch": made("LaunchRoleConstraint", "Offer", **both, LocalRoleName=ROLE),
        "Rules": made("LaunchTemplateConstraint", "Offer", **both, Rules=json.dumps({"NotHuge": rule})),
        "Tags": made("ResourceUpdateConstraint", "Offer", **both, TagUpdateOnProvisionedProduct="ALLOWED"),
        "Centre": made("TagOption", Key="cost-center", Value="4711", Active=True),
        "OfCentre": made("TagOptionAssociation", ResourceId=both["PortfolioId"], TagOptionId={"Ref": "Centre"}),
        "Share": made("PortfolioShare", AccountId="444455556666", PortfolioId=both["PortfolioId"]),
    }
    outputs = {name: {"Value": {"Ref": name}} for name in ("Portfolio", "Product")}
    return {"Resources": resources, "Outputs": outputs}


@dataclass(frozen=True)
class Published:
    aws: EmulatedAws
    product: str
    portfolio: str
    bucket: str

    @property
    def versions(self) -> list[dict[str, Any]]:
        admin = self.aws.client("servicecatalog")
        found: list[dict[str, Any]] = admin.list_provisioning_artifacts(ProductId=self.product)[
            "ProvisioningArtifactDetails"
        ]
        return found

    def template(self, key: str, **changes: Mapping[str, Any]) -> str:
        """The URL of the product's template in S3, with sections changed."""
        body = json.dumps({name: {**section, **changes.get(name, {})} for name, section in PRODUCT.items()})
        self.aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body.encode())
        return f"https://{self.bucket}.s3.{self.aws.region}.amazonaws.com/{key}"

    def new_version(self, name: str, **changes: Mapping[str, Any]) -> str:
        made = self.aws.client("servicecatalog").create_provisioning_artifact(
            ProductId=self.product,
            Parameters={
                "Name": name,
                "Info": {"LoadTemplateFromURL": self.template(f"{name}.json", **changes)},
                "Type": "CLOUD_FORMATION_TEMPLATE",
            },
            IdempotencyToken=name.replace(".", "-"),
        )
        return str(made["ProvisioningArtifactDetail"]["Id"])

    def as_role(self, service: str, role: str = "data-scientist-anna") -> Any:
        arn = f"arn:aws:iam::{self.aws.account}:role/{role}"
        keys = self.aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="anna")["Credentials"]
        return self.aws.client_with(service, keys)


def published(aws: EmulatedAws) -> Published:
    bucket = "catalog-templates"
    place = {"LocationConstraint": aws.region}
    aws.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    aws.client("s3").put_object(Bucket=bucket, Key="1.0.0.json", Body=json.dumps(PRODUCT).encode())
    document = trusting("servicecatalog.amazonaws.com")
    aws.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=document)
    template = json.dumps(publisher(bucket, "1.0.0.json"))
    aws.client("cloudformation").create_stack(StackName="publisher", TemplateBody=template)
    stack = aws.stack("publisher")
    assert stack["StackStatus"] == "CREATE_COMPLETE", aws.reasons("publisher")
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    return Published(aws, outputs["Product"], outputs["Portfolio"], bucket)
