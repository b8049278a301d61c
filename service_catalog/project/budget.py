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
    """Counts what carries the project's tag, once the account that pays has made it a cost allocation tag."""

    def __init__(self, scope: Construct, construct_id: str, form: Form) -> None:
        super().__init__(scope, construct_id)
        email = form.value("NotificationEmail")
        has_email = cdk.CfnCondition(self, "HasEmail", expression=Fn.condition_not(Fn.condition_equals(email, "")))
        warnings = [_warning(kind, percent, email) for kind, percent in WARNINGS.items()]
        budgets.CfnBudget(
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
            notifications_with_subscribers=Fn.condition_if(has_email.logical_id, warnings, cdk.Aws.NO_VALUE),
        )


def _warning(kind: str, percent: int, email: str) -> dict[str, object]:
    return {
        "Notification": {
            "NotificationType": kind,
            "ComparisonOperator": "GREATER_THAN",
            "ThresholdType": "PERCENTAGE",
            "Threshold": percent,
        },
        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": email}],
    }
