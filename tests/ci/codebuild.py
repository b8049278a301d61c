"""CodeBuild's phases in bash, and CodePipeline's stages in a row: what the services do with the generated definitions.

Stages with a false condition are skipped, a manual approval ends the run unless somebody approves, every build starts
from a fresh copy of the source, and variables that a build exports are there for what follows. Not done: ROLLBACK.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from machine import run_command


@dataclass(frozen=True)
class Build:
    """A finished build, and what it exported."""

    done: subprocess.CompletedProcess[str]
    exported: dict[str, str]


def build(specification: str, folder: Path, environment: Mapping[str, str]) -> Build:
    """Run a buildspec 0.2: all phases in one shell, until a command fails."""
    content = yaml.safe_load(specification)
    given = content.get("env", {})
    commands = [command for phase in content["phases"].values() for command in phase["commands"]]
    names = given.get("exported-variables", [])
    with tempfile.NamedTemporaryFile("r", suffix=".exported") as exported:
        script = [f"{{\n{command}\n}} || exit 1" for command in commands]
        script += [f"printf '{name}=%s\\n' \"${name}\" >> {exported.name}" for name in names]
        done = run_command(
            ["bash", "-c", "\n".join(script)], cwd=folder, env={**given.get("variables", {}), **environment}
        )
        return Build(done, dict(line.rstrip("\n").split("=", 1) for line in exported))


@dataclass
class Execution:
    """One execution of a pipeline from `source`, until an action has `failed`.

    `environments` are those of the CodeBuild projects, `ran` lists "Stage.Action" in order, `output` what was printed.
    """

    pipeline: Mapping[str, Any]
    specifications: Mapping[str, str]
    source: Path
    environments: Mapping[str, Mapping[str, str]]
    approve: bool
    ran: list[str] = field(default_factory=list)
    failed: str = ""
    output: str = ""
    variables: dict[str, str] = field(default_factory=dict)

    def run(self) -> Execution:
        self.variables |= {f"variables.{each['name']}": each["defaultValue"] for each in self.pipeline["variables"]}
        for stage in self.pipeline["stages"]:
            if not self._enters(stage):
                continue
            for action in sorted(stage["actions"], key=lambda each: int(each.get("runOrder", 1))):
                if action["actionTypeId"]["category"] == "Approval" and not self.approve:
                    return self
                name = f"{stage['name']}.{action['name']}"
                if action["actionTypeId"]["provider"] == "CodeBuild" and not self._build(action):
                    self.failed = name
                    return self
                self.ran.append(name)
        return self

    def _resolved(self, text: str) -> str:
        return re.sub(r"#\{([\w.]+)\}", lambda found: self.variables[found[1]], text)

    def _enters(self, stage: Mapping[str, Any]) -> bool:
        for condition in stage.get("beforeEntry", {}).get("conditions", []):
            for rule in condition["rules"]:
                asked = rule["configuration"]
                assert (condition["result"], rule["ruleTypeId"]["provider"]) == ("SKIP", "VariableCheck")
                assert asked["Operator"] == "EQ"
                if self._resolved(asked["Variable"]) != asked["Value"]:
                    return False
        return True

    def _build(self, action: Mapping[str, Any]) -> bool:
        configuration = action["configuration"]
        given = json.loads(self._resolved(configuration.get("EnvironmentVariables", "[]")))
        with tempfile.TemporaryDirectory() as scratch:
            folder = shutil.copytree(self.source, Path(scratch) / "source")
            specification = (folder / self.specifications[configuration["ProjectName"]]).read_text(encoding="utf-8")
            environment = {
                **self.environments[configuration["ProjectName"]],
                **{each["name"]: each["value"] for each in given},
            }
            finished = build(specification, folder, environment)
        self.output += finished.done.stdout
        if namespace := action.get("namespace"):
            self.variables |= {f"{namespace}.{name}": value for name, value in finished.exported.items()}
        return finished.done.returncode == 0
