"""A stack with a model, an endpoint configuration and an endpoint, for the tests of the emulated AWS."""

from __future__ import annotations

import json
from typing import Any

from tests.emulated import EmulatedAws

ROLE = "arn:aws:iam::111122223333:role/demo-staging-execution"


def template(package: str, x: str = "one", endpoint: dict[str, Any] | None = None, **config: Any) -> str:
    """`x`: the model's environment X; `endpoint` and `config`: more properties of those resources."""
    variant = {
        "VariantName": "primary",
        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
        "InitialInstanceCount": {"Ref": "Instances"},
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": 1,
    }
    model = {"ModelPackageName": package, "Environment": {"X": x}}
    resources = {
        "Model": ("Model", {"ExecutionRoleArn": ROLE, "PrimaryContainer": model, "EnableNetworkIsolation": True}),
        "Config": ("EndpointConfig", {"ProductionVariants": [variant], **config}),
        "Endpoint": (
            "Endpoint",
            {"EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}, **(endpoint or {})},
        ),
    }
    return json.dumps(
        {
            "Parameters": {"Instances": {"Type": "Number", "Default": 2}},
            "Resources": {n: {"Type": f"AWS::SageMaker::{t}", "Properties": p} for n, (t, p) in resources.items()},
            "Outputs": {
                "Arn": {"Value": {"Ref": "Endpoint"}},
                "EndpointName": {"Value": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}},
            },
        }
    )


def deploy(aws: EmulatedAws, name: str, body: str, update: bool = False) -> dict[str, Any]:
    """The stack after CloudFormation has finished with it, its outputs under `out`."""
    cloudformation = aws.client("cloudformation")
    (cloudformation.update_stack if update else cloudformation.create_stack)(StackName=name, TemplateBody=body)
    stack = aws.stack(name)
    return stack | {"out": {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}}


def answer(aws: EmulatedAws, endpoint: str, body: bytes = b"1,2") -> dict[str, Any]:
    invoked = aws.client("sagemaker-runtime").invoke_endpoint(EndpointName=endpoint, Body=body, ContentType="text/csv")
    return dict(json.loads(invoked["Body"].read()))
