"""A portfolio: which products it offers, to whom, how they are launched and what their form accepts."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_servicecatalog as catalog
from constructs import Construct

from service_catalog.publisher import names
from service_catalog.publisher.portfolio_ids import own_id
from service_catalog.publisher.rules import rules_of
from service_catalog.publisher.settings import Portfolio, is_pattern


class OfferedPortfolio(Construct):
    """`products` are all products by flavour; the portfolio offers those of its flavours."""

    def __init__(
        self,
        scope: Construct,
        portfolio: Portfolio,
        provider: str,
        products: Mapping[str, catalog.CfnCloudFormationProduct],
    ) -> None:
        super().__init__(scope, own_id(portfolio.name))
        self.made = catalog.CfnPortfolio(
            self,
            "Portfolio",
            display_name=portfolio.name,
            description=portfolio.description,
            provider_name=provider,
        )
        self._id = self.made.ref
        self._principals(portfolio)
        for flavour in portfolio.flavours:
            self._offer(portfolio, flavour, products[flavour].ref)

    def _principals(self, portfolio: Portfolio) -> None:
        for principal in portfolio.principals:
            catalog.CfnPortfolioPrincipalAssociation(
                self,
                f"Principal{own_id(principal)}",
                portfolio_id=self._id,
                principal_arn=principal,
                principal_type="IAM_PATTERN" if is_pattern(principal) else "IAM",
            )

    def _offer(self, portfolio: Portfolio, flavour: str, product: str) -> None:
        """Constraints of a product and portfolio need the one to be in the other."""
        suffix = names.logical(flavour)
        offered = catalog.CfnPortfolioProductAssociation(
            self, f"Offer{suffix}", portfolio_id=self._id, product_id=product
        )
        catalog.CfnLaunchRoleConstraint(
            self,
            f"Launch{suffix}",
            portfolio_id=self._id,
            product_id=product,
            local_role_name=names.LAUNCH_ROLE,
            description="Launched by the role of this name in the account of whoever launches",
        ).add_resource_dependency(offered)
        catalog.CfnResourceUpdateConstraint(
            self,
            f"Tags{suffix}",
            portfolio_id=self._id,
            product_id=product,
            tag_update_on_provisioned_product="ALLOWED",
            description="SageMaker's UpdateProject changes tags",
        ).add_resource_dependency(offered)
        if rules := rules_of(portfolio.allowed, flavour):
            catalog.CfnLaunchTemplateConstraint(
                self,
                f"Rules{suffix}",
                portfolio_id=self._id,
                product_id=product,
                rules=rules,
                description="Values that this portfolio accepts",
            ).add_resource_dependency(offered)
