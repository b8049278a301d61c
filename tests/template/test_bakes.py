"""What every stamped-out project promises, whatever its options."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from option_sets import CHOICES, EVERY, PAIRWISE, label

REPOSITORIES = {"model-build": "project.toml", "model-deploy": "deploy.toml"}
DECIDED_ELSEWHERE = {"model-build": {"infrastructure"}, "model-deploy": set()}
LEFTOVER = re.compile(r"cookiecutter\.|{%-? ?(raw|endraw|if|elif|else|endif)\b|{{ ?cookiecutter")
CI_FILES = {
    "model-build": {
        "codepipeline": "buildspec.yml",
        "github": ".github/workflows/model-build.yml",
        "gitlab": ".gitlab-ci.yml",
    },
    "model-deploy": {
        "codepipeline": "buildspec-staging.yml",
        "github": ".github/workflows/model-deploy.yml",
        "gitlab": ".gitlab-ci.yml",
    },
}

Bake = Callable[..., Path]


def text_files(project: Path) -> list[Path]:
    return [path for path in project.rglob("*") if path.is_file() and b"\0" not in path.read_bytes()[:4096]]


def test_pairwise_set_covers_every_pair_of_choices() -> None:
    keys = list(CHOICES)
    for first in keys:
        for second in keys[keys.index(first) + 1 :]:
            pairs = {(options[first], options[second]) for options in PAIRWISE}
            assert len(pairs) == len(CHOICES[first]) * len(CHOICES[second])


@pytest.mark.slow
@pytest.mark.parametrize("options", EVERY, ids=label)
def test_no_jinja_is_left_over_in_any_option_set(bake: Bake, options: dict[str, str]) -> None:
    project = bake(**options)
    leftovers = [
        f"{path.relative_to(project)}: {match.group()}"
        for path in text_files(project)
        if path.suffix != ".j2" and (match := LEFTOVER.search(path.read_text(encoding="utf-8")))
    ]
    assert not leftovers


@pytest.mark.parametrize("repository", REPOSITORIES)
@pytest.mark.parametrize("options", PAIRWISE, ids=label)
def test_only_the_chosen_ci_is_there_and_no_folder_is_empty(
    bake: Bake, options: dict[str, str], repository: str
) -> None:
    folder = bake(**options) / repository
    present = {ci for ci, name in CI_FILES[repository].items() if (folder / name).is_file()}
    assert present == {options["ci"]}
    assert not [inner for inner in folder.rglob("*") if inner.is_dir() and not any(inner.iterdir())]


@pytest.mark.parametrize("options", PAIRWISE, ids=label)
def test_only_the_chosen_infrastructure_is_there(bake: Bake, options: dict[str, str]) -> None:
    suffixes = {path.suffix for path in (bake(**options) / "model-deploy" / "infrastructure").iterdir()}
    assert (".tf" in suffixes, ".yaml" in suffixes) == (
        options["infrastructure"] == "terraform",
        options["infrastructure"] == "cloudformation",
    )


@pytest.mark.parametrize(("repository", "file"), REPOSITORIES.items())
@pytest.mark.parametrize("options", PAIRWISE, ids=label)
def test_settings_hold_the_answers(bake: Bake, options: dict[str, str], repository: str, file: str) -> None:
    settings = tomllib.loads((bake(**options) / repository / file).read_text(encoding="utf-8"))
    expected = {key: value for key, value in options.items() if key not in DECIDED_ELSEWHERE[repository]}
    assert {key: value for key, value in settings["project"].items() if key in options} == expected


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_record_of_answers_names_the_template_version_and_every_public_answer(bake: Bake, repository: str) -> None:
    record = json.loads((bake() / repository / ".sagemaker-mlops.json").read_text(encoding="utf-8"))
    public = {
        key
        for key in json.loads((Path(__file__).resolve().parents[2] / "cookiecutter.json").read_text(encoding="utf-8"))
        if not key.startswith("_")
    }
    assert record["answers"].keys() == public
    assert re.fullmatch(r"\d+\.\d+\.\d+", record["template_version"])


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_readme_names_no_command_that_the_makefile_lacks(bake: Bake, repository: str) -> None:
    folder = bake() / repository
    targets = set(re.findall(r"^([a-z-]+):", (folder / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", (folder / "README.md").read_text(encoding="utf-8")))
    assert named and named <= targets, named - targets
