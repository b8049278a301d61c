"""The seeder's stack: one function by a fixed name, and the least that it and its fallback may do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from service_catalog.seeder.push_project import BUILDSPEC
from service_catalog.stacks import FOLDER, Synthesized, text_of

pytestmark = pytest.mark.slow
Template = dict[str, Any]


@pytest.fixture
def template(synthesized: Synthesized) -> Template:
    return synthesized.templates["seeder"]


def only(template: Template, kind: str, name: str = "") -> dict[str, Any]:
    found = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == kind and name in json.dumps(each)
    ]
    assert len(found) == 1, found
    properties: dict[str, Any] = found[0]
    return properties


def statements(template: Template, role: str) -> dict[str, dict[str, Any]]:
    properties = only(template, "AWS::IAM::Role", role)
    return {each["Sid"]: each for each in properties["Policies"][0]["PolicyDocument"]["Statement"]}


def every_statement(template: Template) -> Iterator[dict[str, Any]]:
    for service in ("lambda.amazonaws.com", "codebuild.amazonaws.com"):
        yield from statements(template, service).values()


def test_the_committed_template_is_what_the_code_makes(template: Template) -> None:
    assert (FOLDER / "seeder.yaml").read_text(encoding="utf-8") == text_of("seeder", template)


def test_the_function_stands_under_its_fixed_name(template: Template) -> None:
    function = only(template, "AWS::Lambda::Function")
    assert function["FunctionName"] == "sagemaker-mlops-seeder"
    assert function["Handler"] == "service_catalog.seeder.function.handler.handle"
    assert function["Runtime"] == "python3.13"
    assert set(function["Environment"]["Variables"]) == {"BUNDLE_BUCKET", "PUSH_PROJECT", "PUSH_BUCKET"}
    assert function["Code"] == {"S3Bucket": {"Ref": "ChannelBucket"}, "S3Key": {"Ref": "PackageKey"}}
    assert function["KmsKeyArn"]


def test_names_that_an_account_has_once_carry_the_region(template: Template) -> None:
    for role in (each for each in template["Resources"].values() if each["Type"] == "AWS::IAM::Role"):
        assert "AWS::Region" in json.dumps(role["Properties"]["RoleName"])
    assert "AWS::Region" in json.dumps(only(template, "AWS::S3::Bucket")["BucketName"])


def test_nobody_is_let_in_by_a_policy_of_the_function(template: Template) -> None:
    kinds = {each["Type"] for each in template["Resources"].values()}
    assert kinds.isdisjoint({"AWS::Lambda::Permission", "AWS::Lambda::Url"})


def test_no_statement_has_a_wildcard_action_or_resource(template: Template) -> None:
    for statement in every_statement(template):
        assert all("*" not in action for action in statement["Action"])
        assert "*" not in statement["Resource"]


def test_repositories_and_connections_are_known_by_their_tags(template: Template) -> None:
    found = statements(template, "lambda.amazonaws.com")
    assert found["CodeCommit"]["Action"] == ["codecommit:GitPull", "codecommit:GitPush"]
    assert found["CodeCommit"]["Condition"] == {"Null": {"aws:ResourceTag/sagemaker-mlops:project": "false"}}
    for number, prefix in ((1, "codeconnections"), (2, "codestar-connections")):
        statement = found[f"Connections{number}"]
        assert statement["Action"] == [f"{prefix}:UseConnection"]
        assert f":{prefix}:" in json.dumps(statement["Resource"])
        assert statement["Condition"] == {"StringEqualsIgnoreCase": {"aws:ResourceTag/sagemaker": "true"}}


def test_the_function_reads_the_tags_of_tagged_connections_and_a_build_does_not(template: Template) -> None:
    found = statements(template, "lambda.amazonaws.com")
    for number, prefix in ((1, "codeconnections"), (2, "codestar-connections")):
        statement = found[f"Limits{number}"]
        assert statement["Action"] == [f"{prefix}:ListTagsForResource"]
        assert f":{prefix}:" in json.dumps(statement["Resource"])
        assert statement["Condition"] == {"StringEqualsIgnoreCase": {"aws:ResourceTag/sagemaker": "true"}}
    assert "ListTags" not in json.dumps(statements(template, "codebuild.amazonaws.com"))


def test_any_failure_of_the_function_raises_an_alarm_that_tells_a_topic_if_there_is_one(template: Template) -> None:
    alarm = only(template, "AWS::CloudWatch::Alarm")
    (function,) = (name for name, each in template["Resources"].items() if each["Type"] == "AWS::Lambda::Function")
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", "Errors", "Sum")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": function}}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    (action,) = alarm["AlarmActions"]
    assert action == {"Fn::If": ["HasAlarmTopic", {"Ref": "AlarmTopicArn"}, {"Ref": "AWS::NoValue"}]}
    topic = template["Parameters"]["AlarmTopicArn"]
    assert topic["Default"] == "" and re.fullmatch(topic["AllowedPattern"], "arn:aws:sns:eu-west-1:111122223333:ml")


def test_the_function_reads_bundles_only(template: Template) -> None:
    (resource,) = statements(template, "lambda.amazonaws.com")["Bundles"]["Resource"]
    assert json.dumps(resource).count("/bundles/*") == 1


def test_logs_are_kept_and_encrypted(template: Template) -> None:
    groups = [each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::Logs::LogGroup"]
    assert len(groups) == 2
    assert all(group["RetentionInDays"] == 365 and group["KmsKeyId"] for group in groups)


def test_the_build_takes_no_value_but_from_its_source(template: Template) -> None:
    project = only(template, "AWS::CodeBuild::Project")
    assert project["Source"] == {"Type": "NO_SOURCE", "BuildSpec": BUILDSPEC.read_text(encoding="utf-8")}
    assert "EnvironmentVariables" not in project["Environment"]
    assert set(re.findall(r"\$\{?([A-Za-z_]+)", project["Source"]["BuildSpec"])) == {
        *("remote", "commit", "branch", "there"),
        *("default", "theirs", "beside", "tree", "head", "joint"),
    }
