"""cfn-lint, cloudformation-validate with guard rules, checkov and cdk-nag find nothing that is not explained.

Explanations are in the `*_suppressions.toml` beside this file, and for what a project's stack takes from its bootstrap
templates in tests/bootstrap/suppressions.toml.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from service_catalog.publisher.settings import EXAMPLE, Organisation, load_settings
from service_catalog.publisher.synthesis import publisher_text
from service_catalog.stacks import FOLDER, STACKS, Synthesized
from tests.validators import ROOT, Finding, found_by_validators

# A publisher that has everything: what the example's settings leave out.
ORGANISATION = replace(
    load_settings(EXAMPLE),
    organisation=Organisation("Us", "us@example.org", "o-0123456789", ("ou-abcd-11111111",), True, ""),
    tag_options={"cost-center": ("1001", "1002")},
)
# What a bootstrap template's resources are called in the project stack: a prefix before their own ids.
PARTS = {
    "StagingBase": "stage",
    "ProductionBase": "stage",
    "StagingAccess": "deploy-role",
    "ProductionAccess": "deploy-role",
    "Tooling": "tooling",
    "DeployBuilds": "builds",
    "DeployCi": "ci",
    "DeployEvents": "events",
    "DeployPipeline": "pipeline",
    "Approvals": "approvals",
}
HASH = re.compile("[0-9A-F]{8}$")  # CDK's own, behind the ids of resources
Explanations = dict[str, dict[str, str]]

pytestmark = pytest.mark.slow


def read(path: Path) -> Explanations:
    return tomllib.loads(path.read_text(encoding="utf-8"))


EXPLAINED = {path.name: read(path) for path in sorted(Path(__file__).parent.glob("*_suppressions.toml"))}
BOOTSTRAP = read(ROOT / "tests" / "bootstrap" / "suppressions.toml")


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory, synthesized: Synthesized) -> dict[Finding, str]:
    """(tool and rule, template:resource) -> message, of every committed template."""
    folder = tmp_path_factory.mktemp("templates")
    for name in STACKS:
        shutil.copy(FOLDER / f"{name}.yaml", folder)
    (folder / "organisation.yaml").write_text(publisher_text(ORGANISATION), encoding="utf-8")
    found = {(rule, HASH.sub("", place)): said for (rule, place), said in found_by_validators(folder).items()}
    for name, lines in synthesized.findings.items():
        for line in lines:
            rule, _, construct = line.partition(" ")
            found[f"cdk-nag {rule}", f"{name}:{construct}"] = line
    return found


def explanations(rule: str, place: str) -> Iterator[tuple[str, str]]:
    """(file, pattern) of what explains a finding."""
    for file, explained in EXPLAINED.items():
        yield from ((file, pattern) for pattern in explained.get(rule, {}) if fnmatchcase(place, pattern))
    template, _, resource = place.partition(":")
    for prefix, part in PARTS.items():
        own = f"{part}:{resource.removeprefix(prefix)}"
        if template.startswith("project-") and resource.startswith(prefix) and own in BOOTSTRAP.get(rule, {}):
            yield "bootstrap", own


@pytest.mark.parametrize("template", [*STACKS, "organisation"])
def test_every_finding_in_a_stack_is_explained(findings: dict[Finding, str], template: str) -> None:
    own = {finding: said for finding, said in findings.items() if finding[1].startswith(f"{template}:")}
    assert {finding: said for finding, said in own.items() if not any(explanations(*finding))} == {}


@pytest.mark.parametrize("file", EXPLAINED)
def test_every_explanation_in_a_file_explains_something(findings: dict[Finding, str], file: str) -> None:
    used = {(rule, pattern) for rule, place in findings for own, pattern in explanations(rule, place) if own == file}
    assert {(rule, each) for rule, places in EXPLAINED[file].items() for each in places} - used == set()


def test_publishing_has_nothing_that_cdk_nag_finds(synthesized: Synthesized) -> None:
    assert synthesized.findings["channel"] + synthesized.findings["publisher"] == []
