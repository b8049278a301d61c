"""Portfolios, who may use them, and with whom they are shared.

AWS: a portfolio grants its products to the principals associated with it, by ARN or (IAM_PATTERN) by a pattern without
account, * and ? in the resource's name. Simplified: a share is recorded and takes part in nothing, other accounts do
not see it; lists come in one page.
"""

from __future__ import annotations

from rehearsal.emulated_aws import operations
from rehearsal.emulated_aws.catalog import records
from rehearsal.emulated_aws.catalog.records import PORTFOLIOS, Portfolio
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.operations import Request, operation

SERVICE = "servicecatalog"
MOST_PRODUCTS, MOST_PRINCIPALS = 150, 100


@operation(SERVICE, "CreatePortfolio")
def create(request: Request) -> Request:
    identifier = records.new_id("port")
    members = ("DisplayName", "Description", "ProviderName")
    detail = {
        "Id": identifier,
        "ARN": records.arn("portfolio", identifier),
        "CreatedTime": records.now(),
        **{name: request[name] for name in members if name in request},
    }
    PORTFOLIOS.mine[identifier] = Portfolio(detail, request.get("Tags", []))
    return {"PortfolioDetail": detail, "Tags": request.get("Tags", [])}


@operation(SERVICE, "UpdatePortfolio")
def update(request: Request) -> Request:
    found = records.portfolio(request["Id"])
    found.detail |= {name: request[name] for name in ("DisplayName", "Description", "ProviderName") if name in request}
    found.tags = records.retagged(found.tags, request)
    return {"PortfolioDetail": found.detail, "Tags": found.tags}


@operation(SERVICE, "DescribePortfolio")
def describe(request: Request) -> Request:
    found = records.portfolio(request["Id"])
    options = [records.TAG_OPTIONS.mine[each] for each in found.tag_options]
    return {"PortfolioDetail": found.detail, "Tags": found.tags, "TagOptions": options, "Budgets": []}


@operation(SERVICE, "ListPortfolios")
def list_all(_request: Request) -> Request:
    return {"PortfolioDetails": [each.detail for each in PORTFOLIOS.mine.values()]}


@operation(SERVICE, "DeletePortfolio")
def delete(request: Request) -> Request:
    found = records.portfolio(request["Id"])
    held = {
        "products": found.products,
        "principals": found.principals,
        "constraints": found.constraints,
        "shares": found.shares,
        "tag options": found.tag_options,
    }
    if in_use := [name for name, members in held.items() if members]:
        raise ServiceError("ResourceInUseException", f"Portfolio {request['Id']} still has {', '.join(in_use)}.")
    del PORTFOLIOS.mine[request["Id"]]
    return {}


@operation(SERVICE, "AssociateProductWithPortfolio")
def associate_product(request: Request) -> Request:
    found = records.portfolio(request["PortfolioId"])
    identifier = records.product(request["ProductId"]).identifier
    if identifier not in found.products:
        if len(found.products) >= MOST_PRODUCTS:
            raise ServiceError("LimitExceededException", f"A portfolio has at most {MOST_PRODUCTS} products.")
        found.products.append(identifier)
    return {}


@operation(SERVICE, "DisassociateProductFromPortfolio")
def disassociate_product(request: Request) -> Request:
    found = records.portfolio(request["PortfolioId"])
    if request["ProductId"] not in found.products:
        raise records.missing("Product", request["ProductId"])
    if any(each.detail["ProductId"] == request["ProductId"] for each in found.constraints.values()):
        raise ServiceError("ResourceInUseException", f"{request['ProductId']} has constraints in the portfolio.")
    found.products.remove(request["ProductId"])
    return {}


@operation(SERVICE, "ListPortfoliosForProduct")
def list_for_product(request: Request) -> Request:
    identifier = records.product(request["ProductId"]).identifier
    return {"PortfolioDetails": [each.detail for each in records.portfolios_with(identifier)]}


@operation(SERVICE, "AssociatePrincipalWithPortfolio")
def associate_principal(request: Request) -> Request:
    found = records.portfolio(request["PortfolioId"])
    arn, kind = request["PrincipalARN"], request["PrincipalType"]
    account = arn.split(":")[4] if arn.count(":") >= 5 else None
    if account is None or (kind == "IAM_PATTERN") != (account == ""):
        raise records.invalid(f"{arn} is no ARN for principal type {kind}")
    if len(found.principals) >= MOST_PRINCIPALS:
        raise ServiceError("LimitExceededException", f"A portfolio has at most {MOST_PRINCIPALS} principals.")
    found.principals[arn] = kind
    return {}


@operation(SERVICE, "DisassociatePrincipalFromPortfolio")
def disassociate_principal(request: Request) -> Request:
    records.portfolio(request["PortfolioId"]).principals.pop(request["PrincipalARN"], None)
    return {}


@operation(SERVICE, "ListPrincipalsForPortfolio")
def list_principals(request: Request) -> Request:
    found = records.portfolio(request["PortfolioId"]).principals
    return {"Principals": [{"PrincipalARN": arn, "PrincipalType": kind} for arn, kind in found.items()]}


@operation(SERVICE, "CreatePortfolioShare")
def share(request: Request) -> Request:
    found = records.portfolio(request["PortfolioId"])
    node = request.get("OrganizationNode") or {"Type": "ACCOUNT", "Value": request.get("AccountId", "")}
    if not node["Value"]:
        raise records.invalid("Either AccountId or OrganizationNode is needed.")
    if request.get("SharePrincipals") and node["Type"] == "ACCOUNT":
        raise records.invalid("SharePrincipals is for organizations and organizational units.")
    found.shares.append(
        {
            "PrincipalId": node["Value"],
            "Type": "ORGANIZATION_MEMBER_ACCOUNT" if node["Type"] == "ACCOUNT" else node["Type"],
            "Accepted": False,
            "ShareTagOptions": request.get("ShareTagOptions", False),
            "SharePrincipals": request.get("SharePrincipals", False),
        }
    )
    return {"PortfolioShareToken": f"share-{records.new_id('token')[6:]}"} if node["Type"] != "ACCOUNT" else {}


@operation(SERVICE, "DescribePortfolioShares")
def describe_shares(request: Request) -> Request:
    found = records.portfolio(request["PortfolioId"]).shares
    kinds = {"ACCOUNT": ("ORGANIZATION_MEMBER_ACCOUNT", "ACCOUNT")}.get(request["Type"], (request["Type"],))
    return {"PortfolioShareDetails": [each for each in found if each["Type"] in kinds]}


@operation(SERVICE, "DeletePortfolioShare")
def unshare(request: Request) -> Request:
    found = records.portfolio(request["PortfolioId"])
    value = (request.get("OrganizationNode") or {}).get("Value") or request.get("AccountId")
    found.shares = [each for each in found.shares if each["PrincipalId"] != value]
    return {}


@operation(SERVICE, "ListPortfolioAccess")
def list_access(request: Request) -> Request:
    shares = operations.call(SERVICE, "DescribePortfolioShares", {**request, "Type": "ACCOUNT"})
    return {"AccountIds": [each["PrincipalId"] for each in shares["PortfolioShareDetails"]]}
