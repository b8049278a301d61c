"""Provisioned products: stacks SC-<account>-<id>, launched, updated and terminated, each with its record.

AWS: the launch role creates the stack with the parameters and tags given, TagOptions among them; tags change on update
only where a tag-update constraint allows it. Simplified: the launch role has to exist and to trust Service Catalog,
what it may do is not asked; tags aws:servicecatalog:* and those of portfolio and product are not put on the stack;
plans, imports and stack sets are refused; RecordErrors carry the reasons of the stack's failed resources, their codes
and wording are the emulator's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.catalog import access, constraints, records, stacks, templates
from rehearsal.emulated_aws.catalog.records import PROVISIONED, RECORDS, Portfolio, Product, Provisioned, Version
from rehearsal.emulated_aws.errors import NotEmulatedError, ServiceError
from rehearsal.emulated_aws.operations import Request, operation

SERVICE = "servicecatalog"


def _record(found: Provisioned, kind: str, **more: Any) -> Request:
    detail = {
        "RecordId": records.new_id("rec"),
        "ProvisionedProductName": found.detail["Name"],
        "Status": "IN_PROGRESS",
        "CreatedTime": records.now(),
        "UpdatedTime": records.now(),
        "ProvisionedProductType": "CFN_STACK",
        "RecordType": kind,
        "ProvisionedProductId": found.detail["Id"],
        "ProductId": found.detail["ProductId"],
        "ProvisioningArtifactId": found.detail["ProvisioningArtifactId"],
        "PathId": found.path,
        "RecordErrors": [],
        "RecordTags": [],
        **more,
    }
    RECORDS.mine[detail["RecordId"]] = {"detail": detail, "outputs": []}
    found.detail |= {"LastRecordId": detail["RecordId"], "Status": "UNDER_CHANGE"}
    return detail


def _finish(found: Provisioned, record: Request, error: tuple[str, str] | None, status: str) -> None:
    found.detail |= {"Status": status, "StatusMessage": error[1] if error else ""}
    record |= {"Status": "FAILED" if error else "SUCCEEDED", "UpdatedTime": records.now()}
    record["RecordErrors"] = [{"Code": error[0], "Description": error[1]}] if error else []


def _run(found: Provisioned, record: Request, start: Callable[[], Request]) -> Request:
    """Answer at once with the record; start the stack's operation and see it to its end in the background."""

    def watch() -> None:
        try:
            stack = stacks.ended(start().get("StackId") or found.stack)
        except ServiceError as refusal:
            status = "ERROR" if record["RecordType"] == "PROVISION_PRODUCT" else "TAINTED"
            _finish(found, record, (refusal.code, refusal.message), status)
            return
        RECORDS.mine[record["RecordId"]]["outputs"] = stacks.outputs(stack)
        if stack["StackStatus"] not in stacks.DONE:
            created = record["RecordType"] == "PROVISION_PRODUCT"
            _finish(found, record, (stack["StackStatus"], stacks.reason(stack)), "ERROR" if created else "TAINTED")
            return
        _finish(found, record, None, "AVAILABLE")
        if record["RecordType"] == "TERMINATE_PROVISIONED_PRODUCT":
            PROVISIONED.mine.pop(found.detail["Id"], None)

    answer = {"RecordDetail": dict(record)}
    context.in_background(watch)
    return answer


def _role(owner: Portfolio, product: Product) -> Request:
    """RoleARN for CloudFormation. Raises ServiceError for a launch role that Service Catalog cannot assume."""
    arn = constraints.launch_role(owner, product.identifier)
    if arn is None:
        return {}
    try:
        role = context.client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
    except ClientError:
        role = {}
    trusted = json.dumps(role.get("AssumeRolePolicyDocument", {}))
    if role.get("Arn") != arn or "servicecatalog.amazonaws.com" not in trusted:
        raise ServiceError(
            "AccessDenied", f"Access denied while assuming the role {arn}. It must exist and trust Service Catalog."
        )
    return {"RoleARN": arn}


def _tags(owner: Portfolio, product: Product, given: list[Request]) -> list[Request]:
    """The stack's tags. Raises ServiceError where a TagOption is not chosen, or not as it may be."""
    tags = {tag["Key"]: tag["Value"] for tag in given}
    for key, values in constraints.tag_choices(owner, product).items():
        if key not in tags and len(values) == 1:
            tags[key] = values[0]
        if tags.get(key) not in values:
            raise records.invalid(f"Tag {key} must be one of {', '.join(values)}.")
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _template(owner: Portfolio, product: Product, version: Version) -> str:
    rules = constraints.of_type(owner, product.identifier, "TEMPLATE")
    return templates.url_of(templates.with_rules(version.template, rules))


def _version(product: Product, request: Request, what: str) -> Version:
    identifier, name = request.get("ProvisioningArtifactId"), request.get("ProvisioningArtifactName")
    if not identifier:
        identifier = next((key for key, each in product.versions.items() if each.detail["Name"] == name), None)
    found = product.version(identifier or str(name))
    if not found.detail["Active"] or (what == "launch" and not found.can_be_launched):
        raise records.invalid(f"Version {found.detail['Name']} of {product.identifier} cannot be used to {what}.")
    return found


def _refuse(request: Request, *members: str) -> None:
    if used := [name for name in members if request.get(name)]:
        raise NotEmulatedError(f"{used[0]} of a provisioned product")


def _path(product: Product, request: Request) -> Portfolio:
    if request.get("PathName"):
        named = [each for each in access.paths(product.identifier) if each.detail["DisplayName"] == request["PathName"]]
        return access.path(product.identifier, named[0].path if named else str(request["PathName"]))
    return access.path(product.identifier, request.get("PathId"))


@operation(SERVICE, "ProvisionProduct")
def provision(request: Request) -> Request:
    _refuse(request, "NotificationArns", "ProvisioningPreferences")
    product = access.seen(request.get("ProductId"), request.get("ProductName"))
    owner, version = _path(product, request), _version(product, request, "launch")
    name = request["ProvisionedProductName"]
    if any(each.detail["Name"] == name for each in PROVISIONED.mine.values()):
        raise records.invalid(f"A provisioned product named {name} already exists.")
    tags = _tags(owner, product, request.get("Tags", []))
    identifier = records.new_id("pp")
    detail = {
        "Name": name,
        "Arn": context.arn("servicecatalog", f"stack/{name}/{identifier}"),
        "Type": "CFN_STACK",
        "Id": identifier,
        "CreatedTime": records.now(),
        "ProductId": product.identifier,
        "ProductName": product.view["Name"],
        "ProvisioningArtifactId": version.detail["Id"],
        "ProvisioningArtifactName": version.detail["Name"],
        "UserArn": access.principal(),
        "Tags": tags,
    }
    found = Provisioned(detail, f"SC-{context.account()}-{identifier}", owner.path)
    PROVISIONED.mine[identifier] = found
    record = _record(found, "PROVISION_PRODUCT", RecordTags=tags)

    def start() -> Request:
        made = stacks.asked(
            "create_stack",
            StackName=found.stack,
            TemplateURL=_template(owner, product, version),
            Capabilities=stacks.CAPABILITIES,
            Parameters=stacks.parameters(request.get("ProvisioningParameters", [])),
            Tags=tags,
            **_role(owner, product),
        )
        detail["PhysicalId"] = made["StackId"]
        return made

    return _run(found, record, start)


def _provisioned(request: Request) -> Provisioned:
    identifier = request.get("ProvisionedProductId") or request.get("Id")
    name = request.get("ProvisionedProductName") or request.get("Name")
    for each in PROVISIONED.mine.values():
        if identifier in (each.detail["Id"], None) and name in (each.detail["Name"], None):
            if each.detail["Status"] == "UNDER_CHANGE":
                raise records.invalid(f"{each.detail['Id']} is under change.")
            return each
    raise records.missing("Provisioned product", identifier or name)


def _changed_tags(found: Provisioned, request: Request, owner: Portfolio, product: Product) -> list[Request]:
    before: list[Request] = found.detail["Tags"]
    if "Tags" not in request:
        return before
    after = _tags(owner, product, request["Tags"])
    if after != before and not constraints.may_change_tags(owner, product.identifier):
        raise records.invalid("Tags can only be updated where a tag update constraint allows it.")
    return after


@operation(SERVICE, "UpdateProvisionedProduct")
def update(request: Request) -> Request:
    _refuse(request, "ProvisioningPreferences")
    found = _provisioned(request)
    product = access.seen(request.get("ProductId") or found.detail["ProductId"])
    owner = _path(product, {"PathId": found.path, **request})
    chosen = any(name in request for name in ("ProvisioningArtifactId", "ProvisioningArtifactName"))
    wanted = request if chosen else {"ProvisioningArtifactId": found.detail["ProvisioningArtifactId"]}
    version = _version(product, wanted, "update")
    tags = _changed_tags(found, request, owner, product)
    names = {
        "ProductId": product.identifier,
        "ProvisioningArtifactId": version.detail["Id"],
        "ProvisioningArtifactName": version.detail["Name"],
    }
    before = {name: found.detail[name] for name in names}
    found.detail |= names
    record = _record(found, "UPDATE_PROVISIONED_PRODUCT", RecordTags=tags)

    def start() -> Request:
        try:
            known = stacks.asked("describe_stacks", StackName=found.stack)["Stacks"][0].get("Parameters", [])
            declared = templates.parsed(version.template).get("Parameters", {})
            previous = [each["ParameterKey"] for each in known if each["ParameterKey"] in declared]
            changed = stacks.asked(
                "update_stack",
                StackName=found.stack,
                TemplateURL=_template(owner, product, version),
                Capabilities=stacks.CAPABILITIES,
                Parameters=stacks.parameters(request.get("ProvisioningParameters", []), previous),
                Tags=tags,
                **_role(owner, product),
            )
        except ServiceError as refusal:
            if "No updates are to be performed" in refusal.message:
                return {}
            found.detail.update(before)
            raise
        found.detail["Tags"] = tags
        return changed

    return _run(found, record, start)


@operation(SERVICE, "TerminateProvisionedProduct")
def terminate(request: Request) -> Request:
    _refuse(request, "RetainPhysicalResources")
    found = _provisioned(request)
    record = _record(found, "TERMINATE_PROVISIONED_PRODUCT")

    def start() -> Request:
        identifier = found.detail.get("PhysicalId")
        if identifier is None:
            PROVISIONED.mine.pop(found.detail["Id"], None)
            raise ServiceError("StackNotFound", f"{found.stack} was never made.")
        stacks.asked("delete_stack", StackName=found.stack)
        return {"StackId": identifier}

    return _run(found, record, start)


@operation(SERVICE, "DescribeRecord")
def describe_record(request: Request) -> Request:
    if request["Id"] not in RECORDS.mine:
        raise records.missing("Record", request["Id"])
    found = RECORDS.mine[request["Id"]]
    return {"RecordDetail": found["detail"], "RecordOutputs": found["outputs"]}


def _summary(found: Provisioned) -> Request:
    members = ("Name", "Arn", "Type", "Id", "Status", "StatusMessage", "CreatedTime", "LastRecordId")
    more = ("ProductId", "ProvisioningArtifactId")
    return {name: found.detail[name] for name in (*members, *more) if name in found.detail}


@operation(SERVICE, "DescribeProvisionedProduct")
def describe(request: Request) -> Request:
    identifier, name = request.get("Id"), request.get("Name")
    for each in PROVISIONED.mine.values():
        if identifier == each.detail["Id"] or (not identifier and name == each.detail["Name"]):
            return {"ProvisionedProductDetail": _summary(each), "CloudWatchDashboards": []}
    raise records.missing("Provisioned product", identifier or name)


@operation(SERVICE, "GetProvisionedProductOutputs")
def get_outputs(request: Request) -> Request:
    identifier, name = request.get("ProvisionedProductId"), request.get("ProvisionedProductName")
    found = describe({"Id": identifier} if identifier else {"Name": name})["ProvisionedProductDetail"]
    return {"Outputs": RECORDS.mine[found["LastRecordId"]]["outputs"]}


@operation(SERVICE, "SearchProvisionedProducts")
def search(request: Request) -> Request:
    found = [each.detail for each in PROVISIONED.mine.values()]
    for query in (request.get("Filters") or {}).get("SearchQuery", []):
        key, _, wanted = query.partition(":")
        names = {"id": "Id", "name": "Name", "productId": "ProductId", "status": "Status"}
        if key not in names:
            raise NotEmulatedError(f"a search by {key}")
        found = [each for each in found if each[names[key]] == wanted]
    return {"ProvisionedProducts": found, "TotalResultsCount": len(found)}


@operation(SERVICE, "ScanProvisionedProducts")
def scan(_request: Request) -> Request:
    return {"ProvisionedProducts": [_summary(each) for each in PROVISIONED.mine.values()]}
