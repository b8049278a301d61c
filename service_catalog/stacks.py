"""The committed templates: which stacks there are, and what the code makes of them.

A stack's module has `build(app, name) -> aws_cdk.Stack`; its template is `templates/<name>.yaml`.
"""

from __future__ import annotations

import importlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from service_catalog.packaged_node import use_packaged_node
from service_catalog.tidy import tidied

FOLDER = Path(__file__).parent / "templates"
STACKS = {
    "seeder": "service_catalog.seeder.stack",
    "channel": "service_catalog.publisher.channel_stack",
    "publisher": "service_catalog.publisher.stack",
    "network": "service_catalog.network.stack",
    "spoke": "service_catalog.spokes.stack",
    "spoke-stackset": "service_catalog.spokes.stackset",
    "launch-roles": "service_catalog.launch.stack",
    "guardrails": "service_catalog.guardrails.stack",
    "project-codepipeline": "service_catalog.project.stack",
    "project-github": "service_catalog.project.stack",
    "project-gitlab": "service_catalog.project.stack",
}
HEADER = "# Made by `make synth` from {module}; edit that.\n"


@dataclass(frozen=True)
class Synthesized:
    """Templates by name, and cdk-nag's findings by name, one line each."""

    templates: dict[str, dict[str, Any]]
    findings: dict[str, list[str]]


def synthesize() -> Synthesized:
    """Every stack of `STACKS`, in one app."""
    use_packaged_node()
    import aws_cdk as cdk
    import cdk_nag

    with tempfile.TemporaryDirectory(prefix="synth-") as folder:
        app = cdk.App(
            outdir=folder,
            analytics_reporting=False,
            # The tests run the same validator on the committed templates, with more rules.
            builtin_cloud_formation_validation=False,
            context={
                "aws:cdk:enable-path-metadata": False,
                "aws:cdk:disable-asset-staging": True,
                "@aws-cdk/core:failSynthOnValidationErrors": False,
            },
        )
        cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
        stacks = {name: importlib.import_module(module).build(app, name) for name, module in STACKS.items()}
        assembly = app.synth()
        templates = {name: assembly.get_stack_by_name(stack.stack_name).template for name, stack in stacks.items()}
        findings = _findings(Path(folder) / "validation-report.json")
    return Synthesized(
        {name: tidied(json.loads(json.dumps(found))) for name, found in templates.items()},
        {name: findings.get(stack.stack_name, []) for name, stack in stacks.items()},
    )


def _findings(report: Path) -> dict[str, list[str]]:
    """ "<rule> <path of the construct in its stack>" by stack, each once, as the app's validators have reported."""
    found: dict[str, set[str]] = {}
    for plugin in json.loads(report.read_text(encoding="utf-8"))["pluginReports"]:
        for violation in plugin["violations"]:
            rule = violation["ruleName"].partition("[")[0]
            for construct in violation["violatingConstructs"]:
                stack, _, path = construct["constructPath"].partition("/")
                found.setdefault(stack, set()).add(f"{rule} {path}")
    return {stack: sorted(lines) for stack, lines in found.items()}


def text_of(name: str, template: dict[str, Any]) -> str:
    """The file of a template, in YAML, which both channels accept."""
    body = yaml.dump(template, Dumper=_Indented, sort_keys=False, width=120, allow_unicode=True)
    return HEADER.format(module=STACKS[name]) + body


class _Indented(yaml.SafeDumper):
    """Indents lists, as yamllint and people like it; never writes anchors."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True
