"""Versions that Service Catalog refuses, or was still making when a run was interrupted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
from rich.console import Console

from service_catalog.publisher.aws import Aws
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.settings import Versions
from service_catalog.publisher.telling import Telling
from service_catalog.publisher.versions_step import VersionsStep
from tests.catalog.publishing import releases
from tests.catalog.scripted_aws import ScriptedAws

TELLING = Telling(Console(quiet=True))
CREATED, DELETED, UPDATED = (f"servicecatalog.{verb}ProvisioningArtifact" for verb in ("Create", "Delete", "Update"))
DESCRIBED = "servicecatalog.DescribeProvisioningArtifact"
STACK = {
    "StackName": "s",
    "StackStatus": "CREATE_COMPLETE",
    "CreationTime": "2026-11-21",
    "Outputs": [{"OutputKey": "ProductIdGithub", "OutputValue": "prod-1"}],
    "Parameters": [{"ParameterKey": "FirstVersion", "ParameterValue": "1.0.0"}],
}


class Product:
    """Of versions (id, name); `statuses` are those of each id, one for each time that it is asked for."""

    def __init__(self, *versions: tuple[str, str], **statuses: Sequence[str]) -> None:
        self.statuses = {key: list(found) for key, found in statuses.items()}
        listed = [{"Id": key, "Name": name, "Active": True, "Guidance": "DEFAULT"} for key, name in versions]
        self.scripted = ScriptedAws(
            {
                "cloudformation.DescribeStacks": {"Stacks": [STACK]},
                "servicecatalog.SearchProvisionedProducts": {"ProvisionedProducts": []},
                "servicecatalog.ListProvisioningArtifacts": {"ProvisioningArtifactDetails": listed},
                DESCRIBED: self._described,
                CREATED: {"ProvisioningArtifactDetail": {"Id": "new"}, "Status": "CREATING"},
                DELETED: {},
                UPDATED: {},
            }
        )
        clients = {name: self.scripted.client(name) for name in ("cloudformation", "servicecatalog")}
        aws = Aws(cast(Any, None), "111122223333", "eu-west-1", "aws", clients)
        self.step = VersionsStep(aws, "github", releases("1.0.0", "1.1.0"), Versions(), "https://channel")

    def _described(self, request: Mapping[str, Any]) -> dict[str, Any]:
        left = self.statuses.get(request["ProvisioningArtifactId"], ["AVAILABLE"])
        return {"Status": left.pop(0) if len(left) > 1 else left[0]}

    def writes(self) -> list[tuple[str, str]]:
        found = [(name, request) for name, request in self.scripted.calls if name in (CREATED, DELETED, UPDATED)]
        return [(name, str(request.get("ProvisioningArtifactId", ""))) for name, request in found]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service_catalog.publisher.aws.time.sleep", lambda _seconds: None)


def test_a_version_that_is_refused_is_deleted_and_nothing_is_deprecated() -> None:
    product = Product(("old", "1.0.0"), new=["CREATING", "FAILED"])
    product.step.compare()
    with pytest.raises(PublishError, match=r"Service Catalog refused 1\.1\.0; validate its template, publish again"):
        product.step.apply(TELLING)
    assert product.writes() == [(CREATED, ""), (DELETED, "new")]


def test_one_that_was_left_refused_is_replaced_before_the_good_one_is_deprecated() -> None:
    product = Product(("old", "1.0.0"), ("left", "1.1.0"), left=["FAILED"])
    assert [change.what for change in product.step.compare()] == ["1.1.0", "1.1.0", "1.0.0"]
    product.step.apply(TELLING)
    assert product.writes() == [(DELETED, "left"), (CREATED, ""), (UPDATED, "old")]


def test_one_that_is_still_being_made_is_waited_for() -> None:
    product = Product(("old", "1.0.0"), ("left", "1.1.0"), left=["CREATING", "CREATING", "AVAILABLE"])
    product.step.compare()
    product.step.apply(TELLING)
    assert product.writes() == [(UPDATED, "old")]
    assert len(product.scripted.asked(DESCRIBED)) == 4
