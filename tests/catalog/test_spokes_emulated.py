"""A spoke comes up in the emulated AWS, and puts out values that the project's form takes."""

from __future__ import annotations

import re

import pytest

from service_catalog.bindings import binding_fields
from service_catalog.stacks import FOLDER
from tests.emulated import emulated_aws

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("state", ["yes", "no"])
def test_a_spoke_comes_up_and_its_outputs_fit_the_form(state: str) -> None:
    accepted = {field.parameter: field.pattern for field in binding_fields("codepipeline")}
    given = {"ProjectSlug": "churn", "Stage": "staging", "ToolingAccountId": "111122223333", "TerraformState": state}
    with emulated_aws("--control-plane-only") as aws:
        aws.client("cloudformation").create_stack(
            StackName="churn-staging-spoke",
            TemplateBody=(FOLDER / "spoke.yaml").read_text(encoding="utf-8"),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        stack = aws.stack("churn-staging-spoke")
        assert stack["StackStatus"] == "CREATE_COMPLETE", aws.reasons("churn-staging-spoke")
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert re.fullmatch(accepted["StagingKmsKeyArn"], outputs["KmsKeyArn"])
    assert re.fullmatch(accepted["StagingStateBucket"], outputs.get("StateBucket", ""))
    assert ("StateBucket" in outputs) is (state == "yes")
