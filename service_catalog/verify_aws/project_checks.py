"""SageMaker projects through both channels: created as Studio does it, tagged, launched by our roles, deleted."""

from __future__ import annotations

from functools import partial
from typing import Any

from service_catalog.answers import answer_fields
from service_catalog.verify_aws.account import Account
from service_catalog.verify_aws.checks import NotTriedError, RefutedError, check
from service_catalog.verify_aws.removing import each_of, is_missing
from service_catalog.verify_aws.retained import remove_retained, repository_names, retained
from service_catalog.verify_aws.stack_checks import delete_stack

LAUNCH_ROLE = "SageMakerMlopsLaunch"
PROJECT_MINUTES = 30
GONE = ("", "DeleteCompleted")
# Types whose resources take no tags, or that the tagging API doesn't list.
UNTAGGED = (
    "AWS::Budgets::",
    "AWS::CloudFormation::",
    "AWS::ECR::RepositoryPolicy",
    "AWS::IAM::",
    "AWS::KMS::Alias",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "Custom::",
)


@check(creates="a SageMaker project with its stack, two repositories, a pipeline, roles and keys", usd=2.0)
def project_from_service_catalog(account: Account) -> str:
    """CreateProject provisions the published product, as Studio does it, and the project comes up.

    Source: SageMaker developer guide, sagemaker-projects-templates-custom.
    """
    name, product = f"{account.prefix}-sc", _product(account)
    if not product:
        raise NotTriedError(
            f"no product {account.options.product!r} for this role: `make publish`, with the role among its principals"
        )
    details = {
        "ProductId": product,
        "ProvisioningParameters": [{"Key": key, "Value": value} for key, value in form(account).items()],
    }
    made = create(account, name, {"ServiceCatalogProvisioningDetails": details})
    account.facts["project"] = name
    account.facts["stack"] = stack_of(account, name)
    return f"{made} as CreateCompleted, stack {account.facts['stack'].split('/')[1]}"


@check()
def launch_role_creates(account: Account) -> str:
    """The project's stack was made with our launch role, whose permissions suffice, and not with the user's own.

    Source: Service Catalog administrator guide, constraints-launch; docs/launch-role.md.
    """
    stack = described(account, needed(account, "stack"))
    role = stack.get("RoleARN", "")
    if stack["StackStatus"] != "CREATE_COMPLETE" or LAUNCH_ROLE not in role:
        raise RefutedError(f"{stack['StackStatus']} by {role or 'no role of its own'}")
    return f"CREATE_COMPLETE by {role}"


@check()
def alias_of_a_new_key(account: Account) -> str:
    """The launch role gives each new key of the stack its first alias, though the key has none to know it by.

    Source: KMS developer guide, alias-authorization; docs/launch-role.md, AliasesOfNewKeys.
    """
    stack = needed(account, "stack")
    if LAUNCH_ROLE not in described(account, stack).get("RoleARN", ""):
        raise NotTriedError("the stack was not made by the launch role")
    pages = account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    aliases = [
        (each["PhysicalResourceId"], each["ResourceStatus"])
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::KMS::Alias"
    ]
    wrong = [f"{name}: {ended}" for name, ended in aliases if ended != "CREATE_COMPLETE"]
    if wrong or not aliases:
        raise RefutedError("; ".join(wrong) or "the stack has no alias")
    return f"made: {', '.join(name for name, _ in aliases)}"


@check()
def resources_are_tagged(account: Account) -> str:
    """Everything in the project's stack that takes tags carries the project's name and id.

    Source: SageMaker developer guide, sagemaker-projects; CloudFormation user guide, resource tags.
    """
    stack, project = needed(account, "stack"), needed(account, "project")
    pages = account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    taggable = [
        each
        for page in pages
        for each in page["StackResourceSummaries"]
        if not each["ResourceType"].startswith(UNTAGGED) and each.get("PhysicalResourceId")
    ]
    tagged = {
        _place(each["ResourceARN"].split(":")[2], each["ResourceARN"])
        for page in account.client("resourcegroupstaggingapi")
        .get_paginator("get_resources")
        .paginate(TagFilters=[{"Key": "sagemaker:project-name", "Values": [project]}, {"Key": "sagemaker:project-id"}])
        for each in page["ResourceTagMappingList"]
    }
    repositories = repository_names(account) if any("CodeCommit" in each["ResourceType"] for each in taggable) else {}
    bare = [
        f"{each['ResourceType']} {each['LogicalResourceId']}"
        for each in taggable
        if _place(
            each["ResourceType"].split("::")[1].lower(),
            repositories.get(each["PhysicalResourceId"], each["PhysicalResourceId"]),
        )
        not in tagged
    ]
    if bare:
        raise RefutedError(f"{len(bare)} of {len(taggable)} without: {', '.join(bare)}")
    return f"{len(taggable)} resources carry both tags"


def _place(service: str, identifier: str) -> tuple[str, str]:
    """Service and last part of a name, ARN or URL: by these a resource of a stack is found among tagged ones."""
    return service, identifier.replace(":", "/").rpartition("/")[2]


def _product(account: Account) -> str:
    """Id of the product that this role may launch; empty if there is none."""
    catalog, page = account.client("servicecatalog"), dict[str, str]()
    while True:
        found = catalog.search_products(**page)
        for each in found["ProductViewSummaries"]:
            if each["Name"] == account.options.product:
                return str(each["ProductId"])
        if not found.get("NextPageToken"):
            return ""
        page = {"PageToken": found["NextPageToken"]}


def form(account: Account) -> dict[str, str]:
    """The form as a person would leave it, with a model that answers one by one and this account's network."""
    filled = {field.parameter: field.default or field.choices[0] for field in answer_fields("codepipeline")}
    filled["ProjectName"] = f"Verify {account.prefix}"
    if account.options.subnet_ids:
        filled["SubnetIds"] = account.options.subnet_ids
        filled["SecurityGroupIds"] = account.options.security_group_ids
    return {key: value for key, value in filled.items() if value}


def needed(account: Account, fact: str) -> str:
    """What an earlier check has made; raises NotTriedError."""
    if fact not in account.facts:
        raise NotTriedError(f"an earlier check made no {fact}")
    return account.facts[fact]


def create(account: Account, name: str, how: dict[str, Any]) -> str:
    account.afterwards(f"project {name}", lambda: remove_project(account, name))
    account.client("sagemaker").create_project(ProjectName=name, ProjectDescription="Made by make verify-aws", **how)
    ended = account.wait(f"project {name}", lambda: _end_of_creation(account, name), PROJECT_MINUTES)
    if stack := stack_of(account, name):
        account.leftovers[name] = retained(account, stack)
    if ended != "CreateCompleted":
        found = account.client("sagemaker").describe_project(ProjectName=name)
        told = found.get("ServiceCatalogProvisionedProductDetails") or found.get("TemplateProviderDetails") or ""
        raise RefutedError(f"project {name} ended as {ended}: {told}")
    return f"project {name}"


def status(account: Account, name: str) -> str:
    projects = account.client("sagemaker")
    try:
        return str(projects.describe_project(ProjectName=name)["ProjectStatus"])
    except projects.exceptions.ClientError as error:
        if is_missing(error):
            return ""
        raise


def _end_of_creation(account: Account, name: str) -> str:
    found = status(account, name)
    return "" if found in ("Pending", "CreateInProgress") else found


def stack_of(account: Account, name: str) -> str:
    """Id of the stack whose tags name the project; it can be asked about also when it is deleted."""
    if known := account.facts.get(f"stack of {name}"):
        return known
    pages = account.client("cloudformation").get_paginator("describe_stacks").paginate()
    for page in pages:
        for stack in page["Stacks"]:
            tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}
            if tags.get("sagemaker:project-name") == name:
                account.facts[f"stack of {name}"] = stack["StackId"]
                return str(stack["StackId"])
    return ""


def described(account: Account, stack: str) -> dict[str, Any]:
    return dict(account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0])


def remove_project(account: Account, name: str) -> None:
    """Deletes what the project's CI deployed, the project, and what their stacks retain on purpose.

    Raises RemovalError; every step is tried all the same.
    """
    left, deployed = list(account.leftovers.get(name, [])), list[str]()

    def look() -> None:
        if not left and (stack := stack_of(account, name)):
            left.extend(retained(account, stack))

    each_of(
        look,
        lambda: deployed.extend(_stacks(account, (f"{name}-staging", f"{name}-production"))),
        lambda: each_of(*(partial(_remove_deployed, account, each, left) for each in deployed)),
        partial(_delete_project, account, name),
        partial(remove_retained, account, left),
    )


def _remove_deployed(account: Account, stack: str, left: list[tuple[str, str]]) -> None:
    stacks = account.client("cloudformation")
    each_of(
        lambda: left.extend(retained(account, stack)),
        partial(stacks.update_termination_protection, StackName=stack, EnableTerminationProtection=False),
        partial(delete_stack, account, stack),
    )


def _delete_project(account: Account, name: str) -> None:
    """Raises RuntimeError where it stays."""
    if status(account, name) in GONE:
        return
    account.client("sagemaker").delete_project(ProjectName=name)
    account.wait(f"deletion of {name}", lambda: status(account, name) in (*GONE, "DeleteFailed"), PROJECT_MINUTES)
    if status(account, name) == "DeleteFailed":
        raise RuntimeError(f"project {name} ended as DeleteFailed; see stack {stack_of(account, name)}")


def _stacks(account: Account, prefixes: tuple[str, ...]) -> list[str]:
    pages = account.client("cloudformation").get_paginator("describe_stacks").paginate()
    return [stack["StackName"] for page in pages for stack in page["Stacks"] if stack["StackName"].startswith(prefixes)]
