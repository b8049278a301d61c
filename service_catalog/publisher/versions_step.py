"""The versions of one product in Service Catalog, brought to what versions.toml wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service_catalog.publisher import names
from service_catalog.publisher.aws import Aws, pauses, told_in_one_line
from service_catalog.publisher.changes import Action, Change
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.history import Release
from service_catalog.publisher.settings import Versions
from service_catalog.publisher.stack_step import describe, outputs
from service_catalog.publisher.telling import Telling
from service_catalog.publisher.versions import Artifact, Step, Wanted, reconcile

WORDS: dict[str, tuple[Action, str]] = {
    "create": ("add", "new, for everybody to launch"),
    "offer": ("modify", "launched again"),
    "deprecate": ("modify", "deprecated: for updates only"),
    "activate": ("modify", "usable again"),
    "retire": ("modify", "retired: no longer shown"),
    "delete": ("remove", "retired, and used by no project of this account"),
    "remove": ("modify", "refused by Service Catalog: removed"),
}
CALLS: dict[str, dict[str, Any]] = {
    "offer": {"Guidance": "DEFAULT"},
    "deprecate": {"Guidance": "DEPRECATED"},
    "activate": {"Active": True},
    "retire": {"Active": False},
}


@dataclass
class VersionsStep:
    """`url` is the folder of the channel's bucket, without a slash at its end."""

    aws: Aws
    flavour: str
    history: Sequence[Release]
    limits: Versions
    url: str
    _steps: list[Step] = field(default_factory=list, init=False)
    _product: str = field(default="", init=False)

    @property
    def title(self) -> str:
        return f"versions of SageMaker MLOps project ({names.SYSTEMS[self.flavour]})"

    def compare(self) -> list[Change]:
        """A product that is still to be made begins with the newest version."""
        self._product = outputs(self.aws, names.PUBLISHER_STACK).get(f"ProductId{names.logical(self.flavour)}", "")
        with told_in_one_line():
            actual = self._actual() if self._product else [Artifact("", self.history[-1].version)]
        wanted = [Wanted(release.version, release.guidance) for release in self.history]
        try:
            self._steps = reconcile(wanted, actual, self.limits)
        except PublishError as error:
            raise PublishError(f"{self.title}: {error}") from error
        return [Change(WORDS[step.action][0], step.name, WORDS[step.action][1]) for step in self._steps]

    prepare = compare

    def apply(self, telling: Telling) -> None:
        made: dict[str, str] = {}
        for step in self._steps:
            telling.under_way(f"{step.action} {step.name}")
            with told_in_one_line():
                if step.action == "create":
                    made[step.name] = self._create(step.name)
                else:
                    self._change(step, step.id or made[step.name])
            telling.line(f"{step.name} {WORDS[step.action][1]}")

    def discard(self) -> None:
        """Nothing was prepared."""

    def _actual(self) -> list[Artifact]:
        client = self.aws.client("servicecatalog")
        held = {*self.limits.pinned, self._first()}
        used = self._used()
        return [
            Artifact(
                found["Id"],
                found["Name"],
                found.get("Active", True),
                found.get("Guidance", "DEFAULT") == "DEPRECATED",
                found["Id"] in used or found["Name"] in held,
                self._is_available(found),
            )
            for found in client.list_provisioning_artifacts(ProductId=self._product)["ProvisioningArtifactDetails"]
        ]

    def _is_available(self, found: Mapping[str, Any]) -> bool:
        """Lists don't tell. Each version is offered to everybody first, and looked at by the next run at the latest."""
        is_settled = found.get("Guidance", "DEFAULT") == "DEPRECATED" or not found.get("Active", True)
        return is_settled or self._ended(found["Id"]) != "FAILED"

    def _ended(self, artifact: str) -> str:
        """How the making of a version ended; waits for it."""
        client = self.aws.client("servicecatalog")
        status = ""
        for _ in pauses():
            made = client.describe_provisioning_artifact(ProductId=self._product, ProvisioningArtifactId=artifact)
            status = str(made["Status"])
            if status != "CREATING":
                break
        return status

    def _first(self) -> str:
        """The version in the product's own stack, which would miss it."""
        stack = describe(self.aws, names.PUBLISHER_STACK) or {}
        given = {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}
        return str(given.get("FirstVersion", ""))

    def _used(self) -> set[str]:
        """Versions of this account's projects; other accounts' can't be seen from here."""
        client = self.aws.client("servicecatalog")
        asked: dict[str, Any] = {
            "AccessLevelFilter": {"Key": "Account", "Value": "self"},
            "Filters": {"SearchQuery": [f"productId:{self._product}"]},
            "PageSize": 100,
        }
        found: set[str] = set()
        while True:
            page = client.search_provisioned_products(**asked)
            found |= {each["ProvisioningArtifactId"] for each in page["ProvisionedProducts"]}
            if not (token := page.get("NextPageToken")):
                return found
            asked["PageToken"] = token

    def _create(self, version: str) -> str:
        client = self.aws.client("servicecatalog")
        made = client.create_provisioning_artifact(
            ProductId=self._product,
            Parameters={
                "Name": version,
                "Description": f"Template version {version}",
                "Info": {"LoadTemplateFromURL": f"{self.url}/{names.template_key(version, self.flavour)}"},
                "Type": "CLOUD_FORMATION_TEMPLATE",
            },
        )
        artifact = str(made["ProvisioningArtifactDetail"]["Id"])
        status = self._ended(artifact) if made["Status"] == "CREATING" else made["Status"]
        if status == "FAILED":
            client.delete_provisioning_artifact(ProductId=self._product, ProvisioningArtifactId=artifact)
            raise PublishError(f"{self.title}: Service Catalog refused {version}; validate its template, publish again")
        return artifact

    def _change(self, step: Step, artifact: str) -> None:
        client = self.aws.client("servicecatalog")
        if step.action in ("delete", "remove"):
            client.delete_provisioning_artifact(ProductId=self._product, ProvisioningArtifactId=artifact)
            return
        change = CALLS[step.action]
        client.update_provisioning_artifact(ProductId=self._product, ProvisioningArtifactId=artifact, **change)
