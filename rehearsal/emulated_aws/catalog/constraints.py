"""Constraints of a product in a portfolio, and TagOptions.

AWS: LAUNCH (the role that launches), TEMPLATE (rules on parameters), RESOURCE_UPDATE (may tags be changed?), STACKSET,
NOTIFICATION; a TagOption with one value for its key is put on what is launched, of several one has to be chosen.
Simplified: STACKSET and NOTIFICATION are refused.
"""

from __future__ import annotations

import json

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.catalog import records
from rehearsal.emulated_aws.catalog.records import PORTFOLIOS, TAG_OPTIONS, Constraint, Portfolio, Product
from rehearsal.emulated_aws.errors import NotEmulatedError, ServiceError
from rehearsal.emulated_aws.operations import Request, operation

SERVICE = "servicecatalog"
MOST_TAG_OPTIONS = 25


def _checked(kind: str, text: str) -> None:
    """Raises ServiceError for parameters the kind of constraint does not have."""
    try:
        given = json.loads(text)
    except json.JSONDecodeError as fault:
        raise records.invalid(f"Parameters are no JSON: {fault}") from fault
    if kind == "LAUNCH":
        fits = len(given) == 1 and next(iter(given)) in ("RoleArn", "LocalRoleName")
    elif kind == "TEMPLATE":
        fits = isinstance(given.get("Rules"), dict)
    elif kind == "RESOURCE_UPDATE":
        allowed = ("ALLOWED", "NOT_ALLOWED")
        fits = (given.get("Properties") or {}).get("TagUpdateOnProvisionedProduct") in allowed
    else:
        raise NotEmulatedError(f"a constraint of type {kind}")
    if not fits:
        raise records.invalid(f"{text} does not fit a constraint of type {kind}")


@operation(SERVICE, "CreateConstraint")
def create(request: Request) -> Request:
    owner, kind = records.portfolio(request["PortfolioId"]), request["Type"]
    if request["ProductId"] not in owner.products:
        raise records.missing("Product", f"{request['ProductId']} in portfolio {request['PortfolioId']}")
    _checked(kind, request["Parameters"])
    if kind != "TEMPLATE" and of_type(owner, request["ProductId"], kind):
        raise ServiceError("DuplicateResourceException", f"A {kind} constraint of the product exists already.")
    identifier = records.new_id("cons")
    members = ("Description", "Type", "PortfolioId", "ProductId")
    detail = {"ConstraintId": identifier, "Owner": context.account()}
    detail |= {name: request[name] for name in members if name in request}
    owner.constraints[identifier] = Constraint(detail, request["Parameters"])
    return _answer(owner.constraints[identifier])


def _answer(found: Constraint) -> Request:
    return {"ConstraintDetail": found.detail, "ConstraintParameters": found.parameters, "Status": "AVAILABLE"}


def _owner(identifier: str) -> Portfolio:
    found = next((each for each in PORTFOLIOS.mine.values() if identifier in each.constraints), None)
    if found is None:
        raise records.missing("Constraint", identifier)
    return found


@operation(SERVICE, "DescribeConstraint")
def describe(request: Request) -> Request:
    return _answer(_owner(request["Id"]).constraints[request["Id"]])


@operation(SERVICE, "UpdateConstraint")
def update(request: Request) -> Request:
    found = _owner(request["Id"]).constraints[request["Id"]]
    if "Parameters" in request:
        _checked(found.detail["Type"], request["Parameters"])
        found.parameters = request["Parameters"]
    found.detail |= {name: request[name] for name in ("Description",) if name in request}
    return _answer(found)


@operation(SERVICE, "DeleteConstraint")
def delete(request: Request) -> Request:
    del _owner(request["Id"]).constraints[request["Id"]]
    return {}


@operation(SERVICE, "ListConstraintsForPortfolio")
def list_for_portfolio(request: Request) -> Request:
    found = [each.detail for each in records.portfolio(request["PortfolioId"]).constraints.values()]
    wanted = request.get("ProductId")
    return {"ConstraintDetails": [each for each in found if wanted in (None, each["ProductId"])]}


def of_type(owner: Portfolio, product_id: str, kind: str) -> list[str]:
    """Parameters of the constraints of one type."""
    wanted = {"ProductId": product_id, "Type": kind}
    return [each.parameters for each in owner.constraints.values() if wanted.items() <= each.detail.items()]


def launch_role(owner: Portfolio, product_id: str) -> str | None:
    """The ARN of the role that launches the product from the portfolio, if it has a launch constraint."""
    for text in of_type(owner, product_id, "LAUNCH"):
        given = json.loads(text)
        return str(given.get("RoleArn") or f"arn:aws:iam::{context.account()}:role/{given['LocalRoleName']}")
    return None


def may_change_tags(owner: Portfolio, product_id: str) -> bool:
    given = [json.loads(text)["Properties"] for text in of_type(owner, product_id, "RESOURCE_UPDATE")]
    return any(each["TagUpdateOnProvisionedProduct"] == "ALLOWED" for each in given)


@operation(SERVICE, "CreateTagOption")
def create_tag_option(request: Request) -> Request:
    if any((each["Key"], each["Value"]) == (request["Key"], request["Value"]) for each in TAG_OPTIONS.mine.values()):
        raise ServiceError("DuplicateResourceException", f"TagOption {request['Key']}={request['Value']} exists.")
    identifier = records.new_id("tag")
    kept = {"Key": request["Key"], "Value": request["Value"]}
    TAG_OPTIONS.mine[identifier] = {**kept, "Active": True, "Id": identifier, "Owner": context.account()}
    return {"TagOptionDetail": TAG_OPTIONS.mine[identifier]}


def _tag_option(identifier: str) -> Request:
    if identifier not in TAG_OPTIONS.mine:
        raise records.missing("TagOption", identifier)
    return TAG_OPTIONS.mine[identifier]


@operation(SERVICE, "DescribeTagOption")
def describe_tag_option(request: Request) -> Request:
    return {"TagOptionDetail": _tag_option(request["Id"])}


@operation(SERVICE, "UpdateTagOption")
def update_tag_option(request: Request) -> Request:
    found = _tag_option(request["Id"])
    found |= {name: request[name] for name in ("Value", "Active") if name in request}
    return {"TagOptionDetail": found}


@operation(SERVICE, "ListTagOptions")
def list_tag_options(request: Request) -> Request:
    wanted = (request.get("Filters") or {}).items()
    return {"TagOptionDetails": [each for each in TAG_OPTIONS.mine.values() if wanted <= each.items()]}


def _tagged(resource: str) -> Portfolio | Product:
    return PORTFOLIOS.mine.get(resource) or records.product(resource)


@operation(SERVICE, "AssociateTagOptionWithResource")
def associate_tag_option(request: Request) -> Request:
    found = _tagged(request["ResourceId"])
    _tag_option(request["TagOptionId"])
    if request["TagOptionId"] in found.tag_options:
        raise ServiceError("DuplicateResourceException", f"{request['TagOptionId']} is associated already.")
    if len(found.tag_options) >= MOST_TAG_OPTIONS:
        raise ServiceError("LimitExceededException", f"A resource has at most {MOST_TAG_OPTIONS} TagOptions.")
    found.tag_options.append(request["TagOptionId"])
    return {}


@operation(SERVICE, "DisassociateTagOptionFromResource")
def disassociate_tag_option(request: Request) -> Request:
    found = _tagged(request["ResourceId"])
    if request["TagOptionId"] not in found.tag_options:
        raise records.missing("TagOption", request["TagOptionId"])
    found.tag_options.remove(request["TagOptionId"])
    return {}


@operation(SERVICE, "DeleteTagOption")
def delete_tag_option(request: Request) -> Request:
    _tag_option(request["Id"])
    users: list[Portfolio | Product] = [*PORTFOLIOS.mine.values(), *records.PRODUCTS.mine.values()]
    if any(request["Id"] in each.tag_options for each in users):
        raise ServiceError("ResourceInUseException", f"TagOption {request['Id']} is associated with resources.")
    del TAG_OPTIONS.mine[request["Id"]]
    return {}


def tag_choices(owner: Portfolio, product: Product) -> dict[str, list[str]]:
    """Key to the values one may choose from; the product's TagOptions win over the portfolio's."""
    found: dict[str, list[str]] = {}
    for place in (owner.tag_options, product.tag_options):
        options = [TAG_OPTIONS.mine[each] for each in place if TAG_OPTIONS.mine[each]["Active"]]
        chosen: dict[str, list[str]] = {}
        for option in options:
            chosen.setdefault(option["Key"], []).append(option["Value"])
        found |= chosen
    return found
