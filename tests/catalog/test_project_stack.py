"""What the project stack of each CI system holds, by what the form says."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from renderer.template import TEMPLATE
from service_catalog.project.build_rights import PIPELINES
from service_catalog.seeder.bundle import bundle
from service_catalog.stacks import FOLDER, Synthesized, text_of
from tests.catalog.project_stacks import (
    CONNECTED,
    FLAVOURS,
    PRODUCTION,
    PROJECT_ID,
    SLUG,
    STAGING,
    TWO_ACCOUNTS,
    ProjectStack,
    template,
)
from tests.infrastructure.cfn_templates import ACCOUNT, REGION

PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"
LARGEST_TEMPLATE, MOST_RESOURCES = 1_000_000, 500
KEPT = {
    "AWS::CodeCommit::Repository",
    "AWS::ECR::Repository",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SageMaker::ModelPackageGroup",
}


@pytest.mark.slow
@pytest.mark.parametrize("ci", FLAVOURS)
def test_the_committed_template_is_what_the_code_makes(ci: str, synthesized: Synthesized) -> None:
    name = f"project-{ci}"
    made = text_of(name, synthesized.templates[name])
    assert (FOLDER / f"{name}.yaml").read_text(encoding="utf-8") == made, "run `make synth` and review the change"


@pytest.mark.parametrize("ci", FLAVOURS)
def test_a_template_is_within_cloudformation_s_limits(ci: str) -> None:
    assert (FOLDER / f"project-{ci}.yaml").stat().st_size < LARGEST_TEMPLATE
    assert len(template(ci)["Resources"]) < MOST_RESOURCES
    assert len(template(ci)["Description"]) <= 1024


@pytest.mark.parametrize("ci", FLAVOURS)
def test_nothing_of_whoever_publishes_is_inside(ci: str) -> None:
    text = (FOLDER / f"project-{ci}.yaml").read_text(encoding="utf-8")
    patterns = ("AllowedPattern", "Default", "Description", "ConstraintDescription")
    lines = [line for line in text.splitlines() if not line.strip().startswith(patterns)]
    assert not [line for line in lines if re.search(r"(?<![\w-])\d{12}(?![\w-])|\b[a-z]{2}-[a-z]+-\d\b", line)]
    assert "cdk" not in text.lower().replace("service_catalog", "")
    assert "BootstrapVersion" not in template(ci)["Parameters"]


@pytest.mark.parametrize("ci", FLAVOURS)
def test_the_seed_names_the_template_s_bundle_and_both_repositories(ci: str) -> None:
    seed = ProjectStack(ci).resources()["Seed"]["Properties"]
    made = bundle()
    assert seed["TemplateVersion"] == made.version
    assert seed["Bundle"] == {"Key": made.key, "Sha256": made.sha256}
    assert seed["ServiceToken"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:sagemaker-mlops-seeder"
    assert seed["ServiceTimeout"] == "2400"
    assert seed["ProjectId"] == PROJECT_ID
    assert seed["Repositories"].keys() == {"model-build", "model-deploy"}


@pytest.mark.parametrize(("ci", "connected"), [("codepipeline", False), *((ci, True) for ci in FLAVOURS)])
def test_a_repository_is_either_codecommit_s_or_behind_the_connection(ci: str, connected: bool) -> None:
    stack = ProjectStack(ci, **(CONNECTED if connected else {}))
    for name, each in stack.resources()["Seed"]["Properties"]["Repositories"].items():
        given = {key for key, value in each.items() if value}
        assert given == ({"ConnectionArn", "Path"} if connected else {"CodeCommit"}), name
    assert len(stack.of_type("AWS::CodeCommit::Repository")) == (0 if connected else 2)


def test_studio_shows_both_repositories() -> None:
    for ci in FLAVOURS:
        shown = ProjectStack(ci).of_type("AWS::SageMaker::CodeRepository")
        assert {each["CodeRepositoryName"] for each in shown.values()} == {
            f"{SLUG}-model-build",
            f"{SLUG}-model-deploy",
        }
        assert {each["GitConfig"]["RepositoryUrl"] for each in shown.values()} == {
            "<Seed.BuildUrl>",
            "<Seed.DeployUrl>",
        }


def test_pipelines_and_what_starts_them_wait_for_the_seed() -> None:
    resources = ProjectStack("codepipeline").resources()
    starting = [name for name, each in resources.items() if each["Type"] == "AWS::CodePipeline::Pipeline"]
    commits = [
        name
        for name, each in resources.items()
        if each["Type"] == "AWS::Events::Rule" and each["Properties"]["EventPattern"]["source"] == ["aws.codecommit"]
    ]
    assert (len(starting), len(commits)) == (2, 2)
    assert all("Seed" in resources[name]["DependsOn"] for name in starting + commits)


@pytest.mark.parametrize("ci", FLAVOURS)
def test_one_account_holds_both_stages(ci: str) -> None:
    resources = ProjectStack(ci).resources()
    assert {"StagingBaseKey", "ProductionBaseKey", "StagingAccessDeployRole"} <= resources.keys()
    assert "ToolingConsumersBinding" not in resources
    assert "ModelPackageGroupPolicy" not in resources["RegistryGroup"]["Properties"]
    assert "444455556666" not in json.dumps(resources)


@pytest.mark.parametrize("ci", FLAVOURS)
def test_stages_elsewhere_are_made_there_and_only_named_here(ci: str) -> None:
    stack = ProjectStack(ci, **TWO_ACCOUNTS)
    made = [name for name in stack.resources() if re.match("(Staging|Production)(Base|Access)", name)]
    assert made == []
    bindings = stack.parameters()
    assert bindings[f"/{SLUG}/bindings/staging/account_id"] == STAGING
    assert bindings[f"/{SLUG}/bindings/production/deploy_role_arn"] == (
        f"arn:aws:iam::{PRODUCTION}:role/sagemaker-mlops/{SLUG}-production-deploy"
    )
    assert f"/{SLUG}/bindings/staging/kms_key_arn" not in bindings
    assert bindings[f"/{SLUG}/bindings/consumer_account_ids"] == f"{STAGING},{PRODUCTION}"


@pytest.mark.parametrize(
    ("given", "consumers"),
    [
        ({"StagingAccountId": STAGING, "ProductionAccountId": STAGING}, STAGING),
        ({"StagingAccountId": ACCOUNT, "ProductionAccountId": PRODUCTION}, PRODUCTION),
        ({"StagingAccountId": STAGING, "ProductionAccountId": ACCOUNT}, STAGING),
    ],
)
def test_an_account_counts_once_and_this_one_is_no_consumer(given: dict[str, str], consumers: str) -> None:
    for ci in FLAVOURS:
        stack = ProjectStack(ci, Accounts="multi", **given)
        assert stack.parameters()[f"/{SLUG}/bindings/consumer_account_ids"] == consumers
        group = stack.resources()["RegistryGroup"]["Properties"]["ModelPackageGroupPolicy"]
        assert {json.dumps(each["Principal"]) for each in group["Statement"]} == {json.dumps({"AWS": [consumers]})}
        accounts = sorted(set(given.values()))
        assumed = [
            each["PolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]["aws:ResourceAccount"]
            for name, each in stack.of_type("AWS::IAM::Policy").items()
            if re.search("To(Staging|Production)$", name)
        ]
        assert [sorted(each) for each in assumed] == [accounts, accounts]


def test_what_a_stage_elsewhere_has_made_is_passed_on() -> None:
    key = f"arn:aws:kms:{REGION}:{STAGING}:key/01234567-89ab-cdef-0123-456789abcdef"
    given = {**TWO_ACCOUNTS, "StagingKmsKeyArn": key, "StagingStateBucket": "a-state-bucket"}
    bindings = ProjectStack("github", **given).parameters()
    assert bindings[f"/{SLUG}/bindings/staging/kms_key_arn"] == key
    assert bindings[f"/{SLUG}/bindings/staging/state_bucket"] == "a-state-bucket"
    assert f"/{SLUG}/bindings/production/state_bucket" not in bindings


@pytest.mark.parametrize("ci", FLAVOURS)
def test_terraform_gets_a_bucket_for_each_stage_s_state(ci: str) -> None:
    for infrastructure, expected in (("terraform", 2), ("cloudformation", 0)):
        stack = ProjectStack(ci, Infrastructure=infrastructure)
        buckets = [each for each in stack.of_type("AWS::S3::Bucket").values() if "-state-" in each["BucketName"]]
        bindings = [name for name in stack.parameters() if name.endswith("/state_bucket")]
        assert (len(buckets), len(bindings)) == (expected, expected)


def rules_of(path: Path) -> set[str]:
    """Names of the bindings that a repository reads, from the literal RULES in its code."""
    (found,) = (
        node.value
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "RULES"
    )
    assert isinstance(found, ast.Dict)
    return {str(ast.literal_eval(key)) for key in found.keys if key}


@pytest.mark.parametrize("ci", FLAVOURS)
def test_both_repositories_find_every_binding_that_is_given(ci: str) -> None:
    network = {"SubnetIds": "subnet-0a1b2c3d", "SecurityGroupIds": "sg-0a1b2c3d"}
    staged = {f"{stage}{name}": value for stage in ("Staging", "Production") for name, value in network.items()}
    more = {**network, **staged, "Infrastructure": "terraform", "NotificationEmail": "team@company.example"}
    given = {name.removeprefix(f"/{SLUG}/bindings/") for name in ProjectStack(ci, **more).parameters()}
    build = rules_of(PROJECT / "model-build/model_build/pipelines/bindings.py")
    deploy = rules_of(PROJECT / "model-deploy/model_deploy/bindings.py")
    # The image is known by its sources; nobody else uses the models of one account; there is a VPC.
    assert build - given == {"image_uri", "consumer_account_ids", "vpc"}
    for stage in ("staging", "production"):
        assert [name for name in deploy if f"{stage}/{name}" not in given and name not in given] == []


@pytest.mark.parametrize("ci", FLAVOURS)
def test_who_names_no_subnets_has_decided_against_a_vpc(ci: str) -> None:
    bindings = ProjectStack(ci).parameters()
    assert bindings[f"/{SLUG}/bindings/vpc"] == "none"
    assert f"/{SLUG}/bindings/subnet_ids" not in bindings


def test_the_group_is_shared_as_model_build_shares_it() -> None:
    tree = ast.parse((PROJECT / "model-build/model_build/pipelines/aws.py").read_text(encoding="utf-8"))
    (function,) = (each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "group_policy")
    texts = [each.value for each in ast.walk(function) if isinstance(each, ast.Constant)]
    group = ProjectStack("github", **TWO_ACCOUNTS).resources()["RegistryGroup"]["Properties"]
    policy = group["ModelPackageGroupPolicy"]["Statement"]
    shared = {action for statement in policy for action in statement["Action"]}
    assert shared == {text for text in texts if str(text).startswith("sagemaker:")}
    assert {statement["Sid"] for statement in policy} == {"ReadGroup", "UseVersions"} & set(texts)


def test_ci_may_start_the_pipelines_that_model_build_compiles() -> None:
    source = (PROJECT / "model-build/model_build/pipelines/compile.py").read_text(encoding="utf-8")
    assert f"PIPELINES = {json.dumps(PIPELINES)[1:-1].join(['(', ',)'])}" in source


@pytest.mark.parametrize("ci", FLAVOURS)
@pytest.mark.parametrize("given", [{}, {"Infrastructure": "terraform"}, TWO_ACCOUNTS])
def test_every_role_is_within_the_account_s_boundary(ci: str, given: dict[str, str]) -> None:
    roles = ProjectStack(ci, **given).of_type("AWS::IAM::Role")
    assert roles
    assert {each["PermissionsBoundary"] for each in roles.values()} == {
        f"arn:aws:iam::{ACCOUNT}:policy/SageMakerMlopsBoundary"
    }
    assert all(each["RoleName"].startswith(f"{SLUG}-") for each in roles.values())


@pytest.mark.parametrize("ci", FLAVOURS)
def test_what_holds_people_s_work_outlives_the_stack_but_not_a_failed_creation(ci: str) -> None:
    for name, each in ProjectStack(ci, Infrastructure="terraform").resources().items():
        kept = each.get("DeletionPolicy"), each.get("UpdateReplacePolicy")
        assert kept == (("RetainExceptOnCreate", "Retain") if each["Type"] in KEPT else (None, None)), name


@pytest.mark.parametrize("ci", FLAVOURS)
def test_studio_finds_resources_by_their_tags(ci: str) -> None:
    expected = {
        "sagemaker:project-name": SLUG,
        "sagemaker:project-id": PROJECT_ID,
        "cost-center": "unassigned",
        "owner": "data-science",
    }
    tagged = 0
    for name, each in ProjectStack(ci).resources().items():
        properties = each.get("Properties", {})
        tags = properties.get("Tags", properties.get("ResourceTags"))
        if tags:
            found = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
            assert expected.items() <= found.items(), name
            tagged += 1
    assert tagged > 30


@pytest.mark.parametrize("ci", FLAVOURS)
def test_every_bucket_is_private_versioned_tls_only_and_logged(ci: str) -> None:
    stack = ProjectStack(ci, Infrastructure="terraform")
    buckets = stack.of_type("AWS::S3::Bucket")
    policies = {each["Bucket"]: each for each in stack.of_type("AWS::S3::BucketPolicy").values()}
    for name, each in buckets.items():
        assert set(each["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert each["VersioningConfiguration"] == {"Status": "Enabled"}
        assert each["LifecycleConfiguration"]["Rules"]
        denied = [one for one in policies[each["BucketName"]]["PolicyDocument"]["Statement"] if one["Effect"] == "Deny"]
        assert denied[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        if name != "AccessLogsBucket":
            assert each["LoggingConfiguration"]["DestinationBucketName"] == buckets["AccessLogsBucket"]["BucketName"]
    prefixes = [each["LoggingConfiguration"]["LogFilePrefix"] for name, each in buckets.items() if "Logs" not in name]
    assert len(set(prefixes)) == len(prefixes) == len(buckets) - 1


@pytest.mark.parametrize("ci", FLAVOURS)
def test_failures_and_waiting_models_reach_the_topic(ci: str) -> None:
    stack = ProjectStack(ci)
    (topic,) = stack.of_type("AWS::SNS::Topic").values()
    told = {
        each["Name"].removeprefix(f"{SLUG}-")
        for each in stack.of_type("AWS::Events::Rule").values()
        if topic["TopicName"] in each["Targets"][0]["Arn"]
    }
    own = {"pipeline-failure", "model-registered"}
    assert told == own | ({"deploy-failure", "build-failure"} if ci == "codepipeline" else {"approvals-failure"})


@pytest.mark.parametrize("ci", FLAVOURS)
def test_the_budget_warns_by_the_topic_so_that_another_address_changes_only_the_subscription(ci: str) -> None:
    found = [ProjectStack(ci, **given) for given in ({}, {"NotificationEmail": "team@company.example"})]
    (silent,), (loud,) = ([*stack.of_type("AWS::Budgets::Budget").values()] for stack in found)
    assert silent == loud
    (topic,) = found[1].of_type("AWS::SNS::Topic").values()
    warned = {one["Address"] for each in loud["NotificationsWithSubscribers"] for one in each["Subscribers"]}
    assert warned == {topic["TopicName"]}
    (allowing,) = found[1].of_type("AWS::SNS::TopicPolicy").values()
    services = [each["Principal"] for each in allowing["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert "budgets.amazonaws.com" in json.dumps(services)
    assert "budgets.amazonaws.com" in json.dumps(found[1].resources()["ToolingKey"])
    assert loud["Budget"]["CostFilters"]["TagKeyValue"] == [f"user:sagemaker:project-name${SLUG}"]


@pytest.mark.parametrize("ci", FLAVOURS)
def test_every_role_and_policy_is_under_the_path_that_launching_is_confined_to(ci: str) -> None:
    stack = ProjectStack(ci)
    made = [*stack.of_type("AWS::IAM::Role").values(), *stack.of_type("AWS::IAM::ManagedPolicy").values()]
    assert len(made) >= 8
    assert {each["Path"] for each in made} == {"/sagemaker-mlops/"}
    assert stack.of_type("AWS::IAM::OIDCProvider") == {}
    named = re.findall(rf":(?:role|policy)/(?!sagemaker-mlops/)\S*{SLUG}[\w-]*", json.dumps(stack.resources()))
    assert {each.rpartition("-")[2] for each in named} <= {"execution", "trigger"}


def test_pipelines_start_after_all_that_could_still_fail() -> None:
    resources = ProjectStack("codepipeline").resources()
    needed = {"BuildRepositoryInStudio", "DeployRepositoryInStudio", "BudgetBudget", "LookupExecutionRoleArn"}
    starting = [each for each in resources.values() if each["Type"] == "AWS::CodePipeline::Pipeline"]
    assert [needed - set(each["DependsOn"]) for each in starting] == [set(), set()]


@pytest.mark.parametrize("ci", FLAVOURS)
@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_what_destroys_a_deployment_is_deleted_after_the_boundary_that_the_deployment_uses(ci: str, stage: str) -> None:
    resources = ProjectStack(ci).resources()
    kept = {f"{stage}Access{name}" for name in ("DeployRole", "Serving", "Surroundings", "Operation")}
    told = ("AccountId", "DeployRoleArn", "KmsKeyArn", "PermissionsBoundaryArn")
    kept |= {f"{stage}Bindings{name}Binding" for name in told} | {f"{stage}BaseKeyAlias"}
    assert set(resources[f"{stage}BaseBoundary"]["DependsOn"]) >= kept


@pytest.mark.parametrize("ci", FLAVOURS)
def test_only_the_project_s_own_rules_may_fill_the_queue_of_undelivered_events(ci: str) -> None:
    (policy,) = ProjectStack(ci).of_type("AWS::SQS::QueuePolicy").values()
    allowed, _ = policy["PolicyDocument"]["Statement"]
    source = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{SLUG}-*"
    assert allowed["Condition"] == {"ArnLike": {"aws:SourceArn": source}}


def statements(stack: ProjectStack, role: str) -> dict[str, dict[str, object]]:
    return {each["Sid"]: each for one in stack.policies(role) for each in one["policy"]["Statement"]}


@pytest.mark.parametrize(("role", "artifact"), [("BuildRole", "Code"), ("DeployPipelineRole", "Source")])
def test_a_source_behind_a_connection_is_uploaded_with_an_acl_and_only_as_a_source(role: str, artifact: str) -> None:
    own, connected = (statements(ProjectStack("codepipeline", **given), role) for given in ({}, CONNECTED))
    assert "UploadOfSource" not in own
    assert connected["UploadOfSource"]["Action"] in ("s3:PutObjectAcl", ["s3:PutObjectAcl"])
    for resource in (connected["UploadOfSource"]["Resource"], connected["Artifacts"]["Resource"]):
        last = resource[-1] if isinstance(resource, list) else str(resource)
        assert last.endswith(f"/*/{artifact}/*")
    builds = connected["Builds"]["Resource"]
    assert isinstance(builds, list) and "*" not in json.dumps(builds)
