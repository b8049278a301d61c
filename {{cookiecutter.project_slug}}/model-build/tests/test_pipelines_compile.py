"""Compiling: the same bytes every time, and no SDK import when nothing has changed."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from model_build.pipelines.bindings import Bindings
from model_build.pipelines.compile import CompileError, compile_pipeline, definition_key
from model_build.settings import PROJECT_ROOT, load_settings

SETTINGS = load_settings()
LAPTOP = Bindings.laptop(SETTINGS)
pytestmark = pytest.mark.filterwarnings("ignore")

PROGRAM = """
import sys
from pathlib import Path
from model_build.pipelines.bindings import Bindings
from model_build.pipelines.compile import compile_pipeline
from model_build.settings import load_settings
settings = load_settings()
compile_pipeline("training", settings, Bindings.laptop(settings), Path(sys.argv[1]))
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"sagemaker", "boto3", "pandas", "pydantic"}))
"""


def compile_in_new_process(root: Path, cache: Path, seed: int) -> tuple[bytes, str]:
    """The definition's bytes, and which heavy packages were imported to get them."""
    environment = {
        **os.environ,
        "PYTHONHASHSEED": str(seed),
        "XDG_CACHE_HOME": str(cache),
        "PYTHONPATH": str(PROJECT_ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return (root / "build" / "pipelines" / "training.json").read_bytes(), done.stdout.strip()


@pytest.mark.slow
def test_equal_input_gives_equal_bytes_in_another_process_and_is_compiled_once(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first, imported = compile_in_new_process(tmp_path / "one", cache, seed=1)
    assert "sagemaker" in imported.split()
    assert first.endswith(b"}\n")
    for folder in ("one", "two"):
        assert compile_in_new_process(tmp_path / folder, cache, seed=2) == (first, "")
    assert compile_pipeline("training", SETTINGS, LAPTOP, tmp_path / "three").read_bytes() == first


def test_a_definition_that_was_edited_is_compiled_again(tmp_path: Path) -> None:
    path = compile_pipeline("training", SETTINGS, LAPTOP, tmp_path)
    compiled = path.read_bytes()
    path.write_text("{}")
    assert compile_pipeline("training", SETTINGS, LAPTOP, tmp_path).read_bytes() == compiled


def test_everything_that_decides_the_bytes_is_part_of_the_key() -> None:
    other_gate = dataclasses.replace(SETTINGS, gate=dataclasses.replace(SETTINGS.gate, threshold=0.5))
    other_bucket = dataclasses.replace(LAPTOP, artifact_bucket="another")
    keys = {
        definition_key("training", SETTINGS, LAPTOP, "1.0.0"),
        definition_key("training", other_gate, LAPTOP, "1.0.0"),
        definition_key("training", SETTINGS, other_bucket, "1.0.0"),
        definition_key("training", SETTINGS, LAPTOP, "1.0.1"),
    }
    assert len(keys) == 4


def test_the_users_cache_forgets_the_oldest_definitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "sagemaker-mlops" / "definitions"
    cache.mkdir(parents=True)
    for age in range(60):
        for suffix in (".json", ".key"):
            (cache / f"{age}{suffix}").write_text("old")
            os.utime(cache / f"{age}{suffix}", (1e9 - age, 1e9 - age))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("model_build.pipelines.compile._compile", lambda *_: "{}\n")
    compile_pipeline("training", SETTINGS, LAPTOP, tmp_path)
    assert len(list(cache.glob("*.json"))) == len(list(cache.glob("*.key"))) == 50
    assert not (cache / "59.json").exists()


def test_unknown_pipeline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="unknown pipeline 'scoring'; expected one of training"):
        compile_pipeline("scoring", SETTINGS, LAPTOP, tmp_path)
