"""What Terraform says, as the command line understands it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from model_deploy.infrastructure import FailedError
from model_deploy.terraform.module import TerraformModule
from model_deploy.terraform.program import Diagnostic, Terraform, is_about
from tests.stages import deployment_of

ENDPOINT = "aws_sagemaker_endpoint"
CONTEXT = 'resource "aws_sagemaker_endpoint" "this"'


@pytest.mark.parametrize(
    ("diagnostic", "about"),
    [
        ({"summary": "Resource postcondition failed", "snippet": {"context": CONTEXT, "code": "condition"}}, True),
        ({"summary": "waiting for Endpoint", "address": "aws_sagemaker_endpoint.this[0]", "snippet": None}, True),
        ({"summary": "creating Model", "address": "aws_sagemaker_model.primary[0]"}, False),
        ({"summary": "Invalid", "snippet": {"context": CONTEXT.replace("endpoint", "endpoint_configuration")}}, False),
        ({"summary": "Error acquiring the state lock", "snippet": {"context": None}}, False),
    ],
)
def test_an_error_of_the_endpoint_is_known_by_its_address_or_by_the_code_it_shows(
    diagnostic: Diagnostic, about: bool
) -> None:
    assert is_about(diagnostic, ENDPOINT) is about


def test_after_a_destroy_that_failed_the_next_deployment_makes_a_bucket_of_another_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The data bucket stays, so a bucket of its name can't be made again."""
    state = ["aws_s3_bucket.data", "aws_s3_bucket_policy.data", "aws_sns_topic.this"]
    state += ["terraform_data.bucket_suffix", "terraform_data.repair"]
    (tmp_path / "infrastructure").mkdir()
    (tmp_path / "infrastructure" / "variables.tf").write_text('variable "slug" {}\n', encoding="utf-8")

    def text(self: Terraform, *arguments: str) -> str:
        if arguments[:2] == ("state", "rm"):
            state[:] = [address for address in state if address not in arguments]
        return "\n".join(state)

    monkeypatch.setattr(Terraform, "text", text)
    monkeypatch.setattr(Terraform, "follow", lambda *arguments: [{"summary": "AccessDenied"}])
    module = TerraformModule(deployment_of(infrastructure="terraform"), cast(Any, None), tmp_path)
    with pytest.raises(FailedError, match="AccessDenied"):
        module.destroy(cast(Any, type("Silent", (), {"part": lambda *_: None})()))
    assert state == ["aws_sns_topic.this", "terraform_data.repair"]
