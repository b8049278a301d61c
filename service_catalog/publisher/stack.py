"""The publisher: products, portfolios and tag options, made from publish.toml.

Products carry only their first version here: a change of the list would replace versions in use, so that later ones
are published by `versions.py` through the API.
"""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_servicecatalog as catalog

from service_catalog.bindings import FLAVOURS
from service_catalog.publisher import names
from service_catalog.publisher.launch_accounts import LaunchAccounts
from service_catalog.publisher.portfolio_ids import own_id
from service_catalog.publisher.portfolios import OfferedPortfolio
from service_catalog.publisher.settings import EXAMPLE, Settings, load_settings


def build(app: cdk.App, name: str, settings: Settings | None = None, region: str = "") -> cdk.Stack:
    """The stack for these settings; for the example's, whose template is committed, by default."""
    settings = settings or load_settings(EXAMPLE)
    stack = cdk.Stack(
        app,
        name,
        description="Offers project templates in Service Catalog and SageMaker Studio. Once per account and Region.",
        synthesizer=cdk.LegacyStackSynthesizer(),
    )
    products = _products(stack, settings)
    for flavour, product in products.items():
        cdk.CfnOutput(stack, f"ProductId{names.logical(flavour)}", value=product.ref)
    portfolios = {
        own_id(each.name): OfferedPortfolio(stack, each, settings.organisation.provider, products).made
        for each in settings.portfolios
    }
    for suffix, portfolio in portfolios.items():
        cdk.CfnOutput(stack, f"PortfolioId{suffix}", value=portfolio.ref)
    _tag_options(stack, settings.tag_options, portfolios)
    if settings.organisation.launch_units:
        LaunchAccounts(stack, settings.organisation, settings.seeder.reserved_concurrency, region)
    return stack


def _products(stack: cdk.Stack, settings: Settings) -> dict[str, catalog.CfnCloudFormationProduct]:
    """All of them, also those that no portfolio offers: one that is in use can't be deleted."""
    first = cdk.CfnParameter(
        stack,
        "FirstVersion",
        description="Version that products were made with; never changed afterwards.",
        allowed_pattern="[0-9]+\\.[0-9]+\\.[0-9]+",
    ).value_as_string
    bucket = names.bucket(cdk.Aws.ACCOUNT_ID, cdk.Aws.REGION)
    host = f"https://{bucket}.s3.{cdk.Aws.REGION}.{cdk.Aws.URL_SUFFIX}"
    products = {}
    for flavour in FLAVOURS:
        product = catalog.CfnCloudFormationProduct(
            stack,
            f"Product{names.logical(flavour)}",
            name=f"SageMaker MLOps project ({names.SYSTEMS[flavour]})",
            description=f"Two repositories, their CI in {names.SYSTEMS[flavour]}, roles, key, registry and budget",
            owner=settings.organisation.provider,
            support_email=settings.organisation.support_email or None,
            provisioning_artifact_parameters=[
                catalog.CfnCloudFormationProduct.ProvisioningArtifactPropertiesProperty(
                    name=first,
                    description=version_description(first),
                    info={"LoadTemplateFromURL": f"{host}/{names.template_key(first, flavour)}"},
                )
            ],
            tags=[cdk.CfnTag(key=key, value=value) for key, value in names.VISIBLE_IN_STUDIO.items()],
        )
        product.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        products[flavour] = product
    return products


def version_description(version: str) -> str:
    """Of a version in Service Catalog."""
    return f"Template version {version}"


def _tag_options(
    stack: cdk.Stack, options: Mapping[str, tuple[str, ...]], portfolios: Mapping[str, catalog.CfnPortfolio]
) -> None:
    for key, value in ((key, value) for key, values in options.items() for value in values):
        name = f"TagOption{own_id(f'{key}={value}')}"
        option = catalog.CfnTagOption(stack, name, key=key, value=value, active=True)
        for suffix, portfolio in portfolios.items():
            catalog.CfnTagOptionAssociation(
                stack, f"{name}In{suffix}", resource_id=portfolio.ref, tag_option_id=option.ref
            )
