"""Products and their versions (provisioning artifacts).

AWS: a product has 1 to 100 versions; an inactive one is invisible to users, a deprecated one can be kept in use and
updated to, not launched. Simplified: products of CloudFormation templates only; source connections are refused.
"""

from __future__ import annotations

from rehearsal.emulated_aws.catalog import records, templates
from rehearsal.emulated_aws.catalog.records import PRODUCTS, STACK_PRODUCT, Product, Version
from rehearsal.emulated_aws.errors import NotEmulatedError, ServiceError
from rehearsal.emulated_aws.operations import Request, operation

SERVICE = "servicecatalog"
MOST_VERSIONS = 100
_OF_VIEW = {
    "Name": "Name",
    "Owner": "Owner",
    "Description": "ShortDescription",
    "Distributor": "Distributor",
    "SupportDescription": "SupportDescription",
    "SupportEmail": "SupportEmail",
    "SupportUrl": "SupportUrl",
}


def _new_version(owner: Product, parameters: Request) -> Version:
    if len(owner.versions) >= MOST_VERSIONS:
        raise ServiceError(
            "LimitExceededException", f"A product has at most {MOST_VERSIONS} versions ({owner.identifier})."
        )
    if parameters.get("Type", STACK_PRODUCT) != STACK_PRODUCT:
        raise NotEmulatedError(f"a version of type {parameters['Type']}")
    text, source = templates.of_version(parameters.get("Info", {}), parameters.get("DisableTemplateValidation", False))
    detail = {
        "Id": records.new_id("pa"),
        "Name": parameters.get("Name", ""),
        "Description": parameters.get("Description", ""),
        "Type": STACK_PRODUCT,
        "CreatedTime": records.now(),
        "Active": True,
        "Guidance": "DEFAULT",
    }
    made = Version(detail, text, source)
    owner.versions[detail["Id"]] = made
    return made


def _detail(found: Product) -> Request:
    return {
        "ProductViewSummary": found.view,
        "Status": "AVAILABLE",
        "ProductARN": found.arn,
        "CreatedTime": found.created,
    }


@operation(SERVICE, "CreateProduct")
def create(request: Request) -> Request:
    if request["ProductType"] != STACK_PRODUCT or request.get("SourceConnection"):
        raise NotEmulatedError(f"a product of type {request['ProductType']} or with a source connection")
    identifier = records.new_id("prod")
    view = {
        "Id": "prodview-" + identifier.removeprefix("prod-"),
        "ProductId": identifier,
        "Type": STACK_PRODUCT,
        "HasDefaultPath": False,
        **{theirs: request[ours] for ours, theirs in _OF_VIEW.items() if ours in request},
    }
    made = Product(view, records.arn("product", identifier), request.get("Tags", []), records.now())
    version = _new_version(made, request["ProvisioningArtifactParameters"])
    PRODUCTS.mine[identifier] = made
    return {"ProductViewDetail": _detail(made), "ProvisioningArtifactDetail": version.detail, "Tags": made.tags}


@operation(SERVICE, "UpdateProduct")
def update(request: Request) -> Request:
    found = records.product(request["Id"])
    found.view |= {theirs: request[ours] for ours, theirs in _OF_VIEW.items() if ours in request}
    found.tags = records.retagged(found.tags, request)
    return {"ProductViewDetail": _detail(found), "Tags": found.tags}


@operation(SERVICE, "DeleteProduct")
def delete(request: Request) -> Request:
    found = records.product(request["Id"])
    if records.portfolios_with(found.identifier) or found.tag_options:
        raise ServiceError("ResourceInUseException", f"{found.identifier} is associated with portfolios or TagOptions.")
    del PRODUCTS.mine[found.identifier]
    return {}


@operation(SERVICE, "DescribeProductAsAdmin")
def describe_as_admin(request: Request) -> Request:
    found = records.product(request.get("Id"), request.get("Name"))
    members = ("Id", "Name", "Description", "CreatedTime")
    return {
        "ProductViewDetail": _detail(found),
        "ProvisioningArtifactSummaries": [
            {name: each.detail[name] for name in members} for each in found.versions.values()
        ],
        "Tags": found.tags,
        "TagOptions": [records.TAG_OPTIONS.mine[each] for each in found.tag_options],
        "Budgets": [],
    }


@operation(SERVICE, "SearchProductsAsAdmin")
def search_as_admin(request: Request) -> Request:
    found = list(PRODUCTS.mine.values())
    if request.get("PortfolioId"):
        held = records.portfolio(request["PortfolioId"]).products
        found = [each for each in found if each.identifier in held]
    for name, wanted in (request.get("Filters") or {}).items():
        if name not in ("FullTextSearch", "ProductType", "Owner"):
            raise NotEmulatedError(f"a search by {name}")
        found = [each for each in found if any(word.lower() in str(each.view).lower() for word in wanted)]
    return {"ProductViewDetails": [_detail(each) for each in found]}


@operation(SERVICE, "CreateProvisioningArtifact")
def create_version(request: Request) -> Request:
    parameters = request["Parameters"]
    made = _new_version(records.product(request["ProductId"]), parameters)
    return {"ProvisioningArtifactDetail": made.detail, "Info": parameters.get("Info", {}), "Status": "AVAILABLE"}


@operation(SERVICE, "UpdateProvisioningArtifact")
def update_version(request: Request) -> Request:
    found = records.product(request["ProductId"]).version(request["ProvisioningArtifactId"])
    found.detail |= {name: request[name] for name in ("Name", "Description", "Active", "Guidance") if name in request}
    return {"ProvisioningArtifactDetail": found.detail, "Info": {"TemplateUrl": found.source}, "Status": "AVAILABLE"}


@operation(SERVICE, "DescribeProvisioningArtifact")
def describe_version(request: Request) -> Request:
    owner = records.product(request.get("ProductId"), request.get("ProductName"))
    identifier, name = request.get("ProvisioningArtifactId"), request.get("ProvisioningArtifactName")
    if not identifier:
        identifier = next((key for key, each in owner.versions.items() if each.detail["Name"] == name), None)
    found = owner.version(identifier or str(name))
    return {"ProvisioningArtifactDetail": found.detail, "Info": {"TemplateUrl": found.source}, "Status": "AVAILABLE"}


@operation(SERVICE, "ListProvisioningArtifacts")
def list_versions(request: Request) -> Request:
    found = records.product(request["ProductId"]).versions.values()
    return {"ProvisioningArtifactDetails": [each.detail for each in found]}


@operation(SERVICE, "DeleteProvisioningArtifact")
def delete_version(request: Request) -> Request:
    owner = records.product(request["ProductId"])
    owner.version(request["ProvisioningArtifactId"])
    if len(owner.versions) == 1:
        raise ServiceError("ResourceInUseException", f"The last version of {owner.identifier} cannot be deleted.")
    del owner.versions[request["ProvisioningArtifactId"]]
    return {}
