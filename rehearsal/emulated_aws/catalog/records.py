"""What Service Catalog keeps of an account and region, and the wording of its refusals."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

from rehearsal.emulated_aws import context, operations
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.state import Store

operations.service("servicecatalog", "AWS242ServiceCatalogService")
STACK_PRODUCT = "CLOUD_FORMATION_TEMPLATE"


@dataclass
class Version:
    """A provisioning artifact: its details and the template as it was when the version was made."""

    detail: Request
    template: str
    source: str

    @property
    def can_be_launched(self) -> bool:
        return bool(self.detail["Active"]) and self.detail["Guidance"] == "DEFAULT"


@dataclass
class Product:
    view: Request
    arn: str
    tags: list[Request]
    created: float
    versions: dict[str, Version] = field(default_factory=dict)
    tag_options: list[str] = field(default_factory=list)

    @property
    def identifier(self) -> str:
        return str(self.view["ProductId"])

    def version(self, identifier: str) -> Version:
        if identifier not in self.versions:
            raise missing("ProvisioningArtifact", identifier)
        return self.versions[identifier]

    @property
    def latest(self) -> Version | None:
        """The newest version that can be launched."""
        return next((each for each in reversed(self.versions.values()) if each.can_be_launched), None)


@dataclass
class Constraint:
    detail: Request
    parameters: str


@dataclass
class Portfolio:
    detail: Request
    tags: list[Request]
    products: list[str] = field(default_factory=list)
    principals: dict[str, str] = field(default_factory=dict)
    constraints: dict[str, Constraint] = field(default_factory=dict)
    tag_options: list[str] = field(default_factory=list)
    shares: list[Request] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The id of the launch path this portfolio gives."""
        return "lpv3-" + str(self.detail["Id"]).removeprefix("port-")


@dataclass
class Provisioned:
    """A provisioned product and the stack behind it."""

    detail: Request
    stack: str
    path: str


PORTFOLIOS: Store[Portfolio] = Store()
PRODUCTS: Store[Product] = Store()
TAG_OPTIONS: Store[Request] = Store()
PROVISIONED: Store[Provisioned] = Store()
RECORDS: Store[Request] = Store()


def new_id(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:13]}"


def now() -> float:
    return time.time()


def missing(kind: str, identifier: object) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"{kind} {identifier} not found.")


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParametersException", message)


def portfolio(identifier: str) -> Portfolio:
    if identifier not in PORTFOLIOS.mine:
        raise missing("Portfolio", identifier)
    return PORTFOLIOS.mine[identifier]


def product(identifier: str | None, name: str | None = None) -> Product:
    found = PRODUCTS.mine.get(identifier or "")
    if found is None and name:
        found = next((each for each in PRODUCTS.mine.values() if each.view["Name"] == name), None)
    if found is None:
        raise missing("Product", identifier or name)
    return found


def portfolios_with(product_id: str) -> list[Portfolio]:
    return [each for each in PORTFOLIOS.mine.values() if product_id in each.products]


def arn(kind: str, identifier: str) -> str:
    return context.arn("catalog", f"{kind}/{identifier}")


def retagged(tags: list[Request], request: Request) -> list[Request]:
    """The tags after AddTags and RemoveTags of an update."""
    kept = {tag["Key"]: tag for tag in tags if tag["Key"] not in request.get("RemoveTags", [])}
    return list((kept | {tag["Key"]: tag for tag in request.get("AddTags", [])}).values())
