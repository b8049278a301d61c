"""The published catalogue in the emulated AWS: who orders from it, what is ordered, and what an account then holds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from botocore.credentials import Credentials

from service_catalog.publisher.settings import EXAMPLE
from tests.emulated import ROOT, EmulatedAws, emulated_aws
from tests.rehearsal.git_client import git, signed_in

ROLE = "AmazonSageMaker-ExecutionRole-20261121"
PARTS = ("model-build", "model-deploy")


@dataclass(frozen=True)
class Order:
    """What is ordered: a flavour, by one of the two channels, with parameters beyond the form's defaults."""

    name: str
    flavour: str
    channel: str = "product"
    parameters: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Offered:
    """`published` is what the command printed."""

    aws: EmulatedAws
    published: str

    def as_role(self, service: str, role: str = f"service-role/{ROLE}") -> Any:
        arn = f"arn:aws:iam::{self.aws.account}:role/{role}"
        keys = self.aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="anna")["Credentials"]
        return self.aws.client_with(service, keys)

    def product(self, flavour: str) -> str:
        found = self.as_role("servicecatalog").search_products()["ProductViewSummaries"]
        return next(str(each["ProductId"]) for each in found if flavour in each["Name"].lower())

    def connected(self, name: str) -> dict[str, str]:
        """The bindings of two empty repositories on a host, behind a connection somebody has completed."""
        made = self.aws.client("codeconnections").create_connection(
            ConnectionName=name, ProviderType="GitHub", Tags=[{"Key": "sagemaker", "Value": "true"}]
        )
        place = f"{self.aws.endpoint}/_rehearsal/connections/{made['ConnectionArn'].rpartition('/')[2]}"
        paths = {part: f"acme/{name}-{part}" for part in PARTS}
        for url in (place, *(f"{place}/repositories/{path}" for path in paths.values())):
            with urlopen(Request(url, method="PUT")) as answer:  # noqa: S310
                assert answer.status == 200
        return {
            "ConnectionArn": made["ConnectionArn"],
            "BuildRepository": paths["model-build"],
            "DeployRepository": paths["model-deploy"],
        }

    def create(self, order: Order) -> dict[str, Any]:
        """The project, once it has come up or failed."""
        given = [{"Key": key, "Value": value} for key, value in (order.parameters or {}).items()]
        if order.channel == "product":
            wanted = {"ProductId": self.product(order.flavour), "ProvisioningParameters": given}
            form: dict[str, Any] = {"ServiceCatalogProvisioningDetails": wanted}
        else:
            form = {"TemplateProviders": [{"CfnTemplateProvider": self.template(order) | {"Parameters": given}}]}
        self.as_role("sagemaker").create_project(ProjectName=order.name, **form)
        return self.settled(order.name)

    def template(self, order: Order) -> dict[str, Any]:
        """How Studio names a template of the S3 channel."""
        bucket = f"sagemaker-mlops-{self.aws.account}-{self.aws.region}"
        return {
            "TemplateName": f"project-{order.flavour}",
            "TemplateURL": f"https://{bucket}.s3.{self.aws.region}.amazonaws.com/studio/project-{order.flavour}.yaml",
            "RoleARN": f"arn:aws:iam::{self.aws.account}:role/SageMakerMlopsProjectsLaunch",
        }

    def update(self, order: Order, **changes: str) -> dict[str, Any]:
        given = [{"Key": key, "Value": value} for key, value in changes.items()]
        if order.channel == "product":
            form: dict[str, Any] = {"ServiceCatalogProvisioningUpdateDetails": {"ProvisioningParameters": given}}
        else:
            names = {key: value for key, value in self.template(order).items() if key != "RoleARN"}
            form = {"TemplateProvidersToUpdate": [{"CfnTemplateProvider": names | {"Parameters": given}}]}
        self.as_role("sagemaker").update_project(ProjectName=order.name, **form)
        return self.settled(order.name)

    def delete(self, order: Order) -> None:
        client = self.as_role("sagemaker")
        client.delete_project(ProjectName=order.name)
        while found := client.list_projects(NameContains=order.name)["ProjectSummaryList"]:
            assert found[0]["ProjectStatus"] == "DeleteInProgress", self.settled(order.name)
            time.sleep(0.1)

    def settled(self, name: str) -> dict[str, Any]:
        client = self.as_role("sagemaker")
        while True:
            found: dict[str, Any] = client.describe_project(ProjectName=name)
            if not found["ProjectStatus"].endswith(("Pending", "InProgress")):
                return found
            time.sleep(0.1)

    def stack(self, project: Mapping[str, Any]) -> dict[str, Any]:
        if "TemplateProviderDetails" in project:
            detail = project["TemplateProviderDetails"][0]["CfnTemplateProviderDetail"]["StackDetail"]
            return self.aws.stack(detail["Name"])
        identifier = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductId"]
        return self.aws.stack(f"SC-{self.aws.account}-{identifier}")

    def clone(self, order: Order, part: str, folder: Path) -> str:
        """A clone by git itself; its commit."""
        given = order.parameters or {}
        path = f"/v1/repos/{order.name}-{part}"
        if arn := given.get("ConnectionArn"):
            repository = given["BuildRepository" if part == "model-build" else "DeployRepository"]
            path = f"/git-http/{self.aws.account}/{self.aws.region}/{arn.rpartition('/')[2]}/{repository}.git"
        url = signed_in(self.aws.endpoint + path, Credentials(self.aws.account, "emulated"), self.aws.region)
        folder.parent.mkdir(exist_ok=True)
        done = git(folder.parent, "clone", "--quiet", url, str(folder))
        assert done.returncode == 0, done.stderr
        return git(folder, "rev-parse", "HEAD").stdout.strip()

    def budget(self, name: str) -> float:
        """The monthly limit, in US dollars."""
        found = self.aws.client("budgets").describe_budget(AccountId=self.aws.account, BudgetName=name)
        return float(found["Budget"]["BudgetLimit"]["Amount"])

    def held(self) -> set[str]:
        """Everything the account holds, one `kind name` each, of the kinds a project could leave behind."""
        return {
            f"{kind} {_plain(name)}" for kind, names in _INVENTORY.items() for name in names(self.aws.client, self.aws)
        }


def _plain(name: str) -> str:
    """Without what CloudFormation makes up, and what differs between accounts."""
    return re.sub(r"-[0-9A-Za-z]{12}$", "-*", name)


def _keys(client: Callable[[str], Any], _aws: EmulatedAws) -> list[str]:
    keys = client("kms")
    found = [keys.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in keys.list_keys()["Keys"]]
    return [each.get("Description") or each["KeyId"] for each in found if each["KeyState"] != "PendingDeletion"]


def _budgets(client: Callable[[str], Any], aws: EmulatedAws) -> list[str]:
    return [each["BudgetName"] for each in client("budgets").describe_budgets(AccountId=aws.account).get("Budgets", [])]


def _listed(service: str, operation: str, members: str, name: str, **request: Any) -> Callable[..., list[str]]:
    def names(client: Callable[[str], Any], _aws: EmulatedAws) -> list[str]:
        asked = client(service)
        paged = asked.can_paginate(operation)
        pages = asked.get_paginator(operation).paginate(**request) if paged else [getattr(asked, operation)(**request)]
        return [str(each[name] if name else each) for page in pages for each in page.get(members, [])]

    return names


_INVENTORY: dict[str, Callable[..., list[str]]] = {
    "role": _listed("iam", "list_roles", "Roles", "RoleName"),
    "policy": _listed("iam", "list_policies", "Policies", "PolicyName", Scope="Local"),
    "provider": _listed("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"),
    "bucket": _listed("s3", "list_buckets", "Buckets", "Name"),
    "key": _keys,
    "alias": _listed("kms", "list_aliases", "Aliases", "AliasName"),
    "parameter": _listed("ssm", "describe_parameters", "Parameters", "Name"),
    "log group": _listed("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "topic": _listed("sns", "list_topics", "Topics", "TopicArn"),
    "queue": _listed("sqs", "list_queues", "QueueUrls", ""),
    "rule": _listed("events", "list_rules", "Rules", "Name"),
    "build project": _listed("codebuild", "list_projects", "projects", ""),
    "pipeline": _listed("codepipeline", "list_pipelines", "pipelines", "name"),
    "image repository": _listed("ecr", "describe_repositories", "repositories", "repositoryName"),
    "git repository": _listed("codecommit", "list_repositories", "repositories", "repositoryName"),
    "code repository": _listed(
        "sagemaker", "list_code_repositories", "CodeRepositorySummaryList", "CodeRepositoryName"
    ),
    "model package group": _listed(
        "sagemaker", "list_model_package_groups", "ModelPackageGroupSummaryList", "ModelPackageGroupName"
    ),
    "alarm": _listed("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "budget": _budgets,
    "function": _listed("lambda", "list_functions", "Functions", "FunctionName"),
    "provisioned product": _listed("servicecatalog", "search_provisioned_products", "ProvisionedProducts", "Name"),
}


@contextmanager
def offered(folder: Path) -> Iterator[Offered]:
    """A fresh emulated account in which `python -m service_catalog publish` has run."""
    with emulated_aws("--control-plane-only") as aws:
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        aws.client("iam").create_role(Path="/service-role/", RoleName=ROLE, AssumeRolePolicyDocument=trust)
        yield Offered(aws, publish(aws, folder))


def publish(aws: EmulatedAws, folder: Path) -> str:
    """Publish with the example's settings, for users of one role; what the command prints."""
    example = EXAMPLE.read_text(encoding="utf-8")
    role = f"arn:aws:iam::{aws.account}:role/service-role/{ROLE}"
    changed = example.replace("execution_roles = []", f'execution_roles = ["{role}"]')
    assert changed != example
    settings = folder / "publish.toml"
    settings.write_text(changed, encoding="utf-8")
    command = [sys.executable, "-m", "service_catalog", "publish", "--yes", "--settings", str(settings)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = aws.environment(PATH=path)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
