"""docs/controls.md lists every control once, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.infrastructure.conftest import Parameters
from tests.template.option_sets import CHOICES

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "{{cookiecutter.project_slug}}"
GUARD = Path(__file__).parent / "guard"
PAGE = (ROOT / "docs" / "controls.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if re.match(r"\| (SageMaker\.\d|ML[A-Z]+\d)", line)
]
STATES = ("met", "partly", "**not met**", "does not apply")
LENS = {
    "MLOPS": ("02-BP04", "03-BP02", "04-BP01", "04-BP02", "05-BP01", "06-BP01", "06-BP02"),
    "MLSEC": (
        *("02-BP01", "03-BP01", "03-BP02", "03-BP04", "04-BP01", "04-BP02", "04-BP03"),
        *("05-BP01", "06-BP01", "06-BP02"),
    ),
    "MLREL": ("03-BP01", "03-BP02", "03-BP03", "03-BP04", "04-BP01", "04-BP02", "05-BP01", "05-BP02"),
    "MLPERF": ("04-BP03", "06-BP02", "06-BP03", "06-BP04", "06-BP05", "06-BP06"),
    "MLCOST": ("04-BP08", "04-BP12", "05-BP01", "05-BP03", "06-BP01"),
}


def test_every_control_is_listed_once() -> None:
    expected = [f"SageMaker.{number}" for number in range(1, 18)]
    expected += [f"{pillar}{practice}" for pillar, practices in LENS.items() for practice in practices]
    assert [row[0].split()[0] for row in ROWS] == expected


@pytest.mark.parametrize("row", ROWS, ids=[row[0].split()[0] for row in ROWS])
def test_a_control_says_its_state_and_what_shows_it(row: list[str]) -> None:
    _, state, where, shown = row
    assert state in STATES
    assert where
    assert bool(shown) == (state in ("met", "partly"))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w./-]+::[\w*]+)`", PAGE))))
def test_what_is_named_exists(name: str) -> None:
    file, _, function = name.partition("::")
    if file.endswith(".guard"):
        assert re.search(rf"^rule {function} ", (GUARD / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
        return
    path = (TEMPLATE if file.startswith("model-") else ROOT) / file
    wanted = r"test_\w+" if function == "*" else function
    assert re.search(rf"^def {wanted}\(", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("name", ["endpoint-realtime"])
def test_production_has_more_than_one_instance(name: str, parameters: Parameters) -> None:
    assert int(parameters[name]["production"]["Instances"]) > 1
    assert int(parameters[name]["staging"]["Instances"]) == 1, "docs/controls.md says that staging has one"


def test_every_way_of_inference_has_its_template(parameters: Parameters) -> None:
    endpoints = {name for name in parameters if name.startswith("endpoint-")}
    ways = {f"endpoint-{way}" for way in CHOICES["inference"] if "batch" not in way}
    assert endpoints == ways
    assert "batch" in parameters
