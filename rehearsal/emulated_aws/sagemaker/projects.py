"""Projects of SageMaker, from a product of Service Catalog or from a template in S3.

AWS: CreateProject launches the product for the caller as <name>-<id>, or makes a stack SP-… from the template, with
SageMakerProjectName and SageMakerProjectId filled in and both as tags; statuses and members are those of the API's
model. Simplified: the stack of a template in S3 is SP-<name>-<id> (AWS documents the prefix only), RoleARN has to exist
and to trust CloudFormation; a project that was deleted is gone at once from ListProjects; UpdateProject does not make a
provisioned product plan first.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

from botocore.exceptions import ClientError

from rehearsal.emulated_aws import context, operations
from rehearsal.emulated_aws.catalog import access, stacks, templates
from rehearsal.emulated_aws.catalog.records import PROVISIONED, RECORDS, now
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.operations import Request, operation
from rehearsal.emulated_aws.state import Store

_projects: Store[Request] = Store()


def _project(name: str) -> Request:
    if name not in _projects.mine:
        raise ServiceError("ValidationException", f"Project {name} does not exist.")
    return _projects.mine[name]


def _settled(name: str) -> Request:
    found = _project(name)
    if found["ProjectStatus"] in ("Pending", "CreateInProgress", "UpdateInProgress", "DeleteInProgress"):
        raise ServiceError("ValidationException", f"Project {name} is in status {found['ProjectStatus']}.")
    return found


def _follow(project: Request, verb: str, work: Callable[[], str]) -> None:
    """Run `work` in the background; what it gives is why it failed."""
    project["ProjectStatus"] = f"{verb}InProgress"

    def run() -> None:
        try:
            failure = work()
        except ServiceError as refusal:
            failure = refusal.message
        project["LastModifiedTime"] = now()
        project["ProjectStatus"] = f"{verb}{'Failed' if failure else 'Completed'}"
        if not failure and verb == "Delete":
            _projects.mine.pop(project["ProjectName"], None)

    context.in_background(run)


def _filled(project: Request, given: list[Request]) -> list[Request]:
    return [
        {"Key": "SageMakerProjectName", "Value": project["ProjectName"]},
        {"Key": "SageMakerProjectId", "Value": project["ProjectId"]},
        *given,
    ]


def _recorded(project: Request, record: Request) -> str:
    """Wait for Service Catalog's record; why it failed."""
    while True:
        found = RECORDS.mine[record["RecordId"]]["detail"]
        if found["Status"] in ("SUCCEEDED", "FAILED"):
            message = "; ".join(error["Description"] for error in found["RecordErrors"])
            details = {"ProvisionedProductId": found["ProvisionedProductId"]}
            details |= {"ProvisionedProductStatusMessage": message} if message else {}
            project["ServiceCatalogProvisionedProductDetails"] = details
            return message if found["Status"] == "FAILED" else ""
        stacks.pause()


def _latest(product_id: str) -> str:
    version = access.seen(product_id).latest
    if version is None:
        raise ServiceError("ValidationException", f"Product {product_id} has no version that can be launched.")
    return str(version.detail["Id"])


def _from_product(project: Request, wanted: Request, tags: list[Request]) -> None:
    chosen = {"ProvisioningArtifactId": wanted.get("ProvisioningArtifactId") or _latest(wanted["ProductId"])}
    project["ServiceCatalogProvisioningDetails"] = wanted | chosen
    request = {
        "ProductId": wanted["ProductId"],
        **chosen,
        "ProvisionedProductName": f"{project['ProjectName']}-{project['ProjectId']}",
        "ProvisionToken": str(uuid.uuid4()),
        "ProvisioningParameters": _filled(project, wanted.get("ProvisioningParameters", [])),
        "Tags": tags,
    }
    request |= {"PathId": wanted["PathId"]} if wanted.get("PathId") else {}
    record = operations.call("servicecatalog", "ProvisionProduct", request)["RecordDetail"]
    project["ServiceCatalogProvisionedProductDetails"] = {"ProvisionedProductId": record["ProvisionedProductId"]}
    _follow(project, "Create", lambda: _recorded(project, record))


def _role(arn: str | None) -> Request:
    if not arn:
        return {}
    try:
        role = context.client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
    except ClientError:
        role = {}
    if role.get("Arn") != arn or "cloudformation.amazonaws.com" not in json.dumps(role["AssumeRolePolicyDocument"]):
        raise ServiceError("ValidationException", f"Role {arn} is invalid or cannot be assumed by CloudFormation.")
    return {"RoleARN": arn}


def _stack_ended(project: Request, stack_id: str) -> str:
    stack = stacks.ended(stack_id)
    failure = "" if stack["StackStatus"] in stacks.DONE else stacks.reason(stack)
    detail = {"Name": stack["StackName"], "Id": stack["StackId"], "StatusMessage": failure or stack["StackStatus"]}
    project["TemplateProviderDetails"][0]["CfnTemplateProviderDetail"]["StackDetail"] = detail
    return failure


def _from_template(project: Request, wanted: Request, tags: list[Request]) -> None:
    members = ("TemplateName", "TemplateURL", "RoleARN", "Parameters")
    detail = {name: wanted[name] for name in members if name in wanted}
    project["TemplateProviderDetails"] = [{"CfnTemplateProviderDetail": detail}]
    text, role = templates.read(wanted["TemplateURL"]), _role(wanted.get("RoleARN"))

    def work() -> str:
        made = stacks.asked(
            "create_stack",
            StackName=f"SP-{project['ProjectName']}-{project['ProjectId']}",
            TemplateURL=templates.url_of(text),
            Capabilities=stacks.CAPABILITIES,
            Parameters=stacks.parameters(_filled(project, wanted.get("Parameters", []))),
            Tags=tags,
            **role,
        )
        return _stack_ended(project, made["StackId"])

    _follow(project, "Create", work)


@operation("sagemaker", "CreateProject")
def create(request: Request) -> Request:
    name, product = request["ProjectName"], request.get("ServiceCatalogProvisioningDetails")
    providers = request.get("TemplateProviders", [])
    if name in _projects.mine:
        raise ServiceError("ValidationException", f"Project already exists: {name}")
    if bool(product) == bool(providers):
        raise ServiceError(
            "ValidationException", "Exactly one of ServiceCatalogProvisioningDetails and TemplateProviders is needed."
        )
    identifier = "p-" + uuid.uuid4().hex[:12]
    project = {
        "ProjectArn": context.arn("sagemaker", f"project/{name}"),
        "ProjectName": name,
        "ProjectId": identifier,
        "ProjectStatus": "Pending",
        "CreationTime": now(),
        "LastModifiedTime": now(),
    }
    project |= {key: request[key] for key in ("ProjectDescription",) if key in request}
    given = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
    given |= {"sagemaker:project-name": name, "sagemaker:project-id": identifier}
    tags = [{"Key": key, "Value": value} for key, value in given.items()]
    if product:
        _from_product(project, product, tags)
    else:
        _from_template(project, providers[0]["CfnTemplateProvider"], tags)
    _projects.mine[name] = project
    return {"ProjectArn": project["ProjectArn"], "ProjectId": identifier}


@operation("sagemaker", "DescribeProject")
def describe(request: Request) -> Request:
    return _project(request["ProjectName"])


@operation("sagemaker", "ListProjects")
def list_all(request: Request) -> Request:
    members = ("ProjectName", "ProjectDescription", "ProjectArn", "ProjectId", "CreationTime", "ProjectStatus")
    found = [each for name, each in _projects.mine.items() if request.get("NameContains", "") in name]
    return {"ProjectSummaryList": [{name: each[name] for name in members if name in each} for each in found]}


def _update_product(project: Request, wanted: Request, tags: Request) -> None:
    provisioned = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductId"]
    request = {
        "ProvisionedProductId": provisioned,
        "UpdateToken": str(uuid.uuid4()),
        "ProvisioningParameters": _filled(project, wanted.get("ProvisioningParameters", [])),
        "ProvisioningArtifactId": wanted.get("ProvisioningArtifactId")
        or project["ServiceCatalogProvisioningDetails"]["ProvisioningArtifactId"],
        **tags,
    }
    record = operations.call("servicecatalog", "UpdateProvisionedProduct", request)["RecordDetail"]
    project["ServiceCatalogProvisioningDetails"] |= {"ProvisioningArtifactId": request["ProvisioningArtifactId"]}
    _follow(project, "Update", lambda: _recorded(project, record))


def _update_template(project: Request, wanted: Request, tags: Request) -> None:
    detail = project["TemplateProviderDetails"][0]["CfnTemplateProviderDetail"]
    text = templates.read(wanted.get("TemplateURL", detail["TemplateURL"]))
    detail |= {key: wanted[key] for key in ("TemplateName", "TemplateURL") if key in wanted}

    def work() -> str:
        stack = detail["StackDetail"]["Id"]
        known = stacks.asked("describe_stacks", StackName=stack)["Stacks"][0].get("Parameters", [])
        declared = templates.parsed(text).get("Parameters", {})
        previous = [each["ParameterKey"] for each in known if each["ParameterKey"] in declared]
        stacks.asked(
            "update_stack",
            StackName=detail["StackDetail"]["Name"],
            TemplateURL=templates.url_of(text),
            Capabilities=stacks.CAPABILITIES,
            Parameters=stacks.parameters(wanted.get("Parameters", []), previous),
            **tags,
        )
        return _stack_ended(project, stack)

    _follow(project, "Update", work)


@operation("sagemaker", "UpdateProject")
def update(request: Request) -> Request:
    project = _settled(request["ProjectName"])
    product = request.get("ServiceCatalogProvisioningUpdateDetails")
    providers = request.get("TemplateProvidersToUpdate", [])
    tags = {"Tags": request["Tags"]} if request.get("Tags") else {}
    is_product = "ServiceCatalogProvisioningDetails" in project
    if (providers and is_product) or (product and not is_product):
        raise ServiceError("ValidationException", f"Project {request['ProjectName']} has another kind of template.")
    if is_product:
        _update_product(project, product or {}, tags)
    else:
        _update_template(project, providers[0]["CfnTemplateProvider"] if providers else {}, tags)
    project |= {key: request[key] for key in ("ProjectDescription",) if key in request}
    return {"ProjectArn": project["ProjectArn"]}


@operation("sagemaker", "DeleteProject")
def delete(request: Request) -> Request:
    project = _settled(request["ProjectName"])
    if "ServiceCatalogProvisioningDetails" in project:
        provisioned = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductId"]
        if provisioned not in PROVISIONED.mine:
            _projects.mine.pop(request["ProjectName"])
            return {}
        wanted = {"ProvisionedProductId": provisioned, "TerminateToken": str(uuid.uuid4())}
        record = operations.call("servicecatalog", "TerminateProvisionedProduct", wanted)["RecordDetail"]
        _follow(project, "Delete", lambda: _recorded(project, record))
        return {}
    stack = project["TemplateProviderDetails"][0]["CfnTemplateProviderDetail"].get("StackDetail")

    def work() -> str:
        if not stack:
            return ""
        stacks.asked("delete_stack", StackName=stack["Name"])
        return _stack_ended(project, stack["Id"])

    _follow(project, "Delete", work)
    return {}
