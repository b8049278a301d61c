"""Run by the validators' environment: what three validators find in templates, as JSON on stdout.

python validate_templates.py FOLDER GUARD_FOLDER    # FOLDER: <name>.yaml and <name>.json with parameters

A finding is {"tool", "rule", "template", "resource", "message"}; information is no finding.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

Finding = dict[str, str]


def main(folder: Path, guard: Path) -> None:
    templates = sorted(folder.glob("*.yaml"))
    found = [*_cfn_lint(templates), *_cloudformation_validate(templates, guard), *_checkov(folder)]
    json.dump(found, sys.stdout)


def _cfn_lint(templates: list[Path]) -> Iterator[Finding]:
    from cfnlint.api import lint_file  # type: ignore[import-not-found]

    for template in templates:
        for match in lint_file(template):
            path = [str(part) for part in match.path or []]
            resource = path[1] if path[:1] == ["Resources"] and len(path) > 1 else "/".join(path[:2])
            yield _finding("cfn-lint", match.rule.id, template, resource, match.message)


def _cloudformation_validate(templates: list[Path], guard: Path) -> Iterator[Finding]:
    import cloudformation_validate as validators  # type: ignore[import-not-found]

    rules = [validators.file_to_external_rule_source(path) for path in sorted(guard.glob("*.guard"))]
    engine = validators.CompositeEngine(validators.CompositeEngineConfig(guard_rules=rules))
    for template in templates:
        parameters = template.with_suffix(".json")
        config = validators.ValidateConfig(
            severity_level=validators.Severity.WARN,
            parameter_overrides=json.loads(parameters.read_text()) if parameters.exists() else {},
        )
        for found in engine.validate_template(template, config).diagnostics:
            resource = found.entity.logical_id if found.entity else ""
            yield _finding("cloudformation-validate", found.rule_id, template, resource, found.message)


def _checkov(folder: Path) -> Iterator[Finding]:
    from checkov.cloudformation.runner import Runner  # type: ignore[import-not-found]
    from checkov.runner_filter import RunnerFilter  # type: ignore[import-not-found]

    report = Runner().run(root_folder=str(folder), runner_filter=RunnerFilter(framework=["cloudformation"]))
    for path in report.parsing_errors:
        yield _finding("checkov", "parsing", Path(path), "", "can't be read")
    for found in report.failed_checks:
        _, _, resource = found.resource.partition(".")
        yield _finding("checkov", found.check_id, Path(found.file_path), resource, found.check_name)


def _finding(tool: str, rule: str, template: Path, resource: str, message: str) -> Finding:
    return {"tool": tool, "rule": rule, "template": template.stem, "resource": resource, "message": message[:300]}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
