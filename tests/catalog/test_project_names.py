"""Every name in a project stack fits its limit in AWS, for every legal name and id of a project."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from renderer.template import rules
from service_catalog.answers import ID_PATTERN
from tests.catalog.project_stacks import FLAVOURS, TWO_ACCOUNTS, ProjectStack

SLUGS = st.from_regex(rules.TEXT_RULES["project_slug"].pattern, fullmatch=True).filter(
    rules.TEXT_RULES["project_slug"].allows
)
IDS = st.from_regex(ID_PATTERN, fullmatch=True).filter(str.isascii)
# (type, property) -> what AWS accepts: CloudFormation's resource schemas, where they say it, else the service's guide.
LEGAL = {
    ("AWS::Budgets::Budget", "BudgetName"): r"[^:\\]{1,100}",
    ("AWS::CloudWatch::Alarm", "AlarmName"): r".{1,255}",
    ("AWS::CodeBuild::Project", "Name"): r"[A-Za-z0-9][A-Za-z0-9\-_]{1,149}",
    ("AWS::CodeCommit::Repository", "RepositoryName"): r"(?!.*\.git$)[\w.-]{1,100}",
    ("AWS::CodePipeline::Pipeline", "Name"): r"[A-Za-z0-9.@\-_]{1,100}",
    ("AWS::ECR::Repository", "RepositoryName"): r"(?=.{2,256}$)[a-z0-9]+(?:[._-]+[a-z0-9]+)*",
    ("AWS::Events::Rule", "Name"): r"[.\-_A-Za-z0-9]{1,64}",
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"): r"[\w+=,.@-]{1,128}",
    ("AWS::IAM::Policy", "PolicyName"): r"[\w+=,.@-]{1,128}",
    ("AWS::IAM::Role", "RoleName"): r"[\w+=,.@-]{1,64}",
    ("AWS::KMS::Alias", "AliasName"): r"alias/[a-zA-Z0-9/_-]{1,250}",
    ("AWS::Logs::LogGroup", "LogGroupName"): r"[.\-_/#A-Za-z0-9]{1,512}",
    ("AWS::S3::Bucket", "BucketName"): r"(?!aws|sthree-|xn--|amzn-s3-demo-)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    ("AWS::SNS::Topic", "TopicName"): r"[A-Za-z0-9_-]{1,256}",
    ("AWS::SQS::Queue", "QueueName"): r"[A-Za-z0-9_-]{1,80}",
    ("AWS::SSM::Parameter", "Name"): r"(?!/?(?:aws|ssm))[/a-zA-Z0-9_.-]{1,1011}",
    ("AWS::SageMaker::CodeRepository", "CodeRepositoryName"): r"(?=.{1,63}$)[a-zA-Z0-9](?:-*[a-zA-Z0-9])*",
    ("AWS::SageMaker::ModelPackageGroup", "ModelPackageGroupName"): r"(?=.{1,63}$)[a-zA-Z0-9](?:-*[a-zA-Z0-9])*",
}
UNNAMED = {"AWS::SNS::Subscription", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"}
UNNAMED |= {"AWS::KMS::Key", "Custom::ModelRepositories"}


def name_of(kind: str, properties: dict[str, Any]) -> tuple[str, str]:
    """Property and value of a resource's own name."""
    body = properties.get("Budget", properties)
    (key,) = (name for named, name in LEGAL if named == kind)
    return key, str(body[key])


@pytest.mark.parametrize("ci", FLAVOURS)
@settings(max_examples=40, deadline=None)
@given(slug=SLUGS, project_id=IDS)
@example(slug="z" * 32, project_id="p" * 20)
@example(slug="a", project_id="1")
def test_every_name_is_legal_for_every_project(ci: str, slug: str, project_id: str) -> None:
    stack = ProjectStack(ci, SageMakerProjectName=slug, SageMakerProjectId=project_id, Infrastructure="terraform")
    seen: dict[tuple[str, str], str] = {}
    for logical_id, each in stack.resources().items():
        if each["Type"] in UNNAMED:
            continue
        key, name = name_of(each["Type"], each["Properties"])
        assert re.fullmatch(LEGAL[each["Type"], key], name, re.ASCII), (logical_id, name)
        if each["Type"] != "AWS::IAM::Policy":
            assert seen.setdefault((each["Type"], name), logical_id) == logical_id, f"two are called {name}"


@pytest.mark.parametrize("ci", FLAVOURS)
@settings(max_examples=20, deadline=None)
@given(slug=SLUGS)
def test_what_is_named_in_other_accounts_is_legal_too(ci: str, slug: str) -> None:
    bindings = ProjectStack(ci, SageMakerProjectName=slug, **TWO_ACCOUNTS).parameters()
    role = bindings[f"/{slug}/bindings/production/deploy_role_arn"].rpartition("/")[2]
    assert re.fullmatch(LEGAL["AWS::IAM::Role", "RoleName"], role, re.ASCII)


def test_no_two_projects_share_a_name_whatever_they_are_called() -> None:
    """`a` and `a-build` may both be projects: no name of the one is a name of the other."""
    slug = "a"
    endings: dict[str, set[str]] = {}
    for ci in FLAVOURS:
        stack = ProjectStack(ci, SageMakerProjectName=slug, Infrastructure="terraform")
        for each in stack.resources().values():
            if each["Type"] in UNNAMED or each["Type"] in ("AWS::IAM::Policy", "AWS::SSM::Parameter"):
                continue
            _, name = name_of(each["Type"], each["Properties"])
            before, _, ending = name.rpartition("/")
            endings.setdefault(f"{each['Type']} {before}", set()).add(ending.removeprefix(slug))
    assert endings["AWS::IAM::Role "] >= {"-training-pipeline", "-build-pipeline", "-deploy-pipeline"}
    shared = [
        (kind, longer, shorter)
        for kind, found in endings.items()
        for longer in found
        for shorter in found
        if shorter and longer != shorter and longer.endswith(shorter)
    ]
    assert shared == []
