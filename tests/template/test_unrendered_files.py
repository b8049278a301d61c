"""Template files are code: they parse before anything is rendered."""

from __future__ import annotations

import ast
import fnmatch
import json
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import hcl2
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "{{cookiecutter.project_slug}}"
TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
RAW_MARKS = {"{% raw %}", "{% endraw %}"}
MAY_CARRY_JINJA = {"README.md", "pyproject.toml", "project.toml", "deploy.toml", ".sagemaker-mlops.json"}


def parse_shell(text: str) -> None:
    subprocess.run(["bash", "-n"], input=text, text=True, check=True, capture_output=True)


class CloudFormationLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short intrinsics (`!Ref`, `!Sub`), whose meaning doesn't matter here."""


CloudFormationLoader.add_multi_constructor("!", lambda _loader, suffix, _node: f"!{suffix}")


def parse_yaml(text: str) -> None:
    assert list(yaml.load_all(text, CloudFormationLoader))


PARSERS: dict[str, Callable[[str], object]] = {
    ".py": ast.parse,
    ".yml": parse_yaml,
    ".yaml": parse_yaml,
    ".tf": hcl2.loads,
    ".hcl": hcl2.loads,
    ".json": json.loads,
    ".sh": parse_shell,
    ".svg": ElementTree.fromstring,
}


def rendered_name(path: Path) -> str:
    return TAG.sub("", path.name)


def template_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", str(TEMPLATE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


FILES = template_files()
CODE = [path for path in FILES if Path(rendered_name(path)).suffix in PARSERS]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(TEMPLATE)))
def test_file_parses_unrendered(path: Path) -> None:
    PARSERS[Path(rendered_name(path)).suffix](path.read_text(encoding="utf-8"))


def test_no_code_file_is_exempt_from_parsing() -> None:
    counts = Counter(Path(rendered_name(path)).suffix for path in FILES)
    assert counts[".py"] >= 50, counts
    assert counts[".yml"] + counts[".yaml"] >= 12, counts
    assert counts[".tf"] >= 5, counts
    assert sum(counts[suffix] for suffix in PARSERS) == len(CODE)
    assert not counts[".j2"] or all("reporting" in path.parts for path in FILES if path.suffix == ".j2")


def test_jinja_stands_only_where_the_design_allows_it() -> None:
    verbatim = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))["_copy_without_render"]
    offenders = {}
    for path in FILES:
        inside = str(path.relative_to(TEMPLATE))
        if rendered_name(path) in MAY_CARRY_JINJA or any(fnmatch.fnmatch(inside, pattern) for pattern in verbatim):
            continue
        content = path.read_bytes()
        if b"\0" in content:
            continue
        text = re.sub(r"(?s){% raw %}.*{% endraw %}", "", content.decode("utf-8"))
        if tags := set(TAG.findall(text)) - RAW_MARKS:
            offenders[inside] = tags
    assert not offenders


def test_raw_marks_stand_in_the_first_and_last_comment_line() -> None:
    for path in FILES:
        if rendered_name(path).endswith((".yml", ".yaml")):
            lines = path.read_text(encoding="utf-8").splitlines()
            marked = [number for number, line in enumerate(lines) if TAG.search(line) and "raw %}" in line]
            if marked:
                assert marked == [0, len(lines) - 1], path
                assert lines[0].startswith("#") and lines[-1].startswith("#"), path


def test_conditional_names_never_meet_copy_without_render() -> None:
    verbatim = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))["_copy_without_render"]
    clashes = [
        path.name
        for path in FILES
        if "{%" in path.name and any(fnmatch.fnmatch(str(path.relative_to(TEMPLATE)), pattern) for pattern in verbatim)
    ]
    assert not clashes, "cookiecutter 2.7.1 crashes on these"


def test_settings_example_values_are_toml_once_tags_are_filled() -> None:
    text = (TEMPLATE / "model-build" / "project.toml").read_text(encoding="utf-8")
    filled = re.sub(r"{%-? (el)?if.*?(?={%-? el|{%-? end)", "", text, flags=re.DOTALL)
    assert tomllib.loads(re.sub(r"{{.*?}}", '"x"', re.sub(r"{%.*?%}", "", filled)))
