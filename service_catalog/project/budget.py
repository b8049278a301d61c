"""What training and CI may cost a month before somebody hears of it; the stages have budgets of their own."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import Fn
from aws_cdk import aws_budgets as budgets
from constructs import Construct

from service_catalog.project.form import Form
from service_catalog.project.policies import SLUG, named

WARNINGS = {"ACTUAL": 80, "FORECASTED": 100}


class Budget(Construct):
    """Counts what carries the project's tag, once the account that pays has made it a cost allocation tag.

    It warns by the project's topic: CloudFormation can't change the addresses of a budget of the same name.
    """

    def __init__(
        self, scope: Construct, construct_id: str, form: Form, topic: cdk.CfnResource, topic_policy: cdk.CfnResource
    ) -> None:
        super().__init__(scope, construct_id)
        self.resource = budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=named(f"{SLUG}-training"),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(
                    amount=cdk.Token.as_number(Fn.ref("MonthlyBudgetUsd")), unit="USD"
                ),
                cost_filters={"TagKeyValue": [Fn.join("$", ["user:sagemaker:project-name", form.slug])]},
            ),
            notifications_with_subscribers=[_warning(kind, percent, topic.ref) for kind, percent in WARNINGS.items()],
        )
        self.resource.add_resource_dependency(topic_policy)


def _warning(kind: str, percent: int, topic_arn: str) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
    return budgets.CfnBudget.NotificationWithSubscribersProperty(
        notification=budgets.CfnBudget.NotificationProperty(
            notification_type=kind,
            comparison_operator="GREATER_THAN",
            threshold_type="PERCENTAGE",
            threshold=percent,
        ),
        subscribers=[budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic_arn)],
    )
