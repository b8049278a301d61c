"""Generated CI definitions satisfy the checkers of their systems, and the checkers are awake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from definitions import DEFINITIONS, EVERY_DEFINITION, Definition, Project, Tool, read_yaml, scripts

BUILDSPEC_SCHEMA = Path(__file__).with_name("buildspec.schema.json")
SCHEMAS = {
    "github": ["--builtin-schema", "vendor.github-workflows"],
    "gitlab": ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
    "codepipeline": ["--schemafile", str(BUILDSPEC_SCHEMA)],
}


@pytest.mark.parametrize(("ci", "name"), EVERY_DEFINITION)
def test_definition_follows_the_schema_of_its_system(ci: str, name: str, definition: Definition, tool: Tool) -> None:
    checked = tool("check-jsonschema", *SCHEMAS[ci], definition(ci, name))
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("ci", list(DEFINITIONS))
def test_project_has_the_definitions_of_its_system_only(ci: str, project: Project) -> None:
    assert tuple(name for _, name in EVERY_DEFINITION if (project(ci) / name).exists()) == DEFINITIONS[ci]
    assert (project(ci) / ".github").exists() == (ci == "github")


MISTAKES = {
    "codepipeline": [
        ("  build:", "  biuld:"),  # codespell:ignore biuld
        ("make lint", "echo note: forgotten quotes"),
        ("version: 0.2", "version: 0.3"),
        ("on-failure: ABORT", "on-failure: STOP"),
        ("      python:", "      pyhton:"),
        ("artifacts:\n  files:", "artifacts:\n  file:"),
    ],
    "github": [("runs-on:", "runs_on:"), ("  push:", "  pushed:")],
    "gitlab": [("stage: deploy", "stages: deploy"), ("interruptible: true", "interruptible: 5")],
}


@pytest.mark.parametrize(("ci", "right", "wrong"), [(ci, *pair) for ci, pairs in MISTAKES.items() for pair in pairs])
def test_schema_refuses_a_mistake(
    ci: str, right: str, wrong: str, definition: Definition, tool: Tool, tmp_path: Path
) -> None:
    text = definition(ci).read_text(encoding="utf-8")
    assert right in text
    spoiled = tmp_path / "definition.yml"
    spoiled.write_text(text.replace(right, wrong), encoding="utf-8")
    assert tool("check-jsonschema", *SCHEMAS[ci], spoiled).returncode != 0


def test_github_workflow_passes_actionlint_with_shellcheck(definition: Definition, tool: Tool) -> None:
    checked = tool("actionlint", "-shellcheck", "shellcheck", definition("github"))
    assert checked.returncode == 0, checked.stdout


def test_actionlint_sees_an_unknown_job_and_an_unquoted_variable(
    definition: Definition, tool: Tool, tmp_path: Path
) -> None:
    text = definition("github").read_text(encoding="utf-8")
    spoiled = tmp_path / "workflow.yml"
    for right, wrong, rule in [
        ("needs: test", "needs: tests", "job-needs"),
        ('>> "$GITHUB_ENV"', ">> $GITHUB_ENV", "SC2086"),
    ]:
        assert right in text
        spoiled.write_text(text.replace(right, wrong), encoding="utf-8")
        assert rule in tool("actionlint", "-shellcheck", "shellcheck", spoiled).stdout


def test_github_workflow_passes_zizmor_at_its_strictest(definition: Definition, tool: Tool) -> None:
    checked = tool("zizmor", "--offline", "--no-progress", "--persona", "pedantic", definition("github"))
    assert checked.returncode == 0, checked.stdout


def test_zizmor_sees_an_unpinned_action_and_wide_permissions(
    definition: Definition, tool: Tool, tmp_path: Path
) -> None:
    text = definition("github").read_text(encoding="utf-8")
    spoiled = tmp_path / "workflow.yml"
    loose = re.sub(r"    permissions:\n(      .*\n)+", "", text).replace("permissions: {}", "permissions: write-all")
    spoiled.write_text(re.sub(r"@[0-9a-f]{40}", "@main", loose), encoding="utf-8")
    found = tool("zizmor", "--offline", "--no-progress", spoiled).stdout
    assert "unpinned-uses" in found
    assert "excessive-permissions" in found


def test_only_the_deploying_github_job_may_ask_for_an_identity(definition: Definition) -> None:
    workflow = read_yaml(definition("github"))
    assert workflow["permissions"] == {}
    rights = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert rights == {"test": {"contents": "read"}, "deploy": {"contents": "read", "id-token": "write"}}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_every_action_is_pinned_by_commit_with_its_version_beside(definition: Definition) -> None:
    uses = re.findall(r"uses: (.*)", definition("github").read_text(encoding="utf-8"))
    assert uses
    assert [line for line in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_only_the_deploying_gitlab_job_gets_an_identity(definition: Definition) -> None:
    pipeline = read_yaml(definition("gitlab"))
    assert "id_tokens" not in pipeline["test"]
    assert pipeline["deploy"]["id_tokens"] == {"AWS_ID_TOKEN": {"aud": "sts.amazonaws.com"}}
    assert "$CI_DEFAULT_BRANCH" in pipeline["deploy"]["rules"][0]["if"]


@pytest.mark.parametrize(("ci", "name"), EVERY_DEFINITION)
def test_scripts_pass_shellcheck(ci: str, name: str, definition: Definition, tool: Tool) -> None:
    for script in scripts(ci, definition(ci, name)):
        checked = tool("shellcheck", "--shell", "bash", "--enable", "quote-safe-variables", "-", given=script)
        assert checked.returncode == 0, checked.stdout


def targets(script: str) -> list[str]:
    """What a script makes, a line each; a line that does more than that (`make lint || true`) doesn't count."""
    calls = (re.fullmatch(r'make (\w+)|\w+="\$\(make -s (\w+)\)"', line.strip()) for line in script.splitlines())
    return [call[1] or call[2] for call in calls if call]


@pytest.mark.parametrize("ci", list(DEFINITIONS))
def test_every_system_does_the_same_steps(ci: str, definition: Definition) -> None:
    jobs = [script for name in DEFINITIONS[ci] for script in scripts(ci, definition(ci, name))]
    tests = ["setup", "lint", "test", "compile"]
    assert [target for script in jobs for target in targets(script)] == [*tests, "setup", "publish", "upsert", "start"]


def test_commented_out_and_silenced_commands_are_no_steps() -> None:
    assert targets("# make lint\nmake test || true\n: make compile\nmake setup") == ["setup"]


def test_what_builds_a_pull_request_in_codebuild_deploys_nothing(definition: Definition) -> None:
    deploying = {"publish", "upsert", "start"}
    tested, deployed = (
        {target for script in scripts("codepipeline", definition("codepipeline", name)) for target in targets(script)}
        for name in DEFINITIONS["codepipeline"]
    )
    assert not tested & deploying
    assert deployed == {"setup", *deploying}


@pytest.mark.parametrize("ci", list(DEFINITIONS))
def test_dockerfile_and_yaml_are_clean(ci: str, project: Project, tool: Tool) -> None:
    assert (checked := tool("hadolint", project(ci) / "Dockerfile")).returncode == 0, checked.stdout
    assert (checked := tool("yamllint", "--strict", ".", cwd=project(ci))).returncode == 0, checked.stdout


def test_hadolint_sees_a_sudo(project: Project, tool: Tool, tmp_path: Path) -> None:
    spoiled = tmp_path / "Dockerfile"
    spoiled.write_text(
        (project("github") / "Dockerfile").read_text(encoding="utf-8").replace("python -m venv", "sudo python -m venv")
    )
    assert "DL3004" in tool("hadolint", spoiled).stdout
