"""The pages of the catalog say what the code does: the form's picture, commands, settings, names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from click import Command, Context
from click.testing import CliRunner

from service_catalog import form_picture
from service_catalog.__main__ import COMMANDS, main
from service_catalog.network.services import BUILDS, JOBS, monthly_usd
from service_catalog.publisher.settings import EXAMPLE

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("publishing", "creating-a-project")
}
PAGES["catalog-security"] = (ROOT / "docs" / "catalog-security.md").read_text(encoding="utf-8")
TEMPLATES = ROOT / "service_catalog" / "templates"


def test_picture_of_the_form_is_drawn_from_the_fields_there_are() -> None:
    assert form_picture.PICTURE.read_text(encoding="utf-8") == form_picture.picture("codepipeline")


def test_picture_shows_every_parameter_of_the_template_with_its_default() -> None:
    template = yaml.safe_load((TEMPLATES / "project-codepipeline.yaml").read_text(encoding="utf-8"))
    labels = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"]
    drawn = form_picture.PICTURE.read_text(encoding="utf-8").replace("&#x27;", "'")
    assert labels.keys() == template["Parameters"].keys()
    assert [name for name, label in labels.items() if f">{label['default']}" not in drawn] == []
    assert drawn.count('class="box"') == len(labels)


@pytest.mark.parametrize("name", PAGES)
def test_commands_of_the_catalog_exist_with_the_options_shown(name: str) -> None:
    used = re.findall(r"python -m service_catalog ([a-z-]+)((?: --[a-z-]+)*)", PAGES[name])
    used += [
        (target, options)
        for target, options in re.findall(r"make (publish|verify-aws) ARGS=[\"']?([^\n\"'`]*)", PAGES[name])
    ]
    for command, options in used:
        assert command in COMMANDS
        found = main.get_command(Context(main), command)
        assert isinstance(found, Command)
        known = {option for parameter in found.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", options)) <= known, command


@pytest.mark.parametrize("name", PAGES)
def test_make_targets_exist(name: str) -> None:
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    model_build = ROOT / "{{cookiecutter.project_slug}}"
    for part in ("model-build", "model-deploy"):
        text = (model_build / part / "Makefile").read_text(encoding="utf-8")
        made |= set(re.findall(r"^([a-z-]+):", text, flags=re.MULTILINE))
    assert set(re.findall(r"(?:^|`|&& )make ([a-z][a-z-]*)", PAGES[name], re.MULTILINE)) <= made


def test_parameters_in_deploy_commands_are_those_of_the_templates() -> None:
    commands = re.findall(
        r"--template-file service_catalog/templates/([a-z-]+)\.yaml(.*?)(?=\n[^ ]|```)", PAGES["publishing"], re.DOTALL
    )
    assert {template for template, _ in commands} == {"spoke", "spoke-stackset", "network", "guardrails"}
    for template, rest in commands:
        declared = yaml.safe_load((TEMPLATES / f"{template}.yaml").read_text(encoding="utf-8"))["Parameters"]
        given = dict(re.findall(r"([A-Z][A-Za-z0-9]+)=(\S+)", rest.partition("--parameter-overrides")[2]))
        required = {name for name, each in declared.items() if "Default" not in each}
        assert required <= given.keys() <= declared.keys(), template
        for name, value in given.items():
            pattern = declared[name].get("AllowedPattern", ".*")
            for each in value.split(",") if declared[name]["Type"].startswith("CommaDelimited") else [value]:
                assert "$" in each or re.fullmatch(pattern, each), (template, name, each)


def test_every_control_policy_is_told_of() -> None:
    (table,) = re.findall(r"\| `scp-….json` \|.*?\n\n", PAGES["publishing"], re.DOTALL)
    told = {name for row in table.strip().splitlines()[2:] for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
    assert told == {path.stem.removeprefix("scp-") for path in TEMPLATES.glob("scp-*.json")}


def test_settings_named_on_the_page_exist() -> None:
    settings = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    known = {*settings["organisation"], *settings["studio"], *settings["versions"], *settings["portfolios"][0]}
    named = {"principals", "share_with", "launch_units", "roles_region", "id", "execution_roles", "domains"}
    assert named <= known
    assert all(f"`{name}`" in PAGES["publishing"] or f"`{name} =" in PAGES["publishing"] for name in named)


def test_prices_of_the_network_are_those_of_the_code() -> None:
    text = " ".join(PAGES["publishing"].split())
    assert f"The {len(JOBS)} endpoints of jobs cost about {monthly_usd(len(JOBS), 2):.0f} US dollars" in text
    assert f"adds {len(BUILDS)} for builds inside the VPC, about {monthly_usd(len(BUILDS), 2):.0f}." in text


def test_roles_and_stacks_named_on_the_pages_are_those_of_the_code() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.yaml"))
    code = written + "".join(path.read_text(encoding="utf-8") for path in (ROOT / "service_catalog").rglob("*.py"))
    named = set(re.findall(r"`(SageMakerMlops[A-Za-z]+|sagemaker-mlops-[a-z-]+)`", "".join(PAGES.values())))
    assert len(named) >= 7
    assert {name for name in named if name not in code} == set()


def test_each_page_says_that_nothing_was_verified_on_aws() -> None:
    if "Run on" in (ROOT / "docs" / "verified-on-aws.md").read_text(encoding="utf-8"):
        return
    for name, text in PAGES.items():
        assert re.search(r"\*not\s+yet\s+verified\s+on\s+AWS\*", text, re.IGNORECASE), name


def test_list_of_checks_costs_what_the_page_says() -> None:
    done = CliRunner().invoke(main, ["verify-aws", "--list"])
    found = re.search(r"up to about ([0-9.]+) US dollars", done.output)
    assert found and round(float(found[1])) == 5 and "about 5 US dollars" in PAGES["publishing"]
