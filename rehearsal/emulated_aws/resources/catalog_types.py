"""AWS::ServiceCatalog: portfolios, products, associations, constraints, TagOptions and shares.

AWS: Ref gives ids (of associations, both ids); a product's versions are matched by name, ReplaceProvisioningArtifacts
makes all of them anew. Simplified: another template under a name that stays is refused; a version that leaves the list
is deleted; a share to an account only.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from rehearsal.emulated_aws import operations
from rehearsal.emulated_aws.catalog import records
from rehearsal.emulated_aws.errors import NotEmulatedError
from rehearsal.emulated_aws.resources.calls import own_tags
from rehearsal.emulated_aws.resources.registry import Made, Properties, ResourceType, register

_TOKENS = ("CreatePortfolio", "CreateProduct", "CreateProvisioningArtifact", "CreateConstraint")
_OF_PRODUCT = ("Name", "Owner", "Description", "Distributor", "SupportDescription", "SupportEmail", "SupportUrl")
_OF_PORTFOLIO = ("DisplayName", "Description", "ProviderName")


def _asked(operation: str, **request: Any) -> Properties:
    given = {name: value for name, value in request.items() if value is not None}
    if "Tags" in given:
        given["Tags"] = own_tags(given["Tags"])
    if operation in _TOKENS:
        given["IdempotencyToken"] = str(uuid.uuid4())
    return operations.call("servicecatalog", operation, given)


def _picked(properties: Properties, *names: str) -> Properties:
    return {name: properties[name] for name in names if name in properties}


def _tag_changes(old: Properties, new: Properties) -> Properties:
    after = own_tags(new.get("Tags", []))
    gone = sorted({tag["Key"] for tag in own_tags(old.get("Tags", []))} - {tag["Key"] for tag in after})
    return {"AddTags": after or None, "RemoveTags": gone or None}


def create_portfolio(_logical_id: str, properties: Properties, _stack: str) -> Made:
    made = _asked("CreatePortfolio", **_picked(properties, *_OF_PORTFOLIO, "Tags"))["PortfolioDetail"]
    return made["Id"], {"Id": made["Id"], "PortfolioName": made["DisplayName"]}


def update_portfolio(identifier: str, old: Properties, new: Properties) -> Made:
    changes = _picked(new, *_OF_PORTFOLIO) | _tag_changes(old, new)
    made = _asked("UpdatePortfolio", Id=identifier, **changes)["PortfolioDetail"]
    return identifier, {"Id": identifier, "PortfolioName": made["DisplayName"]}


def delete_portfolio(identifier: str, _properties: Properties) -> None:
    _asked("DeletePortfolio", Id=identifier)


def _product(identifier: str) -> Made:
    found = records.product(identifier)
    details = [each.detail for each in found.versions.values()]
    return identifier, {
        "Id": identifier,
        "ProductName": found.view["Name"],
        "ProvisioningArtifactIds": ",".join(each["Id"] for each in details),
        "ProvisioningArtifactNames": ",".join(each["Name"] for each in details),
    }


def _version(properties: Properties) -> Properties:
    kept = _picked(properties, "Name", "Description", "Info", "DisableTemplateValidation")
    return kept | {"Type": properties.get("Type", records.STACK_PRODUCT)}


def create_product(_logical_id: str, properties: Properties, _stack: str) -> Made:
    first, *more = properties.get("ProvisioningArtifactParameters") or [{}]
    made = _asked(
        "CreateProduct",
        **_picked(properties, *_OF_PRODUCT, "Tags", "SourceConnection"),
        ProductType=properties.get("ProductType", records.STACK_PRODUCT),
        ProvisioningArtifactParameters=_version(first),
    )
    identifier = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    for each in more:
        _asked("CreateProvisioningArtifact", ProductId=identifier, Parameters=_version(each))
    return _product(identifier)


def update_product(identifier: str, old: Properties, new: Properties) -> Made:
    if new.get("ReplaceProvisioningArtifacts"):
        raise NotEmulatedError("ReplaceProvisioningArtifacts")
    _asked("UpdateProduct", Id=identifier, **_picked(new, *_OF_PRODUCT), **_tag_changes(old, new))
    before = {each.get("Name", ""): each for each in old.get("ProvisioningArtifactParameters", [])}
    after = {each.get("Name", ""): each for each in new.get("ProvisioningArtifactParameters", [])}
    ids = {each.detail["Name"]: key for key, each in records.product(identifier).versions.items()}
    for name, version in after.items():
        if name not in before:
            _asked("CreateProvisioningArtifact", ProductId=identifier, Parameters=_version(version))
        elif version.get("Info") != before[name].get("Info"):
            raise NotEmulatedError(f"another template for version {name}")
        elif version != before[name]:
            change = _picked(version, "Description")
            _asked("UpdateProvisioningArtifact", ProductId=identifier, ProvisioningArtifactId=ids[name], **change)
    for name in sorted(set(before) - set(after)):
        if name in ids:
            _asked("DeleteProvisioningArtifact", ProductId=identifier, ProvisioningArtifactId=ids[name])
    return _product(identifier)


def delete_product(identifier: str, _properties: Properties) -> None:
    _asked("DeleteProduct", Id=identifier)


def _association(name: str, members: tuple[str, ...], associate: str, disassociate: str, *more: str) -> ResourceType:
    def create(_logical_id: str, properties: Properties, _stack: str) -> Made:
        _asked(associate, **_picked(properties, *members, *more))
        return "|".join(str(properties[member]) for member in members), {}

    def update(physical_id: str, _old: Properties, _new: Properties) -> Made:
        return physical_id, {}

    def delete(_physical_id: str, properties: Properties) -> None:
        _asked(disassociate, **_picked(properties, *members))

    return ResourceType(f"AWS::ServiceCatalog::{name}", create, update, delete)


def _constraint(name: str, kind: str, parameters: Callable[[Properties], Properties]) -> ResourceType:
    def create(_logical_id: str, properties: Properties, _stack: str) -> Made:
        given = _picked(properties, "PortfolioId", "ProductId", "Description")
        made = _asked("CreateConstraint", **given, Type=kind, Parameters=json.dumps(parameters(properties)))
        identifier = made["ConstraintDetail"]["ConstraintId"]
        return identifier, {"Id": identifier}

    def update(identifier: str, _old: Properties, new: Properties) -> Made:
        text = json.dumps(parameters(new))
        _asked("UpdateConstraint", Id=identifier, Parameters=text, **_picked(new, "Description"))
        return identifier, {"Id": identifier}

    def delete(identifier: str, _properties: Properties) -> None:
        _asked("DeleteConstraint", Id=identifier)

    return ResourceType(f"AWS::ServiceCatalog::{name}", create, update, delete)


def _rules(properties: Properties) -> Properties:
    given = properties["Rules"]
    rules = json.loads(given) if isinstance(given, str) else given
    return rules if "Rules" in rules else {"Rules": rules}


def _tag_update(properties: Properties) -> Properties:
    return {"Version": "2.0", "Properties": _picked(properties, "TagUpdateOnProvisionedProduct")}


def create_tag_option(_logical_id: str, properties: Properties, _stack: str) -> Made:
    identifier = _asked("CreateTagOption", **_picked(properties, "Key", "Value"))["TagOptionDetail"]["Id"]
    if properties.get("Active") is False:
        _asked("UpdateTagOption", Id=identifier, Active=False)
    return identifier, {"Id": identifier}


def update_tag_option(identifier: str, _old: Properties, new: Properties) -> Made:
    _asked("UpdateTagOption", Id=identifier, Active=new.get("Active", True))
    return identifier, {"Id": identifier}


def delete_tag_option(identifier: str, _properties: Properties) -> None:
    _asked("DeleteTagOption", Id=identifier)


def install() -> None:
    tags = ("Tags", "list")
    prefix = "AWS::ServiceCatalog::"
    portfolio = (create_portfolio, update_portfolio, delete_portfolio)
    product = (create_product, update_product, delete_product)
    tag_option = (create_tag_option, update_tag_option, delete_tag_option)
    products = ("PortfolioId", "ProductId")
    principals = ("PortfolioId", "PrincipalARN", "PrincipalType")
    shares = ("PortfolioId", "AccountId")
    options = ("ResourceId", "TagOptionId")
    for each in (
        ResourceType(f"{prefix}Portfolio", *portfolio, None, tags),
        ResourceType(f"{prefix}CloudFormationProduct", *product, None, tags),
        ResourceType(f"{prefix}TagOption", *tag_option),
        _association(
            "PortfolioProductAssociation",
            products,
            "AssociateProductWithPortfolio",
            "DisassociateProductFromPortfolio",
        ),
        _association(
            "PortfolioPrincipalAssociation",
            principals,
            "AssociatePrincipalWithPortfolio",
            "DisassociatePrincipalFromPortfolio",
        ),
        _association("PortfolioShare", shares, "CreatePortfolioShare", "DeletePortfolioShare", "ShareTagOptions"),
        _association(
            "TagOptionAssociation", options, "AssociateTagOptionWithResource", "DisassociateTagOptionFromResource"
        ),
        _constraint("LaunchRoleConstraint", "LAUNCH", lambda given: _picked(given, "RoleArn", "LocalRoleName")),
        _constraint("LaunchTemplateConstraint", "TEMPLATE", _rules),
        _constraint("ResourceUpdateConstraint", "RESOURCE_UPDATE", _tag_update),
    ):
        register(each)
