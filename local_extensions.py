"""Answer rules: what an answer may be, and the AWS names that are derived from it.

The rules are plain functions over the standard library. `AnswerFilters` offers them to bare cookiecutter, which imports
this file by its name. Patterns are read by Python (`re.fullmatch`) and by CloudFormation (`AllowedPattern`, Java).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension


class AnswerError(ValueError):
    """One line a person can act on: which answer, what it was, what would be accepted."""


@dataclass(frozen=True)
class DerivedName:
    """A name or text in AWS that contains an answer.

    `limit` counts characters; `source` names the AWS contract that sets it: a shape of a service model
    (`service:Shape`) or, where the model states none, the page of the user guide.
    """

    kind: str
    template: str
    limit: int
    source: str
    lower: bool = False

    def name(self, **parts: str) -> str:
        text = self.template.format_map(parts)
        return text.lower() if self.lower else text


LONGEST_BINDINGS = {"project_id": "p" * 20, "account_id": "1" * 12, "region": "ap-southeast-1", "stage": "production"}

_OWNED = "{project_slug}-{project_id}"
_STAGED = "{project_slug}-{stage}"
DERIVED_NAMES: tuple[DerivedName, ...] = (
    DerivedName("SageMaker project", "{project_slug}", 32, "sagemaker:ProjectEntityName"),
    DerivedName("model package group", "{project_slug}", 63, "sagemaker:EntityName"),
    DerivedName("training pipeline", "{project_slug}-training", 256, "sagemaker:PipelineName"),
    DerivedName("tuning pipeline", "{project_slug}-tuning", 256, "sagemaker:PipelineName"),
    DerivedName("monitoring pipeline", "{project_slug}-monitoring", 256, "sagemaker:PipelineName"),
    DerivedName("batch pipeline", "{project_slug}-batch", 256, "sagemaker:PipelineName"),
    DerivedName("pipeline's experiment", "{project_slug}-monitoring", 120, "sagemaker:ExperimentEntityName"),
    DerivedName("feature group", "{project_slug}-features", 64, "sagemaker:FeatureGroupName"),
    DerivedName("endpoint", _STAGED, 63, "sagemaker:EndpointName"),
    DerivedName("monitoring schedule", f"{_STAGED}-explainability", 63, "sagemaker:MonitoringScheduleName"),
    DerivedName("code repository", f"{_OWNED}-deploy", 63, "sagemaker:EntityName"),
    DerivedName("CodeCommit repository", f"{_OWNED}-deploy", 100, "codecommit:RepositoryName"),
    DerivedName("CodePipeline", f"{_OWNED}-deploy", 100, "codepipeline:PipelineName"),
    DerivedName("CodeBuild project", f"{_OWNED}-deploy", 150, "codebuild:ProjectName"),
    DerivedName("image repository", "{project_slug}-model-build", 256, "ecr:RepositoryName"),
    DerivedName("bucket", _OWNED, 63, "S3 user guide, bucket naming rules", lower=True),
    DerivedName("execution role", f"{_OWNED}-execution", 64, "iam:roleNameType"),
    DerivedName("endpoint role", f"{_OWNED}-endpoint", 64, "iam:roleNameType"),
    DerivedName("role of a stage", f"{_STAGED}-execution", 64, "iam:roleNameType"),
    DerivedName("deploy role", f"{_STAGED}-deploy", 64, "iam:roleNameType"),
    DerivedName("CI role", "{project_slug}-deploy-ci", 64, "iam:roleNameType"),
    DerivedName("pipeline role", "{project_slug}-deploy-pipeline", 64, "iam:roleNameType"),
    DerivedName("approvals role", "{project_slug}-approvals-build", 64, "iam:roleNameType"),
    DerivedName("permissions boundary", f"{_STAGED}-boundary", 128, "iam:policyNameType"),
    DerivedName("event rule", f"{_OWNED}-approval", 64, "events:RuleName"),
    DerivedName("rule of a stage", f"{_STAGED}-batch-failed", 64, "events:RuleName"),
    DerivedName("approval rule", "{project_slug}-deploy-approval", 64, "events:RuleName"),
    DerivedName("schedule of a stage", f"{_STAGED}-batch", 64, "scheduler:Name"),
    DerivedName("queue of a stage", f"{_STAGED}-batch-undelivered", 80, "SQS developer guide, queue name"),
    DerivedName(
        "data bucket of a Terraform stage", f"{_STAGED}-{'0' * 12}", 63, "S3 user guide, bucket naming rules", True
    ),
    DerivedName("schedule", f"{_OWNED}-monitor", 64, "scheduler:Name"),
    DerivedName("schedule group", _OWNED, 64, "scheduler:ScheduleGroupName"),
    DerivedName("function", f"{_OWNED}-publisher", 64, "Lambda developer guide, function name"),
    DerivedName("stack", f"sagemaker-{_OWNED}-deploy-{{stage}}", 128, "CloudFormation user guide, stack name"),
    DerivedName("stack of a stage", f"{_STAGED}-foundation", 128, "CloudFormation user guide, stack name"),
    DerivedName(
        "stack of an account",
        "{project_slug}-bootstrap-deploy-role-{stage}",
        128,
        "CloudFormation user guide, stack name",
    ),
    DerivedName("budget", _OWNED, 100, "budgets:BudgetName"),
    DerivedName("key alias", f"alias/{_OWNED}", 256, "kms:AliasNameType"),
    DerivedName("artifact key alias", "alias/{project_slug}-artifacts", 256, "kms:AliasNameType"),
    DerivedName("topic", f"{_OWNED}-notifications", 256, "SNS developer guide, topic name"),
    DerivedName("alarm", f"{_STAGED}-{{region}}-model-errors", 255, "cloudwatch:AlarmName"),
    DerivedName("log group", f"/{_OWNED}/{{stage}}", 512, "logs:LogGroupName"),
    DerivedName("parameter", "/{project_slug}/bindings/consumer_account_ids", 1011, "SSM reference, PutParameter"),
    DerivedName(
        "parameter of a stage",
        "/{project_slug}/bindings/{stage}/permissions_boundary_arn",
        1011,
        "SSM reference, PutParameter",
    ),
    DerivedName("topic's display name", "{project_name}", 100, "SNS developer guide, display name"),
    DerivedName("tag value", "{project_name}", 256, "sagemaker:TagValue"),
    DerivedName("model package group description", "{description}", 1024, "sagemaker:EntityDescription"),
    DerivedName("role description", "{description}", 1000, "iam:roleDescriptionType"),
    DerivedName("repository description", "{description}", 1000, "codecommit:RepositoryDescription"),
    DerivedName("tag value", "{owner}", 256, "sagemaker:TagValue"),
    DerivedName("tag value", "{cost_center}", 256, "sagemaker:TagValue"),
)


def length_budget(option: str) -> int:
    """Characters that the longest name derived from `option` leaves for it."""
    others = {
        **dict.fromkeys(("project_slug", "project_name", "description", "owner", "cost_center"), ""),
        **LONGEST_BINDINGS,
    }
    return min(
        derived.limit - len(derived.name(**others)) for derived in DERIVED_NAMES if f"{{{option}}}" in derived.template
    )


@dataclass(frozen=True)
class TextRule:
    """`pattern` must match the whole answer, which is at most `longest` characters long."""

    pattern: str
    longest: int
    accepted: str

    def allows(self, value: str) -> bool:
        return len(value) <= self.longest and re.fullmatch(self.pattern, value) is not None


_LETTERS = "A-Za-zÀ-ÖØ-öø-ÿ"
_TAG = r"_:=+@\-"
_NO_AWS_PREFIX = "(?![aA][wW][sS]:)"
_DEVICES = "(?:con|prn|aux|nul|com[0-9]|lpt[0-9])"
_RESERVED = "(?:aws|ssm|xn--|sthree-|amzn-s3-demo-)"


def _text_pattern(letters: str, marks: str) -> str:
    """Words of letters, digits and `marks`; single spaces and dots between them, no space at the end."""
    return rf"{_NO_AWS_PREFIX}[{letters}0-9](?:(?:\. | |\.)?[{letters}0-9{marks}])*\.?"


def _text_rule(option: str, letters: str, marks: str, said: str) -> TextRule:
    longest = length_budget(option)
    accepted = (
        f"use 1 to {longest} characters: {said}, single spaces and {' '.join(marks.replace(chr(92), '') + '.')}; "
        "start with a letter or digit (not with aws:), end without a space"
    )
    return TextRule(_text_pattern(letters, marks), longest, accepted)


TEXT_RULES: dict[str, TextRule] = {
    "project_name": _text_rule("project_name", _LETTERS, _TAG, "Latin letters, digits"),
    "project_slug": TextRule(
        f"(?!{_RESERVED})(?!{_DEVICES}$)(?![a-z0-9-]*-(?:staging|production)(?:-|$))[a-z](-*[a-z0-9]){{0,31}}",
        length_budget("project_slug"),
        f"use 1 to {length_budget('project_slug')} characters: small letters a to z, digits and hyphens; "
        "start with a letter, as stacks must; end with a letter or digit; "
        "no Windows device name (con, nul, com1, ...); "
        "not starting with aws, ssm, xn--, sthree- or amzn-s3-demo-; no part -staging or -production, "
        "which names of stages have",
    ),
    "description": _text_rule("description", _LETTERS, _TAG + ",()%?", "Latin letters, digits"),
    "owner": _text_rule("owner", _LETTERS, _TAG, "Latin letters, digits"),
    "cost_center": _text_rule("cost_center", "A-Za-z", _TAG, "letters a to z, digits"),
}


def shown(value: object) -> str:
    """`value` quoted and shortened for a message; what a terminal would hide or confuse is escaped."""
    text = value if isinstance(value, str) else str(value)
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return repr(text) if all(ord(character) < 256 for character in text) else ascii(text)


def check_text(option: str, value: object) -> str:
    """Return `value` if the rule of `option` allows it; raises AnswerError."""
    rule = TEXT_RULES[option]
    if not isinstance(value, str) or not rule.allows(value):
        raise AnswerError(f"{option} {shown(value)}: {rule.accepted}")
    return value


def check_choice(option: str, value: object, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`; raises AnswerError."""
    if not isinstance(value, str) or value not in choices:
        raise AnswerError(f"{option} {shown(value)}: use {', '.join(choices[:-1])} or {choices[-1]}")
    return value


def check_answer(option: str, value: object, options: Mapping[str, Any]) -> str:
    """Check one answer against `options`, the public part of cookiecutter.json; raises AnswerError."""
    if option not in options:
        raise AnswerError(f"{shown(option)}: no such option; use {', '.join(options)}")
    if isinstance(options[option], list):
        return check_choice(option, value, options[option])
    return check_text(option, value)


_UNDECOMPOSED = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "ae", "ø": "o", "Ø": "o", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th"}
)


def slug_from(project_name: str) -> str:
    """A legal `project_slug` for any legal `project_name`: lower-case ASCII words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", project_name.translate(_UNDECOMPOSED)).encode("ascii", "ignore").decode()
    rule = TEXT_RULES["project_slug"]
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[: rule.longest].strip("-")
    for stage, short in {"staging": "stage", "production": "prod"}.items():
        slug = re.sub(rf"-{stage}(?=-|$)", f"-{short}", slug)
    return slug if rule.allows(slug) else f"ml-{slug}"[: rule.longest].rstrip("-")


class AnswerFilters(Extension):
    """`slug_from`, and `legal(option)`, which stops bare cookiecutter with the rule's one line."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        filters: dict[str, Callable[..., str]] = {"slug_from": slug_from, "legal": self._legal}
        environment.filters.update(filters)

    @staticmethod
    def _legal(value: str, option: str) -> str:
        from cookiecutter.exceptions import FailedHookException

        try:
            return check_text(option, value)
        except AnswerError as error:
            raise FailedHookException(str(error)) from error
