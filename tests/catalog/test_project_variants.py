"""Project stacks of other forms than the default's come up in the emulated AWS and leave only what is kept on purpose.

Without the seed, which needs a function: tests/catalog/test_catalog_life.py has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.catalog.project_stacks import CONNECTED, FILLED_IN, PROJECT_ID, TWO_ACCOUNTS, template
from tests.emulated import EmulatedAws, emulated_aws
from tests.infrastructure.cfn_templates import ACCOUNT

pytestmark = pytest.mark.slow

BUCKET = "templates-of-projects"
VPC = {"SubnetIds": "subnet-0a1b2c3d", "SecurityGroupIds": "sg-0a1b2c3d"}
EMAIL = {"NotificationEmail": "team@company.example"}
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
VARIANTS = {
    "codepipeline-multi": {**TWO_ACCOUNTS, **VPC, **EMAIL},
    "codepipeline-connected": {**CONNECTED, "Infrastructure": "terraform"},
    "github-half": {**TWO_ACCOUNTS, "StagingAccountId": ACCOUNT, "OidcProviderArn": PROVIDER, **EMAIL},
    "gitlab-terraform": {"Infrastructure": "terraform", "ProtectedEnvironments": "no"},
}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmulatedAws]:
    with emulated_aws("--control-plane-only") as running:
        running.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": running.region}
        )
        yield running


def unseeded(ci: str) -> bytes:
    resources = {**template(ci)["Resources"], "Seed": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
    text = json.dumps({**template(ci), "Resources": resources})
    for part in ("Build", "Deploy"):
        text = text.replace(f'{{"Fn::GetAtt": ["Seed", "{part}Url"]}}', f'"https://git.invalid/{part.lower()}"')
    return text.encode()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_project_comes_up_and_can_be_deleted(variant: str, aws: EmulatedAws) -> None:
    ci, _, kind = variant.partition("-")
    # The longest name that a project can have.
    slug = f"{ci}-{kind}-".ljust(32, "z")
    aws.client("s3").put_object(Bucket=BUCKET, Key=variant, Body=unseeded(ci))
    cloudformation, name = aws.client("cloudformation"), f"SC-{variant}"
    given = {"SageMakerProjectName": slug, "SageMakerProjectId": PROJECT_ID, **FILLED_IN[ci], **VARIANTS[variant]}
    made = cloudformation.create_stack(
        StackName=name,
        TemplateURL=f"https://{BUCKET}.s3.{aws.region}.amazonaws.com/{variant}",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    assert aws.stack(name)["StackStatus"] == "CREATE_COMPLETE", aws.reasons(name)
    wanted = [f"/{slug}/bindings/{each}" for each in ("execution_role_arn", "staging/deploy_role_arn")]
    assert aws.client("ssm").get_parameters(Names=wanted)["InvalidParameters"] == []

    cloudformation.delete_stack(StackName=name)
    assert aws.stack(made["StackId"])["StackStatus"] == "DELETE_COMPLETE", aws.reasons(made["StackId"])
    roles = {role["RoleName"] for role in aws.client("iam").list_roles()["Roles"]}
    assert not [role for role in roles if role.startswith(slug)]
    assert (
        slug in aws.client("sagemaker").describe_model_package_group(ModelPackageGroupName=slug)["ModelPackageGroupArn"]
    )
