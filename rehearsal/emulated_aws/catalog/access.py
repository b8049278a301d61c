"""What a caller may see and launch: products by way of the portfolios the caller's principal is associated with.

AWS: every caller needs an association, administrators too; a product in several of one's portfolios has several launch
paths. Simplified: users, roles and sessions of roles only; IAM itself is not asked.
"""

from __future__ import annotations

import fnmatch

from botocore.exceptions import ClientError

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.catalog import constraints, records, templates
from rehearsal.emulated_aws.catalog.records import PRODUCTS, Portfolio, Product, Version
from rehearsal.emulated_aws.errors import NotEmulatedError
from rehearsal.emulated_aws.operations import Request, operation

SERVICE = "servicecatalog"
_LIMITS = ("AllowedValues", "AllowedPattern", "ConstraintDescription", "MinLength", "MaxLength", "MinValue", "MaxValue")


def principal() -> str:
    """The ARN that associations are held against: of a session, its role's, path included."""
    caller = context.caller()
    kind, _, rest = caller.rpartition(":")[2].partition("/")
    if kind != "assumed-role":
        return caller
    name = rest.split("/")[0]
    try:
        return str(context.client("iam").get_role(RoleName=name)["Role"]["Arn"])
    except ClientError:
        return f"arn:aws:iam::{context.account()}:role/{name}"


def _granted(association: str, kind: str, arn: str) -> bool:
    if kind == "IAM":
        return association == arn
    head, _, pattern = association.partition(":::")
    partition, _, resource = arn.partition("::")
    return head == partition and fnmatch.fnmatchcase(resource.partition(":")[2], pattern)


def paths(product_id: str) -> list[Portfolio]:
    """The portfolios through which the caller may launch the product."""
    arn = principal()
    return [
        each
        for each in records.portfolios_with(product_id)
        if any(_granted(association, kind, arn) for association, kind in each.principals.items())
    ]


def path(product_id: str, path_id: str | None) -> Portfolio:
    """The one path to launch by. Raises ServiceError for none, and for several without a choice."""
    found = paths(product_id)
    if path_id is not None:
        found = [each for each in found if each.path == path_id]
    if not found:
        raise records.missing("No launch paths found for resource:", product_id)
    if len(found) > 1:
        raise records.invalid(f"{product_id} has several launch paths: give PathId.")
    return found[0]


def seen(product_id: str | None, name: str | None = None) -> Product:
    """The product, for a caller who may see it."""
    found = records.product(product_id, name)
    if not paths(found.identifier):
        raise records.missing("Product", product_id or name)
    return found


def _public(version: Version) -> Request:
    return {name: version.detail[name] for name in ("Id", "Name", "Description", "CreatedTime", "Guidance")}


@operation(SERVICE, "SearchProducts")
def search(request: Request) -> Request:
    if request.get("Filters"):
        raise NotEmulatedError("filters of SearchProducts")
    return {"ProductViewSummaries": [each.view for each in PRODUCTS.mine.values() if paths(each.identifier)]}


@operation(SERVICE, "DescribeProduct")
def describe(request: Request) -> Request:
    found = seen(request.get("Id"), request.get("Name"))
    return {
        "ProductViewSummary": found.view,
        "ProvisioningArtifacts": [_public(each) for each in found.versions.values() if each.detail["Active"]],
        "Budgets": [],
        "LaunchPaths": [{"Id": each.path, "Name": each.detail["DisplayName"]} for each in paths(found.identifier)],
    }


@operation(SERVICE, "ListLaunchPaths")
def list_paths(request: Request) -> Request:
    found = seen(request["ProductId"])
    return {
        "LaunchPathSummaries": [
            {
                "Id": each.path,
                "Name": each.detail["DisplayName"],
                "ConstraintSummaries": _summaries(each, found),
                "Tags": [*each.tags, *found.tags],
            }
            for each in paths(found.identifier)
        ]
    }


def _summaries(owner: Portfolio, product: Product) -> list[Request]:
    return [
        {"Type": each.detail["Type"], "Description": each.detail.get("Description", "")}
        for each in owner.constraints.values()
        if each.detail["ProductId"] == product.identifier
    ]


@operation(SERVICE, "DescribeProvisioningParameters")
def describe_parameters(request: Request) -> Request:
    """The form as Service Catalog shows it."""
    found = seen(request.get("ProductId"), request.get("ProductName"))
    owner = path(found.identifier, request.get("PathId"))
    version = found.version(request["ProvisioningArtifactId"])
    template = templates.parsed(version.template)
    return {
        "ProvisioningArtifactParameters": [
            _parameter(key, declared) for key, declared in template.get("Parameters", {}).items()
        ],
        "ConstraintSummaries": _summaries(owner, found),
        "TagOptions": [{"Key": key, "Values": values} for key, values in constraints.tag_choices(owner, found).items()],
        "ProvisioningArtifactOutputs": [
            {"Key": key, "Description": declared.get("Description", "")}
            for key, declared in template.get("Outputs", {}).items()
        ],
    }


def _parameter(key: str, declared: Request) -> Request:
    limits = {
        name: list(map(str, declared[name])) if isinstance(declared[name], list) else str(declared[name])
        for name in _LIMITS
        if name in declared
    }
    default = {"DefaultValue": str(declared["Default"])} if "Default" in declared else {}
    return {
        "ParameterKey": key,
        **default,
        "ParameterType": declared["Type"],
        "IsNoEcho": str(declared.get("NoEcho", "false")).lower() == "true",
        "Description": declared.get("Description", ""),
        "ParameterConstraints": limits,
    }
