"""AWS::SageMaker::Model, EndpointConfig, Endpoint, Pipeline, ModelPackageGroup.

AWS: Ref gives the ARN (Pipeline: the name); Model and EndpointConfig are replaced by any change but of tags; an
Endpoint is updated in place and waited for. Simplified: tags that go away on an update stay; the reason of a failed
endpoint is in the stack event (AWS only says that it did not stabilize).
"""

from __future__ import annotations

import json
import time
import uuid

from rehearsal.emulated_aws import context, operations
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.resources.registry import Made, Properties, ResourceType, physical_name, register


def _call(operation: str, request: Properties) -> Properties:
    return operations.call("sagemaker", operation, request)


def _name(physical_id: str) -> str:
    return physical_id.rpartition("/")[2]


def _retag(arn: str, old: Properties, new: Properties) -> None:
    if new.get("Tags") and new.get("Tags") != old.get("Tags"):
        _call("AddTags", {"ResourceArn": arn, "Tags": new["Tags"]})


def _immutable(kind: str) -> ResourceType:
    def attributes(arn: str, name: str) -> Made:
        return arn, {f"{kind}Name": name, f"{kind}Arn": arn}

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        name = physical_name(properties, f"{kind}Name", stack, logical_id)
        return attributes(_call(f"Create{kind}", properties | {f"{kind}Name": name})[f"{kind}Arn"], name)

    def update(arn: str, old: Properties, new: Properties) -> Made:
        _retag(arn, old, new)
        return attributes(arn, _called(kind, arn))

    def delete(arn: str, _properties: Properties) -> None:
        _call(f"Delete{kind}", {f"{kind}Name": _called(kind, arn)})

    return ResourceType(f"AWS::SageMaker::{kind}", create, update, delete, f"{kind}Name", ("Tags", "list"))


def _called(kind: str, arn: str) -> str:
    """The name in its own case: ARNs of models and configurations are in lower case."""
    listed = {"Model": "Models", "EndpointConfig": "EndpointConfigs"}[kind]
    rows = _call(f"List{listed}", {})[listed]
    return next((str(row[f"{kind}Name"]) for row in rows if row[f"{kind}Arn"] == arn), _name(arn))


def _settled(name: str) -> Properties:
    while True:
        endpoint = _call("DescribeEndpoint", {"EndpointName": name})
        if endpoint["EndpointStatus"] in ("InService", "Failed"):
            return endpoint
        time.sleep(0.05)


def _endpoint(name: str) -> Made:
    arn = _call("DescribeEndpoint", {"EndpointName": name})["EndpointArn"]
    return arn, {"EndpointName": name, "EndpointArn": arn}


def _not_stable(arn: str, reason: str | None) -> ServiceError:
    text = f"Resource of type 'AWS::SageMaker::Endpoint' with identifier '{arn}' did not stabilize: {reason}"
    return ServiceError("NotStabilized", text)


def create_endpoint(logical_id: str, properties: Properties, stack: str) -> Made:
    name = physical_name(properties, "EndpointName", stack, logical_id)
    members = ("EndpointConfigName", "DeploymentConfig", "Tags")
    arn = _call("CreateEndpoint", {"EndpointName": name} | {m: properties[m] for m in members if m in properties})[
        "EndpointArn"
    ]
    settled = _settled(name)
    if settled["EndpointStatus"] == "Failed":
        _call("DeleteEndpoint", {"EndpointName": name})
        raise _not_stable(arn, settled.get("FailureReason"))
    return _endpoint(name)


def update_endpoint(arn: str, old: Properties, new: Properties) -> Made:
    name = _endpoint_name(arn)
    _retag(arn, old, new)
    if {k: v for k, v in old.items() if k != "Tags"} == {k: v for k, v in new.items() if k != "Tags"}:
        return _endpoint(name)
    _settled(name)
    request = {k: v for k, v in new.items() if k not in ("Tags", "EndpointName")}
    _call("UpdateEndpoint", {"EndpointName": name} | request)
    settled = _settled(name)
    if settled["EndpointStatus"] == "Failed" or settled["EndpointConfigName"] != new["EndpointConfigName"]:
        raise _not_stable(arn, settled.get("FailureReason"))
    return _endpoint(name)


def _endpoint_name(arn: str) -> str:
    rows = _call("ListEndpoints", {})["Endpoints"]
    return next((str(row["EndpointName"]) for row in rows if row["EndpointArn"] == arn), _name(arn))


def delete_endpoint(arn: str, _properties: Properties) -> None:
    name = _endpoint_name(arn)
    _settled(name)
    _call("DeleteEndpoint", {"EndpointName": name})


def _definition(properties: Properties) -> Properties:
    given = properties["PipelineDefinition"]
    if "PipelineDefinitionBody" not in given:
        return {"PipelineDefinitionS3Location": given.get("PipelineDefinitionS3Location")}
    body = given["PipelineDefinitionBody"]
    return {"PipelineDefinition": body if isinstance(body, str) else json.dumps(body)}


def _pipeline(properties: Properties, *members: str) -> Properties:
    kept = (
        "PipelineName",
        "PipelineDisplayName",
        "PipelineDescription",
        "RoleArn",
        "ParallelismConfiguration",
        *members,
    )
    return {name: properties[name] for name in kept if name in properties} | _definition(properties)


def create_pipeline(_logical_id: str, properties: Properties, _stack: str) -> Made:
    _call("CreatePipeline", _pipeline(properties, "Tags") | {"ClientRequestToken": uuid.uuid4().hex})
    return properties["PipelineName"], {}


def update_pipeline(name: str, old: Properties, new: Properties) -> Made:
    _call("UpdatePipeline", _pipeline(new))
    _retag(context.arn("sagemaker", f"pipeline/{name}"), old, new)
    return name, {}


def delete_pipeline(name: str, _properties: Properties) -> None:
    _call("DeletePipeline", {"PipelineName": name, "ClientRequestToken": uuid.uuid4().hex})


def _policy(name: str, properties: Properties) -> None:
    if policy := properties.get("ModelPackageGroupPolicy"):
        text = policy if isinstance(policy, str) else json.dumps(policy)
        _call("PutModelPackageGroupPolicy", {"ModelPackageGroupName": name, "ResourcePolicy": text})


def _group(name: str) -> Made:
    found = _call("DescribeModelPackageGroup", {"ModelPackageGroupName": name})
    attributes = {
        "ModelPackageGroupArn": found["ModelPackageGroupArn"],
        "ModelPackageGroupStatus": found["ModelPackageGroupStatus"],
    }
    return found["ModelPackageGroupArn"], attributes


def create_group(_logical_id: str, properties: Properties, _stack: str) -> Made:
    name = properties["ModelPackageGroupName"]
    _call("CreateModelPackageGroup", {k: v for k, v in properties.items() if k != "ModelPackageGroupPolicy"})
    _policy(name, properties)
    return _group(name)


def update_group(_arn: str, _old: Properties, new: Properties) -> Made:
    _policy(new["ModelPackageGroupName"], new)
    return _group(new["ModelPackageGroupName"])


def delete_group(arn: str, _properties: Properties) -> None:
    _call("DeleteModelPackageGroup", {"ModelPackageGroupName": _name(arn)})


def install() -> None:
    register(_immutable("Model"))
    register(_immutable("EndpointConfig"))
    register(
        ResourceType(
            "AWS::SageMaker::Endpoint",
            create_endpoint,
            update_endpoint,
            delete_endpoint,
            "EndpointName",
            ("Tags", "list"),
        )
    )
    register(
        ResourceType(
            "AWS::SageMaker::Pipeline",
            create_pipeline,
            update_pipeline,
            delete_pipeline,
            "PipelineName",
            ("Tags", "list"),
        )
    )
    name, tags = "ModelPackageGroupName", ("Tags", "list")
    register(ResourceType("AWS::SageMaker::ModelPackageGroup", create_group, update_group, delete_group, name, tags))
