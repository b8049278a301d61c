"""What Terraform says, as the command line understands it."""

from __future__ import annotations

import pytest

from model_deploy.terraform.program import Diagnostic, is_about

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
