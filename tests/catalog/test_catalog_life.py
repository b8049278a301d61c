"""The life of a project in the emulated AWS: published, ordered as SageMaker does, seeded, updated, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from renderer.rendering import render
from tests.catalog.offered import PARTS, Offered, Order, offered, publish

pytestmark = pytest.mark.slow

FLAVOURS: dict[str, dict[str, str]] = {
    "codepipeline": {},
    "codepipeline behind a connection": {},
    "github": {
        "BuildRepositorySubject": "repo:acme@1/churn-github-model-build@2",
        "DeployRepositorySubject": "repo:acme@1/churn-github-model-deploy@3",
        "CommitterEmail": "ci@example.com",
    },
    "gitlab": {"CommitterEmail": "ci@example.com"},
}
HOSTS = {"github": "token.actions.githubusercontent.com", "gitlab": "gitlab.com"}


def kept(order: Order) -> set[str]:
    """What a project leaves behind on purpose: data, code, images, models and the keys to them."""
    name = order.name
    left = {
        f"bucket {name}-access-logs-*",
        f"bucket {name}-artifacts-*",
        f"image repository {name}-model-build",
        f"model package group {name}",
        f"key Artifacts of {name}",
        f"key Data, volumes, logs and notifications of {name} in staging",
        f"key Data, volumes, logs and notifications of {name} in production",
    }
    if order.flavour == "codepipeline":
        left.add(f"bucket {name}-pipeline-*")
    if "ConnectionArn" not in (order.parameters or {}):
        left |= {f"git repository {name}-{part}" for part in PARTS}
    return left


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offered]:
    with offered(tmp_path_factory.mktemp("catalog")) as found:
        yield found


def ordered(catalog: Offered, flavour: str, channel: str, name: str) -> Order:
    is_owned = flavour == "codepipeline"
    bindings = {} if is_owned else catalog.connected(name) | signing_in(catalog, flavour)
    return Order(name, flavour.split()[0], channel, {**FLAVOURS[flavour], **bindings})


def signing_in(catalog: Offered, flavour: str) -> dict[str, str]:
    """The account's provider, which an administrator has made before the first project."""
    if flavour not in HOSTS:
        return {}
    return {"OidcProviderArn": f"arn:aws:iam::{catalog.aws.account}:oidc-provider/{HOSTS[flavour]}"}


def files(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Content and whether it is executable, by path."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


LIVES = [
    ("codepipeline", "product"),
    ("codepipeline", "s3"),
    ("codepipeline behind a connection", "product"),
    ("github", "product"),
    ("gitlab", "product"),
]


@pytest.mark.parametrize(("flavour", "channel"), LIVES)
def test_a_project_is_ordered_seeded_updated_and_deleted(
    catalog: Offered, tmp_path: Path, flavour: str, channel: str
) -> None:
    order = ordered(catalog, flavour, channel, f"churn-{LIVES.index((flavour, channel))}")
    before = catalog.held()

    project = catalog.create(order)

    assert project["ProjectStatus"] == "CreateCompleted", project
    commits = {part: catalog.clone(order, part, tmp_path / "first" / part) for part in PARTS}
    answers = {"project_slug": order.name, "ci": order.flavour}
    assert files(tmp_path / "first") == files(render(answers, tmp_path / "stamped")), order

    bindings = {"SubnetIds": "subnet-0123456789abcdef0", "SecurityGroupIds": "sg-0123456789abcdef0"}
    project = catalog.update(order, **bindings, MonthlyBudgetUsd="500")
    assert project["ProjectStatus"] == "UpdateCompleted", project
    bound = catalog.aws.client("ssm").get_parameter(Name=f"/{order.name}/bindings/subnet_ids")["Parameter"]
    assert bindings["SubnetIds"] in bound["Value"]
    assert catalog.budget(f"{order.name}-training") == 500
    assert {part: catalog.clone(order, part, tmp_path / "second" / part) for part in PARTS} == commits

    stack = catalog.stack(project)["StackId"]
    catalog.delete(order)
    assert catalog.aws.stack(stack)["StackStatus"] == "DELETE_COMPLETE"
    assert catalog.held() ^ before == kept(order)
    if "ConnectionArn" not in (order.parameters or {}):
        assert {part: catalog.clone(order, part, tmp_path / "third" / part) for part in PARTS} == commits


@pytest.mark.parametrize("flavour", ["codepipeline", "github"])
def test_the_longest_name_and_the_other_choices_come_up_too(catalog: Offered, tmp_path: Path, flavour: str) -> None:
    name = f"{flavour[0]}-{'longest-' * 3}name-x"
    choices = {
        "ProblemType": "regression",
        "Inference": "realtime_and_batch",
        "Infrastructure": "terraform",
        "Accounts": "multi",
    }
    accounts = {"StagingAccountId": "222233334444", "ProductionAccountId": "333344445555"}
    people = {"NotificationEmail": "team@example.com", "Owner": "Équipe données"}
    order = ordered(catalog, flavour, "product", name)
    order = Order(name, flavour, "product", {**(order.parameters or {}), **choices, **accounts, **people})
    project = catalog.create(order)
    assert project["ProjectStatus"] == "CreateCompleted", project
    for part in PARTS:
        catalog.clone(order, part, tmp_path / "cloned" / part)
    options = {"ProblemType": "problem_type", "Inference": "inference", "Infrastructure": "infrastructure"}
    answers = {option: choices[parameter] for parameter, option in options.items()}
    answers |= {"project_slug": name, "ci": flavour, "accounts": "multi", "owner": people["Owner"]}
    assert files(tmp_path / "cloned") == files(render(answers, tmp_path / "stamped"))


def test_a_second_publishing_changes_nothing(catalog: Offered, tmp_path: Path) -> None:
    assert publish(catalog.aws, tmp_path).splitlines()[-1] == "Nothing to change."


def test_stack_and_resources_carry_the_names_by_which_studio_and_finance_know_them(catalog: Offered) -> None:
    order = Order("tagged", "codepipeline", parameters={"CostCenter": "4711"})
    project = catalog.create(order)
    assert project["ProjectStatus"] == "CreateCompleted", project
    stack = catalog.stack(project)
    tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
    names = {"sagemaker:project-name": "tagged", "sagemaker:project-id": project["ProjectId"]}
    assert names.items() <= tags.items()
    resources = catalog.aws.client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "sagemaker:project-id", "Values": [project["ProjectId"]]}]
    )["ResourceTagMappingList"]
    assert len(resources) > 10
    catalog.delete(order)


@pytest.mark.parametrize(
    ("name", "parameters", "why"),
    [
        ("too-dear", {"MonthlyBudgetUsd": "300"}, "MonthlyBudgetUsd"),
        ("half-a-network", {"SubnetIds": "subnet-0123456789abcdef0"}, "SecurityGroupIds"),
        ("no-repository", {"BuildRepository": "acme/x", "DeployRepository": "acme/y"}, "ConnectionArn"),
        ("another-system", {"Ci": "github"}, "Ci"),
    ],
)
def test_what_the_form_does_not_accept_makes_nothing_and_says_which_field_it_is(
    catalog: Offered, name: str, parameters: dict[str, str], why: str
) -> None:
    before = catalog.held()
    order = Order(name, "codepipeline", parameters=parameters)
    project = catalog.create(order)
    assert project["ProjectStatus"] == "CreateFailed"
    assert why in project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductStatusMessage"]
    assert {each for each in catalog.held() - before if not each.startswith("provisioned product")} == set()


def test_a_repository_that_does_not_exist_fails_the_project_in_one_line_and_leaves_nothing(catalog: Offered) -> None:
    bindings = catalog.connected("lost") | {"BuildRepository": "acme/nowhere"} | signing_in(catalog, "gitlab")
    before = catalog.held()
    project = catalog.create(Order("lost", "gitlab", parameters={**FLAVOURS["gitlab"], **bindings}))
    assert project["ProjectStatus"] == "CreateFailed"
    message = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductStatusMessage"]
    assert "Seed" in message and "acme/nowhere" in message
    assert {each for each in catalog.held() - before if not each.startswith("provisioned product")} == set()


def test_who_was_not_granted_the_portfolio_sees_no_product(catalog: Offered) -> None:
    stranger = catalog.as_role("servicecatalog", "developer")
    assert stranger.search_products()["ProductViewSummaries"] == []


def test_both_channels_offer_the_same_bytes(catalog: Offered) -> None:
    s3, bucket = catalog.aws.client("s3"), f"sagemaker-mlops-{catalog.aws.account}-{catalog.aws.region}"
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    for flavour in ("codepipeline", "github", "gitlab"):
        found = [key for key in keys if key.endswith(f"/project-{flavour}.yaml")]
        assert len(found) == 2, keys
        assert len({s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in found}) == 1


def test_a_second_project_of_a_name_is_refused_while_the_first_ones_repositories_are_kept(catalog: Offered) -> None:
    order = Order("twice", "codepipeline")
    assert catalog.create(order)["ProjectStatus"] == "CreateCompleted"
    catalog.delete(order)
    before = catalog.held()
    project = catalog.create(order)
    assert project["ProjectStatus"] == "CreateFailed"
    message = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductStatusMessage"]
    assert "twice" in message and "already exists" in message
    assert {each for each in catalog.held() ^ before if not each.startswith("provisioned product")} == set()


def test_an_answer_cannot_be_changed_afterwards(catalog: Offered) -> None:
    order = Order("answered", "codepipeline")
    assert catalog.create(order)["ProjectStatus"] == "CreateCompleted"
    project = catalog.update(order, Inference="batch")
    assert project["ProjectStatus"] == "UpdateFailed"
    message = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductStatusMessage"]
    assert "Seed" in message and "inference" in message.lower()
    stack = catalog.stack(project)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", catalog.aws.reasons(stack["StackName"])
