"""Things of other teams whose names end as a project's do, and what could be done to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service_catalog.launch import names
from service_catalog.launch.needed import needed_actions
from tests.catalog.launch_requests import BOUNDARY, KEY, NEW_TAG, ROOT_DECIDES, TAG, arn
from tests.catalog.launch_simulator import Request
from tests.infrastructure.cfn_templates import ACCOUNT

READING = ("Get", "List", "Describe", "BatchGet", "View")
NEW_ONLY = {
    f"{service}:Create{thing}"
    for service, thing in (
        ("codecommit", "Repository"), ("codebuild", "Project"), ("codepipeline", "Pipeline"), ("ecr", "Repository"),
        ("sqs", "Queue"), ("sns", "Topic"), ("logs", "LogGroup"), ("s3", "Bucket"), ("sagemaker", "CodeRepository"),
        ("sagemaker", "ModelPackageGroup"),
    )
}  # fmt: skip
TAGGING = {
    **dict.fromkeys(("codecommit", "codepipeline", "ecr", "events", "logs", "sns", "cloudwatch", "kms"), "TagResource"),
    "sqs": "TagQueue", "ssm": "AddTagsToResource", "sagemaker": "AddTags", "iam": "TagRole",
}  # fmt: skip


@dataclass(frozen=True)
class Foreign:
    """`name` tells kinds of things apart; `actions` are those that change one which is there."""

    name: str
    resource: str
    actions: tuple[str, ...]

    @property
    def service(self) -> str:
        return self.resource.split(":")[2]


def foreign() -> Iterator[Foreign]:
    for name in names.ROLES:
        yield Foreign("role", arn("iam", f"role/corp-{name}"), _acts("iam", "Role"))
    for name in names.POLICIES:
        acts = tuple(f"iam:{act}" for act in ("CreatePolicy", "CreatePolicyVersion", "DeletePolicy"))
        yield Foreign("policy", arn("iam", f"policy/corp-{name}"), acts)
    for name in names.BUCKETS:
        yield Foreign("bucket", f"arn:aws:s3:::corp-{name}-{ACCOUNT}", _acts("s3"))
    kinds = [
        ("repository", "codecommit", "", names.REPOSITORIES, _acts("codecommit")),
        ("build", "codebuild", "project/", names.PROJECTS, _acts("codebuild")),
        ("log group", "logs", "log-group:/aws/codebuild/", names.PROJECTS, _acts("logs")),
        ("pipeline", "codepipeline", "", names.PIPELINES, _acts("codepipeline")),
        ("image", "ecr", "repository/", ("model-build",), _acts("ecr")),
        ("topic", "sns", "", names.TOPICS, _acts("sns")),
        ("queue", "sqs", "", names.QUEUES, _acts("sqs")),
        ("alarm", "cloudwatch", "alarm:", names.ALARMS, _acts("cloudwatch")),
        ("rule", "events", "rule/", names.RULES, _acts("events")),
        ("code repository", "sagemaker", "code-repository/", names.REPOSITORIES, _acts("sagemaker", "CodeRepository")),
        ("group", "sagemaker", "model-package-group/", ("group",), _acts("sagemaker", "Group")),
    ]
    for kind, service, start, ends, acts in kinds:
        yield from (Foreign(kind, arn(service, f"{start}corp-{end}"), acts) for end in ends)
    yield Foreign("binding", arn("ssm", "parameter/corp/bindings/x"), _acts("ssm"))
    yield Foreign("key", KEY, _acts("kms", "Key"))


def _acts(service: str, part: str = "") -> tuple[str, ...]:
    """Needed actions that change something which is there already."""
    named = [action for action in needed_actions() if action.startswith(f"{service}:") and part in action]
    skipped = ("Tag", "AddTags", "PassRole", *READING)
    return tuple(
        sorted(
            action
            for action in named
            if not action.partition(":")[2].startswith(skipped) and action not in {*NEW_ONLY, *HARMLESS}
        )
    )


HARMLESS = {
    "kms:EnableKeyRotation": "rotation makes a key safer, and can't be switched off by the role",
    "kms:CreateKey": "touches no key that is there",
}


def act(thing: Foreign, action: str, *, tagged: bool) -> Request:
    """With the best that an attacker could say; `tagged`: the thing carries a project's tag."""
    context = {
        NEW_TAG: "x",
        "aws:ResourceAccount": ACCOUNT,
        "iam:PermissionsBoundary": BOUNDARY,
        "iam:PolicyARN": arn("iam", "policy/sagemaker-mlops/x-staging-deploy-operation"),
        "ssm:Overwrite": "true",
        "kms:ScheduleKeyDeletionPendingWindowInDays": "30",
        "sagemaker:TaggingAction": "AddTags",
        **({TAG: "x"} if tagged else {}),
    }
    return Request(action, thing.resource, context, resource_policy=ROOT_DECIDES if thing.name == "key" else None)


def tagging(thing: Foreign) -> Request | None:
    """Gives a thing a project's tag, if there is an action for that."""
    if thing.service in TAGGING and thing.name != "policy":
        return act(thing, f"{thing.service}:{TAGGING[thing.service]}", tagged=False)
    return None
