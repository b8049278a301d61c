"""Terraform's root module of every way of inference is formatted, valid, tested with mocks and checked by checkov."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from machine import run_command

from tests.infrastructure.terraform_values import declared_variables
from tests.template.option_sets import CHOICES
from tests.terraform_cli import Root, require_terraform, without_backend

Bake = Callable[..., Path]
WAYS = CHOICES["inference"]
CHECKOV = Path(os.environ.get("VALIDATORS_VENV", Path(__file__).parents[2] / ".venv-validators")) / "bin" / "checkov"
SKIP = re.compile(r"#checkov:skip=(CKV\w*):(.*)")


def module(bake: Bake, inference: str) -> Path:
    return bake(inference=inference, infrastructure="terraform") / "model-deploy" / "infrastructure"


def sources(folder: Path) -> list[Path]:
    return [*folder.glob("*.tf"), *folder.glob("*.tftest.hcl")]


@pytest.mark.parametrize("inference", WAYS)
def test_only_the_chosen_flavour_is_there(bake: Bake, inference: str) -> None:
    folder = module(bake, inference)
    assert {"versions.tf", "backend.tf", "storage.tf", "stage.tftest.hcl"} <= {path.name for path in folder.iterdir()}
    assert not list(folder.glob("*.yaml"))
    other = bake(inference=inference, infrastructure="cloudformation") / "model-deploy" / "infrastructure"
    assert not sources(other)


@pytest.mark.parametrize("inference", WAYS)
def test_every_variable_is_typed_described_and_used(bake: Bake, inference: str) -> None:
    folder = module(bake, inference)
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.tf"))
    blocks = re.findall(r'^variable "(\w+)" {\n(.*?)^}', text, flags=re.MULTILINE | re.DOTALL)
    assert {name for name, _ in blocks} == declared_variables(folder)
    bare = [name for name, body in blocks if "description =" not in body or not re.search(r"^  type +=", body, re.M)]
    assert bare == []
    without_variables = re.sub(r'^variable "(\w+)" {\n(.*?)^}', "", text, flags=re.MULTILINE | re.DOTALL)
    assert [name for name, _ in blocks if not re.search(rf"\bvar\.{name}\b", without_variables)] == []


def test_files_are_short_and_formatted(bake: Bake, tmp_path: Path) -> None:
    require_terraform()
    for inference in WAYS:
        for path in sources(module(bake, inference)):
            assert len(path.read_text(encoding="utf-8").splitlines()) < 300, path.name
            (tmp_path / inference).mkdir(exist_ok=True)
            (tmp_path / inference / path.name).write_bytes(path.read_bytes())
    Root(tmp_path).run("fmt", "-check", "-diff", "-recursive")


@pytest.mark.slow
@pytest.mark.parametrize("inference", WAYS)
def test_module_is_valid_with_the_real_provider(bake: Bake, tmp_path: Path, inference: str) -> None:
    root = without_backend(module(bake, inference), tmp_path)
    told = json.loads(root.run("validate", "-json"))
    assert told["valid"] and told["diagnostics"] == []


@pytest.mark.slow
@pytest.mark.parametrize("inference", [way for way in WAYS if way != "realtime"])
def test_owners_own_tests_pass(bake: Bake, tmp_path: Path, inference: str) -> None:
    """The file of realtime is a part of that of realtime_and_batch, which another test holds true."""
    told = without_backend(module(bake, inference), tmp_path).run("test")
    (passed,) = re.findall(r"Success! (\d+) passed, 0 failed", told)
    assert int(passed) >= 3


def test_realtime_has_the_tests_of_realtime_and_batch_but_for_batch(bake: Bake) -> None:
    runs = {way: _runs(module(bake, way) / "stage.tftest.hcl") for way in ("realtime", "realtime_and_batch", "batch")}
    shared = "nothing_approved_leaves_only_the_foundation"
    assert {name: body for name, body in runs["realtime_and_batch"].items() if name in runs["realtime"]}.keys() == runs[
        "realtime"
    ].keys()
    assert all(runs["realtime_and_batch"][name] == body for name, body in runs["realtime"].items() if name != shared)
    assert runs["realtime_and_batch"].keys() - runs["realtime"].keys() <= runs["batch"].keys()


def _runs(path: Path) -> dict[str, str]:
    text = path.read_text(encoding="utf-8")
    return dict(re.findall(r'^run "(\w+)" {\n(.*?)^}', text, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.slow
def test_checkov_finds_nothing_that_is_not_explained(bake: Bake, tmp_path: Path) -> None:
    for inference in WAYS:
        (tmp_path / inference).mkdir()
        for path in module(bake, inference).glob("*.tf"):
            (tmp_path / inference / path.name).write_bytes(path.read_bytes())
            for rule, reason in SKIP.findall(path.read_text(encoding="utf-8")):
                assert len(reason.strip()) >= 20, f"{path.name}: {rule} is suppressed without a reason"
    options = ["--framework", "terraform", "--output", "json", "--compact", "--quiet", "--skip-download"]
    done = run_command([CHECKOV, "--directory", tmp_path, *options], env={"LOG_LEVEL": "ERROR"})
    report = json.loads(done.stdout[done.stdout.index("{") :])
    failed = [
        f"{each['check_id']} {each['file_path']} {each['resource']}" for each in report["results"]["failed_checks"]
    ]
    assert failed == []
    assert report["summary"]["passed"] > 100 and report["summary"]["parsing_errors"] == 0
