"""Which accounts the stages live in: this one or others, as conditions and as values of the parts that need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import Fn
from constructs import Construct

from service_catalog.project.form import Form

STAGES = ("Staging", "Production")


@dataclass(frozen=True)
class Place:
    """Where one stage lives; `account_id` is this account's id where the form leaves it empty."""

    here: cdk.CfnCondition
    account_id: str


class Accounts(Construct):
    def __init__(self, scope: Construct, construct_id: str, form: Form) -> None:
        super().__init__(scope, construct_id)
        self.places = {stage: self._place(stage, form) for stage in STAGES}
        staging, production = (self.places[stage] for stage in STAGES)
        given = [form.value(f"{stage}AccountId") for stage in STAGES]
        both_here = Fn.condition_and(holds(staging.here), holds(production.here))
        self._shared = cdk.CfnCondition(
            self,
            "StagesShareAccount",
            expression=Fn.condition_or(both_here, Fn.condition_equals(*given)),
        )
        self._apart = cdk.CfnCondition(
            self,
            "StagesAreElsewhereAndApart",
            expression=Fn.condition_and(
                Fn.condition_not(holds(staging.here)),
                Fn.condition_not(holds(production.here)),
                Fn.condition_not(holds(self._shared)),
            ),
        )
        self.some_elsewhere = Fn.condition_not(both_here)
        self.elsewhere = cdk.CfnCondition(self, "StageIsElsewhere", expression=self.some_elsewhere)

    def _place(self, stage: str, form: Form) -> Place:
        given = form.value(f"{stage}AccountId")
        here = cdk.CfnCondition(
            self,
            f"{stage}IsHere",
            expression=Fn.condition_or(
                Fn.condition_equals(form.value("Accounts"), "single"),
                Fn.condition_equals(given, ""),
                Fn.condition_equals(given, cdk.Aws.ACCOUNT_ID),
            ),
        )
        return Place(here, choose(here, cdk.Aws.ACCOUNT_ID, given))

    def condition(self, name: str, expression: cdk.ICfnConditionExpression) -> cdk.CfnCondition:
        return cdk.CfnCondition(self, name, expression=expression)

    def stages(self) -> Any:
        """Accounts of the stages as a list, each once."""
        staging, production = (self.places[stage].account_id for stage in STAGES)
        return choose_any(self._shared, [staging], [staging, production])

    def consumers(self, form: Form) -> str:
        """Accounts of the stages but this one, each once, comma-separated; of no use where there is none."""
        staging, production = (form.value(f"{stage}AccountId") for stage in STAGES)
        one = choose(self.places["Staging"].here, production, staging)
        return choose(self._apart, Fn.join(",", [staging, production]), one)


def holds(condition: cdk.CfnCondition) -> cdk.ICfnConditionExpression:
    """A condition as a part of another one; CDK's types for Python miss that it is an expression too."""
    return cast("cdk.ICfnConditionExpression", condition)


def choose(condition: cdk.CfnCondition, yes: str, no: str) -> str:
    return Fn.condition_if(condition.logical_id, yes, no).to_string()


def choose_any(condition: cdk.CfnCondition, yes: Any, no: Any) -> Any:
    return Fn.condition_if(condition.logical_id, yes, no)
